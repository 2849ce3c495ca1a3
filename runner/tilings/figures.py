"""A figure is (file) -> an outline of area 1 and what is drawn inside it, in one frame.

    SVG           the path with the id `outline`, or the largest closed shape; all other shapes are the drawing
    PNG, WebP     the opaque part; what it shows is the drawing
    a photograph  its subject, cut out by what stands out of the border's colours; it is its own drawing

A drawing knows light and dark, not colours: colours are the tiles'.

Convention: complex numbers, y upwards; the outline has area 1 and its middle at 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np

from orbifolio.runner.arrays import C128, F32, F64, Bools
from orbifolio.runner.errors import ImageError
from orbifolio.runner.images.reading import read_file
from orbifolio.runner.images.sources import upload_of
from orbifolio.runner.named_files import NamedFile, file_of
from orbifolio.runner.tilings.outlines import OutlineFault, area, normalised
from orbifolio.runner.vector.svg_reading import Rgb, UnreadableSvg, read_svg

CUT_SIDE = 480  # pixels of the longer side at which a silhouette is traced
SMOOTH = 1.5  # pixels there, deviation: stairs of pixels are no shape
EYE_WHITE, EYE_AREA = 0.9, (1e-4, 0.02)  # lightness, and area as a share of the figure's: glints are smaller
_LUMA = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class DrawnShape:
    """A line or an area of a drawing.

    Attributes:
        points: (n,) in the figure's frame.
        closed: whether the last point is joined to the first.
        fill: lightness in [0, 1], or None.
        line: lightness in [0, 1], or None.
        width: of the line.
    """

    points: C128
    closed: bool
    fill: float | None
    line: float | None
    width: float


@dataclass(frozen=True)
class Photograph:
    """A picture as a drawing.

    Attributes:
        lightness: (h, w) in [0, 1].
        scale: of the figure's frame to a pixel.
        centre: of the frame, subtracted after scaling.
    """

    lightness: F32
    scale: float
    centre: complex

    def pixels(self, points: C128) -> tuple[F64, F64]:
        """(columns, rows) of points of the figure's frame."""
        place = (points + self.centre) / self.scale
        return place.real, -place.imag


@dataclass(frozen=True)
class Figure:
    """What is to tile the plane; see the module's docstring.

    Attributes:
        name: of the file, without its ending.
        outline: (n,) counter-clockwise, of area 1.
        shapes: the drawing inside.
        photograph: instead of shapes.
        focus: points that matter most: white spots of the drawing, which are its eyes, and shapes called `focus`.
    """

    name: str
    outline: C128
    shapes: tuple[DrawnShape, ...] = ()
    photograph: Photograph | None = None
    focus: tuple[complex, ...] = ()


