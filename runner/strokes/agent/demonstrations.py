"""Demonstrations, the lines that a person would draw: a YAML file -> ways to draw each class -> strokes of an agent.

    read_examples("digits").ways("7", 8) -> (Demonstration, Demonstration)     without a bar, and with one

The file is meant to be edited; see examples/digits.yaml. A way is some lines in the order they are drawn in, and a line
is a smooth curve through some places (a centripetal Catmull-Rom spline), with a corner where a place is given twice. It
is cut into as many strokes as the agent paints: one more at a time for the stretch that its strokes follow worst, and
one with the pen up from each line to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import yaml
from pydantic import Field, ValidationError

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import interpolate
from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import file_of
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.mypaint.actions import (
    COUNT,
    END,
    END_PRESSURE,
    ENTRY_PRESSURE,
    SIZE,
    START,
    VIA,
    Actions,
    bezier,
)

SHIPPED = Path(str(resources.files("orbifolio.runner.strokes.agent"))) / "examples"
ENDING = ".yaml"
SAMPLES = 16  # points of a curve between two places
TURNING = 0.15  # sides of the canvas that a turn by one radian is worth where a line is cut

Place = Annotated[tuple[float, ...], Field(min_length=2, max_length=3)]
"""x and y in units of the canvas, and the pressure there if it is not the file's."""
Line = Annotated[tuple[Place, ...], Field(min_length=2, max_length=64)]
"""Drawn without lifting the pen."""
Way = Annotated[tuple[Line, ...], Field(min_length=1, max_length=16)]


@dataclass(frozen=True)
class Demonstration:
    """One way to draw a class, as strokes of an agent.

    Attributes:
        actions: (t, 12) black strokes, each from where the last one ended.
        pens: (t,) 1 where the pen is down, 0 where it moves on to the next line.
    """

    actions: Actions
    pens: F32


class Examples(Settings):
    """How some classes are drawn."""

    canvas: float = Field(gt=0)
    """Side of the canvas, in the unit of all places."""
    size: float = Field(ge=0, le=1)
    """Size of the brush, as in an action."""
    pressure: float = Field(ge=0, le=1)
    """Pressure where a place has none of its own."""
    classes: dict[str, Annotated[tuple[Way, ...], Field(min_length=1, max_length=8)]]
    """Name of a class -> the ways to draw it."""

    def curves(self, way: Way) -> list[list[F64]]:
        """The lines of a way, each as its stretches between corners: (m, 3) of x and y in sides, and pressure."""
        lines = []
        for line in way:
            places = np.array([(*place[:2], place[2] if len(place) == 3 else self.pressure) for place in line])
            places[:, :2] /= self.canvas
            lines.append([_smooth(part) for part in _between_corners(places)])
        return lines

    def ways(self, name: str, strokes: int, *, lifts: bool = True) -> tuple[Demonstration, ...]:
        """The ways to draw a class, in so many strokes; those of one line only if the pen is not to be lifted.

        Raises:
            InputError: a way has more lines and corners than there are strokes.
        """
        able = [way for way in self.classes[name] if lifts or len(way) == 1]
        return tuple(self._demonstration(name, way, strokes) for way in able)

    def _demonstration(self, name: str, way: Way, strokes: int) -> Demonstration:
        lines = self.curves(way)
        stretches = [stretch for line in lines for stretch in line]
        lifts = len(lines) - 1
        if len(stretches) + lifts > strokes:
            raise InputError(
                f"class {name!r}: {len(stretches)} stretches between ends and corners, and {lifts} moves with the pen "
                f"up; the agent paints {strokes} strokes; give it {len(stretches) + lifts} or more"
            )
        counts = _shared_out(stretches, strokes - lifts)
        rows: list[F64] = []
        pens: list[float] = []
        cut = iter(zip(stretches, counts, strict=True))
        for number, line in enumerate(lines):
            if number:
                rows.append(_stroke(lines[number - 1][-1][-1], None, line[0][0]))
                pens.append(0.0)
            for _ in line:
                stretch, count = next(cut)
                pieces = _cut(stretch, count)
                rows.extend(_stroke(piece[0], piece[1], piece[2]) for piece in pieces)
                pens.extend([1.0] * len(pieces))
        actions = np.array(rows, np.float32)
        actions[:, SIZE] = self.size
        return Demonstration(actions.clip(0, 1), np.array(pens, np.float32))


def _between_corners(places: F64) -> list[F64]:
    """Places (m, 3) cut where one is given twice."""
    twice = np.flatnonzero((places[1:, :2] == places[:-1, :2]).all(axis=1)) + 1
    return [part for part in np.split(places, twice) if len(part) > 1]


