"""What is left of a painting: strokes (n, 10), colours (n, 3), levels (n,), undermost first, and what they lie on.

The columns are those of the stroke document: start x, start y, via x, via y, end x, end y, radius in pixels, entry and
end pressure in [0, 1], pixels per unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.strokes.rasteriser.numba_threads import Floats, Integers


@dataclass(frozen=True)
class Record:
    """A finished painting.

    Attributes:
        width: of the picture in pixels.
        height: likewise.
        brush: name or path of the learnt brush.
        paper: sRGB in [0, 1].
        seed: of the run.
        strokes: (n, 10).
        colours: (n, 3) sRGB in [0, 1].
        levels: (n,) 0 for the coarsest.
        opaque: paint covers or does not.
        target: (height, width, 3) sRGB that it was fitted to, or None.
    """

    width: int
    height: int
    brush: str
    paper: tuple[float, float, float]
    seed: int
    strokes: Floats
    colours: Floats
    levels: Integers
    opaque: bool = False
    target: Floats | None = None


def columns(rows: Floats, units: Floats) -> Floats:
    """Rows of `tracing`, (n, 9), and units (n,) as columns of the document, (n, 10)."""
    found = np.concatenate((rows[:, :6], (np.exp(rows[:, 6]) * units)[:, None], rows[:, 7:], units[:, None]), axis=1)
    return np.ascontiguousarray(found, np.float32)
