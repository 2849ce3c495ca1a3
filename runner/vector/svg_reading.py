"""SVG files read: (text) -> shapes as polylines with their paint.

Paths with all their commands, basic shapes, groups, transforms, `style` and presentation attributes are read. Text,
pictures, gradients, patterns and style sheets are not. Nothing but the text itself is opened: a document type, through
which XML can name other files or grow without end, is refused.

Convention: complex numbers in the file's units, y downwards as in SVG.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from xml.etree import ElementTree

import numpy as np
from PIL import ImageColor

from orbifolio.runner.arrays import C128, F64

MAX_BYTES = 5_000_000  # of text: a drawing of a figure has some thousand
MAX_SHAPES = 5_000
CURVE = 24  # segments of a curve: a circle of four is round to 0.1 %
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_TAKEN = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_TRANSFORM = re.compile(r"(matrix|translate|scale|rotate|skewX|skewY)\s*\(([^)]*)\)")
_ARC = re.compile(
    r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)[\s,]+([-+]?[\d.]+(?:[eE][-+]?\d+)?)[\s,]+([-+]?[\d.]+)"
    r"[\s,]+([01])[\s,]*([01])[\s,]*([-+]?[\d.]+(?:[eE][-+]?\d+)?)[\s,]*([-+]?[\d.]+(?:[eE][-+]?\d+)?)[\s,]*"
)


class UnreadableSvg(Exception):
    """Why a file is not read, as "is what; rule; cure": a whole sentence after its name."""


Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class SvgShape:
    """One stretch of a path.

    Attributes:
        name: its `id`, or "".
        points: (n,) at least 2, different from each other in a row.
        closed: whether the last point is joined to the first.
        fill: sRGB in [0, 1], or None.
        stroke: sRGB in [0, 1], or None.
        width: of the stroke, in the file's units.
    """

    name: str
    points: C128
    closed: bool
    fill: Rgb | None
    stroke: Rgb | None
    width: float


@dataclass(frozen=True)
class _InheritedPaint:
    """What elements inherit."""

    matrix: F64
    fill: Rgb | None = (0.0, 0.0, 0.0)
    stroke: Rgb | None = None
    width: float = 1.0


def read_svg(data: bytes) -> tuple[SvgShape, ...]:
    """The shapes of a drawing, in the order in which they are painted.

    Args:
        data: of the file.

    Raises:
        UnreadableSvg: it is no SVG, names other files, or is too large.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableSvg(f"has {len(data) / 1e6:.0f} MB; drawings have at most {MAX_BYTES // 10**6}; simplify it")
    if b"<!DOCTYPE" in data.upper() and b"<!ENTITY" in data.upper():
        raise UnreadableSvg("defines entities; they are not read; save it as plain SVG")
    try:
        root = ElementTree.fromstring(data)
        shapes = []
        for shape in _element(root, _InheritedPaint(np.eye(3))):
            shapes.append(shape)
            if len(shapes) > MAX_SHAPES:
                raise UnreadableSvg(f"has more than {MAX_SHAPES} shapes; that is the limit; simplify the drawing")
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise UnreadableSvg(f"is not read as SVG ({error}); save it as plain SVG") from error
    return tuple(shapes)


def _element(element: ElementTree.Element, pen: _InheritedPaint) -> Iterator[SvgShape]:
    tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if tag in ("defs", "symbol", "clipPath", "mask", "pattern", "metadata", "title", "desc", "style"):
        return
    values = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    for item in values.get("style", "").split(";"):
        name, colon, value = item.partition(":")
        if colon:
            values[name.strip()] = value.strip()
    if values.get("display") == "none" or values.get("visibility") == "hidden":
        return
    pen = _inherited(values, pen)
    for points, closed in _strokes(tag, values):
        homogeneous = np.stack([points.real, points.imag, np.ones(len(points))])
        x, y = (pen.matrix @ homogeneous)[:2]
        placed = x + 1j * y
        keep = np.concatenate([[True], np.abs(np.diff(placed)) > 1e-12])
        if keep.sum() < 2 or not np.isfinite(placed).all():
            continue
        scale = math.sqrt(abs(float(np.linalg.det(pen.matrix[:2, :2]))))
        yield SvgShape(values.get("id", ""), placed[keep], closed, pen.fill, pen.stroke, pen.width * scale)
    for child in element:
        yield from _element(child, pen)


