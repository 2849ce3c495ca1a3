"""Bending is (outline, template) -> the outline of the template's space that distorts the figure least.

A mesh over the inside of the figure, and more weakly over the bays outside, is moved as rigidly as possible (Sorkine
and Alexa 2007): each vertex has a turn of its own, and the sum over mesh edges of
weight |x_i - x_j - (r_i + r_j)/2 (p_i - p_j)|^2 is made small by turns x and r. Only the outline is bound to the
template's space. So the mesh's other points are eliminated once for a figure (a Schur complement), and each bend is a
small dense solve. The bays keep limbs from crossing each other.

Reference: Sorkine and Alexa 2007; Nagata and Imahori 2022.
"""

from __future__ import annotations

import cmath
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import C128, F64, I64
from orbifolio.runner.deferred import linalg, sparse, spatial
from orbifolio.runner.tilings.outlines import inside, resample
from orbifolio.runner.tilings.spaces import axis_angle, outline_basis
from orbifolio.runner.tilings.types import Template

SPACING = 0.055  # of mesh points inside, for figures of area 1: about three hundred
AIR = 0.08  # weight of the bays outside; the inside has 1
LINE = 4.0  # weight of the outline itself: at 2 thin parts shrink away
EMPHASIS, FOCUS_REACH = 5.0, 0.16
"""How much more a face counts, and the deviation of a Gaussian about its eye. Chosen by eye on a horse, whose best
tiles for all points alike have no head."""
_SETTLED = 1e-4  # relative gain of energy below which bending ends
_LOOKED = 5  # rounds between two looks at the energy


@dataclass(frozen=True)
class Bent:
    """A figure bent to a template.

    Attributes:
        outline: (n,) from the template's start on, axis horizontal: in the template's space.
        mesh: (N,) the mesh's points there, the outline's first as in the figure.
        energy: what is left of the sum above, relative to that of everything lost.
    """

    outline: C128
    mesh: C128
    energy: float


class Bender:
    """Bends one figure to any template.

    Args:
        outline: (n,) of area 1.
        air: weight of the bays outside; more keeps limbs apart.
        focus: points about which the figure is stiffer, such as its eyes: an eye looks at faces first.

    Attributes:
        points: (N,) the mesh's, the outline first.
        triangles: (t, 3) of the mesh's inside.
    """

    def __init__(self, outline: C128, air: float = AIR, focus: tuple[complex, ...] = ()) -> None:
        self.points, self.triangles, edges, weights = _mesh(outline, air)
        weights = weights * emphasis(self.points[edges].mean(1), focus)
        self._n, n, size = len(outline), len(outline), len(self.points)
        self._i, self._j = edges.T
        self._weights = weights
        stiffness = np.zeros((size, size))
        for a, b, sign in (
            (self._i, self._i, 1),
            (self._j, self._j, 1),
            (self._i, self._j, -1),
            (self._j, self._i, -1),
        ):
            np.add.at(stiffness, (a, b), sign * weights)
        self._border = stiffness[:n, n:]
        self._schur = stiffness[:n, :n]
        self._inner = linalg.cho_factor(stiffness[n:, n:]) if size > n else None
        if self._inner is not None:
            self._follow: F64 = linalg.cho_solve(self._inner, stiffness[n:, :n])
            self._schur = self._schur - self._border @ self._follow
        self._rest = self.points[self._i] - self.points[self._j]
        self._lost = float(np.sum(weights * np.abs(self._rest) ** 2))
        number, one = np.arange(len(edges)), np.ones(len(edges))
        both = (np.concatenate([self._i, self._j]), np.concatenate([number, number]))
        self._sums = sparse.csr_matrix((np.concatenate([one, one]), both), (size, len(edges)))
        self._differences = sparse.csr_matrix((np.concatenate([one, -one]), both), (size, len(edges)))

    def bend(self, template: Template, rounds: int = 20, basis: F64 | None = None) -> Bent:
        """The figure in a template's space.

        Args:
            template: cuts of this outline.
            rounds: at most.
            basis: `outline_basis` of the template, if it is at hand.
        """
        n = self._n
        order = (template.start + np.arange(n)) % n
        basis = outline_basis(template) if basis is None else basis
        x_part, y_part = basis[:n], basis[n:]
        schur = self._schur[np.ix_(order, order)]
        system = x_part.T @ schur @ x_part + y_part.T @ schur @ y_part
        system[np.diag_indices_from(system)] += 1e-9 * np.trace(system) / len(system)
        factor = linalg.cho_factor(system)
        turns = np.full(len(self.points), cmath.exp(-1j * axis_angle(template, self.points[order])))
        last, moved, outline = np.inf, self.points, self.points[order]
        for number in range(rounds):
            pull, still = self.pull(turns)
            pull = pull[order]
            weights = linalg.cho_solve(factor, x_part.T @ pull.real + y_part.T @ pull.imag)
            outline = x_part @ weights + 1j * (y_part @ weights)
            moved = self.mesh(outline, order, still)
            turns = self.turns(moved)
            if number % _LOOKED == _LOOKED - 1:
                energy = self.energy(moved, turns)
                if last - energy < _SETTLED * energy:
                    break
                last = energy
        return Bent(outline, moved, self.energy(moved, turns))

    @property
    def stiffness(self) -> F64:
        """(n, n) of the outline alone, the rest of the mesh following it, in the figure's order."""
        return self._schur

    def pull(self, turns: C128) -> tuple[C128, C128 | None]:
        """(n,) what draws the outline's points, and (N - n,) where the others would lie if it lay at 0.

        Args:
            turns: (N,) unit numbers.
        """
        n = self._n
        wanted = self._differences @ ((turns[self._i] + turns[self._j]) / 2 * self._rest * self._weights)
        if self._inner is None:
            return wanted[:n], None
        still = _solve(self._inner, wanted[n:])
        return wanted[:n] - self._border @ still, still

    def mesh(self, outline: C128, order: I64, still: C128 | None) -> C128:
        """(N,) the mesh where its outline is given.

        Args:
            outline: (n,) from the template's start on.
            order: (n,) the mesh's numbers of its points.
            still: from `pull`.
        """
        moved = np.zeros(len(self.points), np.complex128)
        moved[order] = outline
        if still is not None:
            moved[self._n :] = still - self._follow @ moved[: self._n]
        return moved

    def turns(self, moved: C128) -> C128:
        """(N,) the turns that suit a mesh best."""
        turned = self._sums @ self._turned(moved)
        result: C128 = turned / np.maximum(np.abs(turned), 1e-12)
        return result

    def _turned(self, moved: C128) -> C128:
        """What the mesh's edges say of turns: weight times new edge times conjugate of the old one."""
        result: C128 = self._weights * (moved[self._i] - moved[self._j]) * self._rest.conj()
        return result

    def energy(self, moved: C128, turns: C128) -> float:
        """What is lost: see `Bent`."""
        lengths = np.abs(moved[self._i] - moved[self._j]) ** 2 + np.abs(self._rest) ** 2
        agreeing = ((turns[self._i] + turns[self._j]).conj() * self._turned(moved)).real
        return float(np.sum(self._weights * lengths - agreeing)) / self._lost


