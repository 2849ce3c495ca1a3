"""`orbifolio print`: the picture of a finished run as a PDF in true size, with bleed and crop marks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from orbifolio.runner.arrays import F32
from orbifolio.runner.commands.enlarging import enlarged, keep
from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.enlarging import MAX_FACTOR
from orbifolio.runner.exports.print_sheet import (
    Repeat,
    Sheet,
    cover_scale,
    covering,
    fit_scale,
    joint,
    mounted,
    print_pdf,
    tiled,
)
from orbifolio.runner.exports.products import listed
from orbifolio.runner.exports.wallpapers import rescaled
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images.ground import opaque
from orbifolio.runner.images.reading import MAX_PIXELS
from orbifolio.runner.run.finished_picture import FinishedPicture, open_picture

MIN_DPI, MAX_DPI = 36, 1200  # below, pixels are seen from across a room; above, no printer shows them
MAX_SIDE = 500.0  # cm: a PDF page has at most 200 inches
MAX_BLEED = 50.0  # mm
MAX_TILES = 200  # across: smaller ones are a grey
JOINT_SHOWS = 2.0  # times the step between neighbouring pixels, from which an edge is seen as a line


def print_run(
    path: Path,
    *,
    cm: str,
    dpi: int,
    bleed: float,
    repeat: Repeat,
    tiles: int | None,
    device: str,
    console: Console,
) -> Path:
    """Write a page to print among a run's files.

    A tile fills the page, `tiles` times across; any other picture covers it, unless it is to be repeated. One that has
    an outside, such as a disk, lies whole in the middle of its ground.

    Args:
        path: the run's folder.
        cm: `WIDTHxHEIGHT` of the trimmed page.
        dpi: pixels in an inch.
        bleed: in mm, beyond each edge.
        repeat: how copies are laid.
        tiles: copies across the trimmed page; None for one, or for a picture that is not repeated.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        console: for progress and warnings.

    Returns:
        The PDF.

    Raises:
        InputError: everything that is wrong with the arguments, or no finished run.
        MissingWeights: the picture must be enlarged, and the network's weights cannot be fetched.
    """
    sheet = sheet_of(cm, dpi, bleed, tiles)
    picture = open_picture(path)
    page = laid_out(picture, sheet, repeat, tiles, device, console)
    shape = f"{sheet.width / 10:g}x{sheet.height / 10:g}cm"
    manner = "" if repeat == "straight" else f"-{repeat}"
    file = picture.folder / "extras" / f"{picture.name}-{shape}{manner}.pdf"
    console.print(f"writing {page.shape[1]} x {page.shape[0]} px", highlight=False)
    write_atomically(file, print_pdf(page, sheet, title=picture.title))
    keep(picture, [listed(file.name, f"To print, {sheet.width / 10:g} × {sheet.height / 10:g} cm with crop marks")])
    return file


def laid_out(
    picture: FinishedPicture,
    sheet: Sheet,
    repeat: Repeat,
    tiles: int | None,
    device: str,
    console: Console,
    *,
    tones: bool = False,
) -> F32:
    """The sheet with its bleed, enlarged as far as it needs.

    It is full of copies of a tile, has a picture with an outside in its middle, or is covered by any other. One that
    was posterised is so again, unless its tones are asked for: see `FinishedPicture.in_its_colours`.
    """
    scaled = partial(_scaled, picture, sheet=sheet, device=device, console=console, tones=tones)
    if picture.tiles or tiles is not None or repeat != "straight":
        return _repeated(picture, scaled, sheet, repeat, tiles or 1, console)
    if picture.has_outside:
        return mounted(scaled(fit_scale(picture.size, sheet)), sheet)
    return covering(scaled(cover_scale(picture.size, sheet)), sheet)


def sheet_of(cm: str, dpi: int, bleed: float, tiles: int | None) -> Sheet:
    """The sheet that options describe.

    Raises:
        InputError: everything that is wrong with them.
    """
    problems = []
    sides = [0.0, 0.0]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)", cm.strip())
    if match is None:
        problems.append(f"--cm {cm}: is not WIDTHxHEIGHT in centimetres; write it as in 60x90")
    else:
        sides = [float(part) for part in match.groups()]
        if not all(1 <= side <= MAX_SIDE for side in sides):
            problems.append(f"--cm {cm}: a side has 1 to {MAX_SIDE:g} cm, as a PDF page can have; choose another size")
    if not MIN_DPI <= dpi <= MAX_DPI:
        problems.append(f"--dpi {dpi}: is not between {MIN_DPI} and {MAX_DPI}; 150 is for a poster, 300 for a book")
    if not 0 <= bleed <= MAX_BLEED:
        problems.append(f"--bleed {bleed:g}: is not between 0 and {MAX_BLEED:g} mm; printers ask for 3")
    if tiles is not None and not 1 <= tiles <= MAX_TILES:
        problems.append(f"--tiles {tiles}: is not between 1 and {MAX_TILES}; give the copies across the page")
    sheet = Sheet(10 * sides[0], 10 * sides[1], bleed, dpi)
    if not problems:
        width, height = sheet.pixels
        if width * height > MAX_PIXELS:
            most = int(dpi * (MAX_PIXELS / (width * height)) ** 0.5)
            problems.append(
                f"--cm {cm} --dpi {dpi}: makes {width:,} x {height:,} pixels; at most {MAX_PIXELS // 10**6} megapixels "
                f"are written; give --dpi {most}"
            )
    if problems:
        raise InputError("\n".join(problems))
    return sheet


def _repeated(
    picture: FinishedPicture,
    scaled: Callable[[float], F32],
    sheet: Sheet,
    repeat: Repeat,
    tiles: int,
    console: Console,
) -> F32:
    """The page full of copies, so many across."""
    tile = scaled(sheet.to_pixels(sheet.width) / tiles / picture.size[0])
    shows = joint(tile, repeat)
    if shows > JOINT_SHOWS:
        cure = "lay it straight" if picture.tiles else "choose a plane group, whose tiles continue"
        console.print(
            f"warning: the copies' edges show ({shows:.1f} times the step inside): this picture does not continue in a "
            f"{repeat} repeat; {cure}, or keep it for the look",
            highlight=False,
        )
    return tiled(tile, sheet, repeat)


def _scaled(
    picture: FinishedPicture, factor: float, *, sheet: Sheet, device: str, console: Console, tones: bool
) -> F32:
    """The picture scaled, by the network where it becomes larger, on its ground; what is transparent is left white."""
    width, height = picture.size
    if factor > MAX_FACTOR:
        dpi = int(sheet.dpi * MAX_FACTOR / factor)
        raise InputError(
            f"{picture.folder}: {width} x {height} pixels would be enlarged {factor:.1f} times for this page; at most "
            f"{MAX_FACTOR} times are possible; give --dpi {dpi} or more --tiles, or run the recipe at a larger size"
        )
    pixels = picture.pixels
    if factor > 1:
        pixels = enlarged(picture, picture.size_for(width * factor), device=device, console=console)
    size = (math.ceil(width * factor - 1e-6), math.ceil(height * factor - 1e-6))
    pixels = rescaled(pixels, size, wrap=picture.symmetry.wrap)
    return opaque(picture.on_ground(pixels if tones else picture.in_its_colours(pixels)))
