"""A hand: how another painting was painted -> the look and the paints to paint a picture with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.images import oklab
from orbifolio.runner.images.colour_transfer import ColourTransfer
from orbifolio.runner.named_files import FileName
from orbifolio.runner.painting.handwriting import Handwriting
from orbifolio.runner.painting.look import BrushLayer, PaintingLook, Share
from orbifolio.runner.painting.paints import choose_paints
from orbifolio.runner.painting.subject import plan_size, resized
from orbifolio.runner.settings import Settings
from orbifolio.runner.vector.hex_colours import to_hex

THINNEST, WIDEST = 1.1, 6.0  # per cent of the shorter side: thinner strokes make a photograph again, wider ones a blur
UNDER = 1.8  # radii of the layer below the hand's strokes, which covers the ground
COVERED = 0.6  # share of places that a pass of the hand's own layer paints where nothing differs: 84 % after two
FINER = 0.65  # radii of the hand's, below which the look's own layers follow, where the picture asks for them
FINEST = 0.5  # per cent, the radius that such a layer has at least
WIDTHS_TO_LONGEST = 0.9  # of a stroke's length in widths: how far it goes each way in radii, if its colour lasts
WIDTHS_TO_SHORTEST, MOST_SHORTEST = 0.6, 5.0  # and how long it is even where its colour ends, at most: edges must hold
STEADY = 1.0  # weight of the slow turning beside edges, and as much again where the painting's strokes agree
LIGHTNESS_FLOOR, COLOUR_FLOOR = 0.033, 0.011  # read of our own strokes without jitter: bristles, relief, the picture
LIGHTNESS_GAIN, COLOUR_GAIN = 1.4, 1.6  # jitter over what is read above that; our own strokes, read back
MOST_LIGHTNESS, MOST_CHROMA, MOST_HUE = 0.08, 0.45, 0.22  # jitter beyond which a picture falls into confetti
CHROMA_SHARE, HUE_SHARE = 0.9, 0.45  # of colour's play: chroma twice as much as hue, as in the looks
GREY = 0.03  # chroma below which play relative to it says nothing
PAINTS = 16  # where a look has no palette
PAINTS_SIDE = 360  # pixels of the longer side that paints are chosen at
PAINT_STREAM = 4  # of random numbers, beside those of the subject
NAMED = 5  # paints named in a report


@dataclass(frozen=True)
class Manner:
    """What a hand makes of a look.

    Attributes:
        look: with the hand's values.
        paints: (k, 3) OKLab; None for the look's own choice.
        transfer: of the picture's colours to the painting's; None to leave them.
        painting: (h, w, 3) sRGB in [0, 1], that the hand was taken from.
        sentences: what was taken, for readers.
    """

    look: PaintingLook
    paints: F64 | None
    transfer: ColourTransfer | None
    painting: F32
    sentences: tuple[str, ...]

    def coloured(self, picture: F32) -> F32:
        """(h, w, 3) a picture in the painting's colours."""
        if self.transfer is None:
            return picture
        return self.transfer.move(picture, self.painting)(picture)


