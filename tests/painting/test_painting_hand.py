"""A hand: strokes of known width, length, direction and colour are read back; a look takes what was read."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from orbifolio.runner.errors import ImageError
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.hand import PAINTS, Hand, brush_layers, in_degrees, jitter
from orbifolio.runner.painting.handwriting import Handwriting
from orbifolio.runner.painting.look import BrushLayer
from orbifolio.runner.painting.looks import Flow, Oil
from orbifolio.runner.painting.session import Brief, PaintingSession

WIDE, HIGH = 900, 600  # pixels, as handwriting is measured
PALETTE = ((0.15, 0.2, 0.5), (0.9, 0.8, 0.4), (0.3, 0.5, 0.35), (0.75, 0.35, 0.3))


@cache
def strips(
    width: float = 12, length: float = 6, angle: float = 0.4, turn: float = 0.0, play: float = 0.06
) -> np.ndarray:
    """(HIGH, WIDE, 3) rectangles laid over each other at random: strokes without a painter.

    Args:
        width: pixels.
        length: in widths.
        angle: radians.
        turn: by how many radians directions differ from left to right.
        play: deviation of their colours, sRGB.
    """
    random = np.random.default_rng(3)
    image = Image.new("RGB", (WIDE, HIGH), (120, 120, 110))
    pen = ImageDraw.Draw(image)
    for _ in range(int(6 * WIDE * HIGH / (width * width * length))):
        x, y = random.uniform(-20, [WIDE + 20, HIGH + 20])
        way = angle + turn * (x / WIDE - 0.5)
        along = np.array([math.cos(way), math.sin(way)]) * width * length / 2
        aside = np.array([-math.sin(way), math.cos(way)]) * width / 2
        corners = [along + aside, along - aside, -along - aside, -along + aside]
        colour = np.clip(np.array([0.5, 0.5, 0.4]) + random.normal(0, play, 3), 0, 1)
        pen.polygon([(x + dx, y + dy) for dx, dy in corners], fill=tuple(int(255 * c) for c in colour))
    return np.asarray(image).astype(np.float32) / 255


@cache
def read(**changes: float) -> Handwriting:
    """What is read of `strips`."""
    return Handwriting.of(strips(**changes))


def patchwork() -> np.ndarray:
    """Squares of four colours."""
    squares = np.random.default_rng(1).integers(0, 4, (20, 30))
    return np.array(PALETTE, np.float32)[squares].repeat(20, 0).repeat(20, 1)


def test_width_is_read_back() -> None:
    widths = [HIGH * item.width for item in (read(width=7), read())]
    assert widths[0] < widths[1]
    assert widths == pytest.approx([7, 12], rel=0.35)


def test_width_is_a_share_of_any_picture() -> None:
    large = strips()
    small = np.asarray(Image.fromarray((large * 255).astype(np.uint8)).resize((WIDE * 2 // 3, HIGH * 2 // 3)))
    found = Handwriting.of(small.astype(np.float32) / 255)
    assert found.width == pytest.approx(read().width, rel=0.2)


def test_length_is_read_back() -> None:
    lengths = [item.length for item in (read(length=2.5), read(), read(length=10))]
    assert lengths == sorted(lengths)
    for found, true in zip(lengths, (2.5, 6, 10), strict=True):
        assert true / 1.8 < found < 1.8 * true


@pytest.mark.parametrize("angle", [-1.2, 1.5])
def test_direction_is_read_back(angle: float) -> None:
    found = read(angle=angle)
    away = (found.bearing - angle + math.pi / 2) % math.pi - math.pi / 2
    assert abs(away) < 0.05
    assert found.agreement > 0.8


def test_turning_is_seen() -> None:
    straight, bent, whirling = (read(), read(turn=1.5), read(turn=6.0))
    assert straight.turn < bent.turn < whirling.turn
    assert straight.turn < 0.3
    assert straight.agreement > bent.agreement > whirling.agreement


def test_play_of_colours_is_read_back() -> None:
    """Against the deviation of the rectangles' colours themselves."""
    quiet, lively = (read(play=play) for play in (0.03, 0.09))
    assert lively.lightness / quiet.lightness == pytest.approx(3, rel=0.3)
    assert lively.colour / quiet.colour == pytest.approx(3, rel=0.3)
    random = np.random.default_rng(0)
    colours = oklab.from_srgb(np.clip([0.5, 0.5, 0.4] + random.normal(0, 0.09, (5000, 3)), 0, 1))
    assert lively.lightness == pytest.approx(colours[:, 0].std(), rel=0.4)


def test_paints_are_those_of_the_painting() -> None:
    manner = Hand(image="x").manner(Oil(paints=4), patchwork(), 1)
    wanted = oklab.from_srgb(np.array(PALETTE))
    assert manner.paints is not None
    away = np.linalg.norm(manner.paints[:, None] - wanted[None], axis=2)
    assert len(manner.paints) == 4
    assert away.min(1).max() < 0.01
    assert len(set(away.argmin(1))) == 4
    assert len(Hand(image="x").manner(Oil(paints=0), patchwork(), 1).paints) == PAINTS  # type: ignore[arg-type]


