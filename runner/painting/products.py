"""The files of a painting in bristles -> bytes by name, always the same.

    strokes.json   the document itself       painting.svg     shapes, a layer for each layer of paint
    painting.ora   layers of pixels          timelapse.webp   how it was painted; timelapse.mp4 with the extra `video`
    steps.pdf      to copy it by hand        plotter.svg, plotter.hpgl   lines for pens
    painting.json  how it is painted, in figures

Washes have no layers of pixels: what lies below shines through them, which layers of this format do not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch

from orbifolio.runner.arrays import F32
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.hand_copy import copying_sheet, hand_strokes, pen_plot
from orbifolio.runner.painting.stroke_shapes import outline
from orbifolio.runner.strokes.document.figures import StrokeMarks, figures, figures_file
from orbifolio.runner.strokes.document.openraster import openraster
from orbifolio.runner.strokes.document.products import PLOTTER
from orbifolio.runner.strokes.document.svg import layered_svg, path, smooth
from orbifolio.runner.strokes.document.timelapse import SIDE as FILM_SIDE
from orbifolio.runner.strokes.document.timelapse import film, stages, video
from orbifolio.runner.strokes.document.timelapse_states import Layer
from orbifolio.runner.vector.hex_colours import to_hex
from orbifolio.runner.vector.hpgl import hpgl
from orbifolio.runner.vector.plotter import draw_layout

MAX_SHAPES = 60_000  # strokes of the picture that are drawn as shapes: disks have more images than browsers show
FAINTEST = 1e-4  # opacity below which paint has no colour
LAYERS_SIDE = 1024  # pixels at most of the file with layers: it is painted twice over, on black and on white


def products(painting: BristlePainting, *, title: str = "") -> dict[str, bytes]:
    """All files of a painting.

    Args:
        painting: to draw again.
        title: of the picture, for readers.
    """
    strokes = painting.strokes_of_picture()
    # drawings are made by Python itself, the others mostly by compiled code, which does without its lock
    with ThreadPoolExecutor(1) as beside:
        drawn = beside.submit(drawings, painting, title=title) if strokes.size <= MAX_SHAPES else None
        files = {"strokes.json": painting.to_json().encode()}
        if has_layers(painting):
            files["painting.ora"] = layers(painting, min(LAYERS_SIDE, max(painting.size)))
        frames = time_lapse(painting)
        files["timelapse.webp"] = film(frames)
        as_video = video(frames)
        if as_video is not None:
            files["timelapse.mp4"] = as_video
        return files if drawn is None else {**files, **drawn.result()}


def drawings(painting: BristlePainting, *, title: str = "") -> dict[str, bytes]:
    """The files that draw each stroke: vectors, the sheet to copy it by hand, lines for pens."""
    strokes = hand_strokes(painting)
    plot = pen_plot(painting, strokes)
    return {
        "painting.svg": vectors(painting, title=title),
        "steps.pdf": copying_sheet(painting, strokes, title=title),
        "plotter.svg": draw_layout(plot, pen=PLOTTER.pen).data,
        "plotter.hpgl": hpgl(plot),
    }


def has_layers(painting: BristlePainting) -> bool:
    """Whether there are layers of pixels: see the module's docstring."""
    return not painting.look.transparent


def in_figures(strokes: BristleStrokes, plan_side: int, painting: F32, picture: F32) -> bytes:
    """`painting.json`, how a picture is painted: see `strokes.document.figures`.

    Args:
        strokes: in pixels of a plan.
        plan_side: the plan's shorter side in pixels.
        painting: (h, w, 3) sRGB in [0, 1], of any size.
        picture: that was painted, about as wide and high in proportion.
    """
    part = 100 / plan_side
    marks = StrokeMarks(part * strokes.lengths(), part * strokes.widths(), strokes.colours)
    return figures_file({"marks": figures(marks, painting, picture)})


def time_lapse(painting: BristlePainting) -> list[F32]:
    """Pictures of the painting as it grows, few strokes at a time at first."""
    frames: list[F32] = []
    side = min(FILM_SIDE, max(painting.size))
    painting.drawn(side, shown=lambda canvas: frames.append(canvas.picture()), moments=stages(painting.strokes.size))
    return frames


