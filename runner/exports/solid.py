"""Bodies for a colour printer: (picture of a sphere or model, sizes) -> closed surfaces in millimetres, with colours.

A ball, a hollow one with a hole to drain it, and its halves are surfaces of revolution: a line from the axis and back
to it is turned about the axis, so that the surface is closed by construction. Only what was the sphere carries picture
and relief; relief moves points along their own radius, so halves still meet. Every wall is as thick as asked for below
the lowest place of the relief.

Convention: z up, right-handed, triangles counter-clockwise as seen from outside; a sphere's picture is its map,
longitude 0 at +x in the middle of it, as in `symmetry.charts.Equirectangular`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import ndimage

from orbifolio.runner.arrays import F32, F64, I64, Bools
from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.model import looked_up
from orbifolio.runner.models.mesh import Mesh, smooth_normals
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.kinds.figure_sphere import FigureSphereSymmetry
from orbifolio.runner.symmetry.kinds.model import ModelSymmetry
from orbifolio.runner.symmetry.kinds.sphere import SphereSymmetry

BARE = (245, 244, 240)
"""Colour of what was never seen: inner walls, and where halves meet."""
EDGE = 0.45  # millimetres of a triangle: as fine as nozzles print
COLUMNS = (96, 720)  # of a body of revolution, at least and at most
CLEARANCE = 0.15  # millimetres between tongue and groove, so that printed halves fit
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # Rec. 709
_STRETCHED = 0.02, 0.98  # quantiles of a picture's luminance that become the lowest and the highest
MOST_FACES = 400_000  # of a model, when it is made finer for its relief


@dataclass(frozen=True)
class Solid:
    """A closed surface to print.

    Attributes:
        name: of this part, for files.
        points: (N, 3) millimetres.
        faces: (M, 3).
        colours: (N, 3) of the points, 0 to 255.
        uv: (K, 2) places in the texture, from its upper left corner.
        uv_faces: (M, 3) of the triangles' corners.
        texture: (height, width, 3) in [0, 1].
    """

    name: str
    points: F64
    faces: I64
    colours: F64
    uv: F64
    uv_faces: I64
    texture: F32

    @property
    def closed(self) -> bool:
        """Whether each edge is between two triangles that turn alike: what slicers call watertight."""
        edges = np.stack([self.faces, np.roll(self.faces, -1, axis=1)], axis=2).reshape(-1, 2)
        count = len(self.points)
        there, back = np.sort(edges @ [count, 1]), np.sort(edges @ [1, count])
        return bool(np.array_equal(there, back) and (np.diff(there) > 0).all())

    @property
    def mesh(self) -> Mesh:
        """The same as a mesh, y up, every triangle with corners of its own."""
        upright = self.points[:, [0, 2, 1]] * [1.0, 1.0, -1.0]
        normals = smooth_normals(upright, self.faces)
        corners = self.faces.ravel()
        return Mesh(
            upright[corners], normals[corners], self.uv[self.uv_faces.ravel()], np.arange(len(corners)).reshape(-1, 3)
        )

    @property
    def volume(self) -> float:
        """Cubic centimetres inside; negative of a surface that is inside out."""
        a, b, c = (self.points[self.faces[:, corner]] for corner in range(3))
        return float(np.einsum("nc,nc->n", a, np.cross(b, c)).sum()) / 6000


@dataclass(frozen=True)
class SolidShape:
    """What is asked for, in millimetres.

    Attributes:
        size: from one side to the other, at most.
        relief: from the lowest to the highest places; 0 for none, less for one that is dark where it is high.
        wall: thickness of a hollow body; 0 for a full one.
        drain: width of the hole at the south pole; 0 for none.
        halves: in two parts, whose rims hold each other.
    """

    size: float
    relief: float = 0.0
    wall: float = 0.0
    drain: float = 0.0
    halves: bool = False


@dataclass(frozen=True)
class _Meridian:
    """From the axis, and back to it: what is turned.

    Attributes:
        radii: (K,) from the axis.
        heights: (K,) along it.
        outer: (K,) which of them are on the sphere outside.
    """

    radii: F64
    heights: F64
    outer: Bools


def _arc(radius: float, begin: float, end: float) -> F64:
    """(K, 2) radii and heights of an arc about the middle between two angles from the north."""
    steps = max(2, math.ceil(radius * abs(end - begin) / EDGE))
    angle = np.linspace(begin, end, steps + 1)
    return radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _lines(shape: SolidShape) -> Sequence[tuple[str, _Meridian]]:
    """The lines of a ball's parts, outermost radius first, by name."""
    radius = shape.size / 2
    inside = radius - abs(shape.relief) - shape.wall
    if not shape.wall:
        return [("ball", _line([_arc(radius, 0, math.pi)], 0))]
    hole = (math.pi - math.asin(shape.drain / 2 / radius), math.pi - math.asin(shape.drain / 2 / inside))
    if not shape.halves:
        return [("shell", _line([_arc(radius, 0, hole[0]), _arc(inside, hole[1], 0)], 0))]
    # the tongue is the inner half of the wall, as long as the wall is thick
    middle, bottom = inside + shape.wall / 2, -(shape.wall + CLEARANCE)
    tongue = np.array([[middle, 0.0], [middle, -shape.wall], [inside, -shape.wall]])
    groove = np.array([[middle + CLEARANCE, bottom], [middle + CLEARANCE, 0.0]])
    above = [_arc(radius, 0, math.pi / 2), tongue, _arc(inside, math.pi / 2, 0)]
    below = [_arc(inside, hole[1], math.acos(bottom / inside)), groove, _arc(radius, math.pi / 2, hole[0])]
    return [("upper-half", _line(above, 0)), ("lower-half", _line(below, 2))]


