"""A stroke predictor: its scenes, its strokes as coverage, what it learns from them, and what it paints."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from itertools import permutations

import numpy as np
import pytest
import torch

from orbifolio.runner.errors import InputError
from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.painting.placers.network import CELL, CellStrokes, PredictorShape, StrokePredictor
from orbifolio.runner.painting.placers.planned import PlannedStrokes
from orbifolio.runner.painting.placers.predictor import PredictedPlacement, PredictedStrokes
from orbifolio.runner.painting.placers.scenes import SIDE, draw_lessons
from orbifolio.runner.painting.placers.soft_strokes import GRID, lay, sampled
from orbifolio.runner.painting.placers.training import PredictorPhase, PredictorTrainer, match
from orbifolio.runner.painting.placers.weights import load_predictor, pack_predictor, shared_predictor
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.painting import PaintedPicture

SMALL = PredictorShape(channels=16, blocks=1)


def bands(table: np.ndarray) -> list[np.ndarray]:
    """Masks (SIDE, SIDE) of the known strokes of a table, from their numbers alone."""
    down, right = np.mgrid[:SIDE, :SIDE] + 0.5
    found = []
    for x, y, angle, half, bend, radius, present in table.transpose(0, 2, 3, 1).reshape(-1, 7):
        along = np.cos(angle) * (right - x) + np.sin(angle) * (down - y)
        aside = np.cos(angle) * (down - y) - np.sin(angle) * (right - x) - bend * along**2 / max(half, 1)
        if present:
            found.append((np.abs(along) < half) & (np.abs(aside) < radius))
    return found


def test_known_strokes_are_where_target_and_canvas_differ() -> None:
    lessons = draw_lessons(24, 2, np.random.default_rng(7))
    again = draw_lessons(24, 2, np.random.default_rng(7))
    assert lessons.targets.tobytes() == again.targets.tobytes()
    shares = []
    for target, canvas, table in zip(lessons.targets[:12], lessons.canvases[:12], lessons.strokes[:12], strict=True):
        differs = np.abs(target - canvas).mean(0) > 0.05
        shares += [differs[band].mean() for band in bands(table)]
    assert len(shares) > 50
    assert np.mean(shares) > 0.8
    assert not lessons.strokes[12:].any()  # of the other half nobody knows any


def strokes_of(rows: list[tuple[float, ...]], cells: int = 8) -> CellStrokes:
    """One stroke in the first cell, and none elsewhere that could be seen: x, y, angle, half, bend, radius."""
    ((x, y, angle, half, bend, radius),) = rows
    values = [x, y, np.cos(2 * angle), np.sin(2 * angle), half, -bend * np.sin(angle), bend * np.cos(angle), radius, 9]
    parts = [torch.full((1, 1, cells, cells), float(value)) for value in values]
    return CellStrokes(*parts)


@pytest.mark.parametrize(("angle", "bend"), [(0.3, 0.0), (1.2, 0.3), (2.6, -0.4)])
def test_a_stroke_takes_the_picture_s_colour_where_it_lies(angle: float, bend: float) -> None:
    numbers = (36.0, 28.0, angle, 11.0, bend, 4.0)
    strokes = strokes_of([numbers])
    presence = torch.zeros(1, 1, 8, 8)
    presence[0, 0, 3, 4] = 1  # that of the cell which the middle lies in
    picture, canvas = torch.full((1, 3, SIDE, SIDE), 0.8), torch.full((1, 3, SIDE, SIDE), 0.2)
    painted = lay(strokes, sampled(picture), sampled(canvas), presence)
    table = np.array([*numbers, 1.0]).reshape(1, 7, 1, 1)
    wanted = 0.2 + 0.6 * bands(table)[0].reshape(SIDE // GRID, GRID, SIDE // GRID, GRID).mean((1, 3))
    shown = painted.canvas[0].mean(0).numpy()
    assert np.abs(shown - wanted).mean() < 0.01  # soft sides, in samples of two pixels
    assert np.abs(shown - wanted)[wanted == 0.8].max() < 0.25  # half a sample from a side
    assert painted.gains[0, 0, 3, 4] == pytest.approx(0.6, abs=0.01)
    none = lay(strokes, sampled(picture), sampled(canvas), torch.zeros(1, 1, 8, 8))
    assert torch.allclose(none.canvas, sampled(canvas))


def test_the_order_of_known_strokes_does_not_matter() -> None:
    lessons = draw_lessons(8, 2, np.random.default_rng(1))
    wanted = torch.from_numpy(lessons.strokes[:4])
    x, y, angle, half, bend, radius, present = wanted.flip(1).unbind(2)
    right = CellStrokes(
        x=x,
        y=y,
        cosine=(2 * angle).cos(),
        sine=(2 * angle).sin(),
        half=half.clamp(min=1),  # where there is none
        lean_x=-bend * angle.sin(),
        lean_y=bend * angle.cos(),
        radius=radius.clamp(min=1),
        logit=torch.zeros_like(x),
    )
    matched, error = match(right, wanted)
    assert error == pytest.approx(0, abs=1e-6)
    assert torch.equal(matched, present)
    network = StrokePredictor(SMALL)
    named = network(*(torch.from_numpy(part[:4]) for part in (lessons.targets, lessons.canvases)))
    errors = [match(named, wanted[:, list(order)])[1].item() for order in permutations(range(2))]
    assert errors[0] == pytest.approx(errors[1], rel=1e-5)


def test_a_picture_moved_by_a_cell_has_its_strokes_moved() -> None:
    network = StrokePredictor(SMALL).eval()
    random = torch.Generator().manual_seed(2)
    picture, canvas = torch.rand(2, 1, 3, 192, 192, generator=random)
    with torch.no_grad():
        here = network(picture, canvas)
        there = network(picture.roll(CELL, 3), canvas.roll(CELL, 3))
    inner = slice(8, 16)  # cells that do not see the border
    moved = slice(9, 17)
    assert torch.allclose(here.x[..., inner, inner] + CELL, there.x[..., inner, moved], atol=1e-4)
    assert torch.allclose(here.logit[..., inner, inner], there.logit[..., inner, moved], atol=1e-4)


def test_a_network_learns() -> None:
    trainer = PredictorTrainer(StrokePredictor(SMALL), 3, fresh=True)
    trainer.restart(0, PredictorPhase(steps=100, batch=4, rate=0.004))
    losses = [sum(trainer.step(0).values()) for _ in range(20)]  # the same scenes again and again
    assert losses[-1] < 0.8 * losses[0]


def test_a_file_gives_the_network_back(tmp_path) -> None:
    network = StrokePredictor(SMALL)
    (tmp_path / "mine.safetensors").write_bytes(pack_predictor(network, {"seed": 5}))
    again, facts = load_predictor(str(tmp_path / "mine.safetensors"))
    assert (again.shape, facts["seed"]) == (SMALL, 5)
    for name, value in network.state_dict().items():
        assert torch.equal(value.half().float(), again.state_dict()[name])
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"other\.safetensors: not a stroke predictor"):
        load_predictor(str(tmp_path / "other.safetensors"))
    with pytest.raises(InputError, match="brushes: no such stroke predictor; shipped: strokes"):
        load_predictor("brushes")


def test_a_report_names_the_weights_that_placed_the_strokes(tmp_path) -> None:
    own = tmp_path / "mine.safetensors"
    own.write_bytes(pack_predictor(StrokePredictor(SMALL), {}))
    (shipped,) = PredictedStrokes().provenances()
    (mine,) = PredictedStrokes(network=str(own)).provenances()
    assert (shipped.name, shipped.licence) == ("stroke predictor strokes", "MIT")
    assert (mine.sha256, mine.source) == (sha256(own.read_bytes()).hexdigest(), "mine.safetensors")
    assert mine.sha256 != shipped.sha256
    assert PlannedStrokes().provenances() == ()


def slanted() -> np.ndarray:
    """(160, 240, 3) two colours, the border between them at 45 degrees."""
    down, right = np.mgrid[:160, :240]
    picture = np.full((160, 240, 3), (0.75, 0.55, 0.2), np.float32)
    picture[right - down < 40] = (0.15, 0.25, 0.5)
    return picture


def painted(*, threads: int = 1) -> PaintingSession:
    before = torch.get_num_threads()
    place = partial(PredictedPlacement, network=shared_predictor("strokes"))
    work = PaintingSession(Brief(Oil(), seed=2, plan_side=240, placement=place), slanted(), (240, 160))
    try:
        torch.set_num_threads(threads)
        for number in range(len(work.passes)):
            work.paint_pass(number)
    finally:
        torch.set_num_threads(before)
    return work


def test_the_shipped_network_paints_along_an_edge() -> None:
    work = painted()
    bare = np.abs(np.array(work.subject.ground) - slanted()).mean()
    assert np.abs(work.canvas.colours() - slanted()).mean() < 0.25 * bare
    strokes = work.strokes
    ends = strokes.points[strokes.offsets[1:] - 1, :2] - strokes.points[strokes.offsets[:-1], :2]
    middles = (strokes.points[strokes.offsets[1:] - 1, :2] + strokes.points[strokes.offsets[:-1], :2]) / 2
    near = np.abs(middles[:, 0] - middles[:, 1] - 40) < 2 * strokes.radii
    along = np.abs(ends @ [1, 1]) / np.sqrt(2) / np.linalg.norm(ends, axis=1)
    assert near.sum() > 20
    assert along[near].mean() > 0.85  # of strokes in any direction it would be 0.64


def test_only_planned_paintings_have_a_focus() -> None:
    size = slanted().shape[1], slanted().shape[0]
    planned = PaintingSession(Brief(Oil(), 1), slanted(), size)
    titles = [{layer.title for layer in work.placement.layers()} for work in (planned, painted())]
    assert titles[0] - titles[1] == {"focus"}


def test_any_number_of_threads_paints_the_same() -> None:
    assert painted().picture().tobytes() == painted(threads=2).picture().tobytes()


def test_its_strokes_lie_under_a_symmetry() -> None:
    picture = torch.from_numpy(slanted()).permute(2, 0, 1)[None].contiguous()
    context = RenderContext(1, "cpu", picture=lambda source: picture, plain_picture=lambda source: picture)
    settings = PaintedPicture(
        image="photo",
        size=96,
        fit="laid",
        symmetry={"kind": "plane", "group": "p4"},  # type: ignore[arg-type]
        placer={"kind": "predictor"},  # type: ignore[arg-type]
    )
    renderer = settings.build(context)
    state = renderer.begin(0, None)
    renderer.step(state)
    shown = renderer.image(state)
    assert state.session.strokes.size > 0
    assert shown.std() > 0.02
    turned = np.roll(np.rot90(shown), 1, axis=0)  # about the middle of the first pixel
    assert np.abs(turned - shown).max() < 1e-5
