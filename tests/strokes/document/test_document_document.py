"""The document of strokes: a file that comes back as it was, at any size, painted as it is; faults are told."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.blending import soft_threshold
from orbifolio.runner.strokes.document.document import COLUMNS, Painting
from orbifolio.runner.strokes.document.opacities import learnt_opacities
from orbifolio.runner.strokes.document.timelapse_states import grow, render, runs
from orbifolio.runner.strokes.mypaint.actions import draw_actions
from orbifolio.runner.strokes.rasteriser.rasterise import rasterise_actions


def test_a_file_comes_back_as_it_was_and_is_always_the_same(painting):
    text = painting.to_json()
    back = Painting.from_json(text)
    assert back.to_json() == text
    assert np.array_equal(back.strokes, painting.strokes)
    assert np.array_equal(back.colours, painting.colours)
    assert np.array_equal(back.levels, painting.levels)
    assert (back.width, back.height, back.brush, back.paper, back.seed, back.opaque) == (
        *(painting.width, painting.height, painting.brush, painting.paper, painting.seed, painting.opaque),
    )
    assert json.loads(text)["columns"][:10] == list(COLUMNS)
    assert len(text.splitlines()) == len(painting) + 12


def test_rounding_moves_nothing_that_can_be_seen(painting):
    rough = replace(painting, strokes=painting.strokes * np.float32(1 + 1e-6 * np.pi))
    assert np.abs(rough.rounded().strokes - rough.strokes).max() < 1e-3


def test_a_painting_without_strokes_is_paper(painter):
    empty = Painting(5, 4, "pen", (0.25, 0.5, 1.0), 0, np.zeros((0, 10), np.float32), np.zeros((0, 3), np.float32),
                     np.zeros(0, np.int32))  # fmt: skip
    back = Painting.from_json(empty.to_json())
    assert len(back) == 0
    assert np.allclose(render(back, painter), (0.25, 0.5, 1.0))
    assert runs(back) == []


def test_it_paints_what_its_actions_paint(painter):
    actions = draw_actions(8, np.random.default_rng(1))
    space = painter.space
    strokes = np.zeros((8, 10), np.float32)
    strokes[:, 0:2], strokes[:, 2:4], strokes[:, 4:6] = (
        actions[:, part] * space.canvas for part in (slice(9, 11), slice(2, 4), slice(4, 6))
    )
    strokes[:, 6], strokes[:, 7], strokes[:, 8], strokes[:, 9] = (
        np.exp(actions[:, 1] * space.log_radius), actions[:, 11], actions[:, 0], 1,
    )  # fmt: skip
    painting = Painting(64, 64, "x", (1, 1, 1), 0, strokes, actions[:, 6:9], np.zeros(8, np.int32))
    for scale in (1.0, 2.0):
        with torch.no_grad():
            wanted = rasterise_actions(painter, torch.from_numpy(actions), scale=scale).numpy()
        assert np.abs(render(painting, painter, scale) - wanted).max() < 1e-4


def test_twice_as_large_is_the_same_picture(painting, painter):
    small, large = render(painting, painter), render(painting, painter, 2)
    assert large.shape == (128, 192, 3)
    halved = large.reshape(64, 2, 96, 2, 3).mean((1, 3))
    assert np.square(halved - small).mean() < 1e-4


def test_some_of_the_strokes(painting):
    some = painting.take([3, 0])
    assert np.array_equal(some.strokes, painting.strokes[[3, 0]])
    assert np.array_equal(painting.take(painting.levels == 1).levels, np.ones(12, np.int32))
    assert len(painting.take(slice(2, 5))) == 3
    assert len(painting.take([])) == 0


def test_opaque_strokes_have_hard_edges(painting, painter):
    opaque = replace(painting, opaque=True)
    picture = render(opaque, painter)
    assert np.array_equal(picture, grow(opaque, learnt_opacities(painter, opaque)).picture)
    allowed = np.concatenate([opaque.colours, [opaque.paper]])
    away = np.abs(picture[:, :, None] - allowed).max(-1).min(-1)
    assert (
        (away < 0.02).mean()
        > 0.75
        > (np.abs(render(painting, painter)[:, :, None] - allowed).max(-1).min(-1) < 0.02).mean()
    )
    assert np.array_equal(
        soft_threshold(np.array([0, 0.4, 0.5, 0.6, 1], np.float32)) > 0.5, [False, False, False, True, True]
    )
    assert Painting.from_json(opaque.to_json()).opaque


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format 2; this program reads 1"),
        ({"columns": ["x"]}, "its columns are not start x"),
        ({"width": 0}, "the size 0 x 64 is not within 1 to 65536 pixels"),
        ({"width": 1.5}, "width 1.5 is not a whole number"),
        ({"paper": [0, 0, 2]}, "the paper's colour is not in [0, 1]"),
        ({"paper": [0, 0]}, "the paper needs 3 numbers and a stroke 14"),
        ({"strokes": [[1, 2]]}, "the paper needs 3 numbers and a stroke 14"),
        ({"strokes": [[1, 2], [1]]}, "strokes.json: not a document"),
        ({"brush": 7}, "the brush has no name"),
        ({"seed": None}, "seed None is not a whole number"),
    ],
)
def test_a_damaged_file_is_told_with_its_fault(painting, change, words):
    record = {**json.loads(painting.to_json()), **change}
    with pytest.raises(InputError) as told:
        Painting.from_json(json.dumps(record))
    assert words in str(told.value)
    assert str(told.value).endswith("give the strokes.json that a run leaves among its extras")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (7, 1.5, "stroke 3 has pressures or colours outside [0, 1]"),
        (11, -0.1, "stroke 3 has pressures or colours"),
        (6, 0, "stroke 3 has a radius or a unit that is not positive"),
        (0, 1e9, "stroke 3 lies too far outside the picture"),
        (13, 0.5, "stroke 3 has a level that is not a whole number"),
        (2, float("nan"), "stroke 3 has a number that is not finite"),
        (2, "four", "could not convert"),
        (2, None, "strokes.json: not a document"),
    ],
)
def test_the_stroke_with_the_fault_is_named(painting, column, value, words):
    record = json.loads(painting.to_json())
    record["strokes"][2][column] = value
    with pytest.raises(InputError, match=".") as told:
        Painting.from_json(json.dumps(record))
    assert words in str(told.value)


def test_other_files_are_no_documents():
    for text in ("", "[]", "3", '{"format": 1}', "\x00", "[" * 100_000, b"\xff\xfe\xfd"):
        with pytest.raises(InputError, match="not a document of strokes"):
            Painting.from_json(text)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_makes_anything_but_a_message(data):
    record = json.loads(_small())
    key = data.draw(st.sampled_from(sorted(record)))
    record[key] = data.draw(
        st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=6)
    )
    try:
        Painting.from_json(json.dumps(record))
    except InputError:
        pass


def _small() -> str:
    strokes = np.array([[1, 1, 2, 2, 3, 3, 2, 0.5, 0.5, 1]], np.float32)
    return Painting(4, 4, "pen", (1, 1, 1), 0, strokes, np.zeros((1, 3), np.float32), np.zeros(1, np.int32)).to_json()
