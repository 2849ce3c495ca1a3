"""Portraits: a face is found, tones and density follow it, and elsewhere nothing changes."""

import numpy as np
import pytest
from skimage import data

from orbifolio.runner.gas.points import Darkness, Otsu
from orbifolio.runner.gas.portrait import Portrait
from orbifolio.runner.gas.source import SourceReader
from orbifolio.runner.gas.tone import Tone
from orbifolio.runner.painting.saliency import Face

FACE = Face(20.0, 10.0, 40.0)
SHAPE = (100, 90)


def source(picture, tone, points, warned):
    reader = SourceReader(
        "x", tone, points, lambda _: picture, lambda _: picture, np.random.default_rng(0), warned.append
    )
    return reader.read()


@pytest.fixture(scope="module")
def woman():
    return data.astronaut()[:230, 100:330].astype(np.float32) / 255


def test_eyes_and_mouth_get_the_most_points():
    sitter = Portrait(detail=5).of(FACE, SHAPE)
    v, u = np.mgrid[0:100, 0:90] + 0.5
    eye = np.hypot(u - (20 + 0.31 * 40), v - (10 + 0.38 * 40)) < 1
    mouth = np.hypot(u - 40, v - (10 + 0.76 * 40)) < 1
    assert sitter.emphasis[eye].min() > 5.5
    assert sitter.emphasis[mouth].min() > 5.5
    assert sitter.emphasis[-1, -1] == pytest.approx(1)
    assert sitter.emphasis.min() >= 1
    assert Portrait(detail=0).of(FACE, SHAPE).emphasis.max() == 1


def test_what_is_far_from_the_face_becomes_paper_and_skin_keeps_its_tones():
    sitter = Portrait(fade=1.0, shading=1.0).of(FACE, SHAPE)
    tones = Tone(levels=(0.1, 0.6)).toned(np.full(SHAPE, 0.8), sitter)
    assert tones[30, 40] == pytest.approx((0.8 - 0.1) / 0.9, abs=0.01)  # on the nose: white is 1 there
    assert tones[-1, -1] == tones[0, 0] == 1
    black = Tone().toned(np.zeros(SHAPE), sitter)
    assert black[30, 40] == 0
    assert black[-1, -1] == 1


def test_levels_are_linear_between_black_and_white():
    grey = np.linspace(0, 1, 101)[None].repeat(3, axis=0)
    assert np.allclose(Tone(levels=(0.2, 0.7)).toned(grey, None), np.clip((grey - 0.2) / 0.5, 0, 1))
    assert Tone().toned(grey, None) is grey  # bit for bit what it was


def test_sharpness_and_contrast_bring_out_what_is_faint():
    rows = np.full((60, 400), 0.5)
    rows[:, 198:202] = 0.46
    assert np.ptp(Tone(sharpness=2).toned(rows, None)) > 1.3 * np.ptp(rows)
    assert np.ptp(Tone(contrast=1).toned(rows, None)) > 1.3 * np.ptp(rows)


def test_levels_in_the_wrong_order_are_a_complaint():
    assert [where for where, _ in Tone(levels=(0.8, 0.2)).complaints()] == ["levels"]
    assert Tone().complaints() == []


def test_a_face_draws_points_to_itself(woman):
    warned = []
    tone = Tone(width=230)
    plain = source(woman, tone, Darkness(count=20_000), warned)
    drawn = source(woman, tone.model_copy(update={"portrait": Portrait(detail=8)}), Darkness(count=20_000), warned)
    sitter = Portrait().sitter(plain.part)
    assert not warned
    face = sitter.face
    inside = [
        np.abs(one.levels[0].points - (face.left + face.side / 2, face.top + face.side / 2)).max(axis=1) < face.side / 2
        for one in (plain, drawn)
    ]
    assert inside[1].mean() > 1.5 * inside[0].mean()
    assert "tones" in drawn.stages(tone)
    assert "tones" not in plain.stages(tone)


def test_without_a_face_it_warns_and_draws_the_picture():
    warned = []
    horse = np.repeat(data.horse()[::4, ::4, None], 3, axis=2).astype(np.float32)
    found = source(horse, Tone(portrait=Portrait()), Otsu(), warned)
    assert "no face" in warned[0]
    assert np.array_equal(found.levels[0].points, source(horse, Tone(), Otsu(), []).levels[0].points)
