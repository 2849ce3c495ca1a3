"""What a canvas holds before the first step: (layout, generator) -> orbit values (parameters, 3), centred.

Noise is drawn for each orbit, not for each pixel, so that a symmetry leaves it at full contrast. Pictures
and plasma are sampled through the layout, which makes them symmetric. Sums and products act on RGB in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.canvas.wave_picture import WavePicture, WaveSettings
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.cover import cover
from orbifolio.runner.named_files import FileName
from orbifolio.runner.patches.settings import PATCH_SOURCES, PatchSettings, plan_patches
from orbifolio.runner.settings import KindFamily, Settings, Shorthand
from orbifolio.runner.symmetry.base import DrawingLook, Layout, Symmetry

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class InitialContext:
    """What an initial state is made with.

    Attributes:
        layout: of the first phase.
        random: generator on the CPU; everything random comes from it.
        picture: source -> (1, 3, h, w) float32 picture in [0, 1].
        symmetry: that the layout has; needed by what begins at smaller sizes.
        seed: of the run, for what is the same in every phase.
        mask: as `picture`, of a mask: black where it is clear; by default `picture`.
    """

    layout: Layout
    random: torch.Generator
    picture: Callable[[str], Tensor]
    symmetry: Symmetry | None = None
    seed: int = 0
    mask: Callable[[str], Tensor] | None = None


class InitialState(Settings):
    """The base of every kind of initial state."""

    picture_field: ClassVar[str] = "image"
    """The field that names its picture, for messages."""
    previewed: ClassVar[str] = "Your picture through the symmetry"
    """What a preview of it shows, where it `depicts` anything."""

    def colours(self, context: InitialContext) -> Tensor:
        """(parameters, 3) float32 in about [0, 1], not yet constrained."""
        raise NotImplementedError(type(self).__name__)

    def pictures(self) -> tuple[str, ...]:
        """Image sources it will read (for validation)."""
        return ()

    def depicts(self) -> bool:
        """Whether it shows something to be recognised: a preview of it says more than one of noise."""
        return bool(self.pictures())

    def detail_source(self) -> str | None:
        """A picture whose detail each later phase adds back, or None."""
        return None

    def complaints(self) -> list[tuple[str, str]]:
        """What is wrong with it, as (path below `init`, "what; rule; cure")."""
        return []


class Noise(InitialState):
    """Uniform noise, independent in every orbit and channel."""

    kind: Literal["noise"] = "noise"
    low: float = Field(default=0.3, ge=-1, le=2)
    """Darkest value (0 black, 1 white)."""
    high: float = Field(default=0.7, ge=-1, le=2)
    """Brightest value."""

    def colours(self, context: InitialContext) -> Tensor:
        """Uniform between low and high, each orbit and channel on its own."""
        low, high = sorted((self.low, self.high))
        noise = torch.rand((context.layout.parameters, 3), generator=context.random)
        return low + (high - low) * noise


class Plasma(InitialState):
    """Toroidal plasma clouds: noise with structure at every size (Fournier, Fussell and Carpenter 1982)."""

    kind: Literal["plasma"] = "plasma"
    roughness: float = Field(default=0.55, gt=0, lt=1)
    """Factor of the amplitude from each size to the next smaller one; larger is rougher."""
    low: float = Field(default=0.0, ge=-1, le=2)
    """Darkest value after stretching."""
    high: float = Field(default=1.0, ge=-1, le=2)
    """Brightest value after stretching."""
    cites: ClassVar[tuple[str, ...]] = ("fournier1982",)

    def colours(self, context: InitialContext) -> Tensor:
        """Clouds sampled through the layout, each channel stretched from low to high."""
        layout = context.layout
        side = 1 << max(4, (max(layout.width, layout.height) - 1).bit_length())
        clouds = torch.stack([_diamond_square(side, self.roughness, context.random) for _ in range(3)])
        values = layout.sample(clouds[None])
        # Averaging over orbits flattened the clouds: stretch afterwards.
        minimum, maximum = values.amin(dim=0), values.amax(dim=0)
        low, high = sorted((self.low, self.high))
        return low + (high - low) * (values - minimum) / (maximum - minimum).clamp_min(1e-6)


class FromImage(InitialState):
    """A picture, scaled to fill the artwork and sampled through the symmetry."""

    kind: Literal["image"] = "image"
    image: FileName
    """Where it comes from: a path, `skimage:NAME`, `https://...`, `s3://...` or `upload`."""
    keep_detail: bool = True
    """At each later phase add back the detail that the smaller size could not hold."""

    def colours(self, context: InitialContext) -> Tensor:
        """The picture at the artwork's size."""
        layout = context.layout
        picture = cover(context.picture(self.image), (layout.height, layout.width))
        return layout.sample(picture) + 0.5

    def pictures(self) -> tuple[str, ...]:
        """The picture it is made of."""
        return (self.image,)

    def detail_source(self) -> str | None:
        """The picture, where its detail is wanted."""
        return self.image if self.keep_detail else None


