"""Looks: how a painting is done, from oil to ink. A look is a set of values; each can be changed by itself.

Lengths are shares: radii of the picture's shorter side, lengths of strokes of their radius, so that a look is the same
for any picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.painting.bristle_kernels import BristleBrush, paint_opaque, paint_wash
from orbifolio.runner.painting.paints import Liberty
from orbifolio.runner.painting.spines import SpineRules
from orbifolio.runner.settings import Settings, family
from orbifolio.runner.vector.hex_colours import Hex

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
    """Opaque paint with bristles; the base of every look, and what oil is."""

    layers: Annotated[tuple[BrushLayer, ...], Field(min_length=1, max_length=16)] = layers(
        (13, 0, 1, 1), (27, 0.045, 1, 0.12), (52, 0.065, 1, 0), (100, 0.085, 1, 0), (175, 0.115, 1, 0)
    )
    """From wide to thin; the last ones only where the picture asks for them."""
    passes: int = Field(default=2, ge=1, le=8)
    """How often each layer but the first is gone over."""
    emphasis: float = Field(default=1.0, ge=0, le=3)
    """How much more strokes, and thinner ones, salient places get; 0 for the same everywhere."""
    faces: bool = True
    """Whether faces are looked for and finished with brushes of their own size."""
    order: Literal["salient", "light"] = "salient"
    """What a pass paints last: what is salient, or what is dark."""

    longest: float = Field(default=12.0, gt=0, le=100)
    """How far a stroke goes at most, each way, in radii."""
    shortest: float = Field(default=3.0, ge=0, le=50)
    """How long it is at least, in radii."""
    reach: float = Field(default=0.26, gt=0, le=3)
    """How far the picture's colour may leave the stroke's before it ends, in OKLab."""
    blur: float = Field(default=0.42, ge=0, le=5)
    """Deviation, in radii, of the blur that a layer sees the picture through."""
    edges: float = Field(default=0.001, ge=0, le=1)
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
    purity: Share = 0.75
    """How far colours go to mixtures of two paints."""
    mixtures: int = Field(default=4, ge=0, le=64)
    """In how many steps two paints mix; 0 for any."""
    saturation: float = Field(default=1.1, ge=0, le=4)
    """Factor of chroma."""
    contrast: float = Field(default=1.04, gt=0, le=4)
    """Factor of lightness about its mean."""
    key: float = Field(default=1.0, gt=0, le=1)
    """Share of the darkness that is kept; below 1 for a lighter picture."""
    jitter_lightness: float = Field(default=0.022, ge=0, le=1)
    """Deviation of strokes' lightness."""
    jitter_chroma: float = Field(default=0.16, ge=0, le=4)
    """Relative deviation of their chroma."""
    jitter_hue: float = Field(default=0.07, ge=0, le=4)
    """Deviation of their hue in radians."""
    warmth: float = Field(default=0.02, ge=0, le=1)
    """How much warmer lights and cooler shadows get."""

    streaks: float = Field(default=0.5, ge=0, le=4)
    """How much the tones of bristles differ."""
    pickup: Share = 0.35
    """How much wet paint a stroke takes along."""
    dryness: float = Field(default=0.55, ge=0, le=2)
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
    relief: float = Field(default=0.36, ge=0, le=4)
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
    paint: ClassVar[Callable[..., Any]] = staticmethod(paint_opaque)
    """The compiled function that lays strokes of this medium."""
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

    def brush(self, longer_side: int) -> BristleBrush:
        """What all strokes have in common on a canvas so many pixels long."""
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


class Oil(PaintingLook):
    """Oil paint: opaque strokes with body, from wide to thin."""

    kind: Literal["oil"] = "oil"


class Bold(PaintingLook):
    """Few wide strokes of strong colours, thickly laid on."""

    kind: Literal["bold"] = "bold"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (9, 0, 0.9, 1), (17, 0.06, 0.9, 0.1), (31, 0.085, 0.9, 0), (60, 0.11, 0.9, 0), (120, 0.16, 0.9, 0)
        ),
        "emphasis": 1.2,
        "longest": 9.0,
        "paints": 14,
        "purity": 0.9,
        "mixtures": 3,
        "saturation": 1.22,
        "contrast": 1.1,
        "jitter_lightness": 0.03,
        "jitter_chroma": 0.3,
        "jitter_hue": 0.14,
        "warmth": 0.03,
        "streaks": 0.7,
        "body": 1.3,
        "relief": 0.5,
    }