def vectors(painting: BristlePainting, *, title: str = "") -> bytes:
    """Each stroke as a shape with its outline, a layer for each layer of paint, as SVG."""
    strokes = painting.strokes_of_picture()
    groups = []
    for layer, begin, end in layer_runs(strokes):
        shapes = []
        for number in range(begin, end):
            points = strokes.points[strokes.offsets[number] : strokes.offsets[number + 1]]
            colour = to_hex(strokes.colours[number].astype(np.float64))
            shapes.append(path(smooth(outline(points, float(strokes.radii[number]))), colour, painting.look.opacity))
        groups.append((f"layer {layer + 1}: strokes {begin + 1} to {end}", shapes))
    return layered_svg(painting.size, to_hex(painting.ground), groups, title=title)


def layer_runs(strokes: BristleStrokes) -> Iterator[tuple[int, int, int]]:
    """(layer, begin, end) of strokes that follow each other and have one layer."""
    numbers = strokes.layers
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)] if len(numbers) else [0]
    for begin, end in zip(bounds, bounds[1:], strict=False):
        yield int(numbers[begin]), begin, end


def layers(painting: BristlePainting, side: int) -> bytes:
    """Layers of unlit paint with their opacity, and the lit picture as the merged one, as OpenRaster.

    Paint c of opacity a gives (1 - a) g + a c on a ground g, so black and white through it tell a. Under a symmetry a
    is that of an orbit, so every layer has the symmetry; where pixels blend orbits, a layer's colours are those that
    make the painting with it of the painting without.

    Args:
        painting: in opaque paint.
        side: longer side in pixels.
    """
    sized = painting.resized(side)
    whole = sized.canvas()
    on_black, on_white = (replace(sized, ground=(light, light, light)).canvas() for light in (0.0, 1.0))
    below, under = whole.state_dict()["colours"], whole.colours()
    paper = _cut_out(under, whole.opacity)
    runs = {end: (layer, begin) for layer, begin, end in layer_runs(painting.strokes)}
    pages: list[Layer] = []
    begin = 0
    for end in painting.passes:
        before = whole.seen_at(*painting.plan_size)
        for stop in sorted({end, *(number for number in runs if begin < number < end)}):
            on_black.lay(painting.strokes.between(begin, stop), before, on_white.paints)
            black, white = on_black.state_dict(), on_white.state_dict()["colours"]
            clear = white - black["colours"]
            painted = {**black, "colours": black["colours"] + below * clear}
            whole.load_state_dict(painted)
            if stop in runs and stop > begin:
                layer, first = runs[stop]
                opacity = (1 - clear.numpy().mean(-1)).ravel()
                pages.append(Layer(layer, first, stop, _paint(under, whole.colours(), whole.shares(opacity))))
                below, under = painted["colours"], whole.colours()
                for canvas, light in ((on_black, 0.0), (on_white, 1.0)):
                    canvas.load_state_dict({**painted, "colours": torch.full_like(below, light)})
            begin = stop
    return openraster(pages, _cut_out(whole.picture(), whole.opacity), paper)


def _paint(under: F32, over: F32, share: F32) -> F32:
    """(height, width, 4) colour and opacity of paint that covers a share of one picture and so makes another of it."""
    opacity = np.clip(share, 0, 1)[..., None]
    there = np.broadcast_to(opacity > FAINTEST, under.shape)
    colour = np.divide(over - (1 - opacity) * under, opacity, out=np.zeros_like(under), where=there)
    paint: F32 = np.concatenate([np.clip(colour, 0, 1), opacity], axis=2)
    return paint


def _cut_out(picture: F32, opacity: F32 | None) -> F32:
    """(height, width, 4) a picture that is clear where it shows no surface; as it is where it shows it everywhere."""
    return picture if opacity is None else np.concatenate([picture, opacity[..., None]], axis=2)


ENCODERS: dict[str, Callable[[BristlePainting], bytes]] = {
    ".svg": vectors,
    ".json": lambda painting: painting.to_json().encode(),
    ".pdf": lambda painting: copying_sheet(painting, hand_strokes(painting)),
    ".hpgl": lambda painting: hpgl(pen_plot(painting, hand_strokes(painting))),
    ".ora": lambda painting: layers(painting, max(painting.size)),
}
"""Files other than pictures, by their suffix."""
