"""The finish of a picture: colours, levels, contrast, sharpness, few colours, as symmetric as before; its ground.

The article this program grew from advises such a finish by hand. Here each operation commutes with the
artwork's colour action (see `tone.py`, `colour_transfer.py` and `posterise.py` for the algebra), so that a finished
picture measures as exactly symmetric as an unfinished one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import tone
from orbifolio.runner.images.chroma import CITES as CHROMA_CITES
from orbifolio.runner.images.chroma import with_chroma
from orbifolio.runner.images.colour_transfer import ColoursOf, ColourTransfer, freedom
from orbifolio.runner.images.ground import Ground, lay
from orbifolio.runner.images.posterise import SEEN, Colours, FlatColours, Posterise
from orbifolio.runner.named_files import FileName
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry import colour

Level = Annotated[float, Field(ge=-1, le=2)]

Opacity = Callable[[int, int], F32 | None]
"""(width, height) -> the share of each pixel that shows anything, (height, width), or None where all do so fully."""

Tone = Callable[[F32], F32]
"""The finish of single colours: (height, width, 3) in [0, 1] -> the same shape and range."""


def nothing_outside(width: int, height: int) -> None:
    """The opacity of a picture that the artwork fills."""


@dataclass(frozen=True)
class Traits:
    """What the finish must respect so that a picture's symmetry stays.

    Attributes:
        wrap: it continues over its (top-bottom, left-right) edges.
        tiles: copies of it may be laid side by side where it wraps.
        inverting: the symmetry inverts colours, so that levels are cut alike at both ends.
        inverting_single: it inverts some channels and not others, so that saturation is left alone.
        pixel_aspect: width / height of one pixel in the artwork's true geometry.
        elements: the group of its colour elements, the identity first; see `symmetry/colour.py`.
        opacity: where the picture of a size shows the artwork; the rest is its ground.
    """

    wrap: tuple[bool, bool] = (False, False)
    tiles: bool = True
    inverting: bool = False
    inverting_single: bool = False
    pixel_aspect: float = 1.0
    elements: tuple[int, ...] = (colour.IDENTITY,)
    opacity: Opacity = nothing_outside


PLAIN = Traits()


@dataclass(frozen=True)
class FinishedColours:
    """A finished picture, and how its colours came about.

    Attributes:
        picture: (height, width, 3) in [0, 1].
        tone: what happened to single colours, without sharpening and smoothing: for products that show them.
        flat: the few colours that it has; None for any number.
        tones: (height, width, 3) what it was before it got them; None for any number.
        warnings: what could not be kept.
    """

    picture: F32
    tone: Tone
    flat: FlatColours | None = None
    tones: F32 | None = None
    warnings: tuple[str, ...] = ()


class Finish(Settings):
    """Adjustments of the finished picture, all off by default, and the ground on which it lies."""

    colours: ColoursOf | None = None
    """The colours of another picture: `{from: PICTURE, by: sliced}`. Under a colour action as far as it commutes."""
    chroma: FileName | None = None
    """A picture whose hue and chroma are taken place by place, light and dark staying: a photograph in strokes that
    keeps its colours. For pictures without a symmetry."""
    levels: Literal["auto"] | tuple[Level, Level] | None = None
    """`auto` stretches black and white points; `[low, high]` sets them; null leaves them."""
    contrast: float = Field(default=1.0, gt=0, le=10)
    """Factor about mid-grey."""
    saturation: float = Field(default=1.0, ge=0, le=10)
    """Factor about the mean of the channels; left alone where a colour action inverts single channels."""
    sharpen: float = Field(default=0.0, ge=0, le=10)
    """Strength of the unsharp mask."""
    radius: float = Field(default=1.0, gt=0, le=50)
    """Radius of the unsharp mask in pixels."""
    posterise: Colours | Posterise | None = None
    """A few flat colours, as in a linocut: how many at most, a list of `#rrggbb`, or
    `{colours: 5, smooth: 1}`; last of all."""
    enlarge: Literal[2, 4, 16] | None = None
    """How many times as wide and high a network draws the picture before anything else of the finish: crisp, without a
    seam, its symmetry kept. None: as it is."""
    ground: Ground = "paper"
    """What lies around a picture that has an outside, as the disks of the hyperbolic plane: `paper`, `ink`,
    `transparent`, or a colour as `#rrggbb`."""
    cites: ClassVar[tuple[str, ...]] = ("mindseye",)

    def cited(self) -> tuple[str, ...]:
        """With the network's paper where it enlarges, and those of flat colours."""
        posterise = () if self.posterise is None else Posterise.cites
        posterise += () if self.chroma is None else CHROMA_CITES
        if self.enlarge is None:
            return (*self.cites, *posterise)
        from orbifolio.runner.vision.enlarger import CITES

        return (*self.cites, *CITES, *posterise)

    def weight_names(self) -> tuple[str, ...]:
        """Weights that finishing needs."""
        if self.enlarge is None:
            return ()
        from orbifolio.runner.vision.enlarger import WEIGHTS

        return (WEIGHTS,)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the finished picture."""
        factor = self.enlarge or 1
        return factor * width, factor * height

    def pictures(self) -> dict[str, str]:
        """Image sources by their path in these settings."""
        transfer: ColourTransfer | None = self.colours
        sources = {} if transfer is None else {"colours.from": transfer.source}
        return sources if self.chroma is None else {**sources, "chroma": self.chroma}

    def complaints(self, elements: tuple[int, ...], *, symmetric: bool = False) -> list[tuple[str, str]]:
        """What a symmetry forbids, as (path, "what; rule; cure").

        Args:
            elements: the group of its colour elements.
            symmetric: whether there is any.
        """
        problems = []
        if self.chroma is not None and symmetric:
            problems.append(
                (
                    "chroma",
                    f"{self.chroma!r} has other colours in each copy of a motif, and the symmetry would be lost; use "
                    "`colours` for its colours without their places, or symmetry: none",
                )
            )
        transfer: ColourTransfer | None = self.colours
        if transfer is not None and freedom(elements) == (0, 1):
            problems.append(
                (
                    "colours",
                    f"nothing of {transfer.source!r} but its contrast could be taken; what is taken must commute with "
                    f"the symmetry's colour action, which has {len(elements)} elements and mixes all colours; use "
                    "`contrast`, give the picture's colours to the styles by style_preparation.palette, or choose a "
                    "smaller colour action",
                )
            )
        posterise = self._posterise()
        complaint = "" if posterise is None else posterise.complaint(elements)
        return [*problems, ("posterise", complaint)] if complaint else problems

    def advisories(self, elements: tuple[int, ...]) -> list[str]:
        """What a symmetry's colour action leaves of the wishes, for the artist."""
        transfer: ColourTransfer | None = self.colours
        means, spreads = freedom(elements)
        if transfer is None or (means, spreads) == (3, 6):
            return []
        return [
            f"finish.colours: every colour of the picture appears in {len(elements)} ways, so the colours of "
            f"{transfer.source} are averaged over these: {means} of the 3 numbers of their mean and {spreads} of the 6 "
            "of their spread are left; to take all of them, give them to the styles by style_preparation.palette"
        ]

    def apply(self, pixels: F32, traits: Traits = PLAIN, *, reference: F32 | None = None, seed: int = 0) -> F32:
        """The finished picture: see `finished`."""
        return self.finished(pixels, traits, reference=reference, seed=seed).picture

    def tone(self, pixels: F32, traits: Traits = PLAIN, *, reference: F32 | None = None, seed: int = 0) -> Tone:
        """The finish of single colours: see `finished`."""
        return self.finished(pixels, traits, reference=reference, seed=seed).tone

    def on_ground(self, pixels: F32, traits: Traits = PLAIN) -> F32:
        """A picture of any size on its ground: see `ground.lay`."""
        return lay(pixels, traits.opacity(pixels.shape[1], pixels.shape[0]), self.ground)

    def finished(
        self,
        pixels: F32,
        traits: Traits = PLAIN,
        *,
        reference: F32 | None = None,
        chroma: F32 | None = None,
        seed: int = 0,
    ) -> FinishedColours:
        """Finish a picture that is as large as it is to be.

        Args:
            pixels: (height, width, 3) in [0, 1].
            traits: what its symmetry allows.
            reference: (any, any, 3) in [0, 1], the picture that `colours` names.
            chroma: (any, any, 3) in [0, 1], the picture that `chroma` names.
            seed: of the choice of flat colours.
        """
        transfer: ColourTransfer | None = self.colours
        move: Tone = lambda other: other.astype(np.float32)  # noqa: E731
        if transfer is not None and reference is not None:
            move = transfer.move(pixels, reference, traits.elements)
        moved = move(pixels)
        if chroma is not None:
            moved = with_chroma(moved, chroma)
        span = self._levels(moved, traits)

        def toned(other: F32) -> F32:
            return np.clip(self._toned(move(other), span, traits.inverting_single), 0, 1).astype(np.float32)

        done = self._toned(moved, span, traits.inverting_single)
        if self.sharpen > 0:
            done = tone.sharpen(done, self.sharpen, self.radius, wrap=traits.wrap, pixel_aspect=traits.pixel_aspect)
        done = np.clip(done, 0, 1).astype(np.float32)
        posterise = self._posterise()
        if posterise is None:
            return FinishedColours(done, toned)
        if posterise.smooth > 0:
            done = tone.blurred(done, posterise.smooth, wrap=traits.wrap, pixel_aspect=traits.pixel_aspect)
        done = (np.rint(done.astype(np.float64) * 65535) / 65535).astype(np.float32)  # as a file will hold it
        flat = posterise.flat_colours(done, traits.elements, np.random.default_rng(seed))
        return FinishedColours(
            flat.shown(done, wrap=traits.wrap),
            lambda other: flat.posterised(toned(other)),
            flat,
            done,
            _told(flat.undecided(done), flat),
        )

    def _posterise(self) -> Posterise | None:
        """In the long form."""
        short = self.posterise
        return short if short is None or isinstance(short, Posterise) else Posterise(colours=short)

    def _levels(self, pixels: F32, traits: Traits) -> tuple[float, float] | None:
        """Black and white points, or None to leave them; what is outside of the artwork has no part in them."""
        if self.levels is None:
            return None
        if self.levels == "auto":
            shown = traits.opacity(pixels.shape[1], pixels.shape[0])
            counted = pixels if shown is None else pixels[shown == 1]
            return tone.automatic_levels(counted.astype(np.float32), symmetric=traits.inverting)
        low, high = sorted(float(value) for value in self.levels)
        return tone.evened(low, high) if traits.inverting else (low, high)

    def _toned(self, pixels: F32, span: tuple[float, float] | None, inverting_single: bool) -> F32:
        done = pixels.astype(np.float32)
        if span is not None:
            done = tone.levels(done, *span)
        if self.contrast != 1.0:
            done = tone.contrast(done, self.contrast)
        if self.saturation != 1.0 and not inverting_single:
            done = tone.saturation(done, self.saturation)
        return done


def _told(undecided: float, flat: FlatColours) -> tuple[str, ...]:
    """The warning that some pixels cannot keep the symmetry, where they are seen."""
    if undecided < SEEN:
        return ()
    return (
        f"finish.posterise: {undecided:.1%} of the pixels have a colour that the symmetry's colour action leaves as it "
        f"is, and it leaves none of {', '.join(flat.names)}; these pixels take the nearest, and break the symmetry; "
        "allow one or two more colours, or add a grey",
    )