def _inherited(values: Mapping[str, str], pen: _InheritedPaint) -> _InheritedPaint:
    if "transform" in values:
        pen = replace(pen, matrix=pen.matrix @ _matrix(values["transform"]))
    if "fill" in values:
        pen = replace(pen, fill=_colour(values["fill"], pen.fill))
    if "stroke" in values:
        pen = replace(pen, stroke=_colour(values["stroke"], pen.stroke))
    if "stroke-width" in values:
        pen = replace(pen, width=_numbers(values["stroke-width"])[0])
    return pen


def _colour(text: str, inherited: Rgb | None) -> Rgb | None:
    if text in ("inherit", "currentColor"):
        return inherited
    if text in ("none", "transparent") or text.startswith("url"):
        return None
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red / 255, green / 255, blue / 255


def _numbers(text: str) -> list[float]:
    return [float(item) for item in _NUMBER.findall(text)]


def _matrix(text: str) -> F64:
    result = np.eye(3)
    for name, arguments in _TRANSFORM.findall(text):
        v = _numbers(arguments)
        step = np.eye(3)
        if name == "matrix":
            step[:2] = np.array(v).reshape(3, 2).T
        elif name == "translate":
            step[:2, 2] = v[0], v[1] if len(v) > 1 else 0.0
        elif name == "scale":
            step[0, 0], step[1, 1] = v[0], v[-1]
        elif name == "rotate":
            c, s = math.cos(math.radians(v[0])), math.sin(math.radians(v[0]))
            step[:2, :2] = [[c, -s], [s, c]]
            centre = np.array(v[1:3]) if len(v) == 3 else np.zeros(2)
            step[:2, 2] = centre - step[:2, :2] @ centre
        else:
            step[(0, 1) if name == "skewX" else (1, 0)] = math.tan(math.radians(v[0]))
        result = result @ step
    return result