def own_figures() -> dict[str, Path]:
    """The figures that come with the program, by name."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_recipes" / "figures", here.parent / "recipes" / "figures"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.svg"))}
    return {}


def locate_figure(source: str) -> Path:
    """The file of a figure as a recipe names it: a path, `orbifolio:NAME`, or `upload:figure=orbifolio:NAME`.

    Raises:
        OutlineFault: it is not there.
    """
    upload, otherwise = upload_of(source)
    if upload:
        given = source.given.get(upload) if isinstance(source, NamedFile) else None
        if given is None and not otherwise.startswith("orbifolio:"):
            raise OutlineFault(f"is asked for when the recipe is run, and none was given; add --image {upload}=FILE")
        return locate_figure(otherwise if given is None else str(given))
    scheme, colon, name = source.partition(":")
    if colon and scheme == "orbifolio":
        own = own_figures()
        if name not in own:
            raise OutlineFault(f"does not come with orbifolio; its figures are {', '.join(own)}; choose one of these")
        return own[name]
    path = file_of(source)
    if not path.is_file():
        raise OutlineFault("is no file; paths are relative to the recipe; check the path")
    return path


def read_figure(path: Path) -> Figure:
    """The figure of a file.

    Raises:
        OutlineFault: it cannot be read, or its outline cannot be a tile.
    """
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, modified: int) -> Figure:
    """The figure of one version of a file; `modified` keeps versions apart in the cache."""
    if path.suffix.lower() == ".svg":
        return figure_of_svg(path.read_bytes(), path.stem)
    try:
        picture = read_file(path)
    except ImageError as error:
        raise OutlineFault(f"is not read: {error}") from error
    return figure_of_pixels(picture.pixels, picture.alpha, path.stem)


def figure_of_svg(data: bytes, name: str) -> Figure:
    """The figure of an SVG file.

    Raises:
        OutlineFault: it has no outline that can be a tile, or cannot be read.
    """
    try:
        shapes = read_svg(data)
    except UnreadableSvg as error:
        raise OutlineFault(str(error)) from error
    closed = [shape for shape in shapes if shape.closed and len(shape.points) > 2]
    named = [shape for shape in closed if shape.name == "outline"]
    if not closed:
        raise OutlineFault("has no closed shape; a tile is an area; draw a closed path with the id `outline`")
    chosen = named[0] if named else max(closed, key=lambda shape: abs(area(shape.points)))
    outline, scale, centre = normalised(chosen.points.conj())
    drawn = tuple(
        DrawnShape(
            shape.points.conj() * scale - centre,
            shape.closed,
            None if shape.fill is None or (not shape.closed and shape.stroke) else _lightness(shape.fill),
            None if shape.stroke is None else _lightness(shape.stroke),
            shape.width * scale,
        )
        for shape in shapes
        if shape is not chosen
    )
    eyes = tuple(
        complex(placed.points.mean())
        for shape, placed in zip([shape for shape in shapes if shape is not chosen], drawn, strict=True)
        if shape.name == "focus" or (_is_eye(placed))
    )
    shown = tuple(
        placed
        for shape, placed in zip([shape for shape in shapes if shape is not chosen], drawn, strict=True)
        if shape.name != "focus"
    )
    return Figure(name, outline, shown, focus=eyes)


def figure_of_pixels(pixels: F32, opacity: F32 | None, name: str) -> Figure:
    """The figure of a picture: its opaque part, or its subject where all is opaque.

    Args:
        pixels: (h, w, 3) sRGB in [0, 1].
        opacity: (h, w) in [0, 1], or None.
        name: of the figure.

    Raises:
        OutlineFault: nothing stands out that could be a tile.
    """
    from PIL import Image
    from scipy import ndimage
    from skimage import measure

    factor = min(1.0, CUT_SIDE / max(pixels.shape[:2]))
    size = max(2, round(pixels.shape[1] * factor)), max(2, round(pixels.shape[0] * factor))
    if opacity is not None and float(opacity.min()) < 0.5:
        small = np.asarray(Image.fromarray(opacity.astype(np.float32)).resize(size, Image.Resampling.BOX))
        mask: Bools = small > 0.5
    else:
        image = Image.fromarray((pixels * 255 + 0.5).astype(np.uint8)).resize(size, Image.Resampling.BOX)
        mask = subject_mask((np.asarray(image, np.float32) / 255).astype(np.float32))
    labels, count = ndimage.label(mask)
    if not count:
        raise OutlineFault(
            "shows nothing that stands out; a figure is cut out by its opacity, or by its colours from a calm ground; "
            "cut it out yourself, and save it as PNG with a transparent ground"
        )
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    solid = ndimage.binary_fill_holes(largest)
    soft = ndimage.gaussian_filter(np.pad(solid.astype(np.float64), 8), SMOOTH)
    contour = max(measure.find_contours(soft, 0.5), key=len, default=np.zeros((0, 2)))
    rows, columns = (contour[:-1] - 8 + 0.5).T / factor
    outline, scale, centre = normalised(columns - 1j * rows)
    return Figure(name, outline, photograph=Photograph((pixels @ _LUMA).astype(np.float32), scale, centre))


def subject_mask(pixels: F32) -> Bools:
    """What a picture shows before its ground: (h, w, 3) sRGB in [0, 1] -> (h, w).

    The border's colours are the ground's; a random walk (Grady 2006) decides from what is surely ground and what is
    least like it.
    """
    from scipy import ndimage
    from skimage.color import rgb2lab
    from skimage.segmentation import random_walker

    lab = ndimage.gaussian_filter(rgb2lab(pixels), (1.5, 1.5, 0))
    h, w = lab.shape[:2]
    edge = max(2, round(0.03 * min(h, w)))
    border = np.ones((h, w), dtype=bool)
    border[edge:-edge, edge:-edge] = False
    ground = lab[border]
    chosen = ground[:: max(1, len(ground) // 400)]
    away = np.sqrt(((lab[:, :, None] - chosen[None, None, :: max(1, len(chosen) // 60)]) ** 2).sum(3)).min(2)
    limit = np.percentile(away[border], 98) + 6.0  # of CIELAB: what is no further is ground
    sure = away > max(limit, float(np.percentile(away, 75)))
    sure &= ~border
    if not sure.any():
        return cast(Bools, sure)
    seeds = np.zeros((h, w), np.int32)
    seeds[ndimage.binary_erosion(sure, iterations=2)] = 2
    seeds[(away < limit * 0.4) | border] = 1
    if not (seeds == 2).any():
        return cast(Bools, sure)
    walked = random_walker(lab / 100, seeds, beta=900, mode="cg_j", channel_axis=-1)
    return cast(Bools, walked == 2)


def _is_eye(shape: DrawnShape) -> bool:
    """A small white spot."""
    white = shape.closed and shape.fill is not None and shape.fill > EYE_WHITE
    return white and EYE_AREA[0] < abs(area(shape.points)) < EYE_AREA[1]


def _lightness(colour: Rgb) -> float:
    return float(np.dot(_LUMA, colour))
