"""A figure as a tile of the sphere or the hyperbolic plane: (outline, triangle group) -> tile, copies, colours.

The turns of a triangle group (p, q, r) have tiles that are bent by the plane's rules: a turn about a corner leads one
edge into the next, a half turn an edge into itself. A tile's size is given by its angles, and small tiles are nearly
flat. So the search is the plane's, with angles that do not quite close; then the outline is bent in the conformal map
about the tile's middle, where turns are Möbius transformations: points of one edge are free, those of its partner
follow, and each round takes the transformations as linear, which conformal maps nearly are.

Convention: local points u are complex, w = scale u lies in the Poincaré disk or the stereographic plane about the
tile's middle. Corners are named as in `symmetry.groups.triangle`: P, Q and R, R between P and Q counter-clockwise.

References: Coxeter and Moser 1972; Sorkine and Alexa 2007.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from orbifolio.runner.arrays import C128, F64, I64
from orbifolio.runner.deferred import linalg
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.tilings.bending import Bender, Bent
from orbifolio.runner.tilings.carrying import Carrier
from orbifolio.runner.tilings.colourings import permutations
from orbifolio.runner.tilings.figures import Figure, read_figure
from orbifolio.runner.tilings.outlines import OutlineFault, area, inside
from orbifolio.runner.tilings.pictures import RASTER, TileDrawing, draw_tile
from orbifolio.runner.tilings.search import FINER, Candidate, promising, refine
from orbifolio.runner.tilings.types import Template, curved_type, isohedral_type

ROUNDS = 60  # of bending; ten for a first size
REFINED = 6  # templates that are refined
WIDER_AIR = 0.25  # of the bays, where a bend crosses itself
_MIRROR = np.diag([1.0, -1.0, 1.0])
_SETTLED = 1e-5  # relative gain of energy below which bending ends
_COPIES = 400  # of the tile, at most, among which a place of the domain is looked for


@dataclass(frozen=True)
class LocalMap:
    """The conformal map about a tile's middle.

    Attributes:
        triangle: of the group.
        middle: (3,) the tile's middle on the surface.
        scale: of local points.
    """

    triangle: Triangle
    middle: F64
    scale: float

    @cached_property
    def frame(self) -> F64:
        """(3, 3) isometry of the surface that moves (0, 0, 1) to the middle."""
        x, y, z = self.middle
        k = self.triangle.curvature / (1 + z)
        flat = self.triangle.curvature
        return np.array([[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-flat * x, -flat * y, z]])

    def drop(self, points: F64) -> C128:
        """Local points of points on the surface, (N, 3)."""
        x, y, z = np.linalg.inv(self.frame) @ points.T
        result: C128 = (x + 1j * y) / (1 + z) / self.scale
        return result

    def lift(self, local: C128) -> F64:
        """The way back from `drop`."""
        w = local * self.scale
        squared = self.triangle.curvature * np.abs(w) ** 2
        points: F64 = np.stack([2 * w.real, 2 * w.imag, 1 - squared], axis=-1) / (1 + squared)[..., None]
        return points @ self.frame.T

    @cached_property
    def centres(self) -> Mapping[str, complex]:
        """The triangle's corners here, by name."""
        return dict(zip("PQR", self.drop(self.triangle.corners).tolist(), strict=True))

    def turn_back(self, name: str) -> C128:
        """(2, 2) the Möbius transformation that turns clockwise about a corner by its order's share."""
        order = {"P": self.triangle.p, "Q": self.triangle.q, "R": self.triangle.r}[name]
        centre, k = self.centres[name], self.triangle.curvature * self.scale**2
        there = np.array([[1, -centre], [k * centre.conjugate(), 1]])
        back = np.array([[1, centre], [-k * centre.conjugate(), 1]])
        result: C128 = back @ np.diag([np.exp(-2j * np.pi / order), 1]) @ there
        return result


