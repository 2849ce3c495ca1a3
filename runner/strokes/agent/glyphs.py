"""Characters of installed fonts as handwriting: fonts, characters -> warped glyphs (n, 28, 28), light on dark.

A stand-in for KMNIST, which no package provides: Debian's brush fonts (`FONTS`) have its ten hiragana in a few hands.
Each picture is a glyph of a random font, made thicker or thinner, turned, sheared, and bent by a smooth random field,
then centred as in MNIST: at most 20 pixels high and wide, its centre of mass in the middle of 28 x 28.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F64, I64, U8
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import file_of

FONTS = (
    "/usr/share/fonts/truetype/kouzan-mouhitsu/kouzan-mouhitsu.ttf",
    "/usr/share/fonts/truetype/kouzan-mouhitsu/kouzan-mouhitsu-gyosho.ttf",
    "/usr/share/fonts/truetype/kouzan-mouhitsu/KouzanBrushFontSousyo.ttf",
    "/usr/share/fonts/truetype/aoyagi-soseki/aoyagi-soseki.ttf",
    "/usr/share/fonts/truetype/aoyagi-kouzan-t/AoyagiKouzanT.ttf",
)
CURE = "Debian and Ubuntu: apt-get install fonts-kouzan-mouhitsu fonts-aoyagi-soseki fonts-aoyagi-kouzan-t"
SIDE, INNER = 28, 20  # pixels of a picture, and of the box that its ink fills, as in MNIST
DRAWN = 96  # pixels of a glyph before it is warped
MAX_TURN, MAX_SHEAR, MAX_BEND = 0.14, 0.15, 3.0  # radians; of the height; pixels of the drawn glyph


def installed(fonts: Sequence[str]) -> list[Path]:
    """The files of those fonts that are installed."""
    return [path for path in (file_of(name) for name in fonts) if path.is_file()]


def glyph(font: Path, character: str) -> F64 | None:
    """A character in white on black, (DRAWN, DRAWN); None if the font does not have it.

    Raises:
        InputError: the file is not a font.
    """
    try:
        face = ImageFont.truetype(str(font), int(DRAWN * 0.7))
    except OSError as error:
        raise InputError(f"{font}: not a font ({error}); give a .ttf or .otf file") from error
    sheet = Image.new("L", (DRAWN, DRAWN))
    ImageDraw.Draw(sheet).text((DRAWN / 2, DRAWN / 2), character, fill=255, font=face, anchor="mm")
    missing = Image.new("L", (DRAWN, DRAWN))
    ImageDraw.Draw(missing).text((DRAWN / 2, DRAWN / 2), "\U0010fffe", fill=255, font=face, anchor="mm")
    drawn = np.asarray(sheet, np.float64) / 255
    return None if drawn.max() == 0 or np.array_equal(drawn, np.asarray(missing, np.float64) / 255) else drawn


def warped(drawn: F64, random: np.random.Generator) -> U8:
    """One hand's version of a glyph, (SIDE, SIDE)."""
    solid: F64 = (ndimage.gaussian_filter(drawn, 1.0 + random.random()) > random.uniform(0.1, 0.3)).astype(np.float64)
    angle, shear, size = (
        random.uniform(-MAX_TURN, MAX_TURN),
        random.uniform(-MAX_SHEAR, MAX_SHEAR),
        random.uniform(0.9, 1.1, 2),
    )
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle) + shear, np.cos(angle)]]) * size
    field = ndimage.gaussian_filter(random.standard_normal((2, DRAWN, DRAWN)), (0, 10, 10))
    field *= MAX_BEND / max(float(np.abs(field).max()), 1e-9)
    middle = (DRAWN - 1) / 2
    grid = np.mgrid[:DRAWN, :DRAWN] - middle
    places = np.tensordot(matrix, grid, 1) + middle + field
    return laid_out(ndimage.map_coordinates(solid, places, order=1))


def laid_out(drawn: F64) -> U8:
    """Ink (h, w) cut out, scaled and centred by its mass as MNIST's digits are, (SIDE, SIDE)."""
    rows, columns = np.flatnonzero(drawn.max(1) > 0.1), np.flatnonzero(drawn.max(0) > 0.1)
    if not len(rows):
        return np.zeros((SIDE, SIDE), np.uint8)
    cut = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = INNER / max(cut.shape)
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    small = np.asarray(Image.fromarray(np.round(cut * 255).astype(np.uint8)).resize(size, Image.Resampling.LANCZOS))
    mass = ndimage.center_of_mass(small)
    top, left = (
        int(np.clip(round((SIDE - 1) / 2 - centre), 0, SIDE - length))
        for centre, length in zip(mass, small.shape, strict=True)
    )
    picture = np.zeros((SIDE, SIDE), np.uint8)
    picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    return picture


def draw_glyphs(fonts: Sequence[Path], characters: str, count: int, random: np.random.Generator) -> tuple[U8, I64]:
    """Random glyphs (count, 28, 28), light on dark, and the numbers (count,) of their characters.

    Raises:
        InputError: no font has one of the characters.
    """
    drawn = [[g for g in (glyph(font, character) for font in fonts) if g is not None] for character in characters]
    for character, hands in zip(characters, drawn, strict=True):
        if not hands:
            raise InputError(f"{character}: in none of the fonts; {CURE}, or name others in renderer.data.fonts")
    classes = random.integers(len(characters), size=count)
    pictures = [warped(drawn[k][random.integers(len(drawn[k]))], random) for k in classes]
    return np.stack(pictures), classes.astype(np.int64)
