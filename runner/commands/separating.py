"""`orbifolio separate`: the picture of a finished run as plates for screen print or risograph, one for each ink."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from orbifolio.runner.arrays import F32, Bools
from orbifolio.runner.commands.enlarging import keep
from orbifolio.runner.commands.printing import laid_out, sheet_of
from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.print_sheet import INCH, Sheet
from orbifolio.runner.exports.products import listed
from orbifolio.runner.exports.separations import overprint, plates_pdf, separated, trapped
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images import encoding
from orbifolio.runner.images.posterise import FlatColours, choose, given, missing_colours
from orbifolio.runner.run.finished_picture import FinishedPicture, open_picture

MAX_INKS = 24  # plates: the most elaborate screen prints have about so many
MAX_TRAP = 2.0  # mm: more is seen
FOLDER = "plates"
WHITE = "#ffffff"


def separate_run(
    path: Path,
    *,
    colours: str | None,
    paper: str | None,
    cm: str | None,
    dpi: int,
    bleed: float,
    trap: float,
    tiles: int | None,
    device: str,
    console: Console,
) -> Path:
    """Write plates among a run's files: a PDF with marks, a PNG of one bit for each ink, and a proof.

    Args:
        path: the run's folder.
        colours: how many inks, or their colours as `#rrggbb,...`; None for those that the recipe posterised to.
        paper: its colour, `#rrggbb`, one more of the flat colours, for which nothing is printed; None for white paper
            that is printed all over, except where the picture is white.
        cm: `WIDTHxHEIGHT` of the trimmed page; None for the picture's own pixels.
        dpi: pixels in an inch.
        bleed: in mm, beyond each edge.
        trap: in mm, by which lighter inks reach below darker ones.
        tiles: copies across the trimmed page; None for one, or for a picture that is not repeated.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        console: for progress and warnings.

    Returns:
        The PDF.

    Raises:
        InputError: everything that is wrong with the arguments, or no finished run.
        MissingWeights: the picture must be enlarged, and the network's weights cannot be fetched.
    """
    wish = _wish(colours, paper, trap)
    picture = open_picture(path)
    if wish is None and picture.flat is None:
        raise InputError(
            f"{path}: its recipe does not posterise, so no inks are known; give their number, as --colours 4, or the "
            "inks that you have, as --colours '#e63946,#1d3557'"
        )
    sheet = _own_sheet(picture, dpi, bleed) if cm is None else sheet_of(cm, dpi, bleed, tiles)
    page = laid_out(picture, sheet, "straight", tiles, device, console, tones=True)
    flat = _inks(picture, page, wish, paper, console)
    ground = (paper or WHITE).lower()
    plates = separated(flat.numbers(page), flat.names, ground)
    if not plates:
        raise InputError(
            f"--paper {ground}: the whole page is as the paper, and nothing is printed; give more --colours"
        )
    plates = trapped(plates, sheet.to_pixels(trap))
    folder = picture.folder / "extras" / FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # plates of other inks
    entries = []
    for number, plate in enumerate(plates, start=1):
        name = f"{FOLDER}/{number}-{plate.ink[1:]}.png"
        write_atomically(picture.folder / "extras" / name, _png(plate.mask, dpi))
        entries.append(listed(name, f"Plate {number} of {len(plates)}: {plate.name}, {plate.share:.0%} of the sheet"))
        console.print(f"plate {number}: {plate.name}, {plate.share:.1%} of the sheet", highlight=False)
    proof = f"{FOLDER}/proof.png"
    write_atomically(picture.folder / "extras" / proof, encoding.png(overprint(plates, ground)))
    entries.append(listed(proof, "The plates printed over each other with transparent inks"))
    file = folder / f"{picture.name}-plates.pdf"
    write_atomically(file, plates_pdf(plates, ground, sheet, title=picture.title))
    words = f"Plates with registration marks, {sheet.width / 10:.3g} × {sheet.height / 10:.3g} cm"
    keep(picture, [listed(f"{FOLDER}/{file.name}", words), *entries], instead_of=f"extras/{FOLDER}/")
    return file


def _wish(colours: str | None, paper: str | None, trap: float) -> int | Sequence[str] | None:
    """How many inks, or which; None for those of the recipe."""
    problems = []
    wish: int | Sequence[str] | None = None
    if colours is not None and colours.strip().isdecimal():
        wish = int(colours)
        if not 1 <= wish <= MAX_INKS:
            problems.append(f"--colours {colours}: is not between 1 and {MAX_INKS} inks; four are a good start")
    elif colours is not None:
        wish = [part.strip().lower() for part in colours.split(",")]
        wrong = [part for part in wish if not _is_hex(part)]
        if wrong:
            problems.append(
                f"--colours {colours}: {wrong[0]!r} is not a colour; inks are written as #rrggbb with commas between "
                "them, or as their number; write '#e63946,#1d3557' in quotation marks, or 4"
            )
        if len(wish) > MAX_INKS:
            problems.append(f"--colours: {len(wish)} inks are given; at most {MAX_INKS} are separated; leave some out")
    if paper is not None and not _is_hex(paper.lower()):
        problems.append(f"--paper {paper}: is not a colour; write it as #rrggbb in quotation marks, as '#f6f1e5'")
    if not 0 <= trap <= MAX_TRAP:
        problems.append(f"--trap {trap:g}: is not between 0 and {MAX_TRAP:g} mm; screen printers use about 0.3")
    if problems:
        raise InputError("\n".join(problems))
    return wish


def _is_hex(text: str) -> bool:
    return re.fullmatch(r"#[0-9a-f]{6}", text) is not None


def _own_sheet(picture: FinishedPicture, dpi: int, bleed: float) -> Sheet:
    """A sheet for the picture's own pixels."""
    sheet_of("10x10", dpi, bleed, None)  # refuses what no sheet can have
    width, height = (side / dpi * INCH for side in picture.size)
    return Sheet(width, height, bleed, dpi)


def _inks(
    picture: FinishedPicture, page: F32, wish: int | Sequence[str] | None, paper: str | None, console: Console
) -> FlatColours:
    """The flat colours of the page, with the paper's if it is given."""
    elements = picture.elements
    besides = [] if paper is None else [paper.lower()]
    if isinstance(wish, int):
        return choose(page, wish, elements, np.random.default_rng(0), pinned=besides)
    if wish is None:
        assert picture.flat is not None
        wish = picture.flat.names
    if missing_colours([*wish, *besides], elements):
        console.print(
            "warning: these inks do not change places as the symmetry's colours do; each pixel takes the nearest, and "
            "copies in other colours may differ; give a number to have fitting inks chosen",
            highlight=False,
        )
        elements = elements[:1]
    return given([*wish, *besides], elements)


def _png(mask: Bools, dpi: int) -> bytes:
    """A PNG of one bit a pixel, black where ink is."""
    buffer = io.BytesIO()
    Image.fromarray(~mask).save(buffer, "PNG", dpi=(dpi, dpi), optimize=False)
    return buffer.getvalue()
