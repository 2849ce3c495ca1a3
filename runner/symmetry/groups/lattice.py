"""A frame is how a picture's rectangle lies in a lattice: (edges in lattice coordinates, ratio, cells).

The picture must be a period of the pattern *with* its colours, so its edges are lattice vectors that
change no colour; they must be at right angles, so square and hexagonal lattices allow only certain
ratios (the aspect rule): otherwise the turned copies of the edges would fill the plane densely and
nothing but a constant colour could have all these translations.

Convention: lattice coordinates with y upwards as in `isometry.py`. A *block* is the smallest rectangle of
the lattice: one cell, or the two cells of a rhombic or hexagonal lattice, or the q cells of a sheared one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.aspect import Ratio, exact_root, spell_ratio
from orbifolio.runner.symmetry.groups.groups import Group
from orbifolio.runner.symmetry.groups.isometry import Vector
from orbifolio.runner.symmetry.groups.legality import neutral_period

MAX_BLOCKS = 8
"""Maximum number of blocks along each side; more would leave too few pixels for each."""

_MAX_SHEAR = 12
"""Maximum q of a shear by p/q of a cell: a larger one meets more angles, with more and smaller cells in the picture."""


@dataclass(frozen=True)
class LatticeFrame:
    """A picture's rectangle in a lattice.

    Attributes:
        right: the block's lower edge in lattice coordinates.
        up: the block's left edge in lattice coordinates.
        columns: blocks from left to right.
        rows: blocks from bottom to top.
        ratio: width / height, None where it is free.
        hexagonal: whether texels lie on the lattice itself, not on the pixels.
        square: whether pixels must be square exactly, so that a quarter turn permutes them.
        notes: what was decided, for a reader.
    """

    right: Vector
    up: Vector
    columns: int
    rows: int
    ratio: float | None
    hexagonal: bool = False
    square: bool = False
    notes: tuple[str, ...] = ()

    @property
    def block_cells(self) -> int:
        """Primitive cells of a block."""
        return self.right[0] * self.up[1] - self.right[1] * self.up[0]

    @property
    def cells(self) -> int:
        """Primitive cells of the picture."""
        return self.columns * self.rows * self.block_cells

    @property
    def edges(self) -> tuple[Vector, Vector]:
        """The picture's lower and left edges in lattice coordinates."""
        return (
            (self.columns * self.right[0], self.columns * self.right[1]),
            (self.rows * self.up[0], self.rows * self.up[1]),
        )

    @property
    def upright(self) -> bool:
        """Whether e1 is horizontal; hexagonal frames exist both ways."""
        return self.right[1] == 0

    def units(self) -> tuple[int, int]:
        """Width and height in pixels must be multiples of these.

        Pixels (hexagonal: texel rows) must be permuted by every isometry: even numbers for the halves
        of glides and centrings, and multiples of a block's cells that its edges do not share.
        """
        if self.hexagonal:
            return (1, 2 * self.rows) if self.upright else (2 * self.columns, 1)
        # e1 and e2 are (up[1], -right[1]) and (-up[0], right[0]) of a block, over its cells
        across = self.block_cells // math.gcd(self.block_cells, *self.up)
        down = self.block_cells // math.gcd(self.block_cells, *self.right)
        return math.lcm(2, across) * self.columns, math.lcm(2, down) * self.rows

    def fit(self, width: int, multiple: int, ratio: float) -> tuple[int, int]:
        """The pixel size nearest to a desired one: see `Symmetry.fit`.

        The height follows from the width; among the widths within 5 % of the desired one (at least the
        nearest on either side) the one whose whole-numbered height distorts the ratio least is taken,
        where 1 % of deviation in width counts like 0.02 % of distortion.
        """
        return self.fit_sides(width, (multiple, multiple), ratio)

    def fit_sides(self, width: int, multiples: tuple[int, int], ratio: float) -> tuple[int, int]:
        """As `fit`, for sides that must be multiples of different numbers."""
        if width < 1 or min(multiples) < 1 or not ratio > 0:
            raise ValueError(f"width {width}, multiples {multiples}, ratio {ratio}: all must be positive")
        unit_width, unit_height = self.units()
        if self.square:  # pixels are square exactly, so that a quarter turn permutes them
            counts = zip(multiples, (self.columns, self.rows), strict=True)
            across, down = (multiple // math.gcd(multiple, count) for multiple, count in counts)
            step = math.lcm(2, across, down)
            side = step * max(1, round(width / (self.columns * step)))
            return side * self.columns, side * self.rows
        wanted = self.ratio or ratio
        step_width, step_height = math.lcm(unit_width, multiples[0]), math.lcm(unit_height, multiples[1])
        low, high = math.floor(width / step_width), math.ceil(width / step_width)
        first = min(low, math.ceil(0.95 * width / step_width))
        last = max(high, math.floor(1.05 * width / step_width))

        def size(count: int) -> tuple[int, int]:
            across = count * step_width
            return across, step_height * max(1, round(across / (wanted * step_height)))

        def cost(sides: tuple[int, int]) -> float:
            away = abs(math.log(sides[0] / width))
            return abs(math.log(sides[0] / sides[1] / wanted)) + 0.02 * away + 10 * max(0.0, away - 0.05)

        return min((size(count) for count in range(max(1, first), max(1, last) + 1)), key=cost)


def frame(
    group: Group,
    colours: Mapping[str, int],
    ratio: Ratio | None,
    *,
    angle: float | None = None,
    cell: Ratio | None = None,
) -> LatticeFrame:
    """The smallest picture of a group and its colour action that has a desired ratio.

    Args:
        group: its lattice decides which ratios are possible.
        colours: a legal colour action.
        ratio: width:height of the picture, None for the group's own (or free).
        angle: degrees between e1 and e2 of oblique and rhombic lattices.
        cell: width:height of a rectangular lattice's cell or a rhombic one's centred rectangle, or
            e1:e2 of an oblique lattice.

    Raises:
        IllegalSymmetry: the lattice has no such freedom, or cannot have this ratio; `where` is `angle`,
            `cell` or `aspect`.
    """
    _check_freedom(group, angle, cell)
    if group.lattice == "oblique" and angle is not None and abs(angle - 90) > 1e-9:
        result = _sheared(group, colours, ratio, angle, cell)
    elif group.lattice == "hexagonal":
        result = _hexagonal(group, colours, ratio)
    else:
        right, up = ((1, 1), (-1, 1)) if group.lattice == "rhombic" else ((1, 0), (0, 1))
        if group.lattice == "square":
            shape: Fraction | float | None = Fraction(1)
        elif group.lattice == "rhombic" and angle is not None:
            shape = math.tan(math.radians(angle) / 2) ** -2
        else:
            shape = None if cell is None else Fraction(*cell.square)
        result = _rectangle(group, colours, ratio, right, up, shape)
    index = neutral_period(colours).index
    notes = list(result.notes)
    if index > 1:
        notes.append(f"translations change colours: they repeat after {index} primitive cells")
    if result.cells > 1:
        name = ratio.text if ratio is not None else "the picture"
        notes.append(f"{name} holds {result.cells} primitive cells of {group.name}")
    return replace(result, notes=tuple(notes))


def _check_freedom(group: Group, angle: float | None, cell: Ratio | None) -> None:
    if angle is not None and group.lattice not in ("oblique", "rhombic"):
        fixed = {"square": "90", "rectangular": "90", "hexagonal": "120"}[group.lattice]
        raise IllegalSymmetry(
            f"angle {angle:g} for {group.name}; a {group.lattice} lattice always has {fixed} degrees; leave angle out",
            where="angle",
        )
    if cell is not None and group.lattice in ("square", "hexagonal"):
        raise IllegalSymmetry(
            f"cell {cell.text} for {group.name}; the cell of a {group.lattice} lattice has no freedom; leave cell out",
            where="cell",
        )
    if cell is not None and angle is not None and group.lattice == "rhombic":
        raise IllegalSymmetry(
            f"angle {angle:g} and cell {cell.text} for {group.name}; in a rhombic lattice each decides the "
            f"other; keep one: cell {cell.text} is angle {2 * math.degrees(math.atan(1 / cell.value)):.4g}",
            where="cell",
        )


def _orders(colours: Mapping[str, int], right: Vector, up: Vector) -> tuple[int, int]:
    """How often the edges of a block must be repeated until colours return."""

    def order(vector: Vector) -> int:
        steps = zip(("t1", "t2"), vector, strict=True)
        return colour.ORDER[colour.compose(*(colour.power(colours[name], count) for name, count in steps))]

    return order(right), order(up)


def _repeat(columns: int, rows: int, orders: tuple[int, int]) -> tuple[int, int]:
    """The smallest multiples of the block counts, columns and rows, after which all colours return."""
    times = math.lcm(orders[0] // math.gcd(orders[0], columns), orders[1] // math.gcd(orders[1], rows))
    return times * columns, times * rows


def _blocks(ratio: Ratio, shape: Fraction | float) -> Fraction | None:
    """Columns / rows of blocks with this squared ratio that make up a picture, None where they cannot."""
    if isinstance(shape, Fraction):
        blocks = exact_root(Fraction(*ratio.square) / shape)
    else:  # a lattice given by an angle: equal to within a thousandth is meant to be equal
        quotient = ratio.value / math.sqrt(shape)
        blocks = Fraction(quotient).limit_denominator(MAX_BLOCKS)
        blocks = blocks if blocks and abs(float(blocks) / quotient - 1) < 1e-3 else None
    return blocks if blocks and max(blocks.numerator, blocks.denominator) <= MAX_BLOCKS else None


def _rectangle(
    group: Group,
    colours: Mapping[str, int],
    ratio: Ratio | None,
    right: Vector,
    up: Vector,
    shape: Fraction | float | None,
) -> LatticeFrame:
    orders = _orders(colours, right, up)
    square = group.lattice == "square"
    if shape is None or ratio is None:
        value = None if shape is None else math.sqrt(float(shape)) * orders[0] / orders[1]
        return LatticeFrame(right, up, *orders, value, square=square)
    blocks = _blocks(ratio, shape)
    if blocks is None:
        raise _refusal(group, ratio, shape)
    counts = _repeat(blocks.numerator, blocks.denominator, orders)
    return LatticeFrame(right, up, *counts, ratio.value, square=square)


_HEXAGONAL_BLOCKS: tuple[tuple[Vector, Vector, Fraction], ...] = (
    ((1, 0), (1, 2), Fraction(1, 3)),
    ((-1, -2), (1, 0), Fraction(3)),  # e1 horizontal; e1 vertical
)


def _hexagonal(group: Group, colours: Mapping[str, int], ratio: Ratio | None) -> LatticeFrame:
    """Both ways to lay the lattice are tried; the one with fewer cells wins, e1 horizontal on a tie."""
    frames = []
    for right, up, shape in _HEXAGONAL_BLOCKS:
        orders = _orders(colours, right, up)
        if ratio is None:
            value = math.sqrt(shape) * orders[0] / orders[1]
            frames.append(LatticeFrame(right, up, *orders, value, hexagonal=True))
            continue
        blocks = _blocks(ratio, shape)
        if blocks is not None:
            count = _repeat(blocks.numerator, blocks.denominator, orders)
            frames.append(LatticeFrame(right, up, *count, ratio.value, hexagonal=True))
    if not frames:
        assert ratio is not None
        raise _refusal(group, ratio, Fraction(3))
    return min(frames, key=lambda item: item.cells)


def _refusal(group: Group, ratio: Ratio, shape: Fraction | float) -> IllegalSymmetry:
    """Why a ratio is impossible, and the nearest possible ones; `shape` is a block's squared ratio."""
    if group.lattice == "hexagonal":
        shapes: tuple[Fraction | float, ...] = (Fraction(1, 3), Fraction(3))
        rule = "a hexagonal lattice fills only rectangles of p:q times sqrt(3)"
    elif group.lattice == "square":
        shapes, rule = (shape,), "a square lattice fills only rectangles of p:q"
    else:
        shapes, rule = (shape,), f"cells of {math.sqrt(shape):.4g} fill only rectangles of p:q times that"
    options: dict[Fraction | float, int] = {}
    for item in shapes:
        for columns in range(1, MAX_BLOCKS + 1):
            for rows in range(1, MAX_BLOCKS + 1):
                square = item * Fraction(columns, rows) ** 2
                options[square] = min(options.get(square, MAX_BLOCKS**2), columns * rows)
    off = {square: abs(math.log(float(square)) / 2 - math.log(ratio.value)) for square in options}
    # simple ratios first: one block more must bring the ratio 1.2 % nearer
    simple = sorted(options, key=lambda square: (off[square] + 0.012 * options[square], square))[:2]
    closest = min(options, key=lambda square: (off[square], options[square]))

    def spell(square: Fraction | float) -> str:
        return spell_ratio(square) if isinstance(square, Fraction) else f"{math.sqrt(square):.9g}"

    if simple[0] == closest and off[closest] < 0.02:
        simple = [closest]  # simple, and within 2 %: what was meant
    spelled = tuple(dict.fromkeys(spell(square) for square in (*simple, closest)))
    exact = None if not isinstance(shape, Fraction) else exact_root(Fraction(*ratio.square) / shape)
    what = f"{ratio.text} for {group.name}"
    if exact is not None:
        rule += f" with p and q at most {MAX_BLOCKS}"
    else:
        rule += (
            ", else its turned copies would leave no room for a picture"
            if group.lattice in ("hexagonal", "square")
            else ""
        )
    cure = f"try {' or '.join(spelled[:2])}"
    cure += f"; nearest of all is {spelled[2]}" if len(spelled) > 2 else ""
    return IllegalSymmetry(f"{what}; {rule}; {cure}", suggestions=spelled, where="aspect")


def _sheared(
    group: Group, colours: Mapping[str, int], ratio: Ratio | None, angle: float, cell: Ratio | None
) -> LatticeFrame:
    """An oblique lattice as a rectangle of q cells, each row shifted by p/q of a cell.

    Only rational shears close on a rectangle and on its pixels. Without a ratio the angle is exact and
    the sides' ratio gives way; with one, both give way a little, and a note says so.
    """
    wanted = 1.0 if cell is None else cell.value  # |e1| / |e2|
    turn = math.radians(angle)
    best: tuple[float, LatticeFrame, float, float] | None = None
    for q in range(1, _MAX_SHEAR + 1):
        for p in range(-_MAX_SHEAR, _MAX_SHEAR + 1):
            if p == 0 or math.gcd(p, q) > 1 or (p > 0) != (angle < 90):
                continue
            right, up = (1, 0), (-p, q)
            orders = _orders(colours, right, up)
            if ratio is None:
                real, counts = turn, [orders]
            else:
                counts = [(orders[0] * i, orders[1] * j) for i in range(1, 5) for j in range(1, 5)]
            for columns, rows in counts:
                if ratio is not None:
                    real = math.atan2(columns, rows * p * ratio.value) % math.pi
                sides = math.cos(real) * q / p
                value = columns / (rows * p * math.tan(real))
                cells = columns * rows * q / (orders[0] * orders[1])
                # two degrees off weigh as much as sides off by a factor e, or as fifty cells more
                cost = abs(math.degrees(real - turn)) / 2 + 0.02 * cells
                cost += abs(math.log(sides / wanted)) * (0.3 if cell is None and ratio is not None else 1)
                if best is None or cost < best[0] - 1e-12:
                    shape = LatticeFrame(right, up, columns, rows, value if ratio is None else ratio.value)
                    best = cost, shape, math.degrees(real), sides
    assert best is not None
    _, nearest, degrees, sides = best
    bound = cell is not None or ratio is None  # whether the recipe sets the sides' ratio
    if abs(degrees - angle) > 3 or (bound and abs(math.log(sides / wanted)) > 0.35):
        raise IllegalSymmetry(
            f"angle {angle:g} with e1:e2 {wanted:g} for {group.name}; a sheared lattice must close on the "
            f"picture within {_MAX_SHEAR} cells; nearest are 90 degrees and angle {degrees:.4g} with e1:e2 "
            f"{sides:.4g}; try 90",
            suggestions=("90", f"{degrees:.4g}"),
            where="angle",
        )
    note = (
        f"the oblique lattice closes on the rectangle as {nearest.up[1]} cells, each shifted by "
        f"{-nearest.up[0]}/{nearest.up[1]} of its side: angle {degrees:.4g}, e1:e2 {sides:.4g}"
    )
    return LatticeFrame(nearest.right, nearest.up, nearest.columns, nearest.rows, nearest.ratio, notes=(note,))
