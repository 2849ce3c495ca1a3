"""A model's surface: (mesh with texture coordinates) -> symmetry without a group, whose picture is its atlas.

The network sees the model, not the atlas: through windows of random position and turn, in which a pixel is
about a texel, so that a cut in the texture is not an edge in what it sees. Behind what a window shows another part of
the model appears, not an empty ground: the statistics of a half empty window would give thin parts, such as a handle,
twice the contrast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.models.atlas import Atlas, covered_texels, make_atlas, places_and_normals
from orbifolio.runner.models.camera import CAMERA_DISTANCE, MeshCamera, camera_axes
from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.reading import locate, read_model
from orbifolio.runner.named_files import FileName
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import QUARTER_TURNS, Layout, Symmetry, SymmetrySettings, widened
from orbifolio.runner.symmetry.claims import Claim
from orbifolio.runner.symmetry.layouts.flat_charts import PlaneChart
from orbifolio.runner.symmetry.layouts.gather import Gather, averages, build_gather
from orbifolio.runner.symmetry.tangent_planes import SurfacePlanes
from orbifolio.runner.symmetry.wave_space import WaveSpace, free_waves

if TYPE_CHECKING:
    from torch import Tensor

_WINDOW = 0.375  # side of a window, of the atlas' width: it sees about half of one side of the model
_TILT = 0.7  # how far a window may look askance: at 0 it never sees over an edge, at 1 it may look along a side
_LAYERS = 4  # parts of the model behind each other, each one more pass; what is still empty has the mean colour
_COUNTED = 1536  # texels of the longer side of an atlas up to which they are counted
_MAX_KEPT = 64  # crops of a phase: each takes about a pass of the network to make; fewer repeat sooner
_KEPT_PIXELS = 3_600_000  # of all its crops together: about 220 MB of tables


class ModelLayout(Layout):
    """Pixels that blend texels; see `base.Layout`.

    Args:
        draw: from texels to pixels.
        shown: (pixels,) whether a pixel shows the model; the others have the mean colour.
        counted: (pixels,) whether it counts where a picture is turned into values.
        width: of the picture in pixels.
        height: of the picture in pixels.
    """

    wrap = (False, False)

    def __init__(self, draw: Gather, shown: Tensor, counted: Tensor, width: int, height: int) -> None:
        self.width, self.height, self.parameters = width, height, draw.parameters
        self.orbit_size = torch.ones(draw.parameters, device=shown.device)
        self._draw, self._shown, self._counted = draw, shown, counted

    def render(self, values: Tensor) -> Tensor:
        """The picture: see `base.Layout.render`."""
        wide = widened(values)
        shown = self._shown.to(wide.dtype)[:, None]
        # no gradient through the mean: of texels that no window shows, it would be all there is
        points = self._draw(wide) * shown + wide.detach().mean(0) * (1 - shown) + 0.5
        return points.to(values.dtype).view(1, self.height, self.width, 3).permute(0, 3, 1, 2)

    def sample(self, picture: Tensor) -> Tensor:
        """The texels nearest to a picture: see `base.Layout.sample`; those that it does not show have its mean."""
        picture = widened(picture.to(self.orbit_size.device))
        if picture.shape[-2:] != (self.height, self.width):
            picture = torch.nn.functional.interpolate(
                picture, (self.height, self.width), mode="bicubic", align_corners=False, antialias=True
            )
        counted = self._counted.to(picture.dtype)[:, None]
        points = (picture[0].permute(1, 2, 0).reshape(-1, 3) - 0.5) * counted
        weight = self._draw.collect(counted.expand(-1, 3).contiguous())
        mean = points.sum(0) / counted.sum().clamp_min(1)
        return averages(self._draw.collect(points), weight, mean)

    def to(self, device: str) -> ModelLayout:
        """The same layout with its tables on a device."""
        shown, counted = self._shown.to(device), self._counted.to(device)
        return ModelLayout(self._draw.to(device), shown, counted, self.width, self.height)


class AtlasLayout(ModelLayout):
    """The atlas itself, one parameter for every texel that the model shows; see `base.Layout`.

    Attributes:
        atlas: which texels the model shows, and where.
        mesh: the model.
        crops: made so far, by size and number.
    """

    def __init__(self, atlas: Atlas, mesh: Mesh) -> None:
        self.atlas, self.mesh = atlas, mesh
        self.crops: dict[tuple[int, int], ModelLayout] = {}
        owner = np.maximum(atlas.owner, 0)[:, None]
        counted = np.zeros(len(owner), dtype=bool)
        counted[atlas.own] = True
        super().__init__(
            build_gather(owner, np.zeros_like(owner), None, len(atlas.own)),
            torch.from_numpy(atlas.owner >= 0),
            torch.from_numpy(counted),
            atlas.width,
            atlas.height,
        )

    def representatives(self) -> F64:
        """Texels of the atlas: see `base.Layout.representatives`."""
        row, column = np.divmod(self.atlas.own, self.width)
        return np.stack([(column + 0.5) / self.width, (row + 0.5) / self.height, np.ones(self.parameters)], axis=1)

    def to(self, device: str) -> AtlasLayout:
        """The same layout with its tables on a device."""
        moved = object.__new__(AtlasLayout)
        moved.__dict__.update(super().to(device).__dict__, atlas=self.atlas, mesh=self.mesh, crops={})
        return moved

    def tangent_planes(self) -> SurfacePlanes:
        """On the mesh, across the cuts of its texture: see `base.Layout.tangent_planes`."""
        texel = math.sqrt(float(self.mesh.areas.sum()) / self.parameters)
        return SurfacePlanes(*places_and_normals(self.mesh, self.atlas), texel)


class ModelSymmetry(Symmetry):
    """A model's surface: see `base.Symmetry`.

    Attributes:
        mesh: the model's triangles with their texture coordinates.
    """

    group = ""
    wrap = (False, False)
    cells = 1
    table_bytes_per_pixel, making_bytes_per_pixel = 16, 100

    def __init__(self, mesh: Mesh, name: str, cameras: int, ratio: Ratio | None = None) -> None:
        self.mesh, self._cameras = mesh, cameras
        self.ratio = 1.0 if ratio is None else ratio.value
        self.title = f"the surface of {name}"
        self.notes = (f"{name} has {len(mesh.faces):,} triangles; the picture is its texture",)
        self._advisories = tuple(f"{name}: {note}" for note in mesh.notes)

    def fit(self, width: int, *, multiple: int, ratio: float) -> tuple[int, int]:
        """Any size: the network sees crops, so only they need its multiples."""
        return max(8, width), max(8, round(width / (self.ratio or 1.0)))

    def layout(self, width: int, height: int) -> AtlasLayout:
        """The atlas of a size that `fit` returned."""
        return AtlasLayout(make_atlas(self.mesh, width, height, gutter=max(2, width // 64)), self.mesh)

    def orbit_count(self, width: int, height: int) -> int:
        """Texels that the model shows; of large atlases about, by a smaller one."""
        scale = min(1.0, _COUNTED / max(width, height))
        small = max(8, round(width * scale)), max(8, round(height * scale))
        covered = int(covered_texels(self.mesh, *small).sum())
        return round(covered * width * height / (small[0] * small[1]))

    def chart_for(self, width: int, height: int) -> PlaneChart:
        """The atlas lies flat; none of its movements is measured."""
        return PlaneChart(width / height)

    def crop_size(self, width: int, height: int, *, multiple: int) -> tuple[int, int]:
        """Square windows in which a pixel is about a texel: see `base.Symmetry.crop_size`."""
        side = multiple * max(1, round(_WINDOW * math.sqrt(width * height) / multiple))
        return side, side

    @property
    def crop_count(self) -> int:
        """Cameras at a step."""
        return self._cameras

    def crops(self, layout: Layout, size: tuple[int, int], random: torch.Generator) -> tuple[ModelLayout, ...]:
        """Windows on random places of the surface: see `base.Symmetry.crops`.

        They are drawn from a pool, whose windows are made when they are first drawn, and kept: making one takes
        about as long as a pass of the network.
        """
        assert isinstance(layout, AtlasLayout)
        texel = math.sqrt(float(self.mesh.areas.sum()) / layout.parameters)
        device = str(layout.orbit_size.device)
        pool = min(_MAX_KEPT, max(2 * self._cameras, _KEPT_PIXELS // (size[0] * size[1])))
        numbers = torch.randperm(pool, generator=random)[: self._cameras].tolist()
        for number in numbers:
            if (size[0], number) not in layout.crops:
                own = torch.Generator().manual_seed(number)
                cameras = [self._eye(size[0] * texel / 2, own) for _ in range(_LAYERS)]
                layout.crops[size[0], number] = window(self.mesh, layout.atlas, cameras, size[0]).to(device)
        return tuple(layout.crops[size[0], number] for number in numbers)

    def _eye(self, half: float, random: torch.Generator) -> MeshCamera:
        """A camera above a random place, all places being equally likely."""
        share, u, v, roll, *askance = torch.rand(7, generator=random, dtype=torch.float64).tolist()
        areas = np.cumsum(self.mesh.areas)
        face = self.mesh.faces[min(int(np.searchsorted(areas, share * areas[-1])), len(areas) - 1)]
        a, b, c = self.mesh.positions[face]
        u, v = (1 - u, 1 - v) if u + v > 1 else (u, v)
        normal = np.cross(b - a, c - a)
        towards = normal / np.linalg.norm(normal) + _TILT * (2 * np.array(askance) - 1)
        towards /= max(float(np.linalg.norm(towards)), 1e-9)
        distance = CAMERA_DISTANCE * self.mesh.radius
        return MeshCamera(a + u * (b - a) + v * (c - a), camera_axes(towards, 2 * math.pi * roll), distance, half)

    def wave_space(self, width: int, height: int) -> WaveSpace:
        """Waves of the flat atlas, in any direction: see `base.Symmetry.wave_space`."""
        chart = self.chart_for(width, height)
        return free_waves([np.eye(3)], [0], chart.half, chart.from_fractions)

    def claims(self) -> tuple[Claim, ...]:
        """None: a model has no group."""
        return ()

    def advisories(self) -> tuple[str, ...]:
        """What was made of the file so that it has a texture of its own: every model will do."""
        return self._advisories

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """Quarter turns, which represent the random turns of the windows."""
        return tuple((angle, False, np.eye(3)) for angle in QUARTER_TURNS)


def window(mesh: Mesh, atlas: Atlas, cameras: Sequence[MeshCamera], size: int) -> ModelLayout:
    """What a camera sees, as a layout of the atlas' texels; behind it, what the next camera sees, and so on.

    Args:
        mesh: with texture coordinates.
        atlas: of the mesh, at the artwork's size.
        cameras: the front one first.
        size: width and height of the square window in pixels.
    """
    owner = np.zeros((size * size, 4), dtype=np.int64)
    weights = np.zeros((size * size, 4))
    for camera in cameras:
        empty = np.flatnonzero(weights.sum(1) == 0)
        if not len(empty):
            break
        seen = camera.visible_faces(mesh, size)
        new = empty[seen.face[empty] >= 0]
        corners = mesh.uv[mesh.faces[seen.face[new]]]
        owner[new], weights[new] = atlas.taps(np.einsum("nk,nkc->nc", seen.weights[new], corners))
    shown = torch.from_numpy(weights.sum(1) > 0)
    draw = build_gather(owner, np.zeros_like(owner), weights, len(atlas.own))
    return ModelLayout(draw, shown, shown, size, size)


class Model(SymmetrySettings):
    """The surface of a model in three dimensions; the picture is its texture."""

    kind: Literal["mesh"] = "mesh"
    model: FileName = Field(min_length=1, max_length=1000)
    """The model: a .glb, .obj, .ply, .stl or .3mf file, its path relative to the recipe, or `orbifolio:pot`, which
    comes with the program. One without texture coordinates (UV) is unwrapped, by the extra `orbifolio[mesh]`. Phases'
    sizes are the texture's."""
    cameras: int = Field(default=4, ge=1, le=32)
    """Windows on the model that the network sees in each step."""

    def build(self, ratio: Ratio | None = None) -> ModelSymmetry:
        """The working symmetry: see `SymmetrySettings.build`; any ratio is the texture's."""
        try:
            path = locate(self.model)
            mesh = read_model(path)
        except ModelFault as fault:
            raise IllegalSymmetry(f"{self.model!r} {fault}", where="model") from fault
        return ModelSymmetry(mesh, path.stem, self.cameras, ratio)
