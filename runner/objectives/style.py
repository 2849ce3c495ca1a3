"""Style: the artwork's layer statistics should be those of one or more pictures.

Under a symmetry the artwork shows its texture turned, mirrored and recoloured in every way of the group,
and the network notices (it is not equivariant). The target is therefore the *symmetrised* style: moments
pooled over the style picture in each of those appearances (g, c(g)), which costs once for each phase.
Without it most of the loss can never be paid, and the picture washes out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.images.motif import fitting_side
from orbifolio.runner.named_files import FileName
from orbifolio.runner.objectives.base import (
    PLAIN,
    Appearance,
    Objective,
    ObjectiveInput,
    ObjectiveSettings,
    Preparation,
    fit_mask,
)
from orbifolio.runner.objectives.statistics import (
    AnyStatistic,
    ChannelMoments,
    Gram,
    Moments,
    PixelGram,
    Statistic,
    moments,
    pool,
    with_constant,
)
from orbifolio.runner.objectives.target_cache import Targets, picture_digest, target_key
from orbifolio.runner.settings import Settings, Shorthand
from orbifolio.runner.vision.base import VisionSettings

if TYPE_CHECKING:
    from torch import Tensor

MAX_APPEARANCES = 24  # more would cost more than they change: a texture has few distinct orientations
MOTIFS = 0.5
"""Of a style picture in a fundamental domain. Chosen by eye among 3, 1, 0.5 and fewer, on hexagons, pinwheels and rooms
of mirrors: a synthesised texture makes figures of its own, of about a motif's size, at centres and across borders."""

SPREAD = (0.7, 1.0, 1.4)  # of the fitting magnification: motifs of one size alone look stamped
LEAST_SIDE = 16  # pixels: a style picture with a shorter side is refused; matching one ends at a loss of 8e8
MIN_SIDE = 32  # pixels: below this the deep layers of a network see only the border


class StyleImage(Settings):
    """One picture to take the style from."""

    image: FileName
    """Where it comes from: a path, `skimage:NAME`, `https://...`, `s3://...` or `upload`."""
    weight: float = Field(default=1.0, gt=0, le=1e6)
    """Its share in the pooled statistics."""
    magnifications: (
        Literal["auto"]
        | Annotated[tuple[Annotated[float, Field(gt=0, le=1000)], ...], Field(min_length=1, max_length=16)]
    ) = "auto"
    """Pixel counts relative to the artwork's: at 1 the whole style picture is fitted to the artwork, at 4 its
    features are shown twice as large. Never enlarged above its own size; several are pooled. `auto`: such that a motif
    covers about two fundamental domains of the symmetry, and somewhat more and less; 1 without a symmetry."""

    def magnify(self, picture: Tensor, *, pixels: int, domain: float | None) -> tuple[float, ...]:
        """The magnifications for an artwork, increasing, without those that the picture's own size makes equal.

        Args:
            picture: (1, 3, h, w) in [0, 1].
            pixels: of the artwork, or of the part of it that the network sees.
            domain: as `Preparation.domain`.
        """
        height, width = picture.shape[-2:]
        own = height * width / pixels
        if self.magnifications != "auto":
            return self.magnifications
        if domain is None:
            return (min(1.0, own),)
        side = fitting_side(picture[0].permute(1, 2, 0).cpu().numpy(), domain, motifs=MOTIFS)
        fitting = side * side * max(height, width) / min(height, width) / pixels
        return tuple(sorted({min(factor * fitting, own) for factor in SPREAD}))


def _expand_image(value: Any) -> Any:
    return {"image": value} if isinstance(value, str) else value


AnyStyleImage = Annotated[StyleImage, Shorthand(_expand_image, {"type": "string"})]


