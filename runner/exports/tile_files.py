"""Files of a tiling: (tile, colours, size) -> SVG of tile, plane and strip, a page to colour in, a jigsaw, STL, HPGL.

Convention: millimetres, y downwards in SVG; a tile's size is the square root of its area.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from html import escape

import numpy as np

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.models.polygons import triangulated
from orbifolio.runner.models.stl import write_stl
from orbifolio.runner.tilings.choice import ChosenTile
from orbifolio.runner.tilings.covering import Covering, TileCopy
from orbifolio.runner.tilings.figures import DrawnShape
from orbifolio.runner.tilings.metamorphosis import GrowingStrip
from orbifolio.runner.vector.hpgl import hpgl
from orbifolio.runner.vector.plotter import Plotter, lay_out
from orbifolio.runner.vector.svg_path import number, path_data

LINE = 0.022  # of a tile's size, width of outlines
FAINT = 0.005  # share of a drawing below which it is left out
GAP = 3.0  # mm between pieces of a jigsaw
_INK = "#1a1416"


def tile_svg(chosen: ChosenTile, size: float) -> str:
    """One tile with its drawing, upright as the figure is.

    Args:
        chosen: the tile.
        size: of the tile in mm.
    """
    turn = chosen.upright.conjugate() * size
    outline = chosen.tiling.tile * turn
    corner = complex(outline.real.min(), outline.imag.max()) + complex(-1, 1) * LINE * size
    width, height = np.ptp(outline.real) + 2 * LINE * size, np.ptp(outline.imag) + 2 * LINE * size
    parts = [f'<path id="outline" d="{_closed(_flat(outline, corner))}" fill="#f6f1e5" {_pen(LINE * size)}/>']
    parts += _drawing(
        [chosen.carrier.carry_shape(shape) for shape in chosen.figure.shapes],
        lambda points: _flat(points * turn, corner),
        size,
    )
    return _svg(parts, float(width), float(height), f"{chosen.figure.name}, one tile of {chosen.tiling.kind.name}")


def tiling_svg(chosen: ChosenTile, covering: Covering, colours: Sequence[str], size: float) -> str:
    """The picture's tiles, one path each, in a group for each colour; the drawing over them.

    Args:
        chosen: the tile.
        covering: which tiles the picture has.
        colours: of the tiles, by number; none for a page to colour in.
        size: of a tile in mm.
    """
    width, height = _sides(covering, size)
    scale = np.array([width, height])
    parts = ['<clipPath id="page"><rect width="100%" height="100%"/></clipPath><g clip-path="url(#page)">']
    for colour in range(covering.colouring.count):
        fill = colours[colour] if colours else "#ffffff"
        parts.append(f'<g id="colour-{colour + 1}" fill="{fill}" {_pen(LINE * size)}>')
        parts += [f'<path d="{_closed(copy.outline * scale)}"/>' for copy in covering.copies if copy.colour == colour]
        parts.append("</g>")
    bent = [chosen.carrier.carry_shape(shape) for shape in chosen.figure.shapes]
    for copy in covering.copies:
        shown = [replace(shape, points=_complex(_within(covering, copy, shape.points) * scale)) for shape in bent]
        parts += _drawing(shown, _pairs, size)
    parts.append("</g>")
    return _svg(parts, width, height, f"{chosen.figure.name} as {chosen.tiling.kind.name}")


def _within(covering: Covering, copy: TileCopy, points: C128) -> F64:
    """Points of the first tile where a copy shows them, in fractions of the picture.

    A copy's motion knows the plane, and not over which edge the picture has repeated: its outline does.
    """
    placed = covering.fractions(copy.motion.act(points))
    first = covering.fractions(copy.motion.act(covering.tiling.tile[:1]))
    result: F64 = placed + (copy.outline[:1] - first)
    return result


def strip_svg(strip: GrowingStrip, colours: Sequence[str], size: float) -> str:
    """A metamorphosis: its tiles, one path each, in a group for each colour; the drawing over them as far as it shows.

    Args:
        strip: the tiles.
        colours: of the tiles, by number.
        size: of a tile in mm.
    """
    width, height = strip.width * size, strip.height * size
    parts = ['<clipPath id="page"><rect width="100%" height="100%"/></clipPath><g clip-path="url(#page)">']
    for colour, fill in enumerate(colours):
        parts.append(f'<g id="colour-{colour + 1}" fill="{fill}" {_pen(LINE * size)}>')
        parts += [
            f'<path d="{_closed(_pairs(tile.outline * size))}"/>' for tile in strip.tiles if tile.colour == colour
        ]
        parts.append("</g>")
    bent = [strip.tile.carrier.carry_shape(shape) for shape in strip.tile.figure.shapes]
    for tile in strip.tiles:
        if tile.drawn > FAINT:
            shown = [replace(shape, points=strip.carried(tile, shape.points) * size) for shape in bent]
            parts += [f'<g opacity="{number(tile.drawn)}">', *_drawing(shown, _pairs, size), "</g>"]
    parts.append("</g>")
    return _svg(parts, width, height, f"polygons that turn into {strip.tile.figure.name}")


def jigsaw_svg(chosen: ChosenTile, covering: Covering, size: float, kerf: float) -> str:
    """The picture's pieces apart, each larger by half the cut, to be cut out by a laser: hairlines, no fill.

    Args:
        chosen: the tile.
        covering: whose tiles are counted; those that only touch the picture are left out.
        size: of a tile in mm.
        kerf: width of the cut in mm.
    """
    pieces = [chosen.tiling.tile * size, chosen.tiling.tile.conj()[::-1] * size]
    pieces = [grown(piece, kerf / 2) for piece in pieces]
    cell = [
        max(float(np.ptp(part)) for part in parts) + GAP
        for parts in ([piece.real for piece in pieces], [piece.imag for piece in pieces])
    ]
    whole = covering.frame.cells * covering.tiling.group.order
    middles = [copy for copy in covering.copies if ((copy.outline.mean(0) >= 0) & (copy.outline.mean(0) < 1)).all()]
    columns = int(np.ceil(np.sqrt(whole * cell[1] / cell[0])))
    parts = [f'<g fill="none" stroke="#ff0000" stroke-width="0.1" data-kerf="{number(kerf)}">']
    for place, copy in enumerate(middles):
        piece = pieces[copy.motion.mirrored]
        row, column = divmod(place, columns)
        corner = complex(piece.real.min() - GAP / 2 - column * cell[0], piece.imag.max() + GAP / 2 + row * cell[1])
        parts.append(f'<path class="colour-{copy.colour + 1}" d="{_closed(_flat(piece, corner))}"/>')
    parts.append("</g>")
    rows = -(-len(middles) // columns)
    return _svg(parts, columns * cell[0], rows * cell[1], f"{chosen.figure.name}, {len(middles)} pieces")


def grown(outline: C128, by: float) -> C128:
    """An outline moved outwards along its normals, by less than its finest curves.

    Args:
        outline: counter-clockwise.
        by: in its own units.
    """
    before, after = outline - np.roll(outline, 1), np.roll(outline, -1) - outline
    normals = -1j * (before / np.abs(before) + after / np.abs(after))
    length = np.abs(normals)
    half = np.maximum(length / 2, 0.5)  # the cosine of half the turn; at sharp corners the move is not drawn out
    result: C128 = outline + by * normals / np.maximum(length, 1e-9) / half
    return result


def tile_stl(chosen: ChosenTile, size: float, thickness: float) -> bytes:
    """The tile as a solid to print; turned over, it is the mirror image that glides need.

    Args:
        chosen: the tile.
        size: of the tile in mm.
        thickness: in mm.
    """
    outline = chosen.tiling.tile * size
    n = len(outline)
    flat = np.column_stack([outline.real, outline.imag, np.zeros(n)])
    faces, _ = triangulated([list(range(n))], flat)
    ring = np.arange(n)
    following = np.roll(ring, -1)
    sides = np.concatenate(
        [np.stack([ring, following, following + n], axis=1), np.stack([ring, following + n, ring + n], axis=1)]
    )
    points = np.concatenate([flat, flat + [0, 0, thickness]])
    return write_stl(points, np.concatenate([faces[:, ::-1], faces + n, sides]), title=chosen.figure.name)


def tiling_hpgl(chosen: ChosenTile, covering: Covering, plotter: Plotter) -> bytes:
    """Every edge drawn once, and the drawing with a second pen.

    Args:
        chosen: the tile.
        covering: which tiles the picture has.
        plotter: the paper.
    """
    width, height = _sides(covering, 100.0)
    scale = np.array([width, height])
    seen: set[tuple[float, ...]] = set()
    edges: list[F64] = []
    ends = chosen.tiling.template.ends
    for copy in covering.copies:
        outline = copy.outline[::-1] if chosen.candidate.template.mirrored else copy.outline
        ring = np.vstack([outline, outline[:1]])
        for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            edge = ring[begin : end + 1]
            middle = tuple(np.round(edge[[0, len(edge) // 2, -1]].mean(0) + edge.mean(0), 6).tolist())
            if len(edge) > 1 and middle not in seen and ((edge >= 0) & (edge <= 1)).all():
                seen.add(middle)
                edges.append(edge * scale)
    lines = [
        _within(covering, copy, chosen.carrier.carry_shape(shape).points) * scale
        for shape in chosen.figure.shapes
        if shape.line is not None
        for copy in covering.copies
    ]
    inside = [line for line in lines if ((line >= 0) & (line <= scale)).all()]
    return hpgl(lay_out({"outlines": edges, "drawing": inside}, plotter, width=width, height=height))


def _sides(covering: Covering, size: float) -> tuple[float, float]:
    """Width and height of the picture in mm."""
    area = covering.frame.cells * covering.tiling.group.order * size**2
    ratio = covering.frame.ratio or 1.0
    return float(np.sqrt(area * ratio)), float(np.sqrt(area / ratio))


def _flat(points: C128, corner: complex) -> F64:
    """(n, 2) with y downwards from an upper left corner."""
    return np.column_stack([points.real - corner.real, corner.imag - points.imag])


def _pairs(points: C128) -> F64:
    """(n, 2) the real and the imaginary parts."""
    return np.column_stack([points.real, points.imag])


def _complex(points: F64) -> C128:
    result: C128 = points[:, 0] + 1j * points[:, 1]
    return result


def _closed(points: F64) -> str:
    return path_data(points) + "Z"


def _pen(width: float) -> str:
    return f'stroke="{_INK}" stroke-width="{number(width)}" stroke-linejoin="round"'


def _drawing(shapes: Iterable[DrawnShape], place: Callable[[C128], F64], size: float) -> list[str]:
    parts = []
    for shape in shapes:
        points = place(shape.points)
        fill = "none" if shape.fill is None else _grey(shape.fill)
        data = _closed(points) if shape.closed else path_data(points)
        pen = ""
        if shape.line is not None:
            pen = f' stroke="{_grey(shape.line)}" stroke-width="{number(shape.width * size)}" stroke-linecap="round"'
        parts.append(f'<path d="{data}" fill="{fill}"{pen}/>')
    return parts


def _grey(light: float) -> str:
    return f"#{round(255 * light):02x}" + f"{round(255 * light):02x}" * 2


def _svg(parts: Sequence[str], width: float, height: float, title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}mm" height="{number(height)}mm" '
        f'viewBox="0 0 {number(width)} {number(height)}">'
    )
    return "\n".join([head, f"<title>{escape(title)}</title>", *parts, "</svg>", ""])
