"""`orbifolio tile`: a figure -> candidates to choose from, a recipe that is ready to run, and files of the tiling."""

from __future__ import annotations

import io
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.tile_files import jigsaw_svg, strip_svg, tile_stl, tile_svg, tiling_hpgl, tiling_svg
from orbifolio.runner.files import write_atomically
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.inks import Inks, inks_of
from orbifolio.runner.symmetry.kinds.isohedral import COLOURS, cache_folder
from orbifolio.runner.tilings.choice import ChosenTile, templates_of, tile_of_template
from orbifolio.runner.tilings.covering import Covering
from orbifolio.runner.tilings.figures import locate_figure
from orbifolio.runner.tilings.metamorphosis import HEIGHT, RATIO, GrowingStrip
from orbifolio.runner.tilings.outlines import OutlineFault
from orbifolio.runner.tilings.pictures import draw_tiling
from orbifolio.runner.tilings.supercells import choose_supercell
from orbifolio.runner.tilings.types import TYPES, Template
from orbifolio.runner.vector.hex_colours import from_hex
from orbifolio.runner.vector.plotter import Plotter

SHOWN = 8  # candidates on the page
THUMBNAIL, WIDE = (420, 315), 1600  # pixels of a candidate's width and height, and of the seamless picture's width
LONG = 2400  # pixels of a metamorphosis's width
RASTER, STRIP_RASTER = 300, 600  # pixels of a tile on the page, and in a metamorphosis
CAPTION, GAP = 30, 12  # pixels of the words above a candidate on the sheet, and between candidates
TILES, FEW = 24, 12  # in the recipe's picture, and on the page
SIZE, THICK, KERF = 40.0, 4.0, 0.15  # mm: of a tile, of a printed one, and of a laser's cut in wood

RECIPE = """\
schema: 1
title: {title}
about: |
  {about}
seed: 1
renderer:
  kind: image-optimisation
  canvas: {{init: {{kind: figure}}}}
  symmetry:
    kind: {kind}
    figure: "{figure}"
    type: {type}
    cuts: {{lengths: {lengths}, start: {start}, mirrored: {mirrored}}}
    colours: [{colours}]
{more}  objectives:
    - {{kind: style, images: ["orbifolio:oil"], weight: 1}}
    - {{kind: content, layers: [conv2_1, conv3_1], weight: 2}}
    - {{kind: range, weight: 200}}   # colours beyond what a screen shows would be cut, and break the symmetry
  phases: [{{size: {size}, steps: 20}}]
frames: 4
qualities:
  print: {{renderer.phases: [{{size: {size}, steps: 20}}, {{size: {large}, steps: 16}}]}}
"""
"""As the recipes of escher/ are, which were made so."""


@dataclass(frozen=True)
class TiledFigureFiles:
    """What was written.

    Attributes:
        folder: of everything.
        recipe: ready to run.
        page: with the candidates.
        pick: number of the candidate that was taken.
        distance: of its tile from the figure.
    """

    folder: Path
    recipe: Path
    page: Path
    pick: int
    distance: float


def tile_figure(
    source: str,
    *,
    colours: str | None,
    type_name: str,
    pick: int,
    out: Path | None,
    kerf: float,
    metamorphosis: bool,
    console: Console,
) -> TiledFigureFiles:
    """Search the tiles of a figure, show the best, and write a recipe and files of one.

    Args:
        source: a file, or `orbifolio:NAME`.
        colours: `#rrggbb,...`, two to four; None for three of ours.
        type_name: an isohedral type, or `auto`.
        pick: number of the candidate, 1 the best.
        out: a folder; None for `NAME-tiling` here.
        kerf: of the jigsaw's cut, mm.
        metamorphosis: also a strip on which polygons turn into the figure, and its recipe.
        console: for progress and the table.

    Raises:
        InputError: the figure cannot tile, or arguments are wrong.
    """
    palette = COLOURS if colours is None else tuple(item.strip() for item in colours.split(","))
    try:
        inks = inks_of([from_hex(item) for item in palette])
        if not 2 <= len(palette) <= 4 or not all(len(item) == 7 and item[0] == "#" for item in palette):
            raise ValueError
    except (ValueError, IndexError) as error:
        raise InputError(
            f"--colours {colours}: two to four different colours as #rrggbb are needed; write them as in "
            f"--colours '{','.join(COLOURS)}'{f' ({error})' if str(error) else ''}"
        ) from error
    if type_name != "auto" and type_name not in TYPES:
        raise InputError(f"--type {type_name}: is no general isohedral type; choose auto or one of {', '.join(TYPES)}")
    try:
        path = locate_figure(source)
        templates = templates_of(
            path,
            type_name,
            len(palette),
            cache_folder(),
            lambda text: console.print(f"{path.stem}: {text}", style="dim"),
        )
    except OutlineFault as fault:
        raise InputError(f"{source} {fault}") from fault
    if not 1 <= pick <= len(templates):
        raise InputError(
            f"--pick {pick}: {source} has {len(templates)} candidates; choose one of 1 to {len(templates)}"
        )
    tiles = [tile_of_template(path, template) for template in templates[: max(SHOWN, pick)]]
    console.print(_table(tiles, pick))
    folder = Path(f"{path.stem}-tiling") if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    page = _write_page(folder, source, tiles, inks, pick)
    chosen, template = tiles[pick - 1], templates[pick - 1]
    figure = source if ":" in source and not path.name == source else path.name
    if figure == path.name and (folder / path.name).resolve() != path.resolve():
        shutil.copyfile(path, folder / path.name)
    recipe = folder / f"{path.stem}.yaml"
    write_atomically(recipe, recipe_text(chosen, template, figure, palette).encode())
    _write_files(folder, chosen, palette, inks, kerf)
    if metamorphosis:
        try:
            strip = GrowingStrip(chosen, chosen.colouring(len(palette)), HEIGHT, RATIO)
        except OutlineFault as fault:
            raise InputError(f"--metamorphosis: candidate {pick} of {source} {fault}") from fault
        _write_strip(folder, strip, palette, inks)
        name = f"{path.stem}-metamorphosis.yaml"
        write_atomically(folder / name, strip_recipe_text(chosen, template, figure, palette).encode())
    return TiledFigureFiles(folder, recipe, page, pick, chosen.candidate.distance)