class Style(ObjectiveSettings):
    """Match the statistics of pictures: texture synthesis after Gatys et al. (2015)."""

    kind: Literal["style"] = "style"
    images: tuple[AnyStyleImage, ...] = Field(min_length=1, max_length=64)
    """The pictures whose style is wanted; statistics are pooled over all of them."""
    layers: tuple[str, ...] | dict[str, Annotated[float, Field(ge=0, le=1e6)]] = ()
    """Layers to match, as a list or as `layer: weight`; by default the network's own choice."""
    statistics: tuple[AnyStatistic, ...] = Field(default=(Gram(), ChannelMoments(), PixelGram()), min_length=1)
    """What to match: gram, moments, pixels, centred-gram, enhancer, each with a weight."""
    pool_colours: bool = True
    """Pool the target over the symmetry's colour changes."""
    pool_orientations: bool = True
    """Pool the target over the symmetry's turns and mirrors."""
    cites: ClassVar[tuple[str, ...]] = ("gatys2015",)

    def layers_needed(self) -> tuple[str, ...]:
        """The layers named in the recipe (none: the network's own choice)."""
        return tuple(self.layers)

    def default_layers(self, vision: VisionSettings) -> tuple[str, ...]:
        """The network's own choice."""
        return vision.default_style_layers

    def pictures(self) -> tuple[str, ...]:
        """Style pictures and the mask."""
        return (*(image.image for image in self.images), *super().pictures())

    def places(self) -> bool:
        """Only with a mask, which says where."""
        return self.mask is not None

    def repeats(self) -> bool:
        """Yes, but with a mask: statistics are means over all places."""
        return self.mask is None

    def needs_whole(self) -> str:
        """No, but with a mask: statistics follow from moments."""
        return "" if self.mask is None else "has a mask, and weighs the features of the whole picture by it"

    def least_side(self, vision: VisionSettings) -> int:
        """The stride of its deepest layer, and `LEAST_SIDE` at least: pictures are never enlarged."""
        names = set(self.layers_needed() or self.default_layers(vision)).intersection(vision.layer_names())
        return max(LEAST_SIDE, *map(vision.layer_stride, names), 0)

    def choices(self, picture: Callable[[str], Tensor], *, pixels: int, domain: float | None) -> tuple[str, ...]:
        """How far pictures are magnified for the symmetry: see `ObjectiveSettings.choices`."""
        if domain is None:
            return ()
        return tuple(
            f"{image.image} magnified {_listed(image.magnify(picture(image.image), pixels=pixels, domain=domain))} "
            "times for the symmetry"
            for image in self.images
            if image.magnifications == "auto"
        )

    def build(self, preparation: Preparation) -> StyleObjective:
        """Pool the statistics of all pictures in all appearances."""
        names = tuple(self.layers) or preparation.encoder.style_layers
        weights = dict(self.layers) if isinstance(self.layers, dict) else dict.fromkeys(names, 1.0)
        uses_pixels = any(statistic.on_pixels for statistic in self.statistics)
        pixels = preparation.width * preparation.height
        appearances = _reduce(preparation.appearances, colours=self.pool_colours, turns=self.pool_orientations)
        magnified = [
            image.magnify(preparation.picture(image.image), pixels=pixels, domain=preparation.domain)
            for image in self.images
        ]
        targets = self._targets(preparation, names, magnified, appearances, uses_pixels=uses_pixels)
        described = ", ".join(
            f"{image.image} magnified {_listed(factors)}" for image, factors in zip(self.images, magnified, strict=True)
        )
        mask = self.load_mask(preparation)
        return StyleObjective(self, names, weights, targets, mask, described, len(appearances))

    def _targets(
        self,
        preparation: Preparation,
        names: tuple[str, ...],
        magnified: Sequence[tuple[float, ...]],
        appearances: tuple[Appearance, ...],
        *,
        uses_pixels: bool,
    ) -> Targets:
        """The moments of each layer, pooled; from the cache, where they are there.

        Args:
            preparation: of the phase.
            names: of the layers.
            magnified: of each image.
            appearances: that are pooled.
            uses_pixels: whether the pixels' own moments are asked for, too, as `pixels`.
        """
        encoder = preparation.encoder.padded(("replicate", "replicate"))
        pixels = preparation.width * preparation.height
        cache, key = preparation.targets, ""
        if cache is not None:
            shown_as = (pixels, magnified, appearances, uses_pixels)
            images = [(image.weight, picture_digest(preparation.picture(image.image))) for image in self.images]
            key = target_key(encoder, names, preparation.device, (shown_as, images))
            found = cache.find(key)
            if found is not None:
                return {name: item.to(preparation.device) for name, item in found.items()}
        parts: dict[str, list[tuple[float, Moments]]] = {name: [] for name in (*names, *(["pixels"] * uses_pixels))}
        with torch.no_grad():
            for image, factors in zip(self.images, magnified, strict=True):
                picture = preparation.picture(image.image)
                for magnification in factors:
                    for appearance in appearances:
                        shown = show(picture, appearance, pixels=pixels * magnification).to(preparation.device)
                        share = image.weight * shown.shape[-1] * shown.shape[-2]
                        for name, features in encoder.features(shown, names).items():
                            parts[name].append((share, moments(features.float())))
                        if uses_pixels:
                            parts["pixels"].append((share, moments(with_constant(shown))))
        targets = {name: pool(part) for name, part in parts.items()}
        if cache is not None:
            cache.keep(key, targets)
        return targets