@dataclass(frozen=True)
class FollowingPoints:
    """How an outline follows from its free points.

    Attributes:
        source: (n,) number of the free point that each point follows, -1 for a centre.
        maps: (n, 2, 2) Möbius transformation from it; that of a centre is constant.
        free: (m,) the free points' numbers on the outline.
    """

    source: I64
    maps: C128
    free: I64

    def outline(self, points: C128) -> tuple[C128, C128]:
        """(n,) the outline, and its derivatives by the free points."""
        z = points[np.maximum(self.source, 0)]
        (a, b), (c, d) = np.moveaxis(self.maps, 0, 2)
        below = c * z + d
        return (a * z + b) / below, (a * d - b * c) / below**2


def following(template: Template, local: LocalMap) -> FollowingPoints:
    """The rules of a template in a local map.

    Args:
        template: of a `curved_type`.
        local: of its triangle.
    """
    n, ends = template.points, template.ends.tolist()
    source, maps = np.full(n, -1, np.int64), np.tile(np.eye(2, dtype=np.complex128), (n, 1, 1))
    free: list[int] = []

    def set_free(points: range) -> None:
        for point in points:
            source[point] = len(free)
            free.append(point)

    set_free(range(1))
    for rule, name in zip(isohedral_type(template.type).rules, "RQP", strict=True):
        begin, end = ends[rule.edges[0]], ends[rule.edges[-1] + 1]
        centre, turn = (begin + end) / 2, local.turn_back(name)
        set_free(range(begin + 1, int(np.ceil(centre))))
        if centre == int(centre):
            maps[int(centre)] = np.array([[0, local.centres[name]], [0, 1]])
        for point in range(int(np.floor(centre)) + 1, min(end + 1, n)):
            partner = begin + end - point
            source[point], maps[point] = source[partner], turn @ maps[partner]
    return FollowingPoints(source, maps, np.array(free, np.int64))


def _middles(template: Template, outline: C128) -> C128:
    """(3,) the points about which a flat tile turns: R, Q, P."""
    vertices = outline[template.ends % template.points]
    first = [
        (vertices[rule.edges[0]] + vertices[rule.edges[0] + 1]) / 2
        if rule.kind == "half turn"
        else vertices[rule.edges[1]]
        for rule in isohedral_type(template.type).rules
    ]
    return np.array(first)


def _fitted(source: C128, target: C128) -> tuple[complex, complex]:
    """Turn and shift, of one scale, that bring points nearest to others."""
    a, b = source - source.mean(), target - target.mean()
    turn = complex(np.vdot(a, b))
    turn /= abs(turn)
    return turn, complex(target.mean() - turn * source.mean())


def bend_curved(bender: Bender, template: Template, triangle: Triangle) -> tuple[Bent, LocalMap]:
    """The figure bent as rigidly as possible into a tile of a curved surface.

    Args:
        bender: of the figure's outline with the template's points.
        template: of the triangle's `curved_type`.
        triangle: of the group.
    """
    flat = bender.bend(template, 20)
    scale = float(np.sqrt(2 * triangle.area / 4 / area(flat.outline)))
    local = LocalMap(triangle, triangle.normalised(triangle.corners.sum(0)), scale)
    shape = flat.outline
    turn, shift = _fitted(_middles(template, shape), np.array([local.centres[name] for name in "RQP"]))
    middle = local.lift(np.array([turn * shape.mean() + shift]))[0]
    for rounds in (10, ROUNDS):  # once to learn the size of the tile
        local = LocalMap(triangle, middle, scale)
        turn, shift = _fitted(_middles(template, shape), np.array([local.centres[name] for name in "RQP"]))
        bent = _settle(bender, template, following(template, local), turn * shape + shift, rounds)
        shape = bent.outline
        scale *= float(np.sqrt(area(shape) / area(flat.outline)))
        middle = local.lift(np.array([shape.mean()]))[0]
    return bent, local


