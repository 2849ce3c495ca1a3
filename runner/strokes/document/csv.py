"""Strokes as a CSV table, a line each in the order of painting, for spreadsheets and painting machines."""

from __future__ import annotations

import numpy as np

from orbifolio.runner.strokes.document.document import COLUMNS, UNIT, Painting
from orbifolio.runner.strokes.document.outlines import points_of
from orbifolio.runner.vector.hex_colours import to_hex
from orbifolio.runner.vector.svg_path import number


def table(painting: Painting) -> bytes:
    """UTF-8 text with a header: number, level, colour, curve, radius and pressures, length; lengths in pixels."""
    names = [name.replace(" ", "_") for name in COLUMNS[:UNIT]]
    lines = [",".join(["number", "level", "colour", *names, "length"])]
    steps = np.diff(points_of(painting), axis=1)
    lengths = np.hypot(steps[..., 0], steps[..., 1]).sum(1)
    for index, (stroke, colour) in enumerate(zip(painting.strokes, painting.colours, strict=True)):
        values = [number(float(value)) for value in (*stroke[:UNIT], lengths[index])]
        paint = to_hex(colour.astype(np.float64))
        lines.append(",".join([str(index + 1), str(int(painting.levels[index])), paint, *values]))
    return "\n".join([*lines, ""]).encode()