class StyleObjective(Objective):
    """Compares the artwork's moments with targets pooled over pictures and appearances."""

    def __init__(
        self,
        settings: Style,
        layers: tuple[str, ...],
        weights: dict[str, float],
        targets: Targets,
        mask: Tensor | None,
        images: str,
        appearances: int,
    ) -> None:
        self.settings = settings
        self.layers = layers
        self.weights = weights
        self.targets = targets
        self.mask = mask
        self.images = images
        self.appearances = appearances
        self.on_layers = [s for s in settings.statistics if not s.on_pixels]
        self.on_pixels = [s for s in settings.statistics if s.on_pixels]

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """One term for each statistic and layer, e.g. `style.gram.conv3_1`."""
        terms: dict[str, Tensor] = {}
        if self.on_layers:
            for name in self.layers:
                self._score(terms, name, self.on_layers, inputs.moments(name, self.mask), self.weights[name])
        if self.on_pixels:
            artwork = moments(with_constant(inputs.artwork), fit_mask(self.mask, inputs.artwork))
            self._score(terms, "", self.on_pixels, artwork, 1.0, "pixels")
        return terms

    def _score(
        self,
        terms: dict[str, Tensor],
        name: str,
        statistics: Sequence[Statistic],
        artwork: Moments,
        weight: float,
        target: str = "",
    ) -> None:
        for statistic in statistics:
            title = ".".join(part for part in ("style", getattr(statistic, "kind", ""), name) if part)
            value = statistic.score(artwork, self.targets[target or name])
            value = value * (weight * statistic.weight * self.settings.weight)
            terms[title] = terms[title] + value if title in terms else value

    def describe(self) -> str:
        """Images, layers, statistics and pooling in one line."""
        statistics = ", ".join(f"{s.kind} x{s.weight:g}" for s in self.settings.statistics)
        return (
            f"style x{self.settings.weight:g} of {self.images}: {statistics} on {', '.join(self.layers)}; "
            f"pooled over {self.appearances} appearances"
        )


def _listed(magnifications: Sequence[float]) -> str:
    """`2.1, 3 and 4.2`."""
    *first, last = [f"{item:.2g}" for item in magnifications]
    return f"{', '.join(first)} and {last}" if first else last


def _reduce(appearances: tuple[Appearance, ...], *, colours: bool, turns: bool) -> tuple[Appearance, ...]:
    """Distinct appearances after leaving out colours or turns, thinned evenly to a bounded number."""
    reduced = (
        Appearance(item.degrees if turns else 0.0, item.mirrored and turns, item.colour if colours else PLAIN.colour)
        for item in appearances
    )
    distinct = tuple(dict.fromkeys(reduced))
    if len(distinct) <= MAX_APPEARANCES:
        return distinct
    return tuple(distinct[(index * len(distinct)) // MAX_APPEARANCES] for index in range(MAX_APPEARANCES))


def show(picture: Tensor, appearance: Appearance, *, pixels: float) -> Tensor:
    """A style picture in one appearance, at most at its own size.

    Args:
        picture: (1, 3, h, w) in [0, 1].
        appearance: how to turn, mirror and recolour it.
        pixels: desired number of pixels; never enlarged above the picture's own.

    Returns:
        (1, 3, h', w'); a quarter turn is exact, any other fills the corners by reflection.
    """
    height, width = picture.shape[-2:]
    factor = min(1.0, math.sqrt(pixels / (height * width)))
    min_factor = min(1.0, MIN_SIDE / min(height, width))
    size = [max(1, round(side * max(factor, min_factor))) for side in (height, width)]
    if appearance.mirrored:
        picture = picture.flip(-1)
    quarters = appearance.degrees / 90
    if abs(quarters - round(quarters)) < 1e-9:
        picture = torch.rot90(picture, round(quarters) % 4, dims=(-2, -1))
        if round(quarters) % 2:
            size.reverse()
    else:
        picture = _turn(picture, appearance.degrees)  # before shrinking, which hides the resampling's blur
    if tuple(size) != tuple(picture.shape[-2:]):
        picture = functional.interpolate(picture, size=size, mode="bicubic", antialias=True).clamp(0, 1)
    matrix = torch.tensor(appearance.colour, dtype=picture.dtype)
    return torch.einsum("ij,bjhw->bihw", matrix, picture - 0.5) + 0.5


def _turn(picture: Tensor, degrees: float) -> Tensor:
    """The picture turned counter-clockwise about its centre, corners filled by reflection."""
    height, width = picture.shape[-2:]
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    # affine_grid maps output to input in units of half sides; rows run downwards.
    theta = torch.tensor(
        [[[cosine, -sine * height / width, 0.0], [sine * width / height, cosine, 0.0]]], dtype=picture.dtype
    )
    grid = functional.affine_grid(theta, list(picture.shape), align_corners=False)
    return functional.grid_sample(picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(
        0, 1
    )
