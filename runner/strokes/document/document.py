"""A painting is a document of strokes: brush, paper, strokes (n, 10), colours (n, 3), levels (n,) <-> JSON, any size.

    Painting.to_json() -> text;  Painting.from_json(text);  painting.scaled(4) -> Painting

It is what a painting *is*; pictures (`timelapse_states.render`), vectors and films follow from it. The columns of
`strokes` are `COLUMNS`: the nine numbers of an action that decide where the paint goes (Nakano 2019), in pixels of the
picture instead of parts of a 64-pixel canvas, and the size of the stroke's *unit*, a pixel of the canvas that the brush
was learnt on: a stroke of unit 8 is one of unit 1 drawn eight times as large.

Convention: x to the right, y down, in pixels of the picture; the centre of pixel (row i, column j) is
(j + 0.5, i + 0.5). Colours are sRGB in [0, 1]. The first stroke lies undermost.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F32, F64, I32
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.stroke_array import CURVE, END_PRESSURE, ENTRY_PRESSURE, LOG_RADIUS

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1  # of the file; raise it when older programs could not read it
COLUMNS = (
    "start x",
    "start y",
    "via x",
    "via y",
    "end x",
    "end y",
    "radius",
    "entry pressure",
    "end pressure",
    "unit",
)
RADIUS, UNIT = 6, 9  # columns
LENGTHS = (0, 1, 2, 3, 4, 5, RADIUS, UNIT)
"""The columns in pixels; they grow with the picture."""
PAINTS = ("red", "green", "blue")
MAX_SIDE = 1 << 16  # pixels; against absurd files
DECIMALS = (3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4)  # of each column in a file: far below what can be seen
HINT = "give the strokes.json that a run leaves among its extras"


@dataclass(frozen=True)
class Painting:
    """A painting as strokes; see the module's docstring.

    Attributes:
        width: of the picture in pixels.
        height: of the picture in pixels.
        brush: name of the learnt brush, e.g. `classic/dry_brush`, or path of a `painter.safetensors`.
        paper: sRGB in [0, 1].
        seed: of the run, which random choices of its products follow from.
        strokes: (n, 10), columns as `COLUMNS`; pressures are those of an action, in [0, 1].
        colours: (n, 3) sRGB in [0, 1].
        levels: (n,), 0 for the coarsest.
        opaque: strokes cover with a hard edge (`blending.soft_threshold`), whatever draws them.
    """

    width: int
    height: int
    brush: str
    paper: tuple[float, float, float]
    seed: int
    strokes: F32
    colours: F32
    levels: I32
    opaque: bool = False

    def __len__(self) -> int:
        """The number of strokes."""
        return len(self.strokes)

    def take(self, indices: Sequence[int] | npt.NDArray[Any] | slice) -> Painting:
        """A painting of some strokes, in the order of the indices or where a mask is True."""
        chosen: Any = indices if isinstance(indices, slice | np.ndarray) else np.asarray(indices, np.int64)
        return replace(self, strokes=self.strokes[chosen], colours=self.colours[chosen], levels=self.levels[chosen])

    def scaled(self, factor: float) -> Painting:
        """The same painting in another size, brush marks included.

        Args:
            factor: of both sides; the picture's are rounded to whole pixels, at least one.
        """
        strokes = self.strokes.copy()
        strokes[:, LENGTHS] *= np.float32(factor)
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        return replace(self, width=width, height=height, strokes=strokes)

    def geometry(self, device: str = "cpu") -> tuple[Tensor, Tensor]:
        """The strokes as a painter takes them.

        Returns:
            (n, 9) rows in units, see `stroke_array`, and (n,) pixels per unit.
        """
        columns = torch.from_numpy(np.ascontiguousarray(self.strokes)).to(device)
        rows, unit = columns[:, :UNIT].clone(), columns[:, UNIT]
        rows[:, CURVE] /= unit[:, None]
        rows[:, LOG_RADIUS] = (columns[:, RADIUS] / unit).clamp(min=1e-6).log()
        return rows, unit

    def rounded(self) -> Painting:
        """The painting as read back from its file, with rounded numbers."""
        return Painting.from_json(self.to_json())

    def to_json(self) -> str:
        """The document as JSON, a stroke per line; equal paintings give equal texts."""
        head = {
            "format": FORMAT,
            "width": self.width,
            "height": self.height,
            "brush": self.brush,
            "paper": [_short(value, 4) for value in self.paper],
            "seed": self.seed,
            "opaque": self.opaque,
            "columns": [*COLUMNS, *PAINTS, "level"],
        }
        lines = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}," for name, value in head.items()]
        rows = np.concatenate([self.strokes, self.colours], axis=1, dtype=np.float64).tolist()
        strokes = [
            json.dumps([*map(_short, row, DECIMALS), level], separators=(",", ":"))
            for row, level in zip(rows, self.levels.tolist(), strict=True)
        ]
        body = "\n" + ",\n".join(strokes) + "\n" if strokes else ""
        return "{\n" + "\n".join(lines) + f'\n"strokes": [{body}]\n}}\n'

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "strokes.json") -> Painting:
        """The painting of a file.

        Args:
            text: JSON, as `to_json` writes it.
            name: of the file, for messages.

        Raises:
            InputError: it is damaged, or its format is unknown.
        """
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name}: not a document of strokes ({error}); {HINT}") from error
        try:
            return cls._of(record)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{name}: not a document of strokes ({reason}); {HINT}") from error

    @classmethod
    def _of(cls, record: Any) -> Painting:
        """The painting of parsed JSON; faults are ValueErrors, KeyErrors or TypeErrors."""
        if not isinstance(record, dict):
            raise ValueError("it is not a mapping")
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']!r:.20}; this program reads {FORMAT}")
        if record["columns"] != [*COLUMNS, *PAINTS, "level"]:
            raise ValueError("its columns are not " + ", ".join([*COLUMNS, *PAINTS, "level"]))
        width, height = _whole(record, "width"), _whole(record, "height")
        if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
            raise ValueError(f"the size {width} x {height} is not within 1 to {MAX_SIDE} pixels")
        paper = np.array(record["paper"], np.float64)
        table = np.array(record["strokes"] or np.zeros((0, len(COLUMNS) + 4)), np.float64)
        if paper.shape != (3,) or table.ndim != 2 or table.shape[1] != len(COLUMNS) + 4:
            raise ValueError(f"the paper needs 3 numbers and a stroke {len(COLUMNS) + 4}")
        _check(paper, table)
        if not isinstance(record["brush"], str) or not record["brush"]:
            raise ValueError("the brush has no name")
        split = len(COLUMNS)
        return cls(
            width,
            height,
            record["brush"],
            (float(paper[0]), float(paper[1]), float(paper[2])),
            _whole(record, "seed"),
            np.ascontiguousarray(table[:, :split], np.float32),
            np.ascontiguousarray(table[:, split : split + 3], np.float32),
            table[:, -1].astype(np.int32),
            bool(record.get("opaque", False)),
        )


def _check(paper: F64, table: F64) -> None:
    """Check the ranges of a file's numbers; the message names the first wrong stroke, counted from 1."""
    if not np.isfinite(paper).all() or (paper < 0).any() or (paper > 1).any():
        raise ValueError("the paper's colour is not in [0, 1]")
    shares = [ENTRY_PRESSURE, END_PRESSURE, *range(len(COLUMNS), len(COLUMNS) + 3)]
    level = table[:, -1]
    rules = (
        ("has a number that is not finite", ~np.isfinite(table).all(1)),
        ("has pressures or colours outside [0, 1]", ((table[:, shares] < 0) | (table[:, shares] > 1)).any(1)),
        ("has a radius or a unit that is not positive", (table[:, [RADIUS, UNIT]] <= 0).any(1)),
        ("lies too far outside the picture", (np.abs(table[:, LENGTHS]) > 4 * MAX_SIDE).any(1)),
        (
            "has a level that is not a whole number from 0",
            (level < 0) | (level != np.floor(level)) | (level > MAX_SIDE),
        ),
    )
    for fault, wrong in rules:
        if wrong.any():
            raise ValueError(f"stroke {int(wrong.argmax()) + 1} {fault}")


def _whole(record: Any, name: str) -> int:
    value = record[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} {value!r:.20} is not a whole number")
    return value


def _short(value: float, places: int) -> float | int:
    """A rounded number, whole if it can be, so that JSON writes it as short as possible."""
    rounded = round(float(value), places)
    return int(rounded) if math.isfinite(rounded) and rounded == int(rounded) else rounded