def _strokes(tag: str, values: Mapping[str, str]) -> Iterator[tuple[C128, bool]]:
    """(points, closed) of an element."""

    def size(*names: str) -> list[float]:
        return [(_numbers(values.get(name, "0")) or [0.0])[0] for name in names]

    if tag == "path":
        yield from path_strokes(values.get("d", ""))
    elif tag in ("polygon", "polyline"):
        pairs = np.array(_numbers(values.get("points", "")))
        pairs = pairs[: len(pairs) // 2 * 2]
        yield pairs[::2] + 1j * pairs[1::2], tag == "polygon"
    elif tag == "line":
        x1, y1, x2, y2 = size("x1", "y1", "x2", "y2")
        yield np.array([complex(x1, y1), complex(x2, y2)]), False
    elif tag == "rect":
        x, y, w, h = size("x", "y", "width", "height")
        yield np.array([complex(x, y), complex(x + w, y), complex(x + w, y + h), complex(x, y + h)]), True
    elif tag in ("circle", "ellipse"):
        cx, cy = size("cx", "cy")
        rx, ry = size("r", "r") if tag == "circle" else size("rx", "ry")
        angle = np.arange(4 * CURVE) * (math.pi / (2 * CURVE))
        yield cx + 1j * cy + rx * np.cos(angle) + 1j * ry * np.sin(angle), True


def path_strokes(text: str) -> Iterator[tuple[C128, bool]]:
    """The subpaths of a path's `d`, curves as short lines.

    >>> [(points.tolist(), closed) for points, closed in path_strokes("M0 0h2v1z")]
    [([0j, (2+0j), (2+1j)], True)]
    """
    points: list[complex] = []
    here, begin, last = 0j, 0j, ("", 0j)  # `last` is the command before, and its second control point
    for letter, rest in _COMMAND.findall(text):
        command, relative = letter.upper(), letter.islower()
        values = _arguments(command, rest)
        taken = _TAKEN[command]
        if command == "Z":
            if len(points) > 1:
                yield np.array(points), True
            points, here = [], begin
            last = ("Z", here)
            continue
        if not values or len(values) % taken:
            raise ValueError(f"{letter!r} is followed by {len(values)} numbers in a path")
        for at in range(0, len(values), taken):
            v = values[at : at + taken]
            origin = here if relative else 0j
            pairs = [origin + complex(v[i], v[i + 1]) for i in range(0, taken - 1, 2)] if command in "MLCSQT" else []
            control = here
            if command == "M":
                if len(points) > 1:
                    yield np.array(points), False
                here = begin = pairs[0]
                points, command = [here], "L"
                last = ("M", here)
                continue
            if not points:
                points = [here]
            if command == "L":
                curve = [pairs[0]]
            elif command in "HV":
                step = v[0]
                across = command == "H"
                base = here if relative else (complex(0, here.imag) if across else complex(here.real, 0))
                curve = [base + (step if across else 1j * step)]
            elif command in "CS":
                first = pairs[0] if command == "C" else 2 * here - last[1] if last[0] in "CS" else here
                control, end = pairs[-2], pairs[-1]
                curve = _cubic(here, first, control, end)
            elif command in "QT":
                control = pairs[0] if command == "Q" else 2 * here - last[1] if last[0] in "QT" else here
                end = pairs[-1]
                curve = _cubic(here, here + 2 / 3 * (control - here), end + 2 / 3 * (control - end), end)
            else:
                curve = _arc(here, v, origin)
            points += curve
            here = curve[-1]
            last = (command, control)
    if len(points) > 1:
        yield np.array(points), False


def _arguments(command: str, text: str) -> list[float]:
    if command != "A":
        return _numbers(text)
    values: list[float] = []  # flags of arcs may stand without a space
    place = 0
    while match := _ARC.match(text, place):
        values += [float(item) for item in match.groups()]
        place = match.end()
    if text[place:].strip():
        raise ValueError(f"{text[place : place + 20]!r} is no arc of a path")
    return values


def _cubic(a: complex, b: complex, c: complex, d: complex) -> list[complex]:
    t = np.arange(1, CURVE + 1) / CURVE
    curve = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
    result: list[complex] = curve.tolist()
    return result


def _arc(start: complex, values: list[float], origin: complex) -> list[complex]:
    """An elliptical arc, by its centre (SVG 1.1, appendix F.6)."""
    rx, ry, degrees, large, sweep, x, y = values
    end = origin + complex(x, y)
    rx, ry = abs(rx), abs(ry)
    if not rx or not ry or end == start:
        return [end]
    turn = complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    half = (start - end) / 2 / turn
    u = complex(half.real / rx, half.imag / ry)  # in units of the radii
    if abs(u) > 1:
        rx, ry, u = rx * abs(u), ry * abs(u), u / abs(u)
    side = 1j * u / abs(u) * math.sqrt(max(0.0, 1 - abs(u) ** 2))
    centre = side if large != sweep else -side
    first, last = u - centre, -u - centre
    sweeping = math.remainder(math.atan2(last.imag, last.real) - math.atan2(first.imag, first.real), 2 * math.pi)
    if sweep and sweeping < 0:
        sweeping += 2 * math.pi
    elif not sweep and sweeping > 0:
        sweeping -= 2 * math.pi
    count = max(2, math.ceil(abs(sweeping) / (math.pi / 2) * CURVE))
    spot = centre + first * np.exp(1j * sweeping * np.arange(1, count + 1) / count)
    middle = (start + end) / 2
    result: list[complex] = (middle + turn * (rx * spot.real + 1j * ry * spot.imag)).tolist()
    result[-1] = end
    return result
