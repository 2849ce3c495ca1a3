"""An isometry of a lattice is x -> M x + t in lattice coordinates, exact: M integer, t in halves.

All 17 plane groups, in their usual setting with the origin on a rotation centre or mirror where there
is one, have generators whose translation parts are halves of lattice vectors, so integers suffice
(International Tables for Crystallography A, Aroyo 2016).

Convention: columns (u, v) in the basis e1, e2; `halves` counts half lattice vectors; y is upwards, so
that a positive turn is counter-clockwise as seen. A product acts right factor first.
"""

from __future__ import annotations

from dataclasses import dataclass

Matrix = tuple[tuple[int, int], tuple[int, int]]
Vector = tuple[int, int]
UNIT: Matrix = ((1, 0), (0, 1))


@dataclass(frozen=True)
class Isometry:
    """x -> matrix x + halves / 2.

    Attributes:
        matrix: rows of the integer linear part.
        halves: translation part in half lattice vectors.
    """

    matrix: Matrix = UNIT
    halves: Vector = (0, 0)

    def __matmul__(self, other: Isometry) -> Isometry:
        """The product: `other` acts first."""
        (a, b), (c, d) = self.matrix
        (e, f), (g, h) = other.matrix
        x, y = other.halves
        return Isometry(
            ((a * e + b * g, a * f + b * h), (c * e + d * g, c * f + d * h)),
            (a * x + b * y + self.halves[0], c * x + d * y + self.halves[1]),
        )

    @property
    def determinant(self) -> int:
        """+1 for rotations and translations, -1 for mirrors and glides."""
        (a, b), (c, d) = self.matrix
        return a * d - b * c

    @property
    def trace(self) -> int:
        """2 cos(angle) for a rotation, 0 for mirrors and glides."""
        return self.matrix[0][0] + self.matrix[1][1]

    @property
    def order(self) -> int:
        """Order of the linear part: 1, 2, 3, 4 or 6."""
        if self.determinant < 0:
            return 2
        return {2: 1, -2: 2, -1: 3, 0: 4, 1: 6}[self.trace]

    def inverse(self) -> Isometry:
        """The isometry that undoes this one."""
        (a, b), (c, d) = self.matrix
        sign = self.determinant
        matrix = ((sign * d, -sign * b), (-sign * c, sign * a))
        turned = Isometry(matrix) @ Isometry(UNIT, self.halves)
        return Isometry(matrix, (-turned.halves[0], -turned.halves[1]))

    def reduced(self, period: Period) -> Isometry:
        """The same isometry up to translations of a lattice."""
        return Isometry(self.matrix, period.doubled().reduce(self.halves))

    @property
    def is_mirror(self) -> bool:
        """Whether this very map (not up to translations) fixes a line."""
        return self.determinant < 0 and (self @ self) == Isometry()


def translation(u: int, v: int) -> Isometry:
    """The translation by u e1 + v e2."""
    return Isometry(UNIT, (2 * u, 2 * v))


@dataclass(frozen=True)
class Period:
    """A lattice of integer vectors in Hermite normal form, spanned by (width, 0) and (shear, height).

    Attributes:
        width: step along the first axis, at least 1.
        shear: 0 <= shear < width.
        height: step along the second axis, at least 1.
    """

    width: int = 1
    shear: int = 0
    height: int = 1

    @property
    def index(self) -> int:
        """Number of integer points in one period."""
        return self.width * self.height

    def doubled(self) -> Period:
        """The lattice twice as large, for vectors counted in halves."""
        return Period(2 * self.width, 2 * self.shear, 2 * self.height)

    def reduce(self, point: Vector) -> Vector:
        """The representative of a point with 0 <= y < height, 0 <= x < width."""
        turns, y = divmod(point[1], self.height)
        return (point[0] - turns * self.shear) % self.width, y

    def points(self) -> tuple[Vector, ...]:
        """All integer points of one period, the origin first."""
        return tuple((x, y) for y in range(self.height) for x in range(self.width))


def hermite(first: Vector, second: Vector) -> Period:
    """The normal form of the lattice that two independent integer vectors span.

    >>> hermite((2, 2), (2, -2))
    Period(width=4, shear=2, height=2)
    """
    determinant = abs(first[0] * second[1] - first[1] * second[0])
    (x, y), (u, v) = first, second
    while v:  # Euclid on the second coordinates
        quotient = y // v
        (x, y), (u, v) = (u, v), (x - quotient * u, y - quotient * v)
    if y < 0:
        x, y = -x, -y
    width = determinant // y
    return Period(width, x % width, y)