def _line(parts: Sequence[F64], outer: int) -> _Meridian:
    """A line from its parts, of which this one is the sphere outside."""
    flags = np.concatenate([np.full(len(part), number == outer) for number, part in enumerate(parts)])
    radii, heights = np.concatenate(parts).T
    return _Meridian(np.where(np.abs(radii) < 1e-9, 0.0, radii), heights, flags)


def _turned(line: _Meridian, columns: int) -> tuple[F64, I64, I64, I64]:
    """A line turned about the axis.

    Returns:
        (N, 3) points; (M, 3) triangles; (N,) the place of the line that each comes from; (M, 3) the column of each
        corner, from 0 to `columns`, of which the first and the last are one.
    """
    angle = 2 * math.pi * np.arange(columns) / columns
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    counts = np.where(line.radii == 0, 1, columns)
    first = np.concatenate([[0], np.cumsum(counts)])
    points = np.empty((first[-1], 3))
    for place, (radius, height) in enumerate(zip(line.radii, line.heights, strict=True)):
        points[first[place] : first[place + 1]] = np.column_stack(
            [radius * ring[: counts[place]], np.full(counts[place], height)]
        )
    column = np.arange(columns)
    corners, places = [], []
    closed = line.radii[0] > 0
    for here in range(len(counts) - (0 if closed else 1)):
        there = (here + 1) % len(counts)
        quad = [(here, column), (there, column), (there, column + 1), (here, column + 1)]
        # one triangle where the line meets the axis
        halves = [quad[:3], [quad[0], quad[2], quad[3]]]
        chosen = halves[:1] if counts[here] == 1 else halves[1:] if counts[there] == 1 else halves
        for triangle in chosen:
            corners.append(np.stack([first[at] + turn % columns * (counts[at] > 1) for at, turn in triangle], axis=1))
            places.append(np.stack([turn for _, turn in triangle], axis=1))
    return points, np.concatenate(corners), np.repeat(np.arange(len(counts)), counts), np.concatenate(places)


def ball(picture: F32, shape: SolidShape) -> tuple[Solid, ...]:
    """The parts of a ball that carries a picture.

    Args:
        picture: (height, width, 3) in [0, 1], the map of a sphere.
        shape: sizes; walls, hole and halves as it says.
    """
    columns = int(np.clip(math.ceil(math.pi * shape.size / EDGE), *COLUMNS))
    spread = picture.shape[1] / columns / 2
    light = ndimage.gaussian_filter((picture @ _LUMINANCE).astype(np.float64), spread, mode=("nearest", "wrap"))
    raised = _raised(light, shape)
    parts = []
    for name, line in _lines(shape):
        points, faces, owner, column = _turned(line, columns)
        outer = line.outer[owner]
        away = np.linalg.norm(points, axis=1)
        direction = points / np.maximum(away, 1e-12)[:, None]
        where = _places_on_map(direction)
        sunk = abs(shape.relief) * (1 - looked_up(raised[..., None].astype(np.float32), where)[:, 0])
        points = np.where(outer[:, None], direction * (away - sunk)[:, None], points)
        colours = np.where(outer[:, None], np.round(255 * looked_up(picture, where)), BARE)
        # the texture is cut where its edges meet, so a corner's place follows from its column, not from its point
        uv = np.stack([(column / columns + 0.5).ravel(), where[faces.ravel(), 1]], axis=1)
        solid = Solid(
            name, points, faces, colours.astype(np.float64), uv, np.arange(faces.size).reshape(-1, 3), picture
        )
        parts.append(_outwards(solid))
    return tuple(parts)


