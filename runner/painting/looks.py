"""The looks: oil, bold, gouache, watercolour, pastel, ink, pointillist, flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

from orbifolio.runner.painting.brush_placement import BrushPlacement, WashPlacement
from orbifolio.runner.painting.look import PaintingLook, layers
from orbifolio.runner.painting.pen_placement import PenPlacement
from orbifolio.runner.painting.stroke_placement import StrokePlacement
from orbifolio.runner.settings import family
from orbifolio.runner.vector.hex_colours import Hex


class LayeredLook(PaintingLook):
    """Opaque paint in layers from wide strokes to thin ones."""

    layered: ClassVar[bool] = True
    placement: ClassVar[Callable[..., StrokePlacement]] = BrushPlacement


class Oil(LayeredLook):
    """Oil paint: opaque strokes with body, from wide to thin."""

    kind: Literal["oil"] = "oil"


class Bold(LayeredLook):
    """Few wide strokes of strong colours, thickly laid on."""

    kind: Literal["bold"] = "bold"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (9, 0, 0.9, 1), (16, 0.035, 0.9, 0.1), (30, 0.045, 0.9, 0), (58, 0.055, 1, 0), (130, 0.075, 1, 0)
        ),
        "emphasis": 0.85,
        "reach": 0.15,
        "longest": 10.0,
        "paints": 14,
        "purity": 0.7,
        "mixtures": 3,
        "saturation": 1.22,
        "contrast": 1.1,
        "jitter_lightness": 0.016,
        "jitter_chroma": 0.12,
        "jitter_hue": 0.06,
        "warmth": 0.02,
        "streaks": 0.8,
        "body": 1.3,
        "relief": 0.25,
    }


class Gouache(LayeredLook):
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
    placement: ClassVar[Callable[..., StrokePlacement]] = WashPlacement
    transparent: ClassVar[bool] = True
    unrefinable: ClassVar[str] = "its washes shine through each other, so no place shows the colour of one stroke"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (9, 0, 1.2, 1), (17, 0.03, 1.1, 0), (34, 0.045, 1, 0), (70, 0.055, 1.1, 0), (140, 0.07, 1.1, 0)
        ),
        "repose": 0.9,
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
        "jitter_lightness": 0.015,
        "jitter_chroma": 0.16,
        "jitter_hue": 0.08,
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

    @staticmethod
    def paint(*stroke_and_canvas: Any) -> None:
        """Lay washes: see `bristle_kernels.paint_wash`."""
        from orbifolio.runner.painting.bristle_kernels import paint_wash  # compiles, so not before it is needed

        paint_wash(*stroke_and_canvas)


class Pastel(LayeredLook):
    """Chalk on rough paper, in short strokes."""

    kind: Literal["pastel"] = "pastel"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (16, 0, 0.9, 0.75), (32, 0.04, 1, 0.25), (64, 0.05, 1.1, 0), (110, 0.08, 1.1, 0), (180, 0.11, 1.1, 0)
        ),
        "repose": 0.5,
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


class PenAndInk(PaintingLook):
    """Lines of a pen: the darker a place, the more families of evenly spaced lines cross it; contours last.

    Values for layers, palette and jitter have no effect: an ink has one colour, and its lines follow from the tone.
    """

    kind: Literal["ink"] = "ink"
    ink: Hex = "#1a1721"
    """Colour of the lines."""
    defaults: ClassVar[Mapping[str, Any]] = {
        "flow": 0.7,
        "turn": 0.2,
        "bearing": -0.75,
        "taper": 0.9,
        "paints": 0,
        "purity": 0.0,
        "contrast": 1.0,
        "streaks": 0.0,
        "pickup": 0.0,
        "dryness": 0.25,
        "ragged": 0.2,
        "opacity": 0.93,
        "spacing": 1.2,
        "relief": 0.0,
        "varnish": 0.0,
        "weave": 0.0,
        "grain": 0.25,
        "ground": "#f8f4ec",
    }
    unrefinable: ClassVar[str] = "all its lines have the colour of the ink, and their number makes the tone"
    unfoldable: ClassVar[str] = "its lines are spaced in the picture, so they would not meet those of the next image"
    placement: ClassVar[Callable[..., StrokePlacement]] = PenPlacement


class Pointillist(LayeredLook):
    """Dots of a few pure paints, which the eye mixes."""

    kind: Literal["pointillist"] = "pointillist"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (24, 0, 1, 1), (50, 0, 1.1, 1), (75, 0.02, 1.1, 0.3), (110, 0.05, 1.1, 0), (160, 0.08, 1.1, 0)
        ),
        "repose": 0.0,
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


class Flow(LayeredLook):
    """Short curved strokes that follow a turning field, in broken colours."""

    kind: Literal["flow"] = "flow"
    defaults: ClassVar[Mapping[str, Any]] = {
        "layers": layers(
            (26, 0, 1.1, 1), (44, 0, 1, 0.75), (62, 0.03, 1.1, 0.35), (100, 0.055, 1.1, 0), (190, 0.08, 1.2, 0)
        ),
        "emphasis": 0.7,
        "repose": 0.3,
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


LOOKS = (Oil, Bold, Gouache, Watercolour, Pastel, PenAndInk, Pointillist, Flow)
AnyLook = family(*LOOKS)