class Gouache(PaintingLook):
    """Flat opaque paint on a light, grained board."""

    kind: Literal["gouache"] = "gouache"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (9, 0, 1.2, 1), (19, 0.045, 1, 0.05), (38, 0.065, 1, 0), (75, 0.085, 1, 0), (150, 0.115, 1, 0)
        ),
        "taper": 0.05,
        "cross": 0.1,
        "paints": 14,
        "purity": 1.0,
        "mixtures": 3,
        "saturation": 1.12,
        "contrast": 1.06,
        "jitter_lightness": 0.012,
        "jitter_chroma": 0.08,
        "jitter_hue": 0.04,
        "streaks": 0.12,
        "pickup": 0.05,
        "dryness": 0.75,
        "ragged": 0.5,
        "relief": 0.0,
        "varnish": 0.0,
        "weave": 0.0,
        "grain": 0.18,
        "ground": "#ccc2b3",
    }


class Watercolour(PaintingLook):
    """Washes from light to dark that the paper shines through."""

    kind: Literal["watercolour"] = "watercolour"
    paint: ClassVar[Callable[..., Any]] = staticmethod(paint_wash)
    transparent: ClassVar[bool] = True
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (9, 0, 1.2, 1), (17, 0.03, 1.1, 0), (34, 0.045, 1, 0), (70, 0.055, 1.1, 0), (140, 0.07, 1.1, 0)
        ),
        "longest": 5.0,
        "shortest": 1.6,
        "reach": 0.13,
        "blur": 0.35,
        "cross": 0.1,
        "wobble": 0.3,
        "paints": 0,
        "purity": 0.0,
        "saturation": 1.25,
        "contrast": 1.0,
        "key": 0.84,
        "jitter_lightness": 0.02,
        "jitter_chroma": 0.25,
        "jitter_hue": 0.12,
        "warmth": 0.012,
        "streaks": 0.1,
        "pickup": 0.0,
        "dryness": 0.0,
        "ragged": 0.35,
        "edge": 2.0,
        "opacity": 0.62,
        "relief": 0.0,
        "varnish": 0.0,
        "weave": 0.0,
        "grain_size": 1.1,
        "ground": "#fbf9f4",
        "order": "light",
    }


class Pastel(PaintingLook):
    """Chalk on rough paper, in short strokes."""

    kind: Literal["pastel"] = "pastel"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (16, 0, 0.9, 0.75), (32, 0.04, 1, 0.25), (64, 0.05, 1.1, 0), (110, 0.08, 1.1, 0), (180, 0.11, 1.1, 0)
        ),
        "longest": 7.0,
        "shortest": 4.0,
        "flow": 1.4,
        "turn": 0.4,
        "cross": 0.35,
        "paints": 24,
        "saturation": 1.18,
        "jitter_lightness": 0.03,
        "jitter_chroma": 0.3,
        "jitter_hue": 0.16,
        "streaks": 0.35,
        "pickup": 0.0,
        "dryness": 0.35,
        "ragged": 0.7,
        "opacity": 0.9,
        "relief": 0.1,
        "varnish": 0.0,
        "weave": 0.0,
        "grain": 1.0,
        "grain_size": 1.35,
        "ground": None,
    }


class Pointillist(PaintingLook):
    """Dots of a few pure paints, which the eye mixes."""

    kind: Literal["pointillist"] = "pointillist"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (24, 0, 1, 1), (50, 0, 1.1, 1), (75, 0.02, 1.1, 0.3), (110, 0.05, 1.1, 0), (160, 0.08, 1.1, 0)
        ),
        "longest": 0.9,
        "shortest": 0.0,
        "cross": 0.0,
        "paints": 16,
        "purity": 1.0,
        "mixtures": 1,
        "saturation": 1.3,
        "jitter_lightness": 0.035,
        "jitter_chroma": 0.5,
        "jitter_hue": 0.4,
        "warmth": 0.04,
        "streaks": 0.15,
        "pickup": 0.05,
        "dryness": 0.1,
        "ragged": 0.15,
        "body": 0.9,
        "relief": 0.22,
        "ground": "#dbccad",
    }


class Flow(PaintingLook):
    """Short curved strokes that follow a turning field, in broken colours."""

    kind: Literal["flow"] = "flow"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (26, 0, 1.1, 1), (44, 0, 1, 0.75), (62, 0.03, 1.1, 0.35), (100, 0.055, 1.1, 0), (190, 0.08, 1.2, 0)
        ),
        "emphasis": 0.7,
        "longest": 13.0,
        "shortest": 5.0,
        "flow": 1.3,
        "turn": 2.2,
        "cross": 0.0,
        "inertia": 0.35,
        "taper": 0.35,
        "paints": 16,
        "purity": 0.9,
        "mixtures": 3,
        "saturation": 1.28,
        "contrast": 1.1,
        "jitter_lightness": 0.05,
        "jitter_chroma": 0.45,
        "jitter_hue": 0.22,
        "warmth": 0.04,
        "streaks": 0.8,
        "pickup": 0.18,
        "body": 1.5,
        "relief": 0.55,
    }


LOOKS = (Oil, Bold, Gouache, Watercolour, Pastel, Pointillist, Flow)
AnyLook = family(*LOOKS)