def recipe_text(chosen: ChosenTile, template: Template, figure: str, palette: Sequence[str]) -> str:
    """A recipe of a tile, its cuts written out so that nothing is searched again."""
    title = _title(chosen)
    words = f"{title} as a tiling of {_what(chosen)}; the tiles have {len(palette)} colours."
    cost = "Cost: about a minute on two CPU cores; `quality=print` draws it three times as large."
    return RECIPE.format(
        title=title,
        about=f"{words}\n\n  {cost}",
        kind="isohedral",
        more=f"    tiles: {TILES}\n",
        size=512,
        large=1536,
        **_tile_words(template, figure, palette),
    )


def strip_recipe_text(chosen: ChosenTile, template: Template, figure: str, palette: Sequence[str]) -> str:
    """A recipe of a metamorphosis, written as `recipe_text` does."""
    title = _title(chosen)
    words = f"Plain polygons that turn into {title.lower()}, a tile of {_what(chosen)}, along a strip."
    cost = "Cost: about a minute on two CPU cores; `quality=print` draws it twice as large."
    return RECIPE.format(
        title=f"{title}, a metamorphosis",
        about=f"{words}\n\n  {cost}",
        kind="metamorphosis",
        more="",
        size=1024,
        large=2048,
        **_tile_words(template, figure, palette),
    )


def _title(chosen: ChosenTile) -> str:
    return chosen.figure.name.replace("-", " ").capitalize()


def _what(chosen: ChosenTile) -> str:
    tiling = chosen.tiling
    return f"type {tiling.kind.name} ({tiling.group.name}), distance {chosen.candidate.distance:.3f}"


def _tile_words(template: Template, figure: str, palette: Sequence[str]) -> dict[str, object]:
    return {
        "type": template.type,
        "figure": figure,
        "lengths": list(template.lengths),
        "start": template.start,
        "mirrored": str(template.mirrored).lower(),
        "colours": ", ".join(f'"{item}"' for item in palette),
    }


def _table(tiles: Sequence[ChosenTile], pick: int) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("pick", "type", "group", "distance", "colours"):
        table.add_column(name, justify="right" if name in ("pick", "distance") else "left")
    for number, tile in enumerate(tiles, start=1):
        mark = "bold" if number == pick else ""
        row = (str(number), tile.tiling.kind.name, tile.tiling.group.name, f"{tile.candidate.distance:.4f}")
        table.add_row(*row, " or ".join(map(str, tile.colour_counts())), style=mark)
    return table


def _covering(tile: ChosenTile, inks: Inks, tiles: int) -> Covering:
    colouring = tile.colouring(len(inks.colours))
    supercell = choose_supercell(tile.tiling, colouring, tile.upright, ratio=None, tiles=tiles)
    return Covering(tile.tiling, colouring, supercell.frame)


def _picture(tile: ChosenTile, covering: Covering, inks: Inks, width: int, raster: int) -> F32:
    height = round(width / (covering.frame.ratio or 1.0))
    return draw_tiling(covering, tile.drawing(DrawingLook(), raster), inks, width, height)


