"""Demonstrations, the strokes that a person would make: a YAML file -> (classes, strokes, 12) actions.

The file is meant to be edited: for each class a start and the ends of its strokes; see examples/digits.yaml.
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
    """One stroke, which begins where the last one ended."""

    to: Place
    """Where it ends."""
    via: Place | None = None
    """Where it passes halfway; the middle of its ends by default, for a straight stroke."""
    pressure: float | None = Field(default=None, ge=0, le=1)
    """Pressure at its end; the file's by default."""


class Example(Settings):
    """How one class is drawn."""

    start: Place
    """Where the first stroke begins."""
    strokes: Annotated[tuple[Stroke, ...], Field(min_length=1, max_length=64)]
    """The strokes in their order."""


class Examples(Settings):
    """How some classes are drawn."""

    canvas: float = Field(gt=0)
    """Side of the canvas, in the unit of all places."""
    size: float = Field(ge=0, le=1)
    """Size of the brush, as in an action."""
    pressure: float = Field(ge=0, le=1)
    """Pressure at the first start, and of strokes without one of their own."""
    classes: dict[str, Example]
    """Name of a class -> how it is drawn."""

    def actions(self, name: str) -> Actions:
        """(strokes, 12) black strokes of a class."""
        example = self.classes[name]
        actions = np.zeros((len(example.strokes), COUNT), np.float32)
        start, pressure = np.array(example.start), self.pressure
        for row, stroke in zip(actions, example.strokes, strict=True):
            row[START], row[ENTRY_PRESSURE], row[SIZE] = start / self.canvas, pressure, self.size
            end = np.array(stroke.to)
            row[VIA] = ((start + end) / 2 if stroke.via is None else np.array(stroke.via)) / self.canvas
            row[END] = end / self.canvas
            pressure = self.pressure if stroke.pressure is None else stroke.pressure
            row[END_PRESSURE] = pressure
            start = end
        return actions.clip(0, 1)


def read_examples(name: str) -> Examples:
    """The demonstrations of a name (`digits`) or of a .yaml file.

    Raises:
        InputError: the file is missing or invalid.
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
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{name}: {field}: {first['msg']}; see the shipped digits.yaml") from error


def example_table(examples: Examples, names: tuple[str, ...], strokes: int, where: str) -> Actions:
    """Demonstrations in the order of the pictures' classes, (classes, strokes, 12).

    Args:
        examples: of at least these classes.
        names: of the pictures' classes.
        strokes: how many the agent paints.
        where: the demonstrations come from, for messages.

    Raises:
        InputError: a class has no example, or one with another number of strokes.
    """
    for name in names:
        if name not in examples.classes:
            raise InputError(f"{where}: no example of class {name!r}; add one, or leave the class out of the data")
        count = len(examples.classes[name].strokes)
        if count != strokes:
            raise InputError(
                f"{where}: the example of {name!r} has {count} strokes, but the agent paints {strokes}; make them equal"
            )
    if not names:
        raise InputError(f"{where}: examples need pictures with classes, and these have none; choose other data")
    return np.stack([examples.actions(name) for name in names])
