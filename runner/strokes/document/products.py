"""The files of a finished painting: (painting, learnt brush, target) -> bytes by name, always the same.

    strokes.json     the document itself              painting.svg   shapes, a layer for each level
    painting.ora     layers of pixels                 timelapse.webp how it was painted
    steps.pdf        to copy it by hand               strokes.csv    a table
    plotter.svg, plotter.hpgl   lines for pens        painting.json  figures
    timelapse.mp4    the same film, if the extra `video` is installed
    mypaint.png, mypaint.json   the painting refitted to the real brush, by the real program, and its document
    compared.webp    neural canvas and real paint side by side

Files by the real program are left out where it is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.images import encoding
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.document.csv import table
from orbifolio.runner.strokes.document.document import RADIUS, Painting
from orbifolio.runner.strokes.document.figures import StrokeMarks, decibels, figures_file
from orbifolio.runner.strokes.document.figures import figures as how_it_is_painted
from orbifolio.runner.strokes.document.hatching import hatch
from orbifolio.runner.strokes.document.mypaint_redraw import redraw
from orbifolio.runner.strokes.document.opacities import learnt_opacities
from orbifolio.runner.strokes.document.openraster import openraster
from orbifolio.runner.strokes.document.outlines import Outlines, outlines
from orbifolio.runner.strokes.document.refit_to_mypaint import refit
from orbifolio.runner.strokes.document.svg import svg
from orbifolio.runner.strokes.document.timelapse import SIDE as FILM_SIDE
from orbifolio.runner.strokes.document.timelapse import film, stages, video
from orbifolio.runner.strokes.document.timelapse_states import Growth, LayeredStrokes, grow, shrunk
from orbifolio.runner.strokes.document.worksheet import SIDE as SHEET_SIDE
from orbifolio.runner.strokes.document.worksheet import HandStrokes, steps, worksheet
from orbifolio.runner.vector.hpgl import hpgl
from orbifolio.runner.vector.plotter import PlotLayout, Plotter, draw_layout, lay_out

PLOTTER = Plotter(paper="a4", pen=0.5)
SPACING = 1.7  # widths of the pen from one line to the next
PANEL, GAP, CAPTION = 640, 10, 34  # pixels of the comparison
CURVE_POINTS = 17  # of a stroke's curve, whose length is then off by less than a hundredth
INK = (60, 60, 64)  # of the captions


def products(
    painting: Painting,
    painter: ImplicitPainter,
    target: F32 | None = None,
    *,
    title: str = "",
    device: str = "cpu",
) -> dict[str, bytes]:
    """All files of a painting.

    Args:
        target: (height, width, 3) sRGB in [0, 1], the picture that was painted; with None, the real program's painting
            is fitted to the neural canvas.
        title: of the picture, for readers.
        device: that the painter is on.
    """
    parts = steps(painting)
    counts = {0, *(part.end for part in parts)}
    frames = stages(len(painting))
    wanted = sorted(counts | set(frames))
    stream = learnt_opacities(painter, painting, device=device)
    growth = grow(painting, stream, stages=wanted, side=SHEET_SIDE, layered=True)
    pictures = dict(zip(wanted, growth.stages, strict=True))
    shapes = outlines(painter, painting, device=device)
    layout = plotted(painting, shapes, growth.picture)
    plot = draw_layout(layout, pen=PLOTTER.pen)
    figures: dict[str, Any] = {
        "strokes": len(painting),
        "brush": painting.brush,
        "plotter": {
            "pens": list(layout.layers),
            "lines": plot.strokes,
            "drawn_mm": round(plot.drawn),
            "travelled_mm": round(plot.travelled),
        },
    }
    if target is not None:
        figures["neural_db"] = decibels(growth.picture, target)
        figures["marks"] = how_it_is_painted(marks_of(painting), growth.picture, target)
    lapse = [shrunk(pictures[number], FILM_SIDE) for number in frames]
    files = {
        "strokes.json": painting.to_json().encode(),
        "painting.svg": svg(painting, shapes, title=title),
        "painting.ora": openraster(growth.layers, growth.picture, painting.paper),
        "timelapse.webp": film(lapse),
        "steps.pdf": worksheet(HandStrokes.of(painting), [pictures[number] for number in sorted(counts)], title=title),
        "plotter.svg": plot.data,
        "plotter.hpgl": hpgl(layout),
        "strokes.csv": table(painting),
    }
    as_video = video(lapse)
    if as_video is not None:
        files["timelapse.mp4"] = as_video
    files.update(_by_program(painting, growth, target, figures))
    files["painting.json"] = figures_file(figures)
    return files


def marks_of(painting: Painting) -> StrokeMarks:
    """Lengths, widths and colours of a painting's strokes, each a quadratic Bézier curve."""
    columns = painting.strokes.astype(np.float64)
    start, via, end = (columns[:, None, at : at + 2] for at in (0, 2, 4))
    t = np.linspace(0, 1, CURVE_POINTS)[None, :, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * via + t**2 * end
    lengths = np.linalg.norm(np.diff(curve, axis=1), axis=2).sum(1)
    part = 100 / min(painting.width, painting.height)
    return StrokeMarks(part * lengths, 2 * part * columns[:, RADIUS], painting.colours)


def plotted(
    painting: LayeredStrokes, shapes: Outlines, picture: F32 | None = None, settings: Plotter = PLOTTER
) -> PlotLayout:
    """A painting as lines of a few pens, laid out on paper and ordered for little travel; see `hatch`."""
    _, _, scale = settings.fit(painting.width, painting.height)
    lines = hatch(painting, shapes, spacing=SPACING * settings.pen / scale, picture=picture)
    return lay_out(lines, settings, width=painting.width, height=painting.height)


def _by_program(painting: Painting, growth: Growth, target: F32 | None, figures: dict[str, Any]) -> Mapping[str, bytes]:
    """The real program's files, with its figures added; empty if it or the brush is not installed."""
    wanted = growth.picture if target is None else target
    try:
        fitted = refit(painting, wanted)
        plain, real = redraw(painting), redraw(fitted.painting)
    except (MissingProgram, InputError) as error:
        figures["mypaint"] = {"missing": str(error)}
        return {}
    record = {
        "unfitted_db": decibels(plain, wanted),
        "fitted_db": decibels(real, wanted),
        "unfitted_to_neural_db": decibels(plain, growth.picture),
        "fitted_to_neural_db": decibels(real, growth.picture),
        "tried": fitted.tried,
        "kept": fitted.accepted,
    }
    figures["mypaint"] = record
    if target is None:
        panels = [
            ("neural canvas", growth.picture),
            (f"real MyPaint, {record['fitted_db']:.1f} dB from it", real),
        ]
    else:
        panels = [
            ("what was painted", target),
            (f"neural canvas, {figures['neural_db']:.1f} dB", growth.picture),
            (f"real MyPaint, {record['fitted_db']:.1f} dB", real),
        ]
    return {
        "mypaint.png": encoding.png(real),
        "mypaint.json": fitted.painting.to_json().encode(),
        "compared.webp": encoding.webp(_side_by_side(panels)),
    }


def _side_by_side(panels: list[tuple[str, F32]]) -> F32:
    """Pictures of one size in a row, each with its caption."""
    pictures = [encoding.image(shrunk(picture, PANEL)) for _, picture in panels]
    wide, high = pictures[0].size
    sheet = Image.new("RGB", (len(panels) * (wide + GAP) - GAP, high + CAPTION), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=min(17.0, max(9.0, wide / 16)))
    for number, ((caption, _), picture) in enumerate(zip(panels, pictures, strict=True)):
        left = number * (wide + GAP)
        sheet.paste(picture, (left, 0))
        draw.text((left + wide / 2, high + 8), caption, fill=INK, font=font, anchor="ma")
    return np.asarray(sheet).astype(np.float32) / np.float32(255)