def _settle(bender: Bender, template: Template, points: FollowingPoints, outline: C128, rounds: int) -> Bent:
    n = template.points
    order = (template.start + np.arange(n)) % n
    stiffness = bender.stiffness[np.ix_(order, order)]
    free = outline[points.free]
    outline, slope = points.outline(free)
    mesh = bender.mesh(outline, order, bender.pull(np.ones(len(bender.points), np.complex128))[1])
    turn = np.vdot(bender.points[order], outline - outline.mean())
    turns = np.full(len(bender.points), turn / abs(turn), np.complex128)
    last = np.inf
    held = points.source < 0
    for number in range(rounds):
        pull, still = bender.pull(turns)
        jacobian = np.zeros((n, len(free)), np.complex128)
        jacobian[np.arange(n)[~held], points.source[~held]] = slope[~held]
        rest = outline - jacobian @ free
        system = jacobian.conj().T @ stiffness @ jacobian
        system[np.diag_indices_from(system)] += 1e-9 * np.trace(system).real / len(system)
        free = linalg.solve(system, jacobian.conj().T @ (pull[order] - stiffness @ rest), assume_a="pos")
        outline, slope = points.outline(free)
        mesh = bender.mesh(outline, order, still)
        turns = bender.turns(mesh)
        if number % 5 == 4:
            energy = bender.energy(mesh, turns)
            if last - energy < _SETTLED * energy:
                break
            last = energy
    return Bent(outline, mesh, bender.energy(mesh, turns))


@dataclass(frozen=True)
class TileOfGroup:
    """A copy of a curved tile.

    Attributes:
        matrix: (3, 3) isometry that carries the first tile here.
        element: its colour element.
    """

    matrix: F64
    element: int


@dataclass(frozen=True)
class CurvedTile:
    """A figure and a tile of a triangle group's turns.

    Attributes:
        figure: what tiles.
        candidate: how; its outline is local.
        local: where the tile lies.
    """

    figure: Figure
    candidate: Candidate
    local: LocalMap

    @property
    def mirrored(self) -> bool:
        """Whether the surface is shown mirrored, so that the figure is not."""
        return self.candidate.template.mirrored

    @cached_property
    def tile(self) -> C128:
        """(n,) the outline as the figure has it, local, counter-clockwise."""
        outline = self.candidate.outline
        return outline.conj()[::-1] if self.mirrored else outline

    def drawing(self, look: DrawingLook, raster: int = RASTER) -> TileDrawing:
        """What the tile shows, in so many pixels of its longer side."""
        return draw_tile(self.tile, self.figure, Carrier(self.candidate), look, raster)

    def across(self, assignment: Mapping[str, int]) -> tuple[TileOfGroup, ...]:
        """The neighbours over edges.

        Args:
            assignment: colour elements of the turns `face` and `edge` about P and R; that about Q undoes both.
        """
        p, q, r = (self.local.triangle.reflection(mirror) for mirror in range(3))
        face, edge = assignment["face"], assignment["edge"]
        if self.mirrored:  # a turn is shown the other way round
            face, edge = colour.INVERSE[face], colour.INVERSE[edge]
        vertex = colour.INVERSE[colour.compose(face, edge)]
        turns = ((r @ q, face), (q @ p, edge), (p @ r, vertex))
        result = [TileOfGroup(turn, element) for turn, element in turns]
        for turn, element in turns:
            back = np.linalg.inv(turn).astype(np.float64)
            result.append(TileOfGroup(back, colour.INVERSE[element]))
        return tuple(result)

    def colours_neighbours(self, assignment: Mapping[str, int], count: int) -> bool:
        """Whether a colour action permutes k colours, all of them, and gives no neighbours one.

        Args:
            assignment: as for `across`.
            count: of colours.
        """
        allowed = permutations(count)
        near = [item.element for item in self.across(assignment)]
        if not all(element in allowed and allowed[element][0] for element in near):
            return False
        reached, waiting = {0}, [0]
        for place in waiting:
            new = {allowed[element][place] for element in near} - reached
            reached |= new
            waiting += sorted(new)
        return len(reached) == count

    def copies(self, assignment: Mapping[str, int]) -> tuple[TileOfGroup, ...]:
        """The tile and its images that may meet the triangle or its mirror image.

        Args:
            assignment: as for `across`.
        """
        triangle, steps = self.local.triangle, self.across(assignment)
        corners, outline = triangle.corners, self.local.lift(self.candidate.outline)
        both = np.concatenate([corners, corners @ _MIRROR])
        middle = triangle.normalised(both.sum(0))
        # the sphere's few are all taken: representatives lie beyond any of the triangle's sides
        far = np.pi if triangle.curvature > 0 else 0.0
        reach = far + _distance(both, middle, triangle).max() + _distance(outline, self.local.middle, triangle).max()
        found = [TileOfGroup(np.eye(3), colour.IDENTITY)]
        for item in found:
            for step in steps:
                matrix = item.matrix @ step.matrix
                if len(found) >= _COPIES or any(np.abs(other.matrix - matrix).max() < 1e-6 for other in found):
                    continue
                if _distance((matrix @ self.local.middle)[None], middle, triangle)[0] < reach + 1e-6:
                    found.append(TileOfGroup(matrix, colour.compose(item.element, step.element)))
        return tuple(found)

    def locate(self, points: F64, copies: tuple[TileOfGroup, ...]) -> tuple[I64, I64, C128]:
        """Where points of the triangle, or its mirror image, lie in tiles.

        Args:
            points: (N, 3) on the surface.
            copies: of the tile.

        Returns:
            (N,) number of the copy, the nearest where edges leave a hair between them; (N,) in how many it lies;
            (N,) the local place as the figure has it.
        """
        shown = points @ _MIRROR if self.mirrored else points
        number, hits = np.zeros(len(points), np.int64), np.zeros(len(points), np.int64)
        place = np.zeros(len(points), np.complex128)
        for index, item in enumerate(copies):
            local = self.local.drop(shown @ np.linalg.inv(item.matrix).T)
            within = inside(self.candidate.outline, local)
            hits += within
            number[within], place[within] = index, local[within]
        for lost in np.flatnonzero(hits == 0).tolist():
            ways = np.array([np.linalg.inv(item.matrix) for item in copies])
            local = self.local.drop(ways @ shown[lost])
            away = np.abs(local[:, None] - self.candidate.outline[None]).min(1)
            number[lost], place[lost] = away.argmin(), local[away.argmin()]
        return number, hits, place.conj() if self.mirrored else place


