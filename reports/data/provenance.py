"""What a run is written down in: (run) -> parameters, commands, weights, references."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from urllib.parse import quote

from orbifolio.reports import parts, prose
from orbifolio.reports.data import bibliography, values
from orbifolio.reports.data.log import Run


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
        ("cloud", "On a rented machine", "It tells what it will cost at most, and asks, before anything starts."),
    ]
    if run.status not in ("done", "running"):
        offers.insert(0, ("resume", "Go on where it stopped", "As if it had never stopped."))
    commands = tuple(
        parts.Command(heading, values.text(rerun.get(key)), note)
        for key, heading, note in offers
        if values.text(rerun.get(key))
    )
    script = values.inner_path(rerun.get("script"))
    if script and (run.folder / script).is_file():
        version = values.text(values.mapping(run.record.get("versions")).get("orbifolio"), "0.1.0")
        wheel = f"orbifolio-{quote(version)}-py3-none-any.whl"
        text = f"BUCKET=my-pictures WHEEL={wheel} bash {PurePosixPath(script).name}"
        note = "This script needs no orbifolio here: it rents a machine that has it, with an end and a price."
        commands += (parts.Command("By the AWS command line alone", text, note, quote(script)),)
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