class WaveStart(WaveSettings, InitialState):
    """A photograph seen through waves of the symmetry: large shapes that obey the group before the first step."""

    kind: Literal["waves"] = "waves"
    picture_field: ClassVar[str] = "photo"
    cites: ClassVar[tuple[str, ...]] = ("farris2015", "williams1983")

    def colours(self, context: InitialContext) -> Tensor:
        """The waves of the run's seed, as the canvas of the same name has them."""
        layout = context.layout
        assert context.symmetry is not None
        space = context.symmetry.wave_space(layout.width, layout.height)
        with torch.no_grad():
            return WavePicture(self, space, layout, context.picture(self.photo), context.seed).values() + 0.5

    def pictures(self) -> tuple[str, ...]:
        """The photograph."""
        return (self.photo,)


class Constant(InitialState):
    """A single colour in every orbit."""

    kind: Literal["constant"] = "constant"
    colour: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """Red, green, blue; 0 to 1."""

    def colours(self, context: InitialContext) -> Tensor:
        """The colour for every orbit."""
        return torch.tensor(self.colour).expand(context.layout.parameters, 3).clone()


class FromPatches(PatchSettings, InitialState):
    """Patches of pictures that fit each other, as `renderer: patches` makes them: motifs before the first step."""

    kind: Literal["patches"] = "patches"
    previewed: ClassVar[str] = "The patches that it begins with"
    cites: ClassVar[tuple[str, ...]] = PATCH_SOURCES

    def colours(self, context: InitialContext) -> Tensor:
        """The finished synthesis at the layout's size."""
        layout = context.layout
        size = layout.width, layout.height
        assert context.symmetry is not None
        seed = int(torch.randint(1 << 31, (), generator=context.random))
        task = plan_patches(
            self,
            context.symmetry,
            size,
            layout.parameters,
            seed=seed,
            picture=context.picture,
            mask=context.mask,
        ).task
        from orbifolio.runner.patches.synthesis import synthesise  # compiles, so not before it is needed

        return torch.from_numpy(synthesise(context.symmetry, task)) + 0.5

    def pictures(self) -> tuple[str, ...]:
        """The pictures and their masks."""
        return tuple(self.picture_sources().values())

    def complaints(self) -> list[tuple[str, str]]:
        """Pictures that are missing or too many."""
        return self.patch_complaints()


class TiledFigure(InitialState):
    """The figure that tiles, drawn in every tile in its colours; of symmetries that tile by a figure."""

    kind: Literal["figure"] = "figure"
    previewed: ClassVar[str] = "The figure in every tile, as it begins"
    line: float = Field(default=0.022, ge=0, le=0.2)
    """Width of the outlines, as a share of a tile's side; 0 leaves them out."""
    shade: float = Field(default=0.35, ge=0, le=1)
    """How much darker a tile is at its outline."""
    inside: bool = True
    """Whether the figure's own drawing is shown."""

    def depicts(self) -> bool:
        """It does: the figure."""
        return True

    def colours(self, context: InitialContext) -> Tensor:
        """The drawing, sampled through the layout.

        Raises:
            InputError: the symmetry brings no figure.
        """
        layout = context.layout
        assert context.symmetry is not None
        look = DrawingLook(self.line, self.shade, self.inside)
        values = context.symmetry.drawn(layout, look)
        if values is None:
            raise InputError(
                f"canvas.init: figure under {context.symmetry.title or 'no symmetry'}; only `isohedral`, "
                "`metamorphosis`, `circle-limit` and `figure-sphere` bring a figure; choose one of these, or another "
                "start"
            )
        return values + 0.5