def _smooth(places: F64) -> F64:
    """The centripetal Catmull-Rom spline through places (m, 3), (SAMPLES (m - 1) + 1, 3) points."""
    spans = np.maximum(np.hypot(*np.diff(places[:, :2], axis=0).T), 1e-9) ** 0.5
    times = np.concatenate(([0.0], np.cumsum(spans)))
    chords = np.diff(places, axis=0) / spans[:, None]
    within = chords[:-1] + chords[1:] - (places[2:] - places[:-2]) / (times[2:] - times[:-2])[:, None]
    slopes = np.vstack((chords[:1], within, chords[-1:]))
    at = np.interp(np.arange(SAMPLES * len(spans) + 1) / SAMPLES, np.arange(len(times)), times)
    points: F64 = interpolate.CubicHermiteSpline(times, places, slopes)(at)
    return points


def _shared_out(stretches: list[F64], strokes: int) -> list[int]:
    """How many strokes each stretch is cut into: one more at a time for the one that is followed worst."""
    counts = [1] * len(stretches)
    errors = [_error(stretch, 1) for stretch in stretches]
    for _ in range(strokes - len(stretches)):
        worst = int(np.argmax(errors))
        counts[worst] += 1
        errors[worst] = _error(stretches[worst], counts[worst])
    return counts


def _error(stretch: F64, count: int) -> float:
    """Largest distance from a stretch to the strokes it is cut into, plus a little of their length in sides.

    The length decides where strokes follow well already: it is better shared out evenly.
    """
    t = np.linspace(0, 1, SAMPLES + 1)[:, None]
    drawn = np.vstack([bezier(piece[0], piece[1], piece[2], t)[:, :2] for piece in _cut(stretch, count)])
    away = np.hypot(*(stretch[:, None, :2] - drawn[None]).transpose(2, 0, 1)).min(axis=1).max()
    length = np.hypot(*np.diff(stretch[:, :2], axis=0).T).sum()
    return float(away + 0.05 * length / count)


def _cut(stretch: F64, count: int) -> list[tuple[F64, F64, F64]]:
    """A stretch (m, 3) in `count` pieces of the same length and turn: start, middle and end of each."""
    steps = np.diff(stretch[:, :2], axis=0)
    lengths = np.hypot(*steps.T)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    effort = lengths + TURNING * (np.concatenate((turns, [0])) + np.concatenate(([0], turns))) / 2
    spent = np.concatenate(([0.0], np.cumsum(effort)))
    at = np.linspace(0, spent[-1], 2 * count + 1)
    points = np.stack([np.interp(at, spent, column) for column in stretch.T], axis=1)
    return [(points[2 * k], points[2 * k + 1], points[2 * k + 2]) for k in range(count)]


def _stroke(start: F64, via: F64 | None, end: F64) -> F64:
    """A stroke between points (x, y, pressure); straight without a `via`."""
    row = np.zeros(COUNT)
    row[START], row[END], row[VIA] = start[:2], end[:2], ((start + end) / 2 if via is None else via)[:2]
    row[ENTRY_PRESSURE], row[END_PRESSURE] = start[2], end[2]
    return row


def read_examples(name: str) -> Examples:
    """The demonstrations of a name (`digits`) or of a .yaml file.

    Raises:
        InputError: the file is missing or invalid.
    """
    path = file_of(name) if name.endswith(ENDING) else SHIPPED / f"{name}{ENDING}"
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


def demonstrations_of(
    examples: Examples, names: tuple[str, ...], space: ActionSpace, where: str
) -> tuple[tuple[Demonstration, ...], ...]:
    """The ways to draw each of the pictures' classes, in their order.

    Args:
        examples: of at least these classes.
        names: of the pictures' classes.
        space: of the agent, for the number of strokes and whether the pen may be lifted.
        where: the demonstrations come from, for messages.

    Raises:
        InputError: a class has no example, or one that the agent cannot draw.
    """
    if not names:
        raise InputError(f"{where}: examples need pictures with classes, and these have none; choose other data")
    for name in names:
        if name not in examples.classes:
            raise InputError(f"{where}: no example of class {name!r}; add one, or leave the class out of the data")
        if not space.lifts and all(len(way) > 1 for way in examples.classes[name]):
            raise InputError(
                f"{where}: the example of {name!r} has several lines, and the agent cannot lift its pen; set "
                "renderer.manner.discrete={levels: null}"
            )
    try:
        return tuple(examples.ways(name, space.strokes, lifts=space.lifts) for name in names)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