def emphasis(points: C128, focus: tuple[complex, ...]) -> F64:
    """(n,) how much more places count near points of focus; 1 far away."""
    result: F64 = np.ones(len(points))
    for centre in focus:
        near = 1 + EMPHASIS * np.exp(-(np.abs(points - centre) ** 2) / (2 * FOCUS_REACH**2))
        result = np.maximum(result, near)
    return result


def _solve(factor: tuple[F64, bool], values: C128) -> C128:
    """A real system for complex values."""
    parts = linalg.cho_solve(factor, np.column_stack([values.real, values.imag]))
    result: C128 = parts[:, 0] + 1j * parts[:, 1]
    return result


def _mesh(outline: C128, air: float) -> tuple[C128, I64, I64, F64]:
    """Points (the outline first), triangles inside, edges and their weights."""
    n, step = len(outline), float(np.mean(np.abs(np.diff(outline))))
    spacing = max(step, SPACING)
    across = np.arange(outline.real.min(), outline.real.max(), spacing)
    up = np.arange(outline.imag.min(), outline.imag.max(), spacing * 0.866)  # rows of equilateral triangles
    columns, rows = np.meshgrid(across, up)
    columns[1::2] += spacing / 2
    grid = (columns + 1j * rows).ravel()
    grid = grid[inside(outline, grid)]
    if len(grid):
        away = np.abs(grid[:, None] - resample(outline, 4 * n)[None]).min(1)
        grid = grid[away > 0.6 * spacing]
    points = np.concatenate([outline, grid])
    triangles = spatial.Delaunay(np.column_stack([points.real, points.imag])).simplices.astype(np.int64)
    within = inside(outline, points[triangles].mean(1))
    weights: dict[tuple[int, int], float] = {}
    for triangle, filled in zip(triangles.tolist(), within.tolist(), strict=True):
        for a, b in ((0, 1), (1, 2), (2, 0)):
            pair = (min(triangle[a], triangle[b]), max(triangle[a], triangle[b]))
            weights[pair] = max(weights.get(pair, 0.0), 1.0 if filled else air)
    for a in range(n):
        weights[_pair(a, (a + 1) % n)] = LINE
        second = _pair(a, (a + 2) % n)  # so that the line does not fold
        weights[second] = max(weights.get(second, 0.0), 0.5 * LINE)
    edges, values = np.array(list(weights), np.int64), np.array(list(weights.values()))
    length = np.abs(points[edges[:, 0]] - points[edges[:, 1]])
    values = values * np.where(values < 0.5, np.minimum(1.0, step / length), 1.0)  # long springs in the air are weaker
    return points, triangles[within], edges, values


def _pair(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)
