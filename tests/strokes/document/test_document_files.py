"""Files of a painting, read by programs that know nothing of it: SVG, OpenRaster, film, PDF, plots, table."""

import csv
import io
import re
import subprocess
import zipfile
from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
import resvg_py
from lxml import etree
from PIL import Image
from some_strokes import HEIGHT, STROKES, WIDTH, make

from orbifolio.runner.strokes.document.csv import table
from orbifolio.runner.strokes.document.hatching import above, hatch
from orbifolio.runner.strokes.document.opacities import learnt_opacities
from orbifolio.runner.strokes.document.openraster import openraster
from orbifolio.runner.strokes.document.outlines import outlines
from orbifolio.runner.strokes.document.palette import choose
from orbifolio.runner.strokes.document.products import plotted, products
from orbifolio.runner.strokes.document.svg import svg
from orbifolio.runner.strokes.document.timelapse import film, stages
from orbifolio.runner.strokes.document.timelapse_states import grow, render, runs
from orbifolio.runner.strokes.document.worksheet import HandStrokes, steps, worksheet
from orbifolio.runner.strokes.mypaint.mypaint import is_available
from orbifolio.runner.vector.hex_colours import to_hex
from orbifolio.runner.vector.hpgl import hpgl
from orbifolio.runner.vector.plotter import Plotter, draw_layout, lay_out

SVG = "{http://www.w3.org/2000/svg}"
INKSCAPE = "{http://www.inkscape.org/namespaces/inkscape}"


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(float) / 255


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(one - other).mean()))


def test_the_picture_grows_into_the_rendered_one(painting, painter, growth):
    assert np.abs(growth.picture - render(painting, painter)).max() < 1e-5
    assert len(growth.stages) == 3
    assert np.allclose(growth.stages[0], painting.paper)
    assert np.abs(growth.stages[1] - render(painting.take(slice(4)), painter)).max() < 1e-5
    assert (
        [(layer.level, layer.begin, layer.end) for layer in growth.layers] == runs(painting) == [(0, 0, 4), (1, 4, 16)]
    )


def test_large_strokes_are_asked_for_coarsely_and_look_the_same(painting, painter):
    large = painting.take(slice(0, 6)).scaled(3)  # units of 6 and 3 pixels: asked for at every fourth and second
    picture, wanted = grow(large, learnt_opacities(painter, large)).picture, render(large, painter)
    assert decibels(picture, wanted) > 48
    assert np.abs(picture - wanted).max() < 0.15  # in a few pixels of sharp bends


def test_the_svg_looks_like_the_painting_in_another_program(painting, growth, shapes):
    data = svg(painting, shapes, title="A & B")
    seen = decoded(bytes(resvg_py.svg_to_bytes(svg_string=data.decode())))
    assert seen.shape == (HEIGHT, WIDTH, 3)
    blank = np.broadcast_to(np.array(painting.paper), seen.shape)
    assert decibels(seen, growth.picture) > decibels(blank, growth.picture) + 8
    root = etree.fromstring(data)
    groups = root.findall(f"{SVG}g")
    assert [group.get(f"{INKSCAPE}label") for group in groups] == [
        "level 0: strokes 1 to 4",
        "level 1: strokes 5 to 16",
    ]
    paths = root.findall(f".//{SVG}path")
    assert [path.get("fill") for path in paths] == [to_hex(colour.astype(float)) for colour in painting.colours]
    assert root.findtext(f"{SVG}title") == "A & B"


def test_an_outline_holds_as_much_paint_as_its_stroke(painting, painter, shapes):
    inside = painting.take([7])
    inside.strokes[:, :6] = [30, 32, 48, 36, 66, 32]
    whole = outlines(painter, inside)
    (_, opacity), *_ = learnt_opacities(painter, inside)
    ring = whole.ring(0)
    x, y = ring[:, 0], ring[:, 1]
    area = abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2
    assert area * whole.opacity[0] == pytest.approx(float(opacity.sum()), rel=0.12)
    assert ((shapes.opacity > 0) & (shapes.opacity <= 1)).all()


