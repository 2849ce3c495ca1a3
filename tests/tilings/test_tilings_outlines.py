"""What cannot tile is refused in words, before anything is searched."""

import numpy as np
import pytest

from orbifolio.runner.tilings.figures import figure_of_pixels, figure_of_svg, read_figure
from orbifolio.runner.tilings.outlines import OutlineFault, area, crossings, inside, normalised, resample

CIRCLE = np.exp(2j * np.pi * np.arange(60) / 60)
EIGHT = np.array([0, 1 + 1j, 1, 1j], complex)


@pytest.mark.parametrize(
    ("outline", "words"),
    [
        (EIGHT, "crosses itself 1 time; .*unite"),
        (np.array([0, 1 + 1j]), "an outline of 2 different points; .*3 corners"),
        (np.exp(2j * np.pi * np.arange(10**6) / 10**6), "an outline of 1,000,000 points; .*simplify"),
        (np.array([0, 1, 1 + 0.001j, 0.001j]), "fills 0.1% of the circle around it; .*stouter"),
        (np.array([0, 1, np.nan, 1j]), "not numbers"),
        (np.zeros(50, complex), "an outline of 0 different points"),
    ],
)
def test_hostile_outlines_are_refused_in_words(outline, words):
    with pytest.raises(OutlineFault, match=words):
        normalised(outline)


def test_outlines_become_counter_clockwise_of_area_one():
    for outline in (CIRCLE, CIRCLE[::-1], 300 * CIRCLE - 20j):
        result, scale, centre = normalised(outline)
        assert area(result) == pytest.approx(1, abs=1e-12)
        assert np.abs(np.sort_complex(outline * scale - centre) - np.sort_complex(result)).max() < 1e-9


def test_even_steps_and_insides():
    square = resample(np.array([0, 1, 1 + 1j, 1j]), 40)
    assert np.abs(np.abs(np.roll(square, -1) - square) - 0.1).max() < 1e-12
    assert inside(square, np.array([0.5 + 0.5j, 1.5 + 0.5j, 0.01 + 0.99j])).tolist() == [True, False, True]
    assert crossings(square) == 0
    assert crossings(EIGHT) == 1


def svg(body: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>'.encode()


def test_a_drawing_keeps_its_place_in_the_figure():
    figure = figure_of_svg(
        svg('<path id="outline" d="M0 0h40v20h-40z"/><circle cx="10" cy="5" r="2" fill="#fff"/><path d="M0 0h9v9z"/>'),
        "box",
    )
    assert figure.outline.real.max() - figure.outline.real.min() == pytest.approx(2**0.5)
    eye, other = figure.shapes
    unit = 1 / 800**0.5  # the box has an area of 800
    assert eye.points.mean() == pytest.approx((-10 + 5j) * unit, abs=1e-6)
    assert (eye.fill, eye.line, other.fill) == (pytest.approx(1), None, 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (svg('<path d="M0 0L5 5"/>'), "has no closed shape"),
        (b"<svg", "is not read as SVG"),
        (b'<!DOCTYPE svg [<!ENTITY a "aa">]><svg/>', "defines entities"),
        (svg('<path id="outline" d="M0 0L1 1 1 0 0 1z"/>'), "crosses itself"),
        (svg('<path d="M0 0 C 1"/>'), "followed by 1 numbers"),
    ],
)
def test_drawings_that_cannot_be_read_say_why(data, words):
    with pytest.raises(OutlineFault, match=words):
        figure_of_svg(data, "x")


def test_figures_are_cut_out_by_opacity_or_from_a_calm_ground():
    y, x = np.mgrid[:120, :160]
    disk = (x - 70) ** 2 + (y - 60) ** 2 < 40**2
    hole = (x - 70) ** 2 + (y - 60) ** 2 < 10**2
    picture = np.where(disk[..., None], [0.8, 0.3, 0.1], [0.9, 0.92, 0.95]).astype(np.float32)
    ring = (disk & ~hole).astype(np.float32)
    for figure in (figure_of_pixels(picture, None, "disk"), figure_of_pixels(picture, ring, "ring")):
        assert np.abs(np.abs(figure.outline) * np.pi**0.5 - 1).max() < 0.04  # a disk of area 1, its hole filled
        x, y = figure.photograph.pixels(np.array([0j]))
        assert abs(x[0] - 70) < 1
        assert abs(y[0] - 60) < 1
    with pytest.raises(OutlineFault, match="nothing that stands out"):
        figure_of_pixels(np.full((50, 50, 3), 0.5, np.float32), None, "grey")


def test_a_missing_picture_is_told(tmp_path):
    broken = tmp_path / "bird.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(OutlineFault, match="is not read"):
        read_figure(broken)
