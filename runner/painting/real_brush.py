"""A painting in bristles with its strokes drawn by a brush of MyPaint instead: (painting, brush) -> picture, layers.

    RealBrushPainting.fitted(painting, find_brush("deevad/chalk")).scaled(4096).grown().picture

Strokes keep their lines, their order and their widths. What a brush makes of a stroke is fitted to the painting:

1. *Width.* Brushes of one basic radius leave marks of very different widths, so a brush's own is measured once
   (`brush_mark`), and the basic radius chosen by which its mark is as wide as the stroke.
2. *Opacity.* Each stroke is drawn alone; what it leaves is scaled so that most of it covers as the look's paint does.
   A brush that glazes covers, too, and keeps its texture.
3. *Colour.* With these opacities the picture is linear in the colours, and those that bring it nearest to the painting
   are found by least squares, with a pull to the stroke's own colour, or hidden parts of strokes would take wild ones.

A brush that takes up wet paint is given none, since each stroke is drawn alone.

Convention: as in `bristle_strokes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from orbifolio.runner.arrays import F32, F64, I32
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.subject import resized
from orbifolio.runner.strokes.document.opacity_layers import OpacityLayers
from orbifolio.runner.strokes.document.timelapse_states import Growth, grow
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_mark import POINTS, SECONDS, BrushMark, measure_mark, usual
from orbifolio.runner.strokes.mypaint.brush_sheet import Box, BrushSheet, PenStroke
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint import hush

FIT_SIDE = 720  # pixels at which colours are fitted: strokes are planned at as many
PRESSURE = 0.8  # of the pen where a stroke is widest, as in an action
NARROWEST, WIDEST = 0.35, 3.0  # basic radii that a mark may be half as wide: outside, paint is thrown about, not laid
REACH, FRINGE = 3.2, 4.0  # basic radii, and pixels beyond them, within which a stroke may leave paint
RIDGE = 30.0  # pixels' worth of pull to a stroke's own colour
FAINTEST = 0.03  # usual opacity below which a stroke has left nothing that could be strengthened


@dataclass(frozen=True)
class RealBrushPainting:
    """See the module's docstring.

    Attributes:
        width: of the picture in pixels.
        height: of the picture in pixels.
        paper: the ground, sRGB in [0, 1].
        opacity: of the look's paint, in [0, 1].
        strokes: in pixels of the picture.
        colours: (n, 3) sRGB in [0, 1] that they are drawn in.
        brush: that draws them.
        mark: that it leaves.
    """

    width: int
    height: int
    paper: tuple[float, float, float]
    opacity: float
    strokes: BristleStrokes
    colours: F32
    brush: BrushFile
    mark: BrushMark

    @classmethod
    def fitted(cls, painting: BristlePainting, brush: BrushFile, *, side: int = FIT_SIDE) -> RealBrushPainting:
        """The painting with colours fitted to a brush; under a symmetry those of each image for itself.

        Args:
            painting: in bristles.
            brush: to draw it with.
            side: pixels of the longer side that the colours are fitted at; a smaller painting's own.

        Raises:
            MissingProgram: MyPaint's library is not installed.
            InputError: the brush leaves no paint.
        """
        mark, strokes = measure_mark(require_paint(brush)), painting.strokes_of_picture()
        plain = cls(*painting.size, painting.ground, painting.look.opacity, strokes, strokes.colours, brush, mark)
        small = plain.scaled(min(side, max(painting.size)))
        drawn = list(small.opacities())
        stack = OpacityLayers(small.width, small.height, [box for box, _ in drawn], [alpha for _, alpha in drawn])
        wanted = resized(painting.drawn(max(small.width, small.height)).colours(), small.width, small.height)
        return replace(plain, colours=stack.best_colours(wanted, strokes.colours, plain.paper, ridge=RIDGE))

    def __len__(self) -> int:
        """The number of strokes."""
        return len(self.colours)

    @property
    def levels(self) -> I32:
        """(n,) number of the layer of each stroke."""
        return self.strokes.layers

    def scaled(self, side: int) -> RealBrushPainting:
        """The same with a longer side of so many pixels: marks of the brush grow with the picture."""
        scale = side / max(self.width, self.height)
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        strokes = self.strokes.scaled(width / self.width, height / self.height)
        return replace(self, width=width, height=height, strokes=strokes)

    def grown(self, *, layered: bool = False) -> Growth:
        """The picture, and its layers where they are wanted."""
        return grow(self, self.opacities(), layered=layered)

    def opacities(self) -> Iterator[tuple[Box, F32]]:
        """For each stroke, the undermost first, the box of the picture with its paint and (height, width) opacity."""
        basic = self.basic_radii()
        sheet = BrushSheet(
            self.brush, self.width, self.height, paper=self.paper, max_radius=float(basic.max(initial=0.0))
        )
        strokes = self.strokes
        for number, radius in enumerate(basic.tolist()):
            points = strokes.points[strokes.offsets[number] : strokes.offsets[number + 1]]
            stroke = PenStroke(track(points), radius, SECONDS)
            box = self._box(points, radius)
            yield box, self._covering(sheet.opacity(stroke, box))
        hush()

    def basic_radii(self) -> F64:
        """(n,) radii that the brush is given, in pixels."""
        half_width = min(WIDEST, max(NARROWEST, self.mark.half_width))
        return self.strokes.radii.astype(np.float64) / half_width

    def _box(self, points: F32, radius: float) -> Box:
        far = REACH * radius + FRINGE
        low, high = np.floor(points[:, :2].min(0) - far), np.ceil(points[:, :2].max(0) + far)
        left, top = (int(side) for side in np.clip(low, 0, (self.width, self.height)))
        right, bottom = (int(side) for side in np.clip(high, (left, top), (self.width, self.height)))
        return left, top, right, bottom

    def _covering(self, opacity: F32) -> F32:
        """What a stroke leaves, scaled so that most of it covers as the look's paint does."""
        most = usual(opacity)
        if most < FAINTEST:
            return opacity
        scaled: F32 = np.minimum(opacity / np.float32(most), np.float32(1)) * np.float32(self.opacity)
        return scaled


def track(points: F32) -> F64:
    """(POINTS, 3) x, y and pressure along a stroke, at even distances.

    Args:
        points: (n, 3) x, y and width, as a share of the stroke's radius.
    """
    wide = points.astype(np.float64)
    lengths = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(wide[:, :2], axis=0).T))))
    at = np.linspace(0, lengths[-1], POINTS)
    pressed = PRESSURE * wide[:, 2] / wide[:, 2].max()
    return np.stack([np.interp(at, lengths, column) for column in (wide[:, 0], wide[:, 1], pressed)], axis=1)
