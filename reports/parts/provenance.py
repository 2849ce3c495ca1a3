"""Where a picture comes from: commands that reproduce it, weights, references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar
from urllib.parse import quote

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.reference import Reference
from orbifolio.reports.data.references import resolve_references, to_bibtex, to_csl_json
from orbifolio.reports.data.values import as_mapping, as_text, as_texts, as_tuple, inner_path
from orbifolio.reports.parts.base import Part
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.wording import format_count
from orbifolio.runner.files import is_file


@dataclass(frozen=True)
class Command:
    """A command to paste, what it does, and the file that it needs, if any."""

    heading: str
    text: str
    note: str
    href: str = ""


@dataclass(frozen=True)
class RerunCommands(Part):
    """Commands that run this again."""

    template: ClassVar[str] = "parts/rerun.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "again"
    title: ClassVar[str] = "Run this again"
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Weight:
    """The weights of one network."""

    name: str
    licence: str
    source: str
    sha256: str
    notes: str


@dataclass(frozen=True)
class Weights(Part):
    """The network weights that were used, with their licences."""

    template: ClassVar[str] = "parts/weights.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "weights"
    title: ClassVar[str] = "Weights"
    weights: tuple[Weight, ...]

    @property
    def summary(self) -> str:
        """Which they are."""
        return f"{format_count(len(self.weights), 'network')}: {', '.join(weight.name for weight in self.weights)}"


@dataclass(frozen=True)
class ReferenceFile:
    """The bibliography as a download; `href` is a data URL, as the file is small."""

    label: str
    name: str
    href: str


@dataclass(frozen=True)
class References(Part):
    """The publications behind the recipe, and the bibliography as files."""

    template: ClassVar[str] = "parts/references.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "references"
    title: ClassVar[str] = "References"
    references: tuple[Reference, ...]
    unknown: tuple[str, ...]
    files: tuple[ReferenceFile, ...]

    @property
    def summary(self) -> str:
        """How many there are, in words."""
        return f"{format_count(len(self.references) + len(self.unknown), 'publication')} behind this recipe"


def rerun_part(run: RunRecord) -> RerunCommands | None:
    """Commands that repeat or resume the run, or None if none were recorded."""
    rerun = as_mapping(run.record.get("rerun"))
    offers = [
        ("local", "On this machine", "The same recipe, seed and versions give identical bytes."),
        ("cloud", "On a rented machine", "It shows the maximum cost and asks before anything starts."),
    ]
    if run.status not in ("done", "running"):
        offers.insert(0, ("resume", "Resume this run", "The picture is the same as without the interruption."))
    commands = tuple(
        Command(heading, as_text(rerun.get(key)), note) for key, heading, note in offers if as_text(rerun.get(key))
    )
    script = inner_path(rerun.get("script"))
    if script and is_file(run.folder / script):
        version = as_text(as_mapping(run.record.get("versions")).get("orbifolio"), "0.1.0")
        wheel = f"orbifolio-{quote(version)}-py3-none-any.whl"
        text = f"BUCKET=my-pictures WHEEL={wheel} bash {PurePosixPath(script).name}"
        note = "This script needs no orbifolio here: it rents a machine that has it, with a deadline and a known price."
        commands += (Command("With the AWS command line alone", text, note, quote(script)),)
    return RerunCommands(commands) if commands else None


def weights_part(run: RunRecord) -> Weights | None:
    """The network weights of the run, or None if it used none."""
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


def _reference_files(references: Sequence[Reference]) -> tuple[ReferenceFile, ...]:
    bibtex, csl = (quote(text, safe="") for text in (to_bibtex(references), to_csl_json(references)))
    return (
        ReferenceFile("BibTeX", "references.bib", f"data:application/x-bibtex;charset=utf-8,{bibtex}"),
        ReferenceFile("CSL-JSON", "references.json", f"data:application/json;charset=utf-8,{csl}"),
    )


def references_part(run: RunRecord) -> References | None:
    """The publications that the run's recipe draws on, or None if it names none."""
    references, unknown = resolve_references(as_texts(run.record.get("references")))
    if not references and not unknown:
        return None
    return References(references, unknown, _reference_files(references) if references else ())


def sweep_rerun(snapshot: SweepSnapshot) -> RerunCommands | None:
    """The command that repeats a sweep, or None if none was recorded."""
    command = snapshot.sweep.command
    note = "The same recipes, seeds and versions give the same pictures."
    return RerunCommands((Command("On this machine", command, note),)) if command else None