def test_harder_pressed_is_broader(painter, painting):
    one = painting.take([7])
    strokes = np.repeat(one.strokes, 2, axis=0)
    strokes[:, :6] = [20, 32, 48, 32, 76, 32]
    strokes[0, 7:9], strokes[1, 7:9] = [0.2, 1.0], [1.0, 0.2]
    shapes = outlines(painter, replace(make(2), strokes=strokes))
    widths = [shapes.widths(number)[4:-4] for number in (0, 1)]
    assert widths[0][-1] > 1.3 * widths[0][0]
    assert widths[1][0] > 1.3 * widths[1][-1]


def test_a_stroke_that_stands_still_is_a_spot(painter, painting):
    one = painting.take([7])
    one.strokes[:, :6] = 30
    shapes = outlines(painter, one)
    assert np.isfinite(shapes.ring(0)).all()
    extent = np.ptp(shapes.ring(0), axis=0)
    assert 0.6 < extent[0] / extent[1] < 1.7


def test_openraster_as_its_specification_says(painting, growth):
    data = openraster(growth.layers, growth.picture, painting.paper)
    assert data[30:38] == b"mimetype"
    assert data[38:54] == b"image/openraster"
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    names = set(archive.namelist())
    assert names >= {"mimetype", "stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"}
    root = etree.fromstring(archive.read("stack.xml"))
    assert (root.tag, root.get("w"), root.get("h")) == ("image", str(WIDTH), str(HEIGHT))
    layers = root.findall("stack/layer")
    assert len(layers) == 3
    canvas = Image.new("RGBA", (WIDTH, HEIGHT))
    for layer in reversed(layers):  # the first is uppermost
        assert layer.get("composite-op") == "svg:src-over"
        part = Image.open(io.BytesIO(archive.read(layer.get("src")))).convert("RGBA")
        canvas.alpha_composite(part, (int(layer.get("x")), int(layer.get("y"))))
    merged = decoded(archive.read("mergedimage.png"))
    assert np.abs(np.asarray(canvas.convert("RGB")) / 255 - merged).max() < 4 / 255
    assert np.abs(merged - growth.picture).max() < 0.6 / 255
    assert max(Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png"))).size) <= 256


def test_the_film_ends_with_the_painting_and_rests(growth):
    film_ = Image.open(io.BytesIO(film(growth.stages)))
    assert film_.n_frames == 3
    assert film_.info["loop"] == 0
    film_.seek(2)
    film_.load()
    assert film_.info["duration"] == 2500
    assert decibels(np.asarray(film_.convert("RGB")) / 255, growth.picture) > 27


def test_a_film_begins_slowly_and_shows_everything():
    found = stages(1000)
    assert (found[0], found[-1], len(found)) == (0, 1000, 90)
    steps_ = np.diff(found)
    assert steps_[:5].max() <= 3 < steps_[-1]
    assert stages(0) == [0]


def test_the_sheet_is_a_pdf_that_others_read(painting, painter):
    parts = steps(painting, 4)
    assert [part.begin for part in parts[1:]] == [part.end for part in parts[:-1]]
    assert (parts[0].begin, parts[-1].end) == (0, STROKES)
    growth = grow(painting, learnt_opacities(painter, painting), stages=[0, *(part.end for part in steps(painting))])
    document = pypdfium2.PdfDocument(worksheet(HandStrokes.of(painting), growth.stages, title="Äpfel (2)"))
    try:
        assert len(document) == 1 + -(-len(steps(painting)) // 3)  # three landscapes to a page
        assert document.get_metadata_dict()["Title"] == "Äpfel (2)"
        words = [page.get_textpage().get_text_range() for page in document]
        assert "Äpfel (2)" in words[0]
        assert f"{STROKES} strokes in {len(steps(painting))} steps" in words[0]
        assert "Paints to mix" in words[0]
        assert "Step 1" in words[1]
        assert "strokes 1 to " in words[1]
        seen = np.asarray(document[0].render(scale=2).to_pil()).astype(float) / 255
        top = seen[int(37 / 297 * len(seen)) : int(155 / 297 * len(seen)), 95:-95]
        small = np.asarray(Image.fromarray((growth.picture * 255).astype(np.uint8)).resize(top.shape[1::-1])) / 255
        assert decibels(top, small) > 22
    finally:
        document.close()


def test_mixed_levels_are_divided_evenly(painting):
    mixed = replace(painting, levels=(np.arange(STROKES) % 2).astype(np.int32))
    parts = steps(mixed, 4)
    assert [part.end - part.begin for part in parts] == [4, 4, 4, 4]


def parse_hpgl(data: bytes) -> dict[int, list[list[tuple[float, float]]]]:
    """Pen -> lines in plotter units, by the instructions IN, SP, PU, PD alone."""
    lines: dict[int, list[list[tuple[float, float]]]] = {}
    pen, at, down = 0, None, False
    for instruction in data.decode("ascii").replace("\n", "").split(";"):
        if not instruction:
            continue
        name, numbers = instruction[:2], [int(part) for part in instruction[2:].split(",") if part]
        assert name in {"IN", "SP", "PU", "PD"}, instruction
        if name == "SP":
            pen, down = numbers[0], False
        elif name == "PU":
            down = False
            at = tuple(numbers) if numbers else at
        elif name == "PD":
            assert pen > 0
            if not down:
                lines.setdefault(pen, []).append([at])
                down = True
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            lines[pen][-1] += points
            at = points[-1]
    return lines


def test_hpgl_draws_the_plotters_lines(painting, shapes):
    layout = plotted(painting, shapes)
    read = parse_hpgl(hpgl(layout))
    assert [len(lines) for lines in read.values()] == [len(paths) for paths in layout.layers.values()]
    for lines, paths in zip(read.values(), layout.layers.values(), strict=True):
        for line, path in zip(lines, paths, strict=True):
            found = np.array(line) / 40
            assert np.abs(found - np.stack([path[:, 0], layout.height - path[:, 1]], axis=1)).max() < 0.02
            assert ((found > 14.9) & (found < np.array([layout.width, layout.height]) - 14.9)).all()


def test_a_pen_draws_each_spot_once(painting, shapes):
    spacing = 0.4
    shown = above(painting, shapes).areas(len(painting))
    drawn = []
    for number in range(len(painting)):
        colours = np.tile(np.array(painting.paper, np.float32), (len(painting), 1))
        colours[number] = (0, 0, 0)  # all others are the paper's and only hide
        lines = hatch(replace(painting, colours=colours), shapes, spacing=spacing)
        drawn.append(
            sum(float(np.hypot(*np.diff(path, axis=0).T).sum()) for path in lines.get("#000000", [])) * spacing
        )
    away = np.abs(np.array(drawn) - shown) / shown
    bends = np.abs(np.diff(np.unwrap(np.arctan2(*np.moveaxis(np.diff(shapes.centres, axis=1), 2, 0)))))
    straight = bends.max(1) < 1  # in a sharp bend lines cross, as the brush's hairs do
    assert straight.sum() >= 13
    assert away[straight].max() < 0.3
    assert sum(drawn) == pytest.approx(shown.sum(), rel=0.15)


def test_strokes_in_the_papers_colour_are_not_drawn(painting, shapes):
    white = replace(painting, colours=np.tile(np.array(painting.paper, np.float32), (STROKES, 1)))
    assert hatch(white, shapes, spacing=1.0) == {}


def test_plots_are_ordered_for_little_travel(painting, shapes):
    settings = Plotter(paper="a5", pen=0.4)
    lines = hatch(painting, shapes, spacing=0.8, pens=3)
    layout = lay_out(lines, settings, width=WIDTH, height=HEIGHT)
    plot = draw_layout(layout, pen=settings.pen)
    assert len(layout.layers) <= 3
    assert (layout.width, layout.height) == (210, 148)
    assert plot.travelled < 0.6 * plot.drawn
    assert len(etree.fromstring(plot.data).findall(f".//{SVG}path")) == plot.strokes


def test_paints_stand_for_colours():
    random = np.random.default_rng(0)
    true = np.array([[0.9, 0.1, 0.1], [0.1, 0.2, 0.8], [0.95, 0.95, 0.9]])
    own = random.integers(0, 3, 200)
    colours = (true[own] + random.normal(0, 0.01, (200, 3))).clip(0, 1).astype(np.float32)
    paints, chosen = choose(colours, np.ones(200), 3)
    assert np.abs(paints[chosen] - true[own]).max() < 0.03
    assert (np.diff(paints.mean(1)) < 0).all()
    assert len(choose(colours[:1].repeat(5, axis=0), np.ones(5), 4)[0]) == 1
    assert len(choose(colours[:0], np.ones(0), 4)[0]) == 0


def test_the_table_says_what_the_document_says(painting):
    rows = list(csv.DictReader(io.StringIO(table(painting).decode())))
    assert len(rows) == STROKES
    for row, stroke, colour in zip(rows, painting.strokes, painting.colours, strict=True):
        assert float(row["start_x"]) == pytest.approx(stroke[0], abs=1e-3)
        assert float(row["end_pressure"]) == pytest.approx(stroke[8], abs=1e-3)
        assert re.fullmatch("#[0-9a-f]{6}", row["colour"])
        assert row["colour"] == to_hex(colour.astype(float))
        assert float(row["length"]) >= np.hypot(*(stroke[4:6] - stroke[0:2])) - 1e-2
    assert [int(row["level"]) for row in rows] == painting.levels.tolist()


@pytest.mark.parametrize("photo", [True, False], ids=["photo", "no photo"])
def test_all_products_are_the_same_bytes_twice(painter, photo):
    painting = make(9, width=48, height=40, seed=2)
    target = render(make(9, width=48, height=40, seed=3), painter) if photo else None
    found = products(painting, painter, target, title="Nine strokes")
    again = products(make(9, width=48, height=40, seed=2), painter, target, title="Nine strokes")
    assert found.keys() == again.keys()
    for name, data in found.items():
        assert data == again[name], name
    expected = {"strokes.json", "painting.svg", "painting.ora", "timelapse.webp", "steps.pdf", "plotter.svg"}
    expected |= {"plotter.hpgl", "strokes.csv", "painting.json"}
    real = {"mypaint.png", "mypaint.json", "compared.webp"}
    assert found.keys() - real - {"timelapse.mp4"} == expected
    assert real <= found.keys() or not is_available()


def test_the_time_lapse_as_video_shows_the_same(painter):
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="needs orbifolio[video]")
    painting = make(9, width=48, height=41, seed=2)
    found = products(painting, painter, None)
    program = [ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(program, input=found["timelapse.mp4"], capture_output=True, timeout=60, check=True).stdout
    film = Image.open(io.BytesIO(found["timelapse.webp"]))
    film.seek(film.n_frames - 1)
    shown = np.asarray(film.convert("RGB"), int)
    height, width = (side - side % 2 for side in shown.shape[:2])
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3).astype(int)
    assert len(pictures) > film.n_frames  # the last one rests
    assert np.abs(pictures[-1] - shown[:height, :width]).mean() < 12
    assert np.abs(pictures[0] - np.rint(np.array(painting.paper) * 255)).mean() < 6


@pytest.mark.parametrize("count", [0, 1])
def test_paintings_of_hardly_any_strokes_have_all_products(painter, count):
    found = products(make(count, width=20, height=30), painter, None)
    assert {"painting.ora", "steps.pdf", "timelapse.webp"} <= found.keys()
