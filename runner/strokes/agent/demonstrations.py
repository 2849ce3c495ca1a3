"""Strokes that a person would make: a YAML file -> (classes, strokes, 12) actions that an agent is led by.

The file is meant to be edited: a start and the strokes' ends, each class once; see examples/digits.yaml.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import yaml
from pydantic import Field, ValidationError

from orbifolio.runner.errors import InputError
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.mypaint.actions import COUNT, END, END_PRESSURE, ENTRY_PRESSURE, SIZE, START, VIA, Actions

SHIPPED = Path(str(resources.files("orbifolio.runner.strokes.agent"))) / "examples"
ENDING = ".yaml"
Place = tuple[float, float]


class Stroke(Settings):
    """One stroke, from where the last one ended."""

    to: Place
    """Where it ends."""
    via: Place | None = None
    """Where it passes halfway; by default the middle: a straight stroke."""
    pressure: float | None = Field(default=None, ge=0, le=1)
    """At its end; by default the file's."""


class Example(Settings):
    """How one class is drawn."""

    start: Place
    """Where the first stroke begins."""
    strokes: Annotated[tuple[Stroke, ...], Field(min_length=1, max_length=64)]
    """In their order."""


class Examples(Settings):
    """How some classes are drawn."""

    canvas: float = Field(gt=0)
    """Side of the canvas in the units of all places."""
    size: float = Field(ge=0, le=1)
    """Of the brush, as in an action."""
    pressure: float = Field(ge=0, le=1)
    """At the first start, and where a stroke does not say."""
    classes: dict[str, Example]
    """By their names."""

    def actions(self, name: str) -> Actions:
        """(strokes, 12) of a class; black."""
        example = self.classes[name]
        found = np.zeros((len(example.strokes), COUNT), np.float32)
        place, pressure = np.array(example.start), self.pressure
        for row, stroke in zip(found, example.strokes, strict=True):
            row[START], row[ENTRY_PRESSURE], row[SIZE] = place / self.canvas, pressure, self.size
            end = np.array(stroke.to)
            row[VIA] = ((place + end) / 2 if stroke.via is None else np.array(stroke.via)) / self.canvas
            row[END] = end / self.canvas
            pressure = self.pressure if stroke.pressure is None else stroke.pressure
            row[END_PRESSURE] = pressure
            place = end
        return found.clip(0, 1)


def read_examples(name: str) -> Examples:
    """Of a name (`digits`) or a path to a .yaml file.

    Raises:
        InputError: it is not here or not as it should be.
    """
    path = Path(name).expanduser() if name.endswith(ENDING) else SHIPPED / f"{name}{ENDING}"
    try:
        record: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Examples.model_validate(record)
    except (OSError, UnicodeDecodeError) as error:
        have = ", ".join(sorted(file.stem for file in SHIPPED.glob(f"*{ENDING}")))
        raise InputError(f"{name}: no such examples; give one of {have}, or a path to a .yaml file") from error
    except yaml.YAMLError as error:
        raise InputError(f"{name}: not YAML ({str(error).splitlines()[0]}); see the shipped digits.yaml") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{name}: {place}: {first['msg']}; see the shipped digits.yaml") from error


def example_table(examples: Examples, names: tuple[str, ...], strokes: int, where: str) -> Actions:
    """(classes, strokes, 12) for the classes of the pictures.

    Raises:
        InputError: a class has none, or another number of strokes.
    """
    for name in names:
        if name not in examples.classes:
            raise InputError(f"{where}: no example of the class {name!r}; add one, or leave the class out of the data")
        found = len(examples.classes[name].strokes)
        if found != strokes:
            raise InputError(
                f"{where}: the example of {name!r} has {found} strokes, and the agent paints {strokes}; make them equal"
            )
    if not names:
        raise InputError(f"{where}: the pictures have no classes; examples need them; take pictures with classes")
    return np.stack([examples.actions(name) for name in names])