def _distance(points: F64, middle: F64, triangle: Triangle) -> F64:
    """(N,) on the surface."""
    if triangle.curvature > 0:
        near: F64 = np.arccos(np.clip(points @ middle, -1, 1))
        return near
    far: F64 = np.arccosh(np.maximum(points @ (middle * [-1, -1, 1]), 1))
    return far


@lru_cache(maxsize=16)
def curved_tile(path: Path, triangle: Triangle, template: Template) -> CurvedTile:
    """The tile of cuts that are known.

    Args:
        path: of the figure.
        triangle: of the group.
        template: of its `curved_type`, before it is refined.
    """
    figure = read_figure(path)
    fine = template.finer(FINER)

    def bend(bender: Bender) -> Bent:
        return bend_curved(bender, fine, triangle)[0]

    candidate = refine(figure.outline, template, focus=figure.focus, bend=bend)
    if candidate.crossings:
        candidate = refine(figure.outline, template, air=WIDER_AIR, focus=figure.focus, bend=bend)
    _, local = bend_curved(candidate.bender, fine, triangle)  # once more, for its map
    return CurvedTile(figure, candidate, local)


@lru_cache(maxsize=16)
def curved_templates(path: Path, triangle: Triangle) -> tuple[Template, ...]:
    """The templates of the best tiles for a figure, best first.

    Args:
        path: of the figure.
        triangle: of the group.

    Raises:
        OutlineFault: none comes near without crossing itself.
    """
    figure = read_figure(path)
    kind = curved_type(triangle.p, triangle.q, triangle.r)
    templates = promising(figure.outline, [kind], focus=figure.focus)[:REFINED]
    tiles = [(curved_tile(path, triangle, template).candidate, template) for template in templates]
    fine = [(item.distance, template) for item, template in tiles if not item.crossings]
    if not fine:
        raise OutlineFault(
            f"has an outline that no tile of {kind.name} comes near to without crossing itself; long thin limbs and "
            "deep bays are what cannot be filled; choose other orders, or make limbs stouter"
        )
    return tuple(template for _, template in sorted(fine))
