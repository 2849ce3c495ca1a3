"""A painting is a document of strokes: brush, paper, strokes (n, 10), colours (n, 3), levels (n,) <-> JSON, any size.

    Painting.to_json() -> text;  Painting.from_json(text);  painting.scaled(4) -> Painting

It is what a painting *is*; pictures (`growth.render`), vectors and films follow from it. The columns of `strokes` are
`COLUMNS`: the nine numbers of an action that decide where the paint goes (Nakano 2019), in pixels of the picture
instead of parts of a 64-pixel canvas, and the size of the stroke's *unit*, a pixel of the canvas that the brush was
learnt on: a stroke of unit 8 is one of unit 1 drawn eight times as large.

Convention: x to the right, y down, in pixels of the picture; the centre of pixel (row i, column j) is
(j + 0.5, i + 0.5). Colours are sRGB in [0, 1]. The first stroke lies undermost.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from orbifolio.runner.arrays import F32, F64, I32
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.rasteriser.geometry import Strokes

FORMAT = 1
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
START, VIA, END = slice(0, 2), slice(2, 4), slice(4, 6)
RADIUS, ENTRY_PRESSURE, END_PRESSURE, UNIT = 6, 7, 8, 9
LENGTHS = (0, 1, 2, 3, 4, 5, RADIUS, UNIT)
"""The columns in pixels; they grow with the picture."""
PAINTS = ("red", "green", "blue")
LARGEST = 1 << 16  # pixels of a side
PLACES = (3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4)  # decimals in a file: far below what can be seen
HINT = "it is the strokes.json that a run leaves among its extras"


@dataclass(frozen=True)
class Painting:
    """A painting as strokes; see the module's docstring.

    Attributes:
        width: of the picture in pixels.
        height: of the picture in pixels.
        brush: name of the learnt brush, e.g. `classic/dry_brush`, or path of a `painter.safetensors`.
        paper: sRGB in [0, 1].
        seed: of the brush's noise where it is drawn in the real program.
        strokes: (n, 10), columns as `COLUMNS`; pressures are those of an action, in [0, 1].
        colours: (n, 3) sRGB in [0, 1].
        levels: (n,), 0 for the coarsest.
        opaque: strokes cover with a hard edge, as `hardened` has it, in the neural canvas and all that follows from it;
            the real program draws them as its brush is.
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
        """How many strokes."""
        return len(self.strokes)

    def take(self, indices: Sequence[int] | npt.NDArray[Any] | slice) -> Painting:
        """Some of the strokes, in the order of the indices (or where a mask is True)."""
        chosen: Any = indices if isinstance(indices, slice | np.ndarray) else np.asarray(indices, np.int64)
        return replace(self, strokes=self.strokes[chosen], colours=self.colours[chosen], levels=self.levels[chosen])

    def scaled(self, factor: float) -> Painting:
        """The same painting larger or smaller, brush marks too.

        Args:
            factor: of both sides; the picture's are rounded to whole pixels, at least one.
        """
        strokes = self.strokes.copy()
        strokes[:, LENGTHS] *= np.float32(factor)
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        return replace(self, width=width, height=height, strokes=strokes)

    def geometry(self, device: str = "cpu") -> tuple[Strokes, Tensor]:
        """The strokes as a painter takes them.

        Returns:
            The strokes in units, and (n,) pixels per unit.
        """
        held = torch.from_numpy(np.ascontiguousarray(self.strokes)).to(device)
        unit = held[:, UNIT]
        places = held / unit[:, None]
        return (
            Strokes(
                places[:, START],
                places[:, VIA],
                places[:, END],
                places[:, RADIUS].clamp(min=1e-6).log(),
                held[:, ENTRY_PRESSURE],
                held[:, END_PRESSURE],
            ),
            unit,
        )

    def rounded(self) -> Painting:
        """As it comes back from its file."""
        return Painting.from_json(self.to_json())

    def to_json(self) -> str:
        """The document as text, a stroke to a line; equal paintings give equal texts."""
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
            json.dumps([*map(_short, row, PLACES), level], separators=(",", ":"))
            for row, level in zip(rows, self.levels.tolist(), strict=True)
        ]
        body = "\n" + ",\n".join(strokes) + "\n" if strokes else ""
        return "{\n" + "\n".join(lines) + f'\n"strokes": [{body}]\n}}\n'

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "strokes.json") -> Painting:
        """The painting of a file.

        Args:
            text: of the file.
            name: of the file, for messages.

        Raises:
            InputError: it is damaged, or of a format that this program does not know.
        """
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name}: not a document of strokes ({error}); {HINT}") from error
        try:
            return cls._of(record)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            told = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{name}: not a document of strokes ({told}); {HINT}") from error

    @classmethod
    def _of(cls, record: Any) -> Painting:
        """From what JSON holds; faults are ValueErrors, KeyErrors or TypeErrors."""
        if not isinstance(record, dict):
            raise ValueError("it holds no mapping")
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']!r:.20}; this program reads {FORMAT}")
        if record["columns"] != [*COLUMNS, *PAINTS, "level"]:
            raise ValueError("its columns are others than " + ", ".join([*COLUMNS, *PAINTS, "level"]))
        width, height = _whole(record, "width"), _whole(record, "height")
        if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
            raise ValueError(f"a size of {width} x {height}; 1 to {LARGEST} pixels are possible")
        paper = np.array(record["paper"], np.float64)
        table = np.array(record["strokes"] or np.zeros((0, len(COLUMNS) + 4)), np.float64)
        if paper.shape != (3,) or table.ndim != 2 or table.shape[1] != len(COLUMNS) + 4:
            raise ValueError(f"paper has 3 numbers and a stroke {len(COLUMNS) + 4}")
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


def hardened(opacity: F32) -> F32:
    """Opacities of opaque strokes: 1 above a half, 0 below, an eighth wide in between lest edges be jagged."""
    found: F32 = ((opacity - np.float32(0.5)) * np.float32(8) + np.float32(0.5)).clip(0, 1)
    return found


def _check(paper: F64, table: F64) -> None:
    """Ranges of a file's numbers; the first stroke that is out of them is named, counted from 1."""
    if not np.isfinite(paper).all() or (paper < 0).any() or (paper > 1).any():
        raise ValueError("the paper's colour is not in [0, 1]")
    shares = [ENTRY_PRESSURE, END_PRESSURE, *range(len(COLUMNS), len(COLUMNS) + 3)]
    level = table[:, -1]
    rules = (
        ("has a number that is not finite", ~np.isfinite(table).all(1)),
        ("has pressures or colours beyond [0, 1]", ((table[:, shares] < 0) | (table[:, shares] > 1)).any(1)),
        ("has a radius or a unit that is not above 0", (table[:, [RADIUS, UNIT]] <= 0).any(1)),
        ("lies too far out", (np.abs(table[:, LENGTHS]) > 4 * LARGEST).any(1)),
        ("has a level that is no whole number from 0", (level < 0) | (level != np.floor(level)) | (level > LARGEST)),
    )
    for told, wrong in rules:
        if wrong.any():
            raise ValueError(f"stroke {int(wrong.argmax()) + 1} {told}")


def _whole(record: Any, name: str) -> int:
    value = record[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} {value!r:.20} is no whole number")
    return value


def _short(value: float, places: int) -> float | int:
    """Rounded, as short as JSON has it."""
    found = round(float(value), places)
    return int(found) if math.isfinite(found) and found == int(found) else found
