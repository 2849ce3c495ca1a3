"""A painting as a whole: deterministic, resumable, nearer to the picture with each layer; and its document."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from skimage import data

from orbifolio.runner.errors import InputError
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.lamp import lit
from orbifolio.runner.painting.looks import LOOKS, Bold, Oil, PaintingLook, PenAndInk, Watercolour
from orbifolio.runner.painting.products import in_figures, layers, time_lapse, vectors
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.painting.stroke_shapes import outline
from orbifolio.runner.strokes.document.figures import PAINTED
from orbifolio.runner.vision.weights import WeightsStore

SIDE = 240  # pixels of plan and canvas: large enough for all layers


def picture() -> np.ndarray:
    """A part of the coffee: edges, a flat table, highlights."""
    return np.ascontiguousarray(data.coffee()[20:260, 100:460]).astype(np.float32) / 255


def session(look: PaintingLook | None = None, **changes: object) -> PaintingSession:
    brief = Brief(look or Oil(), seed=5, plan_side=SIDE, **changes)  # type: ignore[arg-type]
    return PaintingSession(brief, picture(), (SIDE, 160))


def finished(look: PaintingLook | None = None, **changes: object) -> PaintingSession:
    work = session(look, **changes)
    for number in range(len(work.passes)):
        work.paint_pass(number)
    return work


@pytest.fixture(scope="module")
def oil() -> PaintingSession:
    return finished()


def distance(shown: np.ndarray, wanted: np.ndarray) -> float:
    """Mean distance in OKLab of two pictures, looked at from afar."""
    both = [ndimage.gaussian_filter(oklab.from_srgb(item.astype(np.float64)), (2, 2, 0)) for item in (shown, wanted)]
    return float(np.linalg.norm(both[0] - both[1], axis=2).mean())


def test_nothing_is_missing_on_a_canvas_that_equals_the_picture() -> None:
    work = session()
    for layer in work.placement.layers():
        assert work.placement.look_at(layer, work.subject.lab).missing.max() < 1e-5  # at edges, too


def test_every_pass_comes_nearer(oil: PaintingSession) -> None:
    work = session()
    small = np.asarray(work.subject.picture)
    before = distance(work.canvas.colours(), small)
    for number in range(len(work.passes)):
        work.paint_pass(number)
    assert distance(work.canvas.colours(), small) < 0.3 * before
    assert distance(oil.picture(), small) < 0.05


def test_equal_briefs_give_equal_bytes_and_seeds_differ(oil: PaintingSession) -> None:
    again = finished()
    assert again.picture().tobytes() == oil.picture().tobytes()
    work = PaintingSession(Brief(Oil(), seed=6, plan_side=SIDE), picture(), (SIDE, 160))
    work.paint_pass(0)
    assert (work.canvas.colours() != oil.canvas.colours()).any()


@pytest.mark.parametrize("after", [1, 4])
def test_a_painting_continues_with_the_same_bytes(oil: PaintingSession, after: int) -> None:
    first = session()
    for number in range(after):
        first.paint_pass(number)
    second = session()
    second.load_state_dict(first.state_dict())
    for number in range(after, len(second.passes)):
        second.paint_pass(number)
    assert second.picture().tobytes() == oil.picture().tobytes()
    assert second.ends == oil.ends


@pytest.mark.parametrize("look", [look() for look in LOOKS if look is not PenAndInk], ids=lambda look: look.kind)
def test_each_look_shows_the_picture(look: PaintingLook) -> None:
    work = finished(look)
    shown = work.picture()
    assert shown.shape == (160, SIDE, 3)
    assert np.isfinite(shown).all()
    assert 0 <= shown.min() <= shown.max() <= 1
    assert distance(shown, work.subject.picture) < 0.1
    high_pass = shown - ndimage.gaussian_filter(shown, (2, 2, 0))
    assert high_pass.std() > 0.012  # marks, not a blurred photograph


def test_strokes_are_counted_out() -> None:
    few = finished(most_strokes=150)
    assert 75 <= few.strokes.size <= 150
    assert distance(few.picture(), few.subject.picture) < 0.12


@pytest.mark.parametrize("kind", [Oil, Bold], ids=["oil", "bold"])
def test_few_strokes_cover_the_picture_before_it_is_refined(kind: type[PaintingLook]) -> None:
    work = finished(kind(), most_strokes=400)
    assert work.strokes.size <= 400
    ground = np.array(work.subject.ground)
    bare, fits = (np.abs(item - ground).max(2) for item in (work.canvas.seen_at(SIDE, 160), work.subject.picture))
    assert ((bare < 0.02) & (fits > 0.15)).mean() < 0.03


def test_wider_brushes_need_fewer_strokes(oil: PaintingSession) -> None:
    assert finished(brush_size=2.0).strokes.size < 0.6 * oil.strokes.size


def test_a_palette_is_kept() -> None:
    paints = oklab.from_srgb(np.array([[0.1, 0.1, 0.15], [0.95, 0.9, 0.8]]))
    work = finished(Oil(purity=1.0, saturation=1.0), liveliness=0.0, palette=paints)
    lab = oklab.from_srgb(work.strokes.colours.astype(np.float64))
    way = paints[1] - paints[0]
    off = np.linalg.norm(np.cross(lab - paints[0], way), axis=1) / np.linalg.norm(way)
    assert off.max() < 0.01


def test_paper_is_left_white() -> None:
    sheet = np.full((160, 240, 3), 0.99, np.float32)
    sheet[60:100, 80:160] = (0.2, 0.3, 0.6)
    work = PaintingSession(Brief(Watercolour(grain=0.0), 1, plan_side=SIDE), sheet, (240, 160))
    for number in range(len(work.passes)):
        work.paint_pass(number)
    colours = work.canvas.colours()
    assert (colours[:20] == np.array(work.subject.ground, np.float32)).all()
    assert colours[75:85, 110:130].mean() < 0.7


def test_the_lamp_leaves_flat_paint_alone() -> None:
    work = session(Oil(relief=0.3, weave=0.0, varnish=0.0))
    np.testing.assert_allclose(lit(work.canvas), work.canvas.colours(), atol=1e-6)


def test_the_lamp_shines_from_above_left() -> None:
    work = session(Oil(weave=0.0, varnish=0.0))
    y, x = np.mgrid[0:160, 0:240]
    hill = (np.exp(-((x - 120) ** 2 + (y - 80) ** 2) / 300) * 3).astype(np.float32)
    state = work.canvas.state_dict()
    work.canvas.load_state_dict({"colours": state["colours"], "heights": torch.from_numpy(hill)})
    light = lit(work.canvas) - work.canvas.colours()
    assert light[70, 110].mean() > 0.01 > -0.01 > light[90, 130].mean()


def test_the_document_says_it_all(oil: PaintingSession) -> None:
    document = BristlePainting.of(oil)
    text = document.to_json()
    read = BristlePainting.from_json(text)
    assert read.to_json() == text
    assert read.passes == tuple(oil.ends)
    drawn = read.picture()
    assert np.abs(drawn - oil.picture()).mean() < 0.004  # rounded to hundredths of a pixel
    large = read.picture(3 * SIDE)
    assert large.shape == (480, 720, 3)
    reduced = large.reshape(160, 3, 240, 3, 3).mean((1, 3))
    assert distance(reduced, oil.picture()) < 0.03


def test_a_time_lapse_ends_with_the_painting(oil: PaintingSession) -> None:
    document = BristlePainting.of(oil)
    seen: list[float] = []
    wanted = oil.canvas.colours()
    moments = [0, 40, oil.strokes.size // 2, oil.strokes.size]
    document.drawn(shown=lambda canvas: seen.append(float(np.abs(canvas.colours() - wanted).mean())), moments=moments)
    assert len(seen) == 4
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "format 1; this reads 2"),
        ({"plan": [0, 5]}, "plan \\[0, 5\\] is not a width and a height"),
        ({"passes": [5]}, "its passes do not end with its strokes"),
        ({"look": {"kind": "oil", "relief": 99}}, "look or symmetry: Input should be less than or equal to 4"),
        ({"ground": [2, 0, 0]}, "the ground is not three numbers"),
    ],
)
def test_damage_is_named(oil: PaintingSession, change: dict, message: str) -> None:
    record = json.loads(BristlePainting.of(oil).to_json())
    with pytest.raises(InputError, match=f"x.json: not a painting \\({message}"):
        BristlePainting.from_json(json.dumps({**record, **change}), "x.json")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [(0, -1, "has no radius"), (1, 1.5, "has a colour"), (8, [1, 2, 1], "has fewer than two points")],
)
def test_a_damaged_stroke_is_named(oil: PaintingSession, column: int, value: object, message: str) -> None:
    record = json.loads(BristlePainting.of(oil).to_json())
    record["strokes"][3][column] = value
    with pytest.raises(InputError, match=f"stroke 4 {message}"):
        BristlePainting.from_json(json.dumps(record))


def test_layers_of_pixels_make_the_painting_again(oil: PaintingSession) -> None:
    document = BristlePainting.of(oil)
    archive = zipfile.ZipFile(io.BytesIO(layers(document, SIDE)))
    stack = ElementTree.fromstring(archive.read("stack.xml"))
    picture = np.zeros((160, SIDE, 3))
    for layer in reversed(stack.findall("./stack/layer")):
        paint = np.asarray(Image.open(io.BytesIO(archive.read(layer.get("src") or "")))) / 255
        left, top = int(layer.get("x") or 0), int(layer.get("y") or 0)
        part = picture[top : top + paint.shape[0], left : left + paint.shape[1]]
        opacity = paint[..., 3:] if paint.shape[2] == 4 else 1.0
        part[:] = part * (1 - opacity) + paint[..., :3] * opacity
    assert len(stack.findall("./stack/layer")) == 6  # five of paint, and the ground
    assert np.abs(picture - oil.canvas.colours()).max() < 0.02


def test_shapes_cover_where_strokes_are(oil: PaintingSession) -> None:
    svg = ElementTree.fromstring(vectors(BristlePainting.of(oil), title="A & B"))
    space = "{http://www.w3.org/2000/svg}"
    groups = svg.findall(f"{space}g")
    assert [group.get("id") for group in groups] == [f"layer{number}" for number in range(1, 6)]
    assert sum(len(group) for group in groups) == oil.strokes.size
    ring = outline(np.array([[20, 30, 1], [60, 30, 1]], np.float32), 5.0)
    assert (ring[:, 0].min() < 20, ring[:, 0].max() > 60) == (True, True)
    assert (ring[:, 1].min(), ring[:, 1].max()) == pytest.approx((25, 35))


def test_figures_are_those_of_the_strokes(
    oil: PaintingSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = WeightsStore(tmp_path)  # no weights: nothing is fetched for a report
    monkeypatch.setattr("orbifolio.runner.strokes.document.figures.default_store", lambda: empty)
    marks = json.loads(in_figures(oil.strokes, 160, oil.picture(), picture()))["marks"]
    assert marks["strokes"] == oil.strokes.size == sum(marks["lengths"]["counts"]) == sum(marks["widths"]["counts"])
    assert marks["texture"] > min(marks["picture_texture"], PAINTED)
    assert marks["edges"] > 0.6
    assert "lpips" not in marks
    number = int(oil.strokes.lengths().argmax())
    points = oil.strokes.points[oil.strokes.offsets[number] : oil.strokes.offsets[number + 1], :2]
    assert oil.strokes.lengths()[number] == pytest.approx(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    assert (oil.strokes.widths() <= 2.01 * oil.strokes.radii).all()


def test_the_film_begins_with_the_ground_and_ends_with_the_painting(oil: PaintingSession) -> None:
    document = BristlePainting.of(oil)
    frames = time_lapse(document)
    assert len(frames) > 50
    assert distance(frames[-1], oil.picture()) < 0.003
    assert np.ptp(frames[0].mean(2)) < 0.2  # the weave alone
