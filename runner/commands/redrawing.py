"""`orbifolio redraw`: draw a finished painting again at any size: in bristles, with a MyPaint brush or a learnt one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError
from orbifolio.runner.files import is_file, refuse_unreadable, write_atomically
from orbifolio.runner.images import encoding
from orbifolio.runner.painting.document import FORMAT as BRISTLE_FORMAT
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.products import ENCODERS, has_layers
from orbifolio.runner.painting.real_brush import RealBrushPainting
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.mypaint.brush_file import find_brush
from orbifolio.runner.strokes.mypaint.brush_sheet import Box

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
        InputError: no such document, size, brush or format, or a brush that leaves no paint.
        MissingProgram: MyPaint's library is not installed.
    """
    path = find_document(source, fitted=not neural and brush is None)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); give a strokes.json") from error
    read = read_bristles if has_bristles(text) else WithBrush.read
    document: Redrawn = read(text, path, brush, neural)
    longer = size or document.longer
    if not MIN_SIZE <= longer <= MAX_SIZE:
        raise InputError(f"--size {longer}: out of range; the longer side may have {MIN_SIZE} to {MAX_SIZE} pixels")
    target = out or Path(f"{_stem(path)}-{document.drawn_by}-{longer}.png")
    ending = target.suffix.lower()
    if ending not in (*PIXELS, *document.others):
        formats = ", ".join((*PIXELS, *document.others))
        raise InputError(f"--out {target}: {ending or 'no suffix'} is not a supported format; use one of {formats}")
    if ending == ".webp" and longer > MAX_WEBP_SIDE:
        raise InputError(f"--out {target}: a WebP has at most {MAX_WEBP_SIDE} pixels to a side; use .png")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, document.encode(longer, ending))
    return target


class Redrawn(Protocol):
    """A document that can be drawn again."""

    @property
    def longer(self) -> int:
        """Its own longer side in pixels."""

    @property
    def drawn_by(self) -> str:
        """What draws it, for the name of the output."""

    @property
    def others(self) -> tuple[str, ...]:
        """Suffixes of formats beside pictures."""

    def encode(self, longer: int, ending: str) -> bytes:
        """The content of the output file, its longer side so many pixels."""


@dataclass(frozen=True)
class WithBrush:
    """Strokes of a brush of MyPaint, or of one learnt from it: see `Redrawn`."""

    painting: Painting
    neural: bool
    others: tuple[str, ...] = OTHERS

    @classmethod
    def read(cls, text: bytes, path: Path, brush: str | None, neural: bool) -> WithBrush:
        """The document of a file; fitted to another brush if one of MyPaint is given."""
        painting = Painting.from_json(text, str(path))
        if brush is None or brush == painting.brush:
            return cls(painting, neural)
        if neural:
            return cls(replace(painting, brush=brush), neural)
        from orbifolio.runner.strokes.document.refit_to_mypaint import refit_to_brush

        return cls(refit_to_brush(painting, brush), neural)

    @property
    def longer(self) -> int:
        """See `Redrawn`."""
        return max(self.painting.width, self.painting.height)

    @property
    def drawn_by(self) -> str:
        """See `Redrawn`."""
        return "neural" if self.neural else "mypaint"

    def encode(self, longer: int, ending: str) -> bytes:
        """See `Redrawn`."""
        return _encode(self.painting.scaled(longer / self.longer), ending, neural=self.neural)


@dataclass(frozen=True)
class InBristles:
    """Bristle strokes, which draw themselves: see `Redrawn`."""

    painting: BristlePainting
    drawn_by: str = "bristles"

    @property
    def longer(self) -> int:
        """See `Redrawn`."""
        return max(self.painting.size)

    @property
    def others(self) -> tuple[str, ...]:
        """See `Redrawn`."""
        return tuple(name for name in ENCODERS if name != ".ora" or has_layers(self.painting))

    def encode(self, longer: int, ending: str) -> bytes:
        """See `Redrawn`."""
        sized = self.painting.resized(longer)
        return ENCODERS[ending](sized) if ending in ENCODERS else PIXELS[ending](sized.picture())


@dataclass(frozen=True)
class BristlesInPaint:
    """Bristle strokes that a brush of MyPaint draws: see `Redrawn`."""

    painting: RealBrushPainting
    drawn_by: str = "mypaint"
    others: tuple[str, ...] = (".ora",)

    @property
    def longer(self) -> int:
        """See `Redrawn`."""
        return max(self.painting.width, self.painting.height)

    def encode(self, longer: int, ending: str) -> bytes:
        """See `Redrawn`."""
        from orbifolio.runner.strokes.document.openraster import openraster

        grown = self.painting.scaled(longer).grown(layered=ending in self.others)
        if ending in self.others:
            return openraster(grown.layers, grown.picture, self.painting.paper)
        return PIXELS[ending](grown.picture)


def read_bristles(text: bytes, path: Path, brush: str | None, neural: bool) -> InBristles | BristlesInPaint:
    """The document of a painting in bristles, fitted to a brush of MyPaint if one is given.

    Raises:
        InputError: it is damaged, the brush leaves no paint, or a learnt brush is asked for.
    """
    if neural:
        raise InputError(f"{path}: painted in bristles, not with a learnt brush; leave out --program")
    painting = BristlePainting.from_json(text, str(path))
    if brush is None:
        return InBristles(painting)
    return BristlesInPaint(RealBrushPainting.fitted(painting, find_brush(brush)))


def has_bristles(text: bytes) -> bool:
    """Whether a document is of the format that paintings in bristles have; its first line says so."""
    return re.match(rb'\s*\{\s*"format":\s*%d\b' % BRISTLE_FORMAT, text) is not None


def find_document(source: Path, *, fitted: bool = False) -> Path:
    """Find the document of strokes that a path leads to.

    Args:
        source: a document, a run's folder, or a page or extra in it.
        fitted: prefer a run's document that was fitted to the real brush.

    Raises:
        InputError: the run has no document.
        PathTaken: what lies in its place cannot be read.
    """
    if source.suffix == ".json" and not source.is_dir():
        refuse_unreadable(source)
        return source
    folder = source if source.is_dir() else source.parent
    names = (FITTED, DOCUMENT) if fitted else (DOCUMENT,)
    for candidate in (folder / "extras", folder):
        for name in names:
            refuse_unreadable(candidate / name)
            if is_file(candidate / name):
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
    return openraster(growth.layers, growth.picture, painting.paper) if layered else PIXELS[ending](growth.picture)


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
