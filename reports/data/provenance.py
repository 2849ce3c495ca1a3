"""What a run is written down in: (run) -> parameters, commands, weights, references."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from urllib.parse import quote

from orbifolio.reports.data.bibliography import resolve_references
from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_mapping, as_text, as_texts, as_tuple, inner_path
from orbifolio.reports.parts.record import Command, Parameters, References, RerunCommands, Weight, Weights
from orbifolio.reports.prose import yaml_tokens


def parameters_part(run: RunRecord) -> Parameters | None:
    """What was really used."""
    record = run.record.get("parameters")
    text = json.dumps(record, indent=2, ensure_ascii=False) if record else ""
    overrides = as_texts(run.record.get("overrides"))
    if not (text or run.recipe_text or overrides):
        return None
    return Parameters(overrides, yaml_tokens(run.recipe_text), text)


def rerun_part(run: RunRecord) -> RerunCommands | None:
    """How to run this again."""
    rerun = as_mapping(run.record.get("rerun"))
    offers = [
        ("local", "On this machine", "The same recipe, seed and versions give the same bytes."),
        ("cloud", "On a rented machine", "It tells what it will cost at most, and asks, before anything starts."),
    ]
    if run.status not in ("done", "running"):
        offers.insert(0, ("resume", "Go on where it stopped", "As if it had never stopped."))
    commands = tuple(
        Command(heading, as_text(rerun.get(key)), note) for key, heading, note in offers if as_text(rerun.get(key))
    )
    script = inner_path(rerun.get("script"))
    if script and (run.folder / script).is_file():
        version = as_text(as_mapping(run.record.get("versions")).get("orbifolio"), "0.1.0")
        wheel = f"orbifolio-{quote(version)}-py3-none-any.whl"
        text = f"BUCKET=my-pictures WHEEL={wheel} bash {PurePosixPath(script).name}"
        note = "This script needs no orbifolio here: it rents a machine that has it, with an end and a price."
        commands += (Command("By the AWS command line alone", text, note, quote(script)),)
    return RerunCommands(commands) if commands else None


def weights_part(run: RunRecord) -> Weights | None:
    """Whose weights were used."""
    weights = tuple(
        Weight(
            name=as_text(entry.get("name"), "unnamed"),
            licence=as_text(entry.get("licence")),
            source=as_text(entry.get("source")),
            sha256=as_text(entry.get("sha256")),
            notes=as_text(entry.get("notes")),
        )
        for entry in map(as_mapping, as_tuple(run.record.get("weights")))
    )
    return Weights(weights) if weights else None


def references_part(run: RunRecord) -> References | None:
    """Where the ideas come from."""
    known, unknown = resolve_references(as_texts(run.record.get("references")))
    return References(known, unknown) if known or unknown else None
