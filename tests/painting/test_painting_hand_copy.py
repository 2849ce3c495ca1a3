"""A painting in bristles for hands and pens: what to mix, steps, lines of a plotter."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
from bristled import some_strokes, strokes_of

from orbifolio.runner.images import oklab
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.hand_copy import copying_sheet, hand_strokes, pen_plot
from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.strokes.document.worksheet import MAX_ARROWS
from orbifolio.runner.vector.hex_colours import from_hex

WIDTH, HEIGHT = 150, 100
PALETTE = ("#202030", "#e0d0a0", "#a04020")


def mixed(count: int = 400) -> BristlePainting:
    """Strokes in quarters of two paints."""
    random = np.random.default_rng(4)
    paints = oklab.from_srgb(np.array([from_hex(colour) for colour in PALETTE]))
    first, second = random.integers(0, 2, count), random.integers(1, 3, count)
    share = random.integers(0, 5, count)[:, None] / 4
    colours = oklab.to_srgb(paints[first] + share * (paints[second] - paints[first])).astype(np.float32)
    strokes = some_strokes(count, 2 * WIDTH, 2 * HEIGHT)._replace(
        colours=np.clip(colours, 0, 1), layers=np.repeat(np.arange(2, dtype=np.int32), count // 2)
    )
    return BristlePainting(
        (WIDTH, HEIGHT), (2 * WIDTH, 2 * HEIGHT), Oil(), (0.5, 0.4, 0.3), 1, strokes, (count // 2, count), PALETTE
    )


def test_strokes_are_told_as_mixtures_of_the_palette() -> None:
    painting = BristlePainting.from_json(mixed().to_json())
    assert painting.palette == PALETTE
    strokes = hand_strokes(painting)
    found = strokes.mixtures
    lab = oklab.from_srgb(found.paints)
    told = lab[found.first] + found.shares[:, None] * (lab[found.second] - lab[found.first])
    assert np.abs(told - oklab.from_srgb(strokes.colours.astype(np.float64))).max() < 0.01
    assert set(np.unique(found.shares * 4)) <= {0, 1, 2, 3, 4}
    np.testing.assert_allclose(strokes.radii, painting.strokes.radii / 2, rtol=1e-6)


def test_the_sheet_has_paints_steps_and_mixtures() -> None:
    document = pypdfium2.PdfDocument(copying_sheet(mixed(), hand_strokes(mixed()), title="A cup"))
    pages = [page.get_textpage().get_text_bounded() for page in document]
    assert "A cup" in pages[0]
    assert "400 strokes in" in pages[0]
    assert all(colour in pages[0] for colour in PALETTE)
    rest = " ".join(pages[1:])
    assert re.search(r"[123] \+ [123], [13] : [13]", rest)
    assert "an arrow for each" in rest
    plain = replace(mixed(), palette=())
    document = pypdfium2.PdfDocument(copying_sheet(plain, hand_strokes(plain)))
    assert "paints 1" in " ".join(page.get_textpage().get_text_bounded() for page in document)


def test_many_strokes_get_fewer_arrows() -> None:
    count = 4 * MAX_ARROWS
    sheets = [len(copying_sheet(mixed(number), hand_strokes(mixed(number)))) for number in (count, 2 * count)]
    assert sheets[1] < 1.4 * sheets[0]


def test_a_thin_stroke_is_one_line_and_a_hidden_one_none() -> None:
    size = (600, 400)  # lines are 1.9 pixels apart then
    thin = strokes_of([(40, 200), (560, 200)], radius=1.2)
    wide = strokes_of([(40, 80), (560, 80)], radius=12.0, colour=(0.8, 0.1, 0.1))
    over = strokes_of([(40, 80), (560, 80)], radius=20.0, colour=(0.1, 0.6, 0.1))

    def lines(strokes):
        painting = BristlePainting(size, size, Oil(), (1, 1, 1), 1, strokes, (strokes.size,))
        return pen_plot(painting, hand_strokes(painting)).layers

    alone = lines(thin)
    assert [len(paths) for paths in alone.values()] == [1]
    path = next(iter(alone.values()))[0]
    assert np.ptp(path[:, 1]) == pytest.approx(0, abs=1e-6)
    assert np.ptp(path[:, 0]) > 520 * 0.445 * 0.95  # mm of a pixel on A4
    assert len(next(iter(lines(wide).values()))) > 5
    assert set(lines(wide.followed_by(over))) == set(lines(over))
