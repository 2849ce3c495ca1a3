"""Painting under a symmetry: exact on any surface, light included; strokes begin in the domain alone."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import trimesh
from bristled import some_strokes, strokes_of
from PIL import Image, ImageDraw
from skimage import data
from whole_or_resumed import painted_through

from orbifolio.runner.painting.bristle_coverage import CanvasTile, band, cover_places, cover_tile
from orbifolio.runner.painting.document import BristlePainting, PaintedSymmetry
from orbifolio.runner.painting.folded_canvas import FoldedCanvas, cut, painting_window
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.looks import Oil, Watercolour
from orbifolio.runner.painting.products import layers, vectors
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.painting.stroke_shapes import outline
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.painting import PaintedPicture, PaintingRenderer
from orbifolio.runner.strokes.fitting.surface import OrbifoldSurface
from orbifolio.runner.strokes.rasteriser.pixel_blocks import pixel_grid
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rigid import is_rigid
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.verify.summary import summarise

SWAPPED = {"r4": ["r", "b", "g"]}


def surface_of(symmetry: Symmetry, width: int) -> OrbifoldSurface:
    size = symmetry.fit(width, multiple=1, ratio=symmetry.ratio or 1.0)
    return OrbifoldSurface(symmetry.layout(*size), symmetry, size)


def painted(symmetry: Symmetry, width: int, look: PaintingLook | None = None) -> PaintingSession:
    surface = surface_of(symmetry, width)
    pixels = torch.from_numpy(data.coffee().astype(np.float32) / 255).permute(2, 0, 1)[None].contiguous()
    cells = surface.cells(surface.layout.sample(pixels))
    window = cut(surface.picture(cells), painting_window(surface.domain))
    size = (surface.layout.width, surface.layout.height)
    session = PaintingSession(Brief(look or Oil(), seed=3, plan_side=160), window, size, surface=surface)
    for number in range(len(session.passes)):
        session.paint_pass(number)
    return session


def test_places_of_a_plain_picture_are_its_pixels() -> None:
    """The two ways of finding what a stroke covers agree, each being the other's oracle."""
    strokes = some_strokes(60, 140, 90)
    by_rows = cover_tile(strokes, CanvasTile(0, 0, 140, 90))
    by_places = cover_places(strokes, pixel_grid(140, 90))
    for stroke in range(60):
        found = []
        for covered in (by_rows, by_places):
            part = slice(covered.firsts[stroke], covered.firsts[stroke + 1])
            found.append(dict(zip(covered.cells[part].tolist(), covered.across[part].tolist(), strict=True)))
        rows, places = found
        if not rows and not places:
            continue  # off the canvas
        assert len(set(rows) ^ set(places)) <= 0.02 * len(rows) + 2  # where two segments meet, and at the band's edge
        both = set(rows) & set(places)
        assert np.mean([abs(abs(rows[cell]) - abs(places[cell])) < 1e-3 for cell in both]) > 0.97


@pytest.mark.parametrize(
    ("symmetry", "width", "most"),
    [
        (Plane(group="p4", colours=SWAPPED), 128, 1e-5),
        (Plane(group="p4gm"), 128, 1e-5),
        (Plane(group="p6mm"), 120, 0.01),
        (Hyperbolic(p=7, q=3), 200, 0.02),
    ],
    ids=["p4 with colours", "p4gm", "p6mm", "7, 3"],
)
def test_paint_and_light_have_the_symmetry(symmetry, width: int, most: float) -> None:  # type: ignore[no-untyped-def]
    built = symmetry.build()
    session = painted(built, width)
    assert isinstance(session.canvas, FoldedCanvas)
    plain, lit = session.canvas.colours(), session.picture()
    assert np.abs(plain - lit).max() > 0.005  # light does something, if little: the picture is quiet
    for picture in (plain, lit):
        summary = summarise(built, "test", picture)
        grain = summary["grain"]
        assert summary["worst"] < max(most, grain), summary
    assert session.strokes.size > 30


def test_washes_have_the_symmetry_and_leave_paper_white() -> None:
    symmetry = Plane(group="p4").build()
    session = painted(symmetry, 128, Watercolour())
    plain, dried = session.canvas.colours(), session.picture()
    assert np.abs(plain - dried).max() > 0.02
    for picture in (plain, dried):
        assert summarise(symmetry, "test", picture)["worst"] < 1e-5
    assert plain.max() <= max(session.subject.ground) + 1e-6  # washes only darken
    settings = PaintedPicture.model_validate(
        {"image": "photo", "look": "watercolour", "symmetry": {"kind": "plane", "group": "p4"}}
    )
    assert settings.complaints(lambda source: None) == []


