"""Parts that a run is written down in: parameters, commands, weights, references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.reference import Reference
from orbifolio.reports.parts.base import Part
from orbifolio.reports.prose import Token


@dataclass(frozen=True)
class Parameters(Part):
    """What was really used, as YAML and as JSON, and what the command line changed."""

    template: ClassVar[str] = "parts/parameters.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "parameters"
    title: ClassVar[str] = "Parameters"
    overrides: tuple[str, ...]
    yaml: tuple[Token, ...]
    json: str


@dataclass(frozen=True)
class Command:
    """A command to paste, what it does, and the file that it needs, if any."""

    heading: str
    text: str
    note: str
    href: str = ""


@dataclass(frozen=True)
class RerunCommands(Part):
    """How to run this again."""

    template: ClassVar[str] = "parts/again.html"
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
    """Whose weights were used, under which licence."""

    template: ClassVar[str] = "parts/weights.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "weights"
    title: ClassVar[str] = "Weights"
    weights: tuple[Weight, ...]


@dataclass(frozen=True)
class References(Part):
    """Where the ideas come from."""

    template: ClassVar[str] = "parts/references.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "references"
    title: ClassVar[str] = "References"
    references: tuple[Reference, ...]
    unknown: tuple[str, ...]