def _thumbnail(tile: ChosenTile, inks: Inks) -> F32:
    """A window of the tiling, in which tiles of all candidates are equally large."""
    covering, (width, height) = _covering(tile, inks, FEW), THUMBNAIL
    shown = covering.frame.cells * tile.tiling.group.order
    across = math.sqrt(shown / FEW * width * height * (covering.frame.ratio or 1.0))
    pixels = _picture(tile, covering, inks, round(across), RASTER)
    missing = [(0, max(0, wanted - there)) for wanted, there in zip((height, width), pixels.shape[:2], strict=True)]
    window: F32 = np.pad(pixels, [*missing, (0, 0)], mode="wrap")[:height, :width]
    return window


def _png(pixels: F32) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _write_page(folder: Path, source: str, tiles: Sequence[ChosenTile], inks: Inks, pick: int) -> Path:
    """Candidates as pictures, a sheet of all, and a page."""
    items = []
    shown = [_thumbnail(tile, inks) for tile in tiles]
    for number, (tile, pixels) in enumerate(zip(tiles, shown, strict=True), start=1):
        name = f"candidate-{number}.png"
        write_atomically(folder / name, _png(pixels))
        words = f"{number}: {tile.tiling.kind.name} ({tile.tiling.group.name}), distance {tile.candidate.distance:.4f}"
        height, width = pixels.shape[:2]
        items.append(
            f'<figure{" class=picked" if number == pick else ""}><img src="{name}" width="{width}" height="{height}" '
            f'alt="{escape(words)}"><figcaption>{escape(words)}<br><code>orbifolio tile {escape(source)} --pick '
            f"{number}</code></figcaption></figure>"
        )
    write_atomically(folder / "candidates.png", _sheet(tiles, shown))
    page = folder / "candidates.html"
    title = escape(tiles[0].figure.name)
    write_atomically(page, PAGE.format(title=title, items="\n".join(items)).encode())
    return page


PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}: tilings</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 92rem; padding: 0 1rem }}
body {{ background: #f6f1e5 }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem }}
figure {{ margin: 0; padding: .6rem; background: #fff; border-radius: .4rem }}
figure.picked {{ outline: 3px solid #3f7f8c }}
img {{ width: 100%; height: auto; display: block }}
</style>
<h1>{title}: tilings</h1>
<p>The nearest tiles, best first. The framed one is in the recipe; take another with <code>--pick</code>.</p>
<main>
{items}
</main>
</html>
"""


def _sheet(tiles: Sequence[ChosenTile], pictures: Sequence[F32]) -> bytes:
    width, height = THUMBNAIL[0] + GAP, THUMBNAIL[1] + CAPTION
    rows = -(-len(pictures) // 4)
    sheet = Image.new("RGB", (4 * width - GAP, rows * height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for number, (tile, pixels) in enumerate(zip(tiles, pictures, strict=True)):
        left, top = number % 4 * width, number // 4 * height
        words = f"{number + 1}  {tile.tiling.kind.name} ({tile.tiling.group.name})  {tile.candidate.distance:.4f}"
        pen.text((left + 6, top + 6), words, "black", font)
        sheet.paste(Image.fromarray(np.rint(pixels * 255).astype(np.uint8)), (left, top + CAPTION))
    return _png(np.asarray(sheet, np.float32) / np.float32(255))


def _write_strip(folder: Path, strip: GrowingStrip, palette: Sequence[str], inks: Inks) -> None:
    """The metamorphosis as a picture and as paths."""
    name = f"{strip.tile.figure.name}-metamorphosis"
    pixels = strip.draw(inks, LONG, round(LONG / strip.ratio), DrawingLook(), STRIP_RASTER)
    write_atomically(folder / f"{name}.png", _png(pixels))
    write_atomically(folder / f"{name}.svg", strip_svg(strip, palette, SIZE).encode())


def _write_files(folder: Path, tile: ChosenTile, palette: Sequence[str], inks: Inks, kerf: float) -> None:
    """Products beside the recipe: see `exports/tile_files.py`."""
    covering, name = _covering(tile, inks, TILES), tile.figure.name
    files = {
        f"{name}-seamless.png": _png(_picture(tile, covering, inks, WIDE, 700)),
        f"{name}-tile.svg": tile_svg(tile, SIZE).encode(),
        f"{name}-tiling.svg": tiling_svg(tile, covering, palette, SIZE).encode(),
        f"{name}-to-colour.svg": tiling_svg(tile, covering, (), SIZE).encode(),
        f"{name}-jigsaw.svg": jigsaw_svg(tile, covering, SIZE, kerf).encode(),
        f"{name}.hpgl": tiling_hpgl(tile, covering, Plotter()),
        f"{name}.stl": tile_stl(tile, SIZE, THICK),
    }
    for file, content in files.items():
        write_atomically(folder / file, content)
