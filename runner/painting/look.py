"""A look: how a painting is done. It is a set of values, each of which can be changed by itself; `looks` has the kinds.

Lengths are shares: radii of the picture's shorter side, lengths of strokes of their radius, so that a look is the same
for any picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.painting.paints import Liberty
from orbifolio.runner.painting.stroke_placement import StrokePlacement
from orbifolio.runner.settings import Settings
from orbifolio.runner.vector.hex_colours import Hex

if TYPE_CHECKING:
    from orbifolio.runner.painting.bristle_kernels import BristleBrush
    from orbifolio.runner.painting.spines import SpineRules


Share = Annotated[float, Field(ge=0, le=1)]
PLAIN_SIDE = 900  # pixels of the longer side at which `spacing` holds
FINER = 0.55  # exponent of a larger canvas's spacing: at twice the size there are more bristles, and wider ones


class BrushLayer(Settings):
    """Strokes of about one width, over those of the layers before."""

    radius: float = Field(gt=0, le=50)
    """Half a stroke's width, per cent of the picture's shorter side."""
    threshold: float = Field(default=0.0, ge=0, le=1)
    """Difference between painting and picture, in OKLab, from which a place is painted."""
    density: float = Field(default=1.0, gt=0, le=10)
    """Strokes for each area, relative to one for each square of about a radius."""
    everywhere: Share = 0.0
    """Share of places that are painted where nothing differs, too."""


def layers(*rows: tuple[float, float, float, float]) -> tuple[BrushLayer, ...]:
    """Layers from rows of one over the radius' share, threshold, density, everywhere."""
    return tuple(
        BrushLayer(radius=round(100 / part, 3), threshold=threshold, density=density, everywhere=everywhere)
        for part, threshold, density, everywhere in rows
    )