class Hand(Settings):
    """Strokes and colours of another painting: the look's values are replaced by what is measured there."""

    image: FileName = Field(min_length=1)
    """The painting that they are taken from; a detail shows strokes better than a whole wall."""
    palette: Share = 1.0
    """How far its paints and its colours are taken: 0 for none of it, 1 for all."""
    width: Share = 1.0
    """How far the width of its strokes is taken."""
    length: Share = 1.0
    """How far their length is taken."""
    direction: Share = 1.0
    """How far their directions are taken where no edge leads: the middle one, and how much they turn."""
    liveliness: Share = 1.0
    """How far the play of its colours from stroke to stroke is taken."""
    cites: ClassVar[tuple[str, ...]] = ("li2012brushstrokes", "pitie2007linear", "ottosson2020")

    def manner(self, look: PaintingLook, painting: F32, seed: int) -> Manner:
        """The look and the paints.

        Args:
            look: that the hand changes.
            painting: (h, w, 3) sRGB in [0, 1].
            seed: of the choice of paints.
        """
        written = Handwriting.of(painting)
        changes, sentences = self._strokes(look, written)
        paints, transfer = None, None
        if self.palette:
            paints = self._paints(look, painting, seed)
            # mixtures of these paints are in the painting's own contrast and chroma already
            changes |= {
                name: own + self.palette * (1 - own)
                for name, own in (("saturation", look.saturation), ("contrast", look.contrast))
            }
            transfer = ColourTransfer.model_validate({"from": self.image, "amount": self.palette})
            names = ", ".join(to_hex(paint) for paint in oklab.to_srgb(paints)[:NAMED])
            sentences.append(f"{len(paints)} paints, such as {names}")
        head, *rest = sentences or ["nothing: all weights are 0"]
        changed = type(look).model_validate({**look.model_dump(), **changes})
        return Manner(changed, paints, transfer, painting, (f"taken from the painting: {head}", *rest))

    def _paints(self, look: PaintingLook, painting: F32, seed: int) -> F64:
        small = resized(painting, *plan_size(painting.shape[1], painting.shape[0], PAINTS_SIDE))
        lab = oklab.from_srgb(np.clip(small, 0, 1).astype(np.float64)).astype(np.float32)
        random = np.random.default_rng((seed, PAINT_STREAM))
        return choose_paints(lab, np.ones(lab.shape[:2], np.float32), look.paints or PAINTS, random)

    def _strokes(self, look: PaintingLook, written: Handwriting) -> tuple[dict[str, object], list[str]]:
        """The look's values that change, and why."""
        changes: dict[str, object] = {}
        sentences = []
        width = float(np.clip(100 * written.width, THINNEST, WIDEST))
        if self.width:
            changes["layers"] = brush_layers(look, width, self.width)
            found = "" if width == 100 * written.width else f" (found: {100 * written.width:.1f} %)"
            sentences.append(f"strokes {width:.1f} % of the shorter side wide{found}")
        if self.length:
            length = written.length * min(1.0, 100 * written.width / width)  # what is painted wider is not longer, too
            changes["longest"] = blend(look.longest, WIDTHS_TO_LONGEST * length, self.length)
            changes["shortest"] = blend(look.shortest, min(MOST_SHORTEST, WIDTHS_TO_SHORTEST * length), self.length)
            sentences.append(f"they are {length:.1f} times as long as wide")
        if self.direction:
            changes |= self._directions(look, written)
            turning = "hardly turn" if written.turn < 0.4 else "turn" if written.turn < 1.2 else "turn all ways"
            sentences.append(f"they run {in_degrees(written.bearing)} and {turning} ({written.turn:.1f} radians)")
        if self.liveliness:
            play = jitter(written)
            changes |= {name: blend(getattr(look, name), value, self.liveliness) for name, value in play.items()}
            sentences.append(
                f"from one to the next, lightness differs by {written.lightness:.3f} and colour by {written.colour:.3f}"
            )
        return changes, sentences

    def _directions(self, look: PaintingLook, written: Handwriting) -> dict[str, object]:
        # directions have no head: the look's is turned the shorter way
        away = (written.bearing - look.bearing + math.pi / 2) % math.pi - math.pi / 2
        return {
            "bearing": round(look.bearing + self.direction * away, 4),
            "turn": blend(look.turn, written.turn, self.direction),
            "flow": blend(look.flow, STEADY + STEADY * written.agreement, self.direction),
            "cross": blend(look.cross, 0.0, self.direction),  # across long strokes, others look like scratches
        }


def blend(own: float, taken: float, weight: float) -> float:
    """From a look's own value to one that is taken; rounded, since it is shown."""
    return round(own + weight * (taken - own), 4)


def jitter(written: Handwriting) -> dict[str, float]:
    """A look's jitter that colours play as much by."""
    lightness = LIGHTNESS_GAIN * math.sqrt(max(0.0, written.lightness**2 - LIGHTNESS_FLOOR**2))
    colour = COLOUR_GAIN * math.sqrt(max(0.0, written.colour**2 - COLOUR_FLOOR**2)) / max(GREY, written.chroma)
    return {
        "jitter_lightness": min(MOST_LIGHTNESS, lightness),
        "jitter_chroma": min(MOST_CHROMA, CHROMA_SHARE * colour),
        "jitter_hue": min(MOST_HUE, HUE_SHARE * colour),
    }


def brush_layers(look: PaintingLook, width: float, weight: float) -> tuple[BrushLayer, ...]:
    """One layer that covers, one of the hand's own strokes all over it, and the look's finer ones.

    Args:
        look: whose finer layers follow where the picture asks for them.
        width: of the hand's strokes, per cent of the shorter side.
        weight: how far it is taken, in (0, 1]; between it and the look's second layer.
    """
    own = look.layers[min(1, len(look.layers) - 1)]
    radius = math.exp((1 - weight) * math.log(own.radius) + weight * math.log(width / 2))
    under = BrushLayer(radius=round(UNDER * radius, 3), everywhere=1)
    main = BrushLayer(radius=round(radius, 3), threshold=own.threshold, everywhere=max(own.everywhere, COVERED))
    finer = tuple(layer for layer in look.layers if layer.radius < FINER * radius)
    if not finer and FINER * radius >= FINEST:
        finer = (look.layers[-1].model_copy(update={"radius": round(FINER * radius, 3)}),)
    return under, main, *finer


def in_degrees(bearing: float) -> str:
    """A direction in words; opposite ones are the same.

    >>> in_degrees(0.02), in_degrees(-0.5), in_degrees(1.6)
    ('level', 'rising by 29 degrees to the right', 'upright')
    """
    degrees = (math.degrees(bearing) + 90) % 180 - 90
    if abs(degrees) < 5:
        return "level"
    if abs(degrees) > 85:
        return "upright"
    return f"{'falling' if degrees > 0 else 'rising'} by {abs(degrees):.0f} degrees to the right"