def test_strokes_begin_in_the_domain_alone() -> None:
    session = painted(Plane(group="p4").build(), 128)
    share = session.subject.share
    assert share is not None
    assert 0.1 < share.mean() < 0.6
    surface = session.canvas.surface  # type: ignore[union-attr]
    # a quarter of the tile, as p4 has four images of each place
    left, top, right, bottom = painting_window(surface.domain)
    assert share.mean() * (right - left) * (bottom - top) == pytest.approx(128 * 128 / 4, rel=0.05)


def test_a_band_knows_the_length_of_its_line() -> None:
    line, length, end = band(np.array([[0, 0, 1], [3, 4, 1], [6, 8, 1]], np.float32), 2.0)
    assert length == pytest.approx(10, abs=1e-5)
    np.testing.assert_allclose(line[[0, -1], 5], [-end, 10 + end], atol=1e-5)
    np.testing.assert_allclose(np.hypot(line[:, 2], line[:, 3]), 1)


def context() -> RenderContext:
    picture = torch.from_numpy(data.coffee()[::4, ::4].astype(np.float32) / 255).permute(2, 0, 1)[None].contiguous()
    return RenderContext(3, "cpu", picture=lambda source: picture, plain_picture=lambda source: picture)


@pytest.mark.parametrize("fit", ["motifs", pytest.param("laid", marks=pytest.mark.slow)])
def test_a_renderer_paints_under_a_symmetry_and_resumes(fit: str) -> None:
    settings = PaintedPicture.model_validate(
        {"image": "photo", "size": 96, "fit": fit, "symmetry": {"kind": "plane", "group": "p4", "colours": SWAPPED}}
    )
    assert settings.complaints(lambda source: None) == []
    renderer = settings.build(context())
    assert isinstance(renderer, PaintingRenderer)

    first = painted_through(renderer)
    assert first.tobytes() == painted_through(renderer, resumed_after=4).tobytes()
    summary = renderer.symmetry_summary(first)
    assert summary is not None
    assert summary["worst"] < 1e-5


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (
            {"symmetry": {"kind": "droste", "group": "p1"}},
            "symmetry.kind",
            "use plane, frieze, rotor, sphere or hyperbolic",
        ),
        (
            {"look": "watercolour", "symmetry": {"kind": "plane", "group": "p4", "colours": SWAPPED}},
            "look",
            "washes add up on one paper, which the symmetry's colours would exchange; leave out symmetry.colours",
        ),
        ({"look": "ink", "symmetry": {"kind": "plane", "group": "p4"}}, "look", "its lines are spaced in the picture"),
        ({"symmetry": {"kind": "plane", "group": "p4", "colours": {"r4": ["g", "b", "r"]}}}, "symmetry.colours", ""),
    ],
)
def test_what_cannot_be_painted_is_told(change: dict, path: str, words: str) -> None:
    settings = PaintedPicture.model_validate({"image": "photo", **change})
    complaints = settings.complaints(lambda source: None)
    assert complaints
    assert complaints[0][0].startswith(path)
    assert words in complaints[0][1]


def test_a_zoom_is_no_group_of_movements() -> None:
    assert not is_rigid(Droste(group="p1").build())
    assert is_rigid(Plane(group="p1").build())


@pytest.mark.parametrize(
    "settings",
    [
        Plane(group="p4", colours=SWAPPED),
        pytest.param(Sphere(group="O"), marks=pytest.mark.slow),
        pytest.param(Hyperbolic(p=7, q=3), marks=pytest.mark.slow),
    ],
    ids=["plane", "sphere", "hyperbolic"],
)
def test_a_document_keeps_the_symmetry(settings: SymmetrySettings) -> None:
    symmetry = settings.build(None)
    session = painted(symmetry, 160)
    size = (session.canvas.width, session.canvas.height)
    text = BristlePainting.of(session, PaintedSymmetry(settings, None, size)).to_json()
    document = BristlePainting.from_json(text)
    assert document.to_json() == text
    assert np.abs(document.picture() - session.picture()).mean() < 0.002  # rounded to hundredths of a pixel
    larger = document.resized(2 * max(size))
    assert larger.size == (2 * size[0], 2 * size[1])
    again = larger.picture()
    reduced = again.reshape(size[1], 2, size[0], 2, 3).mean((1, 3))
    assert np.abs(reduced - session.picture()).mean() < 0.03
    record = summarise(symmetry, "any", again)
    assert record["worst"] < max(0.01, record["grain"]), record


