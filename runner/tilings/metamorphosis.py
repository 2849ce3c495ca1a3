"""A metamorphosis along a strip: (tile, colouring, strip) -> plain polygons at the left that turn into the figure.

Two outlines obey the same isometries: the figure's tile, and a convex polygon with the same corners' neighbours. So
does every blend of them, and where the share of the blend depends on the place alone, both tiles at a common edge bend
it alike: the strip stays covered once, as in Escher's Metamorphosis and in Huff's parquet deformations.

The polygon is the one whose edges' squares have the least sum: each corner lies in the mean of those next to it, which
makes all tiles convex (Tutte 1963; on the torus Gortler, Gotsman and Thurston 2006).

Convention: pictures run from 0 to their width and height, in sides of a tile (square roots of its area), y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import C128, F32, F64, I32, I64
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.groups.groups import coset_words
from orbifolio.runner.symmetry.groups.isometry import translation
from orbifolio.runner.symmetry.inks import Inks
from orbifolio.runner.tilings.carrying import mapped
from orbifolio.runner.tilings.choice import ChosenTile
from orbifolio.runner.tilings.colourings import Colouring
from orbifolio.runner.tilings.outlines import OutlineFault
from orbifolio.runner.tilings.pictures import DEPTH
from orbifolio.runner.tilings.tiling import PlaneMotion, Tiling, motion_across

HEIGHT, RATIO = 3.2, 4.0  # of a usual strip: sides of a tile, and width / height
PLAIN, WHOLE = 0.1, 0.72  # shares of the strip's width at which edges begin to bend, and are bent
DRAWN, FINISHED = 0.34, 0.86  # where the drawing begins to show, and is there
PIN = 1e-6  # weight of the polygon's place against its shape
SAMPLES = 3  # along each side of a pixel
LOOKED, LOST = 40, 0.004  # samples of a tile's side at which a strip is checked, and the share that may be wrong


def plain_outline(tiling: Tiling) -> C128:
    """(n,) the polygon that a tile's edges are straightened to, point by point as `tiling.tile`.

    Args:
        tiling: whose isometries it obeys, too.
    """
    template, kind = tiling.template, tiling.kind
    count = kind.edges
    rows: list[F64] = []
    rests: list[float] = []

    def demand(target: int, motion: PlaneMotion, source: int) -> None:
        """Corner `target` is the image of corner `source`; two real equations."""
        images = motion.factor * np.array([1, -1j if motion.mirrored else 1j])  # of 1 and of i
        two = np.zeros((2, count, 2))
        two[:, target] += np.eye(2)
        two[:, source] -= [images.real, images.imag]
        rows.extend(two.reshape(2, -1))
        rests.extend([motion.shift.real, motion.shift.imag])

    for rule in kind.rules:
        a, b = rule.edges[0], rule.edges[-1]
        after = (a + 1) % count, (b + 1) % count
        if not template.lengths[a]:
            for edge in rule.edges:
                demand((edge + 1) % count, PlaneMotion(), edge)
            continue
        motion = motion_across(rule, tiling.vertices)
        match rule.kind:
            case "half turn":
                demand(after[0], motion, a)
            case "translation":
                demand(a, motion, after[1])
                demand(after[0], motion, b)
            case "glide" | "cross glide":
                demand(a, motion, b)
                demand(after[0], motion, after[1])
            case "corner":
                demand(a, motion, after[1])
                demand(b, motion, b)
    matrix = np.array(rows)
    start = np.linalg.lstsq(matrix, np.array(rests), rcond=None)[0]
    _, values, directions = np.linalg.svd(matrix)
    free = directions[int((values > 1e-9 * values[0]).sum()) :].T
    differences = np.roll(np.eye(2 * count), -2, axis=0) - np.eye(2 * count)
    # where the isometries let the polygon drift as a whole, it stays about the figure
    pinned = np.vstack([differences, PIN * np.tile(np.eye(2), count)])
    middle = PIN * count * tiling.vertices[:-1].mean()
    wanted = np.concatenate([np.zeros(2 * count), [middle.real, middle.imag]])
    if free.shape[1]:
        start = start + free @ np.linalg.lstsq(pinned @ free, wanted - pinned @ start, rcond=None)[0]
    corners = start[::2] + 1j * start[1::2]
    pieces = [
        corners[edge] + (corners[(edge + 1) % count] - corners[edge]) * np.arange(length) / max(1, length)
        for edge, length in enumerate(template.lengths)
    ]
    outline = np.concatenate(pieces)
    # the mirrored tile is read backwards from its last point
    result: C128 = outline.conj()[::-1] if template.mirrored else outline
    return result


@dataclass(frozen=True)
class StripTile:
    """A tile in a strip, bent as far as its place says.

    Attributes:
        colour: its number.
        outline: (n,) as it is bent here.
        mesh: (N,) the mesh that carries the drawing, bent with the outline.
        drawn: share of the drawing that shows, in the tile's middle.
    """

    colour: int
    outline: C128
    mesh: C128
    drawn: float


@dataclass(frozen=True)
class GrowingStrip:
    """A strip of tiles that turn from polygons into the figure.

    Attributes:
        tile: the figure and its tile.
        colouring: of the tiles.
        height: of the strip in sides of a tile.
        ratio: width / height.
    """

    tile: ChosenTile
    colouring: Colouring
    height: float
    ratio: float

    def __post_init__(self) -> None:
        """Refuse a figure that cannot grow out of a polygon.

        Raises:
            OutlineFault: tiles cross each other on the way so that it is seen.
        """
        _, hits = self.cover(round(LOOKED * self.width), round(LOOKED * self.height))
        if (lost := float((hits != 1).mean())) > LOST:
            raise OutlineFault(
                f"makes tiles that cross each other on {lost:.1%} of the way from polygons to the figure; edges bend "
                "along straight lines, on which curled limbs meet; choose another candidate"
            )

    @property
    def width(self) -> float:
        """Of the strip in sides of a tile."""
        return self.height * self.ratio

    @cached_property
    def _plain(self) -> C128:
        return plain_outline(self.tile.tiling)

    @cached_property
    def tiles(self) -> tuple[StripTile, ...]:
        """All that meet the strip."""
        tiling, place = self.tile.tiling, self.tile.tiling.frame
        both = np.concatenate([tiling.tile, self._plain])
        reach = float(np.abs(both - both.mean()).max())
        sides = [(-reach, self.width + reach), (-reach, self.height + reach)]
        corners = self._plane(np.array([x + 1j * y for x in sides[0] for y in sides[1]]))
        result = []
        for word in coset_words(tiling.group).values():
            base = tiling.group.isometry(word)
            middle = complex(tiling.motion(base).act(both).mean())
            range_ = np.array([place.coordinates(corner - middle) for corner in corners.tolist()])
            (low_u, low_v), (high_u, high_v) = np.floor(range_.min(0)).astype(int), np.ceil(range_.max(0)).astype(int)
            for u in range(low_u, high_u + 1):
                for v in range(low_v, high_v + 1):
                    isometry = translation(u, v) @ base
                    motion = tiling.motion(isometry)
                    shown = self._shown(motion.act(both))
                    if (
                        min(shown.real.max(), shown.imag.max()) > 0
                        and shown.real.min() < self.width
                        and shown.imag.min() < self.height
                    ):
                        result.append(self._bent(motion, self.colouring.of_tile(isometry)))
        return tuple(result)

    def _shown(self, points: C128) -> C128:
        """Where the strip shows points of the plane: x + i y, y down; the figure is upright."""
        result: C128 = (points * self.tile.upright.conjugate()).conj() + self._corner
        return result

    def _plane(self, points: C128) -> C128:
        """The way back from `_shown`."""
        result: C128 = (points - self._corner).conj() * self.tile.upright
        return result

    @cached_property
    def _corner(self) -> complex:
        """The first tile lies in the strip's middle."""
        middle = complex(self.tile.tiling.tile.mean() * self.tile.upright.conjugate())
        return complex(self.width, self.height) / 2 - middle.conjugate()

    def bend(self, x: F64) -> F64:
        """How far edges are bent at places along the strip, from 0 to 1."""
        return _eased((x / self.width - PLAIN) / (WHOLE - PLAIN))

    def drawn(self, x: F64) -> F64:
        """How much of the drawing shows at places along the strip, from 0 to 1."""
        return _eased((x / self.width - DRAWN) / (FINISHED - DRAWN))

    def _bent(self, motion: PlaneMotion, colour: int) -> StripTile:
        figure, plain = (self._shown(motion.act(points)) for points in (self.tile.tiling.tile, self._plain))
        # the middle of both belongs to the two tiles at an edge, or the three at a corner, alike
        moved = (1 - self.bend((figure + plain).real / 2)) * (plain - figure)
        mesh = self._shown(motion.act(self._mesh)) + self._follow @ moved
        middle = float((figure + moved).real.mean())
        return StripTile(colour, figure + moved, mesh, float(self.drawn(np.array([middle]))[0]))

    @property
    def _mesh(self) -> C128:
        mesh = self.tile.candidate.bent.mesh
        return mesh.conj() if self.tile.candidate.template.mirrored else mesh

    @property
    def _triangles(self) -> I64:
        return self.tile.candidate.bender.triangles

    @cached_property
    def _follow(self) -> F64:
        """(N, n) how the mesh follows the outline: points inside move by the mean of those next to them."""
        template, size = self.tile.candidate.template, len(self._mesh)
        n = template.points
        ring = (template.start + (np.arange(n)[::-1] if template.mirrored else np.arange(n))) % n
        laplacian = 1e-9 * np.eye(size)
        for a, b in ((0, 1), (1, 2), (2, 0)):
            first, second = self._triangles[:, a], self._triangles[:, b]
            for i, j in ((first, second), (second, first)):
                np.add.at(laplacian, (i, i), 1.0)
                np.add.at(laplacian, (i, j), -1.0)
        result = np.zeros((size, n))
        result[ring, np.arange(n)] = 1
        result[n:] = -np.linalg.solve(laplacian[n:, n:], laplacian[n:, :n] @ result[:n])
        return result

    def carried(self, tile: StripTile, points: C128) -> C128:
        """Where a tile of the strip shows points of the first tile's frame."""
        return mapped(points, self._mesh, tile.mesh, self._triangles)

    def cover(self, width: int, height: int) -> tuple[I32, I32]:
        """(height, width) the number of the tile that each sample lies in, -1 without one, and in how many it lies.

        Args:
            width: samples; sample j lies at (j + 0.5) / width of the strip's width.
            height: of the strip in samples.
        """
        from orbifolio.runner.tilings.outline_kernels import fill_polygon  # compiled, so not before it is needed

        number, hits = np.full((height, width), -1, np.int32), np.zeros((height, width), np.int32)
        for index, tile in enumerate(self.tiles):
            x, y = tile.outline.real * width / self.width - 0.5, tile.outline.imag * height / self.height - 0.5
            fill_polygon(np.ascontiguousarray(x), np.ascontiguousarray(y), index, number, hits)
        return number, hits

    def draw(self, inks: Inks, width: int, height: int, look: DrawingLook, raster: int) -> F32:
        """(height, width, 3) the strip as a picture, sRGB in [0, 1].

        Args:
            inks: whose colours the tiles have, by number.
            width: in pixels.
            height: in pixels.
            look: how it is drawn.
            raster: pixels of the tile's drawing.
        """
        fine = SAMPLES * width, SAMPLES * height
        number, _ = self.cover(*fine)
        if (number < 0).any():  # a crossing too small to be seen
            number = number[tuple(ndimage.distance_transform_edt(number < 0, False, True))]
        side = math.sqrt(fine[0] * fine[1] / (self.width * self.height))  # samples of a tile's side
        edge = np.zeros(number.shape, dtype=np.bool_)
        edge[:, 1:] |= number[:, 1:] != number[:, :-1]
        edge[1:] |= number[1:] != number[:-1]
        away = np.maximum(ndimage.distance_transform_edt(~edge) - 0.5, 0) / side
        own, paper = np.ones(number.shape), np.zeros(number.shape)
        if look.inside:
            own, paper = self._inside(number, raster)
        own = own * (1 - look.shade * np.exp(-away / DEPTH))
        if look.line:
            covered = np.clip((look.line / 2 - away) * side + 0.5, 0, 1)
            own, paper = own * (1 - covered), paper * (1 - covered)
        colours = np.array([inks.colours[tile.colour] for tile in self.tiles])[number]
        rest = (1 - own - paper)[..., None]
        printed = own[..., None] * colours + paper[..., None] * inks.paper + rest * inks.ink
        small = printed.reshape(height, SAMPLES, width, SAMPLES, 3).mean((1, 3))
        picture: F32 = np.clip(small, 0, 1).astype(np.float32)
        return picture

    def _inside(self, number: I32, raster: int) -> tuple[F64, F64]:
        """Shares of the tile's colour and of paper in the drawing, as far as it shows."""
        from orbifolio.runner.tilings.outline_kernels import fill_polygon  # compiled, so not before it is needed

        height, width = number.shape
        scale_x, scale_y = width / self.width, height / self.height
        found, hits = np.full(number.shape, -1, np.int32), np.zeros(number.shape, np.int32)
        triangles, count = self._triangles, len(self._triangles)
        shown = [(index, tile) for index, tile in enumerate(self.tiles) if self._reaches(tile)]
        for index, tile in shown:
            corners = tile.mesh[triangles]
            xs, ys = corners.real * scale_x - 0.5, corners.imag * scale_y - 0.5
            for face in range(count):
                fill_polygon(xs[face], ys[face], index * count + face, found, hits)
        own, paper = np.ones(number.shape), np.zeros(number.shape)
        here = np.flatnonzero((found.ravel() >= 0) & (found.ravel() // count == number.ravel()))
        if not len(here):
            return own, paper
        rows, columns = np.divmod(here, width)
        points = (columns + 0.5) / scale_x + 1j * (rows + 0.5) / scale_y
        inside, triangle = np.divmod(found.ravel()[here], count)
        meshes = np.array([tile.mesh for tile in self.tiles])
        a, b, c = (meshes[inside, triangles[triangle, corner]] for corner in range(3))
        cell = ((b - a).conj() * (c - a)).imag
        second = ((points - a).conj() * (c - a)).imag / cell
        third = ((b - a).conj() * (points - a)).imag / cell
        x, y, z = self._mesh[triangles[triangle]].T
        plain = DrawingLook(line=0.0, shade=0.0)
        mine, white = self.tile.drawing(plain, raster).at(x + second * (y - x) + third * (z - x))
        share = self.drawn(points.real)
        own.ravel()[here] = 1 + share * (mine - 1)
        paper.ravel()[here] = share * white
        return own, paper

    def _reaches(self, tile: StripTile) -> bool:
        """Whether a tile shows anything of its drawing."""
        return bool(self.drawn(np.array([tile.outline.real.max()]))[0] > 0)


def _eased(share: F64) -> F64:
    """From 0 to 1 without a kink at either end."""
    inside = np.clip(share, 0, 1)
    result: F64 = inside * inside * (3 - 2 * inside)
    return result
