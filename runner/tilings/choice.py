"""The choice of a tile: (figure, type or cuts, colours) -> everything that a picture of the tiling needs.

A search takes some seconds, so its results are kept: in this process, and as templates in the cache folder. A recipe
that names the cuts themselves needs no search at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

import numpy as np

from orbifolio.runner.files import write_atomically
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.tilings.carrying import Carrier
from orbifolio.runner.tilings.colourings import Colouring, find_colouring
from orbifolio.runner.tilings.figures import Figure, own_figures, read_figure
from orbifolio.runner.tilings.outlines import OutlineFault
from orbifolio.runner.tilings.pictures import RASTER, TileDrawing, draw_tile
from orbifolio.runner.tilings.search import FINER, Candidate, refine_simple, search
from orbifolio.runner.tilings.tiling import Tiling
from orbifolio.runner.tilings.types import TYPES, Template

VERSION = 1  # of the search: results of another are not used
KEPT = 24  # candidates of a search that are kept


@dataclass(frozen=True)
class ChosenTile:
    """A figure and the tile that was chosen for it.

    Attributes:
        figure: what tiles.
        candidate: how.
    """

    figure: Figure
    candidate: Candidate

    @cached_property
    def tiling(self) -> Tiling:
        """The plane filled with the tile."""
        return self.candidate.tiling

    @cached_property
    def carrier(self) -> Carrier:
        """From the figure to the tile."""
        return Carrier(self.candidate)

    @cached_property
    def upright(self) -> complex:
        """Unit number by which the figure is turned in the tile."""
        figure = self.figure.outline
        moved = self.carrier.carry(figure)
        turn = complex(np.vdot(figure - figure.mean(), moved - moved.mean()))
        return turn / abs(turn)

    def colour_counts(self) -> tuple[int, ...]:
        """How many colours the tiles can have, neighbours never the same."""
        across = [self.tiling.exact(motion) for motion in self.tiling.across]
        return tuple(count for count in (2, 3, 4) if find_colouring(self.tiling.group, across, count))

    def colouring(self, count: int) -> Colouring:
        """Colours of the tiles.

        Raises:
            OutlineFault: the type cannot have so few.
        """
        across = [self.tiling.exact(motion) for motion in self.tiling.across]
        colouring = find_colouring(self.tiling.group, across, count)
        if colouring is None:
            raise OutlineFault(
                f"makes a tile of type {self.tiling.kind.name} that cannot have {count} colours so that neighbours "
                f"differ; it can have {' or '.join(map(str, self.colour_counts()))}; give so many, or choose another "
                "type"
            )
        return colouring

    def drawing(self, look: DrawingLook, raster: int = RASTER) -> TileDrawing:
        """What the tile shows, in so many pixels of its longer side."""
        return draw_tile(self.tiling.tile, self.figure, self.carrier, look, raster)


@lru_cache(maxsize=16)
def tile_of_template(path: Path, template: Template) -> ChosenTile:
    """The tile of cuts that are known.

    Args:
        path: of the figure.
        template: before it is refined.
    """
    figure = read_figure(path)
    return ChosenTile(figure, refine_simple(figure.outline, template, figure.focus))


def templates_of(
    path: Path,
    type_name: str,
    colours: int,
    kept_in: Path | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> tuple[Template, ...]:
    """The templates of the best candidates for a figure, best first.

    Args:
        path: of the figure.
        type_name: an isohedral type, or `auto` for all.
        colours: that the tiling must be able to have.
        kept_in: folder in which results of searches are kept, or None.
        progress: is told what is done.

    Raises:
        OutlineFault: the figure has no outline that could tile.
    """
    figure = read_figure(path)
    key = hashlib.sha256(
        figure.outline.tobytes() + f"{VERSION} {type_name} {colours} {figure.focus}".encode()
    ).hexdigest()[:32]
    if rows := _shipped().get(key):
        return tuple(_template(row) for row in rows)
    kept = None if kept_in is None else kept_in / "tilings" / f"{key}.json"
    if kept is not None and kept.is_file():
        try:
            return tuple(_template(row) for row in json.loads(kept.read_text(encoding="utf-8")))
        except (OSError, ValueError, LookupError, TypeError):
            pass  # damaged: search again
    types = tuple(TYPES) if type_name == "auto" else (type_name,)
    found = search(figure.outline, types, colours=colours, focus=figure.focus, progress=progress)[:KEPT]
    templates = tuple(_coarse(item) for item in found)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(
            kept, json.dumps([[item.type, item.lengths, item.start, item.mirrored] for item in templates]).encode()
        )
    return templates


Row = tuple[str, list[int], int, bool]


def _template(row: Row) -> Template:
    return Template(row[0], tuple(row[1]), row[2], row[3])


@cache
def _shipped() -> Mapping[str, Sequence[Row]]:
    """Results for the figures that come with the program, by key: these are not searched on every new machine."""
    figures = own_figures()
    if not figures:
        return {}
    file = next(iter(figures.values())).with_name("templates.json")
    result: Mapping[str, Sequence[Row]] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return result


def _coarse(candidate: Candidate) -> Template:
    fine = candidate.template
    lengths = tuple(length // FINER for length in fine.lengths)
    return Template(fine.type, lengths, fine.start // FINER, fine.mirrored)
