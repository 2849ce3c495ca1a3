"""`orbifolio redraw`: draw a finished painting again at any size, with any MyPaint brush or a learnt brush."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images import encoding
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.mypaint_redraw import Box

DOCUMENT, FITTED = "strokes.json", "mypaint.json"
PIXELS: dict[str, Callable[[F32], bytes]] = {
    ".png": encoding.png,
    ".webp": encoding.webp,
    ".jpg": encoding.jpeg,
    ".jpeg": encoding.jpeg,
}
OTHERS = (".ora", ".svg", ".csv", ".hpgl", ".json")
MIN_SIZE, MAX_SIZE = 8, 1 << 14  # pixels of the longer side
MAX_WEBP_SIDE = 16383  # pixels: the format stores a side in 14 bits


def redraw_painting(source: Path, *, size: int | None, brush: str | None, neural: bool, out: Path | None) -> Path:
    """Draw a painting again.

    Args:
        source: a document of strokes, or the folder of a run that has one.
        size: pixels of the result's longer side; None for the picture's own.
        brush: another brush than the document's.
        neural: with the learnt brush, not MyPaint.
        out: output file, whose suffix gives the format; None for a PNG in the working folder.

    Returns:
        The output file.

    Raises:
        InputError: no such document, size, brush or format.
        MissingProgram: MyPaint's library is not installed.
    """
    path = find_document(source, fitted=not neural and brush is None)
    try:
        painting = Painting.from_json(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); give a strokes.json") from error
    painting = replace(painting, brush=brush or painting.brush)
    longer = max(painting.width, painting.height)
    if size is not None and not MIN_SIZE <= size <= MAX_SIZE:
        raise InputError(f"--size {size}: out of range; the longer side may have {MIN_SIZE} to {MAX_SIZE} pixels")
    target = out or Path(f"{_stem(path)}-{'neural' if neural else 'mypaint'}-{size or longer}.png")
    ending = target.suffix.lower()
    if ending not in (*PIXELS, *OTHERS):
        formats = ", ".join((*PIXELS, *OTHERS))
        raise InputError(f"--out {target}: {ending or 'no suffix'} is not a supported format; use one of {formats}")
    if ending == ".webp" and (size or longer) > MAX_WEBP_SIDE:
        raise InputError(f"--out {target}: a WebP has at most {MAX_WEBP_SIDE} pixels to a side; use .png")
    sized = painting.scaled((size or longer) / longer)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, _encode(sized, ending, neural=neural))
    return target


def find_document(source: Path, *, fitted: bool = False) -> Path:
    """Find the document of strokes that a path leads to.

    Args:
        source: a document, a run's folder, or a page or extra in it.
        fitted: prefer a run's document that was fitted to the real brush.

    Raises:
        InputError: the run has no document.
    """
    if source.suffix == ".json" and not source.is_dir():
        return source
    folder = source if source.is_dir() else source.parent
    names = (FITTED, DOCUMENT) if fitted else (DOCUMENT,)
    for candidate in (folder / "extras", folder):
        for name in names:
            if (candidate / name).is_file():
                return candidate / name
    raise InputError(
        f"{source}: no painting here; give a {DOCUMENT}, or the folder of a run whose canvas is `strokes`, which keeps "
        "it in extras/"
    )


def _encode(painting: Painting, ending: str, *, neural: bool) -> bytes:
    """The content of the output file."""
    if ending == ".json":
        return painting.to_json().encode()
    if ending == ".csv":
        from orbifolio.runner.strokes.document.csv import table

        return table(painting)
    if ending in (".svg", ".hpgl"):
        return _encode_outlines(painting, ending)
    if not neural and ending in PIXELS:
        from orbifolio.runner.strokes.document.mypaint_redraw import redraw

        return PIXELS[ending](redraw(painting))
    from orbifolio.runner.strokes.document.opacities import real_opacities
    from orbifolio.runner.strokes.document.openraster import openraster
    from orbifolio.runner.strokes.document.timelapse_states import grow

    layered = ending == ".ora"
    stream = _learnt_opacities(painting) if neural else real_opacities(painting)
    growth = grow(painting, stream, layered=layered)
    return openraster(painting, growth) if layered else PIXELS[ending](growth.picture)


def _encode_outlines(painting: Painting, ending: str) -> bytes:
    from orbifolio.runner.strokes.brush_models.weights import load_scalable
    from orbifolio.runner.strokes.document.opacities import learnt_opacities
    from orbifolio.runner.strokes.document.outlines import outlines
    from orbifolio.runner.strokes.document.products import plotted
    from orbifolio.runner.strokes.document.svg import svg
    from orbifolio.runner.strokes.document.timelapse_states import grow
    from orbifolio.runner.vector.hpgl import hpgl

    painter = load_scalable(painting.brush)
    shapes = outlines(painter, painting)
    if ending == ".svg":
        return svg(painting, shapes)
    return hpgl(plotted(painting, shapes, grow(painting, learnt_opacities(painter, painting)).picture))


def _learnt_opacities(painting: Painting) -> Iterator[tuple[Box, F32]]:
    from orbifolio.runner.strokes.brush_models.weights import load_scalable
    from orbifolio.runner.strokes.document.opacities import learnt_opacities

    return learnt_opacities(load_scalable(painting.brush), painting, coarse=0)


def _stem(path: Path) -> str:
    """The name that the output is called after: the run's, or the document's."""
    return path.parent.parent.name if path.parent.name == "extras" else path.stem