def test_a_picture_takes_the_colours() -> None:
    photo = data.coffee()[::4, ::4].astype(np.float32) / 255
    painting = patchwork()
    manner = Hand(image="x").manner(Oil(), painting, 1)
    mean = painting.mean((0, 1))
    before, after = (np.abs(item.mean((0, 1)) - mean).max() for item in (photo, manner.coloured(photo)))
    assert after < 0.35 * before
    kept = Hand(image="x", palette=0).manner(Oil(), painting, 1)
    assert kept.paints is None
    assert kept.coloured(photo) is photo


def test_weights_of_zero_leave_the_look() -> None:
    none = Hand(image="x", palette=0, width=0, length=0, direction=0, liveliness=0)
    manner = none.manner(Flow(), strips(), 1)
    assert manner.look == Flow()
    assert manner.sentences == ("taken from the painting: nothing: all weights are 0",)


def test_a_look_takes_what_was_read() -> None:
    written = read()
    manner = Hand(image="x").manner(Oil(), strips(), 1)
    look = manner.look
    assert look.layers[1].radius == pytest.approx(50 * written.width, abs=0.01)
    assert look.longest == pytest.approx(0.9 * written.length, abs=0.01)
    assert look.bearing == pytest.approx(written.bearing, abs=0.01)
    assert look.turn == pytest.approx(written.turn, abs=0.01)
    assert manner.sentences[0].startswith(f"taken from the painting: strokes {100 * written.width:.1f} %")
    half = Hand(image="x", width=0.5, length=0.5, direction=0.5, palette=0.5).manner(Oil(), strips(), 1).look
    assert look.longest < half.longest < Oil().longest
    assert look.layers[1].radius < half.layers[1].radius < Oil().layers[1].radius
    assert look.saturation == 1 < half.saturation < Oil().saturation
    assert Oil().bearing < half.bearing < look.bearing


def test_finer_layers_follow_only_where_they_are_finer() -> None:
    radii = [layer.radius for layer in brush_layers(Oil(), 3.0, 1.0)]
    assert radii == sorted(radii, reverse=True)
    assert radii[1] == 1.5
    assert radii[2] <= 0.65 * 1.5
    assert len(brush_layers(Oil(), 1.1, 1.0)) == 2


def test_lively_paintings_give_lively_strokes() -> None:
    quiet, lively = (jitter(read(play=play)) for play in (0.03, 0.09))
    assert quiet["jitter_lightness"] < lively["jitter_lightness"] <= 0.08
    assert quiet["jitter_chroma"] <= lively["jitter_chroma"] <= 0.45


@pytest.mark.parametrize(("high", "wide"), [(40, 60), (90, 800)])
def test_a_picture_without_room_for_strokes_is_refused(high: int, wide: int) -> None:
    with pytest.raises(ImageError, match=f"{wide} x {high} pixels; .*; give a larger picture, or a part of this one"):
        Handwriting.of(np.zeros((high, wide, 3), np.float32))


def test_a_picture_of_one_colour_has_a_hand() -> None:
    manner = Hand(image="x").manner(Oil(), np.full((80, 120, 3), 0.5, np.float32), 1)
    assert manner.look.jitter_lightness == 0


@pytest.mark.parametrize(
    ("bearing", "words"),
    [
        (math.pi - 0.02, "level"),
        (0.5, "falling by 29 degrees to the right"),
        (-0.5, "rising by 29 degrees to the right"),
        (-1.57, "upright"),
    ],
)
def test_directions_in_words(bearing: float, words: str) -> None:
    assert in_degrees(bearing) == words


@pytest.mark.slow
def test_our_own_hand_is_read_back() -> None:
    """Strokes of one width on a quiet ground: width within 35 %, lengths and turns in their order.

    Bristles of one tone: streaks within a stroke look like thin strokes.
    """
    ground = np.full((400, 600, 3), 0.5, np.float32)

    def painted(radius: float = 1.3, longest: float = 8.0, turn: float = 0.6) -> Handwriting:
        layers = tuple(BrushLayer(radius=part, everywhere=1) for part in (2 * radius, radius))
        shortest = min(3.0, longest)
        look = Oil(
            layers=layers, longest=longest, shortest=shortest, turn=turn, cross=0, emphasis=0, passes=1, streaks=0.4
        )
        work = PaintingSession(Brief(look, 1, liveliness=2.0), ground, (900, 600))
        for number in range(len(work.passes)):
            work.paint_pass(number)
        return Handwriting.of(work.picture())

    usual = painted()
    thin, short, whirling = painted(radius=0.9), painted(longest=2.0), painted(turn=2.2)
    assert (thin.width, usual.width) == pytest.approx((0.018, 0.026), rel=0.35)
    assert thin.width < usual.width
    assert short.length < usual.length
    assert usual.turn < 1
    assert whirling.turn > 1.2