class PaintingLook(Settings):
    """The base of every look; its values are those of oil."""

    layers: Annotated[tuple[BrushLayer, ...], Field(min_length=1, max_length=16)] = layers(
        (13, 0, 1, 1), (27, 0.04, 1, 0.12), (52, 0.055, 1, 0), (100, 0.07, 1, 0), (175, 0.095, 1, 0)
    )
    """From wide to thin; the last ones only where the picture asks for them."""
    passes: int = Field(default=2, ge=1, le=8)
    """How often each layer but the first is gone over."""
    emphasis: float = Field(default=1.0, ge=0, le=3)
    """How much more strokes, and thinner ones, salient places get; 0 for the same everywhere."""
    faces: bool = True
    """Whether faces are looked for and finished with brushes of their own size."""
    repose: Share = 1.0
    """How much calmer it is where the picture has no detail: thin and even paint in the picture's own colours."""
    order: Literal["salient", "light"] = "salient"
    """What a pass paints last: what is salient, or what is dark."""

    longest: float = Field(default=12.0, gt=0, le=100)
    """How far a stroke goes at most, each way, in radii."""
    shortest: float = Field(default=3.0, ge=0, le=50)
    """How long it is at least, in radii."""
    reach: float = Field(default=0.2, gt=0, le=3)
    """How far the picture's colour may leave the stroke's before it ends, in OKLab."""
    blur: float = Field(default=0.33, ge=0, le=5)
    """Deviation, in radii, of the blur that a layer sees the picture through."""
    edges: float = Field(default=0.0006, ge=0, le=1)
    """Variance of colour from which the blur keeps the sides of an edge apart; 0 for a plain blur."""
    flow: float = Field(default=1.0, ge=0, le=10)
    """How much a slow turning of the whole picture leads strokes where no edge does."""
    turn: float = Field(default=0.6, ge=0, le=10)
    """How much it turns, in radians."""
    bearing: float = Field(default=-0.35, ge=-7, le=7)
    """Its middle direction in radians, from the right to below."""
    cross: Share = 0.12
    """Share of strokes laid across where no edge leads them."""
    inertia: Share = 0.55
    """How much strokes keep their direction."""
    taper: Share = 0.15
    """How much they thin out towards their ends."""
    wobble: Share = 0.0
    """How unsteady their width is."""

    paints: int = Field(default=20, ge=0, le=64)
    """How many paints are on the palette; 0 for the picture's own colours."""
    purity: Share = 0.6
    """How far colours go to mixtures of two paints."""
    mixtures: int = Field(default=4, ge=0, le=64)
    """In how many steps two paints mix; 0 for any."""
    saturation: float = Field(default=1.1, ge=0, le=4)
    """Factor of chroma."""
    contrast: float = Field(default=1.04, gt=0, le=4)
    """Factor of lightness about its mean."""
    key: float = Field(default=1.0, gt=0, le=1)
    """Share of the darkness that is kept; below 1 for a lighter picture."""
    jitter_lightness: float = Field(default=0.021, ge=0, le=1)
    """Deviation of strokes' lightness."""
    jitter_chroma: float = Field(default=0.08, ge=0, le=4)
    """Relative deviation of their chroma."""
    jitter_hue: float = Field(default=0.035, ge=0, le=4)
    """Deviation of their hue in radians."""
    warmth: float = Field(default=0.01, ge=0, le=1)
    """How much warmer lights and cooler shadows get."""

    streaks: float = Field(default=1.0, ge=0, le=4)
    """How much the tones of bristles differ."""
    pickup: Share = 0.35
    """How much wet paint a stroke takes along."""
    dryness: float = Field(default=0.45, ge=0, le=2)
    """How soon it runs dry."""
    ragged: float = Field(default=0.55, gt=0, le=2)
    """How unequal its ends are."""
    edge: float = Field(default=1.2, gt=0, le=50)
    """Pixels over which its sides fade."""
    opacity: float = Field(default=0.97, gt=0, le=1)
    """Of its paint."""
    spacing: float = Field(default=2.1, gt=0.2, le=100)
    """Pixels from bristle to bristle on a canvas of 900 pixels; less on the picture, the larger the canvas."""

    body: float = Field(default=1.0, ge=0, le=10)
    """Height of the paint."""
    impasto: float = Field(default=0.6, ge=0, le=4)
    """How much thicker lights and salient places are painted."""
    relief: float = Field(default=0.26, ge=0, le=4)
    """How much the lamp shows the paint's height; 0 for flat paint."""
    varnish: float = Field(default=0.15, ge=0, le=2)
    """How much the paint shines."""
    weave: float = Field(default=0.22, ge=0, le=4)
    """How much the canvas shows between the paint."""
    grain: Share = 0.0
    """How far the ground's grain keeps paint off."""
    grain_size: float = Field(default=1.5, gt=0, le=100)
    """Of the ground, in pixels on a canvas of 900 pixels."""
    ground: Hex | None = "#806954"
    """Colour of the ground; none: the picture's mean, a little darker."""

    cites: ClassVar[tuple[str, ...]] = ("hertzmann1998", "hays2004", "itti1998", "papari2007", "ottosson2020")
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Values of fields where a look differs from this class."""
    placement: ClassVar[Callable[..., StrokePlacement]]
    """What decides where strokes go."""
    layered: ClassVar[bool] = False
    """Whether its strokes follow from its layers, directions and jitter, so that a hand may change these."""
    unfoldable: ClassVar[str] = ""
    """Why its strokes cannot be laid under a symmetry; empty where they can."""
    unrefinable: ClassVar[str] = ""
    """Why networks cannot tell how its strokes should change; empty where they can."""
    transparent: ClassVar[bool] = False
    """Whether the ground shines through, so that it must not be painted where it should be seen."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Give the fields a look's own `defaults`; limits and help stay those of the base.

        Raises:
            TypeError: one names no field.
        """
        super().__pydantic_init_subclass__(**kwargs)
        for name, value in cls.defaults.items():
            if name not in cls.model_fields:
                raise TypeError(f"{cls.__name__}: a look has no {name}")
            changed = copy(cls.model_fields[name])
            changed.default = value
            cls.model_fields[name] = changed
        cls.model_rebuild(force=True)

    @staticmethod
    def paint(*stroke_and_canvas: Any) -> None:
        """Lay strokes of this medium: see `bristle_kernels.paint_opaque`."""
        from orbifolio.runner.painting.bristle_kernels import paint_opaque  # compiles, so not before it is needed

        paint_opaque(*stroke_and_canvas)

    def brush(self, longer_side: int) -> BristleBrush:
        """What all strokes have in common on a canvas so many pixels long."""
        from orbifolio.runner.painting.bristle_kernels import BristleBrush

        spacing = self.spacing * max(0.6, longer_side / PLAIN_SIDE) ** FINER
        return BristleBrush(
            dryness=self.dryness,
            ragged=self.ragged,
            edge=self.edge,
            opacity=self.opacity,
            streaks=self.streaks,
            pickup=self.pickup,
            body=self.body,
            spacing=spacing,
        )

    def rules(self) -> SpineRules:
        """How far strokes go."""
        from orbifolio.runner.painting.spines import SpineRules

        return SpineRules(self.reach, self.shortest, self.longest, self.inertia)

    def liberty(self, liveliness: float) -> Liberty:
        """How far colours leave the picture's.

        Args:
            liveliness: factor of all jitter.
        """
        return Liberty(
            lightness=self.jitter_lightness * liveliness,
            chroma=self.jitter_chroma * liveliness,
            hue=self.jitter_hue * liveliness,
            warmth=self.warmth,
            saturation=self.saturation,
        )
