"""A sheet to draw on: outlines, brush strokes, and frames that carry a motif to its place.

Convention: as in `fields`: points (n, 2) are (x, y) in widths of the picture, y downwards. Angles are radians,
clockwise as seen. A *frame* has its own unit: the length of its motif, u along it and v across.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.interpolate import CubicSpline
from scipy.ndimage import distance_transform_edt

from scripts.styles.fields import Field, mix, noise, step


@dataclass(frozen=True)
class Area:
    """What an outline covers.

    Attributes:
        box: rows and columns of the sheet.
        inside: (height, width) of the box.
        depth: distance to the outline, in widths of the picture; 0 outside.
        x: of the box, in widths.
        y: of the box, in widths.
    """

    box: tuple[slice, slice]
    inside: NDArray[np.bool_]
    depth: Field
    x: Field
    y: Field


Fill = Field | Callable[[Area], Field]
"""A colour (3,), or colours (height, width, 3) for an area."""


def curve(points: object, count: int = 80, *, closed: bool = False) -> Field:
    """A smooth curve (count, 2) through points (n, 2): a cubic spline by chord length."""
    knots = np.asarray(points, np.float64)
    if closed:
        knots = np.concatenate([knots, knots[:1]])
    chord = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    spline = CubicSpline(chord, knots, bc_type="periodic" if closed else "natural")
    return np.asarray(spline(np.linspace(0, chord[-1], count, endpoint=not closed)), np.float32)


def normals(path: Field) -> Field:
    """Unit vectors (n, 2) across a path."""
    tangent = np.gradient(path, axis=0)
    return np.asarray(np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (np.hypot(*tangent.T)[:, None] + 1e-9))


def ribbon(path: Field, half: object) -> Field:
    """The outline (2n, 2) of a path (n, 2) with half widths (n,) or one for all."""
    across = normals(path) * np.broadcast_to(np.asarray(half, np.float32), len(path))[:, None]
    return np.concatenate([path + across, (path - across)[::-1]])


def lens(breadth: float, *, blunt: float = 1.0, tip: float = 1.0, count: int = 60) -> Field:
    """A leaf or petal from (0, 0) to (1, 0), `breadth` wide.

    Args:
        breadth: at its widest.
        blunt: below 1 rounds both ends.
        tip: above 1 the widest place lies nearer the far end.
        count: points of one side.
    """
    u = (1 - np.cos(np.linspace(0, np.pi, count))) / 2
    half = breadth / 2 * np.sin(np.pi * u**tip) ** blunt
    return np.concatenate([np.stack([u, half], 1), np.stack([u, -half], 1)[::-1]]).astype(np.float32)


@dataclass(frozen=True)
class Frame:
    """A motif's place.

    Attributes:
        x: of its origin, in widths.
        y: of its origin.
        angle: of its u axis.
        size: its unit, in widths.
        flip: whether v is turned round.
        bend: how far the motif's end is bent aside, in its unit.
    """

    x: float
    y: float
    angle: float = 0.0
    size: float = 0.1
    flip: bool = False
    bend: float = 0.0

    def place(self, points: object) -> Field:
        """Points of the picture for points (n, 2) of the frame."""
        u, v = np.asarray(points, np.float32).T
        v = (v + self.bend * u * u) * (-1 if self.flip else 1)
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.stack([self.x + self.size * (c * u - s * v), self.y + self.size * (s * u + c * v)], 1)

    def measure(self, area: Area) -> tuple[Field, Field]:
        """The frame's u and v at an area's points."""
        dx, dy = (area.x - self.x) / self.size, (area.y - self.y) / self.size
        c, s = np.cos(self.angle), np.sin(self.angle)
        u, v = c * dx + s * dy, (c * dy - s * dx) * (-1 if self.flip else 1)
        return u, v - self.bend * u * u

    def within(self, u: float, v: float, angle: float = 0.0, size: float = 1.0, *, bend: float = 0.0) -> Frame:
        """A frame placed in this one."""
        (x, y) = self.place([(u, v)])[0]
        turned = self.angle + (-angle if self.flip else angle)
        return Frame(float(x), float(y), turned, self.size * size, self.flip, bend)


def shaded(*palette: Field, reach: float) -> Fill:
    """Colours from the outline inwards, the last one at `reach` (in widths) and beyond."""

    def fill(area: Area) -> Field:
        place = area.depth / reach * (len(palette) - 1)
        light = np.broadcast_to(palette[0], (*place.shape, 3))
        for index, colour in enumerate(palette[1:]):
            light = mix(light, colour, step(index, index + 1, place))
        return light

    return fill


@dataclass
class Sheet:
    """A picture being painted.

    Attributes:
        light: (height, width, 3), linear.
        random: for the hand's unsteadiness.
        wobble: how far outlines stray, in widths.
    """

    light: Field
    random: np.random.Generator
    wobble: float = 0.0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        """Take the width."""
        self.size = self.light.shape[1]

    def cover(self, pieces: list[Field], discs: Field | None = None) -> Area | None:
        """The union of polygons (n, 2) and discs (m, 3) of x, y and radius; None if it is not on the sheet."""
        corners = [piece.min(0) for piece in pieces] + [piece.max(0) for piece in pieces]
        if discs is not None:
            corners += [(discs[:, :2] - discs[:, 2:]).min(0), (discs[:, :2] + discs[:, 2:]).max(0)]
        low, high = np.min(corners, 0), np.max(corners, 0)
        # In widths, not px: what is drawn, and so the order of random numbers, must not depend on the size.
        if high.min() <= 0 or low.max() >= 1:
            return None
        left, top = np.floor(low * self.size).astype(int) - 2
        right, bottom = np.ceil(high * self.size).astype(int) + 3
        image = Image.new("1", (int(right - left), int(bottom - top)))
        pen = ImageDraw.Draw(image)
        for piece in pieces:
            pen.polygon([(float(px), float(py)) for px, py in piece * self.size - (left, top)], fill=1)
        for cx, cy, radius in () if discs is None else discs * self.size - (left, top, 0):
            pen.ellipse([cx - radius, cy - radius, cx + radius, cy + radius], fill=1)
        inside = np.asarray(image)
        depth = (distance_transform_edt(inside) / self.size).astype(np.float32)
        up, down = max(top, 0), min(bottom, len(self.light))
        west, east = max(left, 0), min(right, self.size)
        cut = slice(up - top, down - top), slice(west - left, east - left)
        y, x = np.mgrid[up:down, west:east].astype(np.float32) / self.size
        return Area((slice(up, down), slice(west, east)), inside[cut], depth[cut], x, y)

    def fill(self, area: Area | None, colour: Fill, *, line: Field | None = None, width: float = 0.0) -> None:
        """Paint an area; with `line`, its rim within `width` of the outline in that colour."""
        if area is None:
            return
        paint = colour(area) if callable(colour) else np.broadcast_to(colour, (*area.inside.shape, 3))
        if line is not None:
            paint = mix(paint, line, (area.depth < width).astype(np.float32))
        self.light[area.box][area.inside] = paint[area.inside]

    def draw(self, outline: Field, colour: Fill, *, line: Field | None = None, width: float = 0.0) -> None:
        """Paint an outline (n, 2), a little unsteadily."""
        if self.wobble:
            sway = self.random.normal(0, self.wobble, (max(len(outline) // 6, 4), 2))
            turn = np.linspace(0, len(sway), len(outline), endpoint=False)
            marks = np.arange(len(sway) + 1)
            outline = outline + np.stack([np.interp(turn, marks, [*sway[:, c], sway[0, c]]) for c in (0, 1)], 1)
        self.fill(self.cover([outline]), colour, line=line, width=width)

    def shade(self, outline: Field, amount: float, *, offset: tuple[float, float], soft: float) -> None:
        """Darken what lies under an outline (n, 2) moved by `offset`, as its shadow; `soft` is the penumbra."""
        area = self.cover([outline + np.array(offset, np.float32)])
        if area is not None:
            self.light[area.box] *= (1 - amount * step(0, soft, area.depth))[..., None]

    def stroke(self, path: Field, half: object, colour: Fill, *, line: Field | None = None, width: float = 0.0) -> None:
        """Paint a brush's path (n, 2) of half widths (n,): round ends, and it may cross itself."""
        self.fill(self.track(path, half), colour, line=line, width=width)

    def track(self, path: Field, half: object) -> Area | None:
        """The area of a brush's path; see `stroke`."""
        radii = np.broadcast_to(np.asarray(half, np.float32), len(path))
        across = normals(path) * radii[:, None]
        left, right = path + across, path - across
        pieces = [np.stack([left[i], left[i + 1], right[i + 1], right[i]]) for i in range(len(path) - 1)]
        return self.cover(pieces, np.column_stack([path, radii]))


def sheet(random: np.random.Generator, x: Field, ground: Field, *, wobble: float = 0.0) -> Sheet:
    """An empty sheet of a colour (3,) or colours (height, width, 3)."""
    light = np.array(np.broadcast_to(ground, (*x.shape, 3)), np.float32)
    return Sheet(light, random, wobble)


def mottle(random: np.random.Generator, x: Field, y: Field, depth: float = 0.08) -> Field:
    """Factors (height, width, 1) around 1: the unevenness of a wash or of hand-made paper."""
    return 1 + depth * (0.7 * noise(random, x, y, 5, 2) + 0.5 * noise(random, x, y, 60))[..., None]
