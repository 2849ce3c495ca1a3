"""`orbifolio redraw`: a finished painting again, at any size, with any brush, by the real program or a learnt brush."""

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
SMALLEST, LARGEST = 8, 1 << 14  # pixels of the longer side
LONGEST_WEBP = 16383


def redraw_painting(place: Path, *, size: int | None, brush: str | None, neural: bool, out: Path | None) -> Path:
    """Draw a painting again.

    Args:
        place: a document of strokes, or the folder of a run that has one.
        size: of the result's longer side in pixels; None for the picture's own.
        brush: another brush than the document's.
        neural: by the learnt brush, not the real program.
        out: where to; its ending says the format. None for a PNG in the present folder.

    Returns:
        Where the result is.

    Raises:
        InputError: no such document, size, brush or format.
        MissingProgram: the real program is not on this machine.
    """
    path = document_of(place, fitted=not neural and brush is None)
    try:
        painting = Painting.from_json(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); give a strokes.json") from error
    painting = replace(painting, brush=brush or painting.brush)
    longer = max(painting.width, painting.height)
    if size is not None and not SMALLEST <= size <= LARGEST:
        raise InputError(f"--size {size}: out of range; the longer side may have {SMALLEST} to {LARGEST} pixels")
    target = out or Path(f"{_stem(path)}-{'neural' if neural else 'mypaint'}-{size or longer}.png")
    ending = target.suffix.lower()
    if ending not in (*PIXELS, *OTHERS):
        known = ", ".join((*PIXELS, *OTHERS))
        raise InputError(f"--out {target}: {ending or 'no ending'} is not a supported format; use one of {known}")
    if ending == ".webp" and (size or longer) > LONGEST_WEBP:
        raise InputError(f"--out {target}: a WebP has at most {LONGEST_WEBP} pixels to a side; use .png")
    sized = painting.scaled((size or longer) / longer)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, _file(sized, ending, neural=neural))
    return target


def document_of(place: Path, *, fitted: bool = False) -> Path:
    """The document of a path.

    Args:
        place: a document, a run's folder, or a page or extra in it.
        fitted: prefer the one that was fitted to the real brush, if a run is given.

    Raises:
        InputError: there is none.
    """
    if place.suffix == ".json" and not place.is_dir():
        return place
    folder = place if place.is_dir() else place.parent
    names = (FITTED, DOCUMENT) if fitted else (DOCUMENT,)
    for candidate in (folder / "extras", folder):
        for name in names:
            if (candidate / name).is_file():
                return candidate / name
    raise InputError(
        f"{place}: no painting here; give a {DOCUMENT}, or the folder of a run whose canvas is `strokes`, which keeps "
        "it in extras/"
    )


def _file(painting: Painting, ending: str, *, neural: bool) -> bytes:
    """The result in a format."""
    if ending == ".json":
        return painting.to_json().encode()
    if ending == ".csv":
        from orbifolio.runner.strokes.document.csv import table

        return table(painting)
    if ending in (".svg", ".hpgl"):
        return _lines(painting, ending)
    if not neural and ending in PIXELS:
        from orbifolio.runner.strokes.document.mypaint_redraw import redraw

        return PIXELS[ending](redraw(painting))
    from orbifolio.runner.strokes.document.opacities import real
    from orbifolio.runner.strokes.document.openraster import openraster
    from orbifolio.runner.strokes.document.timelapse_states import grow

    layered = ending == ".ora"
    stream = _learnt(painting) if neural else real(painting)
    growth = grow(painting, stream, layered=layered)
    return openraster(painting, growth) if layered else PIXELS[ending](growth.picture)


def _lines(painting: Painting, ending: str) -> bytes:
    from orbifolio.runner.strokes.brush_models.weights import load_scalable
    from orbifolio.runner.strokes.document.opacities import learnt
    from orbifolio.runner.strokes.document.outlines import outlines
    from orbifolio.runner.strokes.document.products import plotted
    from orbifolio.runner.strokes.document.svg import svg
    from orbifolio.runner.strokes.document.timelapse_states import grow
    from orbifolio.runner.vector.hpgl import hpgl

    painter = load_scalable(painting.brush)
    shapes = outlines(painter, painting)
    if ending == ".svg":
        return svg(painting, shapes)
    return hpgl(plotted(painting, shapes, grow(painting, learnt(painter, painting)).picture))


def _learnt(painting: Painting) -> Iterator[tuple[Box, F32]]:
    from orbifolio.runner.strokes.brush_models.weights import load_scalable
    from orbifolio.runner.strokes.document.opacities import learnt

    return learnt(load_scalable(painting.brush), painting, coarse=0)


def _stem(path: Path) -> str:
    """A name for the result: the run's, or the document's."""
    return path.parent.parent.name if path.parent.name == "extras" else path.stem
