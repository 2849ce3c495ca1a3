"""What a run is written down in: (run) -> parameters, commands, weights, references."""

from __future__ import annotations

import json

from reports import parts, prose, values
from reports import references as bibliography
from reports.log import Run


def parameters(run: Run) -> parts.Parameters | None:
    """What was really used."""
    record = run.record.get("parameters")
    text = json.dumps(record, indent=2, ensure_ascii=False) if record else ""
    overrides = values.texts(run.record.get("overrides"))
    if not (text or run.recipe_text or overrides):
        return None
    return parts.Parameters(overrides, prose.yaml_tokens(run.recipe_text), text)


def again(run: Run) -> parts.Again | None:
    """How to run this again."""
    rerun = values.mapping(run.record.get("rerun"))
    offers = [
        ("local", "On this machine", "The same recipe, seed and versions give the same bytes."),
        ("cloud", "On a rented GPU", "Prints what it will cost before anything starts."),
    ]
    if run.status not in ("done", "running"):
        offers.insert(0, ("resume", "Go on where it stopped", "As if it had never stopped."))
    commands = tuple(
        parts.Command(heading, values.text(rerun.get(key)), note)
        for key, heading, note in offers
        if values.text(rerun.get(key))
    )
    return parts.Again(commands) if commands else None


def weights(run: Run) -> parts.Weights | None:
    """Whose weights were used."""
    weights = tuple(
        parts.Weight(
            name=values.text(entry.get("name"), "unnamed"),
            licence=values.text(entry.get("licence")),
            source=values.text(entry.get("source")),
            sha256=values.text(entry.get("sha256")),
            notes=values.text(entry.get("notes")),
        )
        for entry in map(values.mapping, values.sequence(run.record.get("weights")))
    )
    return parts.Weights(weights) if weights else None


def references(run: Run) -> parts.References | None:
    """Where the ideas come from."""
    known, unknown = bibliography.resolve(values.texts(run.record.get("references")))
    return parts.References(known, unknown) if known or unknown else None