@pytest.mark.parametrize(
    ("settings", "width", "most"),
    [
        (Plane(group="p4", colours=SWAPPED), 128, 1e-5),
        pytest.param(Sphere(group="O"), 1024, 0.01, marks=pytest.mark.slow),
        pytest.param(Hyperbolic(p=7, q=3), 1024, 0.02, marks=pytest.mark.slow),
    ],
    ids=["plane", "sphere", "hyperbolic"],
)
def test_every_layer_of_pixels_has_the_symmetry(settings: SymmetrySettings, width: int, most: float) -> None:
    """The file, read back and laid together as its specification says."""
    symmetry = settings.build(None)
    session = painted(symmetry, width)
    size = (session.canvas.width, session.canvas.height)
    archive = zipfile.ZipFile(
        io.BytesIO(layers(BristlePainting.of(session, PaintedSymmetry(settings, None, size)), width))
    )
    there = session.canvas.opacity if session.canvas.opacity is not None else np.ones((size[1], size[0]))

    def read(name: str) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGBA"), dtype=np.float32) / 255

    def on(ground: np.ndarray, paint: np.ndarray) -> np.ndarray:
        laid: np.ndarray = ground * (1 - paint[..., 3:]) + paint[..., :3] * paint[..., 3:]
        return laid

    merged = read("mergedimage.png")
    assert np.abs(merged[..., 3] - there).max() < 1 / 255
    assert np.abs(merged[..., :3] - session.picture())[there > 0].max() < 1 / 255

    grey = np.full((size[1], size[0], 3), 0.5, np.float32)  # which all colour actions leave as it is
    whole = grey
    stack = ElementTree.fromstring(archive.read("stack.xml")).findall("./stack/layer")
    assert len(stack) == 6  # five of paint, and the ground
    for layer in reversed(stack):
        cut_paint, left, top = read(layer.get("src") or ""), int(layer.get("x") or 0), int(layer.get("y") or 0)
        paint = np.zeros((*grey.shape[:2], 4), np.float32)
        paint[top : top + cut_paint.shape[0], left : left + cut_paint.shape[1]] = cut_paint
        assert summarise(symmetry, "test", on(grey, paint))["worst"] < most, layer.get("name")
        whole = on(whole, paint)
    apart = np.abs(whole - session.canvas.colours())[there == 1]
    assert apart.mean() < 0.002
    assert apart.max() < 0.05  # a layer's 8 bits, and paint that is hardly there


@pytest.mark.parametrize("settings", [Plane(group="p4", colours=SWAPPED), Sphere(group="O")], ids=["plane", "sphere"])
def test_images_lie_where_the_canvas_shows_them(settings: SymmetrySettings) -> None:
    """A dot, drawn as shapes in all its images, against the canvas."""
    symmetry = settings.build(None)
    surface = surface_of(symmetry, 240)
    middle = surface.stage.place(surface.domain.centre[None])[0]
    size = (surface.layout.width, surface.layout.height)
    dot = strokes_of([tuple(middle - [3, 0]), tuple(middle + [3, 0])], radius=5.0, colour=(0.9, 0.2, 0.1))
    corner = np.array([*painting_window(surface.domain)[:2], 0], np.float32)
    window = painting_window(surface.domain)
    plan = (window[2] - window[0], window[3] - window[1])
    look = Oil(ground="#808080", relief=0.0)
    document = BristlePainting(
        size,
        plan,
        look,
        (0.5, 0.5, 0.5),
        1,
        dot._replace(points=dot.points - corner),
        (1,),
        (),
        PaintedSymmetry(settings, None, size),
    )
    drawn = document.drawn().colours() - 0.5
    shown = document.strokes_of_picture()
    sheet = Image.new("RGB", size, (128, 128, 128))
    for number in range(shown.size):
        ring = outline(shown.points[shown.offsets[number] : shown.offsets[number + 1]], float(shown.radii[number]))
        colour = tuple(np.rint(shown.colours[number] * 255).astype(int).tolist())
        ImageDraw.Draw(sheet).polygon([tuple(corner) for corner in ring.tolist()], fill=colour)
    drawn_as_shapes = np.asarray(sheet) / 255 - 0.5
    both = (drawn * drawn_as_shapes).sum() / np.sqrt((drawn**2).sum() * (drawn_as_shapes**2).sum())
    assert vectors(document).count(b"<path") == shown.size
    assert both > 0.7  # bristles leave ends ragged; dots elsewhere would give about 0
    assert shown.size >= 4


@pytest.mark.slow
def test_an_impasto_orb_is_ready_for_the_printer() -> None:
    settings = PaintedPicture.model_validate(
        {"image": "photo", "size": 200, "fit": "laid", "symmetry": {"kind": "sphere", "group": "O"}}
    )
    renderer = settings.build(context())
    state = None
    for number, phase in enumerate(renderer.phases()):
        state = renderer.begin(number, state)
        for _ in range(phase.steps):
            renderer.step(state)
    assert state is not None
    files = renderer.extras(state, lambda picture: picture)
    ball = trimesh.load(io.BytesIO(files["paint-orb.stl"]), file_type="stl")
    assert ball.is_watertight
    radius = np.linalg.norm(ball.vertices, axis=1)
    assert 23.99 < radius.min() < radius.max() < 25.01  # millimetres
    assert radius.std() > 0.05
    assert {"strokes.json", "painting.svg", "painting.ora", "steps.pdf", "plotter.svg", "globe.glb"} <= set(files)