class Sum(InitialState):
    """Initial states added together."""

    kind: Literal["sum"] = "sum"
    of: tuple[AnyInitial, ...] = Field(min_length=1, max_length=16)
    """The parts; a bare number is a grey."""

    def colours(self, context: InitialContext) -> Tensor:
        """The sum of all parts."""
        return torch.stack([part.colours(context) for part in self.of]).sum(dim=0)

    def pictures(self) -> tuple[str, ...]:
        """The image sources of all parts."""
        return tuple(source for part in self.of for source in part.pictures())

    def depicts(self) -> bool:
        """Whether a part does."""
        return any(part.depicts() for part in self.of)


class Product(InitialState):
    """Initial states multiplied together."""

    kind: Literal["product"] = "product"
    of: tuple[AnyInitial, ...] = Field(min_length=1, max_length=16)
    """The factors; a bare number is a grey."""

    def colours(self, context: InitialContext) -> Tensor:
        """The product of all parts."""
        return torch.stack([part.colours(context) for part in self.of]).prod(dim=0)

    def pictures(self) -> tuple[str, ...]:
        """The image sources of all parts."""
        return tuple(source for part in self.of for source in part.pictures())

    def depicts(self) -> bool:
        """Whether a part does."""
        return any(part.depicts() for part in self.of)


def _expand_grey(value: Any) -> Any:
    """A bare number is a grey."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"kind": "constant", "colour": [value, value, value]}
    return value


INITIALS = KindFamily(
    (Noise, Plasma, FromImage, FromPatches, TiledFigure, WaveStart, Constant, Sum, Product),
    shorthand=Shorthand(_expand_grey, {"type": "number"}),
)
AnyInitial = Annotated[Any, INITIALS]
Sum.model_rebuild()
Product.model_rebuild()


def initialise(initial: InitialState, context: InitialContext) -> Tensor:
    """Centred, constrained orbit values (parameters, 3) of an initial state."""
    return context.layout.constrain(initial.colours(context) - 0.5)


def lost_detail(picture: Tensor, old: Layout, new: Layout) -> Tensor:
    """What a picture has at a new size and did not have at an old one (octaves).

    Args:
        picture: (1, 3, h, w).
        old: layout of the size before.
        new: layout of the size to come.

    Returns:
        (new.parameters, 3), to be added to values.
    """
    device = new.orbit_size.device
    fine = new.sample(cover(picture, (new.height, new.width)).to(device))
    coarse = old.render(old.sample(cover(picture, (old.height, old.width)).to(device)))
    return fine - new.sample(coarse)


def _diamond_square(side: int, roughness: float, random: torch.Generator) -> Tensor:
    """(side, side) plasma on the torus; side is a power of two.

    Midpoints of squares, then of diamonds, each displaced by noise that shrinks with the size.
    """
    field = torch.rand((2, 2), generator=random)
    amplitude = 1.0
    while field.shape[0] < side:
        size = field.shape[0]
        amplitude *= roughness
        fine = torch.zeros((2 * size, 2 * size))
        right, below = field.roll(-1, dims=1), field.roll(-1, dims=0)
        centre = (field + right + below + right.roll(-1, dims=0)) / 4
        centre = centre + amplitude * (torch.rand((size, size), generator=random) - 0.5)
        top = (field + right + centre + centre.roll(1, dims=0)) / 4
        left = (field + below + centre + centre.roll(1, dims=1)) / 4
        fine[0::2, 0::2] = field
        fine[1::2, 1::2] = centre
        fine[0::2, 1::2] = top + amplitude * (torch.rand((size, size), generator=random) - 0.5)
        fine[1::2, 0::2] = left + amplitude * (torch.rand((size, size), generator=random) - 0.5)
        field = fine
    return field