def _raised(light: F64, shape: SolidShape) -> F64:
    """How high places are by their light, from 0 to 1."""
    low, high = np.quantile(light, _STRETCHED)
    raised = np.clip((light - low) / max(float(high - low), 1e-6), 0, 1)
    return np.asarray(raised if shape.relief >= 0 else 1 - raised)


def _places_on_map(direction: F64) -> F64:
    """(N, 2) places on the map, in units of it from its upper left corner."""
    longitude = np.arctan2(direction[:, 1], direction[:, 0])
    latitude = np.arcsin(np.clip(direction[:, 2], -1, 1))
    return np.stack([longitude / (2 * math.pi) + 0.5, 0.5 - latitude / math.pi], axis=1)


def _outwards(solid: Solid) -> Solid:
    """The same with its triangles turned so that they face outwards."""
    return solid if solid.volume >= 0 else replace(solid, faces=solid.faces[:, ::-1], uv_faces=solid.uv_faces[:, ::-1])


def statue(mesh: Mesh, picture: F32, shape: SolidShape) -> Solid:
    """A model that carries its texture, its relief along its normals.

    Args:
        mesh: with y up.
        picture: (height, width, 3) in [0, 1], its texture.
        shape: of which `size` and `relief` count.
    """
    from trimesh import remesh  # only here: importing it takes a third of a second

    subdivide: Callable[..., tuple[F64, I64, dict[str, F64]]] = remesh.subdivide

    scale = shape.size / float(np.ptp(mesh.positions[np.unique(mesh.faces)], axis=0).max())
    points, faces, uv = mesh.positions * scale, mesh.faces, mesh.uv
    while shape.relief and len(faces) * 4 <= MOST_FACES and _longest(points, faces) > 2 * EDGE:
        points, faces, attributes = subdivide(points, faces, vertex_attributes={"uv": uv})
        uv = attributes["uv"]
    texture = looked_up(picture, uv)
    light = (texture @ _LUMINANCE).astype(np.float64)
    raised = _raised(light, shape)
    # where the texture is cut, several corners are one point
    _, first, same = np.unique(np.round(points / shape.size, 7), axis=0, return_index=True, return_inverse=True)
    same = same.reshape(-1)
    counts = np.bincount(same)
    height = np.bincount(same, raised) / counts
    moved = points[first] - (abs(shape.relief) * (1 - height))[:, None] * smooth_normals(points, faces)[first]
    colours = np.stack([np.bincount(same, channel) / counts for channel in (255 * texture).T], axis=1)
    upright = moved[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
    return Solid("model", upright - [0, 0, upright[:, 2].min()], same[faces], np.round(colours), uv, faces, picture)


def _longest(points: F64, faces: I64) -> float:
    """The median of the triangles' longest sides."""
    corners = points[faces]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    return float(np.median(sides.max(1)))


def _of_sphere(symmetry: SphereSymmetry, picture: F32, shape: SolidShape) -> tuple[Solid, ...]:
    return ball(picture, shape)


def _of_model(symmetry: ModelSymmetry, picture: F32, shape: SolidShape) -> tuple[Solid, ...]:
    if shape.wall or shape.drain or shape.halves:
        raise InputError(
            "--wall, --drain, --halves: only a ball is hollowed here; a model's inner wall might cross itself; leave "
            "them out, and let the slicer hollow it"
        )
    return (statue(symmetry.mesh, picture, shape),)


SOLIDS: Mapping[type, Callable[[Any, F32, SolidShape], tuple[Solid, ...]]] = {
    SphereSymmetry: _of_sphere,
    FigureSphereSymmetry: _of_sphere,
    ModelSymmetry: _of_model,
}
"""The bodies of each kind of symmetry that has one."""


def solids_of(symmetry: Symmetry, picture: F32, shape: SolidShape) -> tuple[Solid, ...] | None:
    """The bodies that carry a picture, None where its symmetry is none of a body.

    Raises:
        InputError: the body cannot have that shape.
    """
    maker = SOLIDS.get(type(symmetry))
    return None if maker is None else maker(symmetry, picture, shape)
