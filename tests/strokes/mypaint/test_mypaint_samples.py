"""Strokes to learn from: the same for the same seed, shards that can be exchanged, noise that is measured rightly."""

import numpy as np
import pytest
from program_here import needs_program

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.actions import draw_actions
from orbifolio.runner.strokes.mypaint.brush_file import find_brush
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.mypaint.samples import draw_repeats, draw_samples
from orbifolio.runner.strokes.mypaint.shards import factor_alpha, read_shards, write_shard


@needs_program
def test_a_longer_draw_begins_with_the_shorter():
    brush = PaintProgram(find_brush("classic/dry_brush"))
    short, long = draw_samples(brush, 70, seed=5), draw_samples(brush, 90, seed=5)
    assert np.array_equal(short.actions, long.actions[:70])
    assert np.array_equal(short.alphas, long.alphas[:70])
    assert (draw_samples(brush, 10, seed=6).actions != short.actions[:10]).any()


@needs_program
def test_the_noise_of_a_brush_does_not_depend_on_how_often_it_is_looked_at():
    brush = PaintProgram(find_brush("classic/dry_brush"))
    actions = draw_actions(20, np.random.default_rng(0))
    few, many = (draw_repeats(brush, actions, count, seed=3) for count in (4, 16))
    assert few.noise == pytest.approx(many.noise, rel=0.15)
    single = float(np.square(many.single - many.mean).mean())
    assert single == pytest.approx(many.noise * 15 / 16, rel=0.25)
    pen = draw_repeats(PaintProgram(find_brush("classic/pen")), actions, 4, seed=3)
    assert pen.noise == pytest.approx(0, abs=1e-9)


def coloured(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    actions = draw_actions(count, random)
    alphas = random.random((count, 64, 64))
    strokes = 1 + alphas[..., None] * (actions[:, None, None, 6:9] - 1)
    return actions, alphas, np.round(strokes * 255).astype(np.uint8)


def test_shards_are_read_as_the_opacities_they_were_made_of(tmp_path):
    actions, alphas, strokes = coloured(30)
    write_shard(tmp_path / "episodes_0.npz", actions, strokes)
    found = read_shards([tmp_path / "episodes_0.npz"])
    known = factor_alpha(actions, strokes)[1]
    assert np.array_equal(found.actions, actions[known])
    assert np.abs(found.alphas / 255 - alphas[known]).max() < 0.02


def test_a_stroke_as_white_as_its_paper_is_left_out(tmp_path):
    actions, _, _ = coloured(4)
    actions[2, 6:9] = 0.99
    write_shard(tmp_path / "a.npz", actions, np.full((4, 64, 64, 3), 255, np.uint8))
    assert np.array_equal(read_shards([tmp_path / "a.npz"]).actions, actions[[0, 1, 3]])


def test_what_is_no_shard_is_told(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a shard"):
        read_shards([path])
    np.savez(path, actions=np.zeros((3, 12)), strokes=np.zeros((4, 64, 64, 3), np.uint8))
    with pytest.raises(InputError, match=r"a shard has \(n, 12\)"):
        read_shards([path])
    np.savez(path, actions=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="not a shard"):
        read_shards([path])
