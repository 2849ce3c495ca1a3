"""The picture of a finished run, opened again: (folder) -> its pixels and the symmetry that they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError, OrbifolioError
from orbifolio.runner.exports.products import TONES
from orbifolio.runner.files import refuse_unreadable
from orbifolio.runner.images.ground import Ground, lay, lift_off
from orbifolio.runner.images.posterise import FlatColours, given
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.recipe.model import Recipe
from orbifolio.runner.renderers.base import RendererSettings, colours_of
from orbifolio.runner.run.run_folder import read_summary, write_summary
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.kinds.none import PlainPicture


@dataclass(frozen=True)
class FinishedPicture:
    """The picture of a run.

    Attributes:
        folder: of the run.
        name: of the recipe.
        title: of the picture.
        pixels: (height, width, 3) in [0, 1], without the ground on which the file shows them; of a posterised picture,
            what it was before that.
        symmetry: that it has.
        renderer: what made it, as the run's recipe says.
        ground: on which it lies, where it has an outside; None where it has a paper of its own.
        flat: the few colours that it was posterised to, or None.
    """

    folder: Path
    name: str
    title: str
    pixels: F32
    symmetry: Symmetry
    renderer: RendererSettings
    ground: Ground | None = None
    flat: FlatColours | None = None

    @property
    def elements(self) -> tuple[int, ...]:
        """The group of colour elements that its symmetry acts with, the identity first."""
        return colours_of(self.symmetry)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def tiles(self) -> bool:
        """Whether copies of it can be laid side by side in both directions."""
        return self.symmetry.tiles and all(self.symmetry.wrap)

    def size_for(self, width: float) -> tuple[int, int]:
        """The (width, height) nearest to a width that the symmetry can have; whole multiples are kept."""
        own_width, own_height = self.size
        factor = width / own_width
        if factor == round(factor):
            return round(factor) * own_width, round(factor) * own_height
        return self.symmetry.fit(max(1, round(width)), multiple=1, ratio=own_width / own_height)

    @property
    def has_outside(self) -> bool:
        """Whether ground is seen beside the artwork."""
        return self._opacity(*self.size) is not None

    def _opacity(self, width: int, height: int) -> F32 | None:
        return None if self.ground is None else self.symmetry.opacity(width, height)

    def on_ground(self, pixels: F32) -> F32:
        """The picture in any size on its ground: (height, width, 3), or 4 where that is transparent."""
        return lay(pixels, self._opacity(pixels.shape[1], pixels.shape[0]), self.ground or "paper")

    def in_its_colours(self, pixels: F32, *, wrap: tuple[bool, bool] | None = None) -> F32:
        """The picture in another size, posterised as it was itself; unchanged if it was not.

        Args:
            pixels: (height, width, 3), made of `self.pixels`.
            wrap: whether it continues over its (top-bottom, left-right) edges; None for as the picture does.
        """
        return pixels if self.flat is None else self.flat.shown(pixels, wrap=wrap or self.symmetry.wrap)

    def list_extras(self, entries: Sequence[Mapping[str, Any]], *, instead_of: str = "") -> None:
        """Name further files of the run in its `run.json`; equal paths replace each other.

        Args:
            entries: as `run.json` lists them.
            instead_of: how the paths begin of all entries that go; "" for none.
        """
        summary = read_summary(self.folder) or {}
        paths = {entry["path"] for entry in entries}
        gone = (instead_of,) if instead_of else ()
        kept = [
            entry
            for entry in summary.get("extras", [])
            if entry.get("path") not in paths and not str(entry.get("path")).startswith(gone)
        ]
        write_summary(self.folder, {**summary, "extras": [*kept, *entries]})


def open_picture(path: Path) -> FinishedPicture:
    """The picture of a run.

    Args:
        path: the run's folder, or a file in it.

    Raises:
        InputError: no run here, none that has ended with a picture, or one of a recipe that is not understood.
        PathTaken: what lies in the place of its summary or its picture cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    refuse_unreadable(folder / "run.json")
    summary = read_summary(folder)
    if summary is None:
        runs = sorted(file.parent for file in folder.glob("*/run.json"))
        cure = f"give one of its runs, as {runs[-1]}" if runs else "give a run's folder, GALLERY/RECIPE/RUN"
        raise InputError(f"{path}: no run here; a run's folder has a run.json; {cure}")
    file = folder / "final.png"
    refuse_unreadable(file)
    if not file.is_file():
        status = summary.get("status", "unknown")
        raise InputError(
            f"{path}: no final.png; the run's status is {status!r}, and only a finished one has its picture; finish it "
            "with `orbifolio run --resume`, or give another run"
        )
    pixels = read_picture(file.read_bytes(), str(file)).pixels
    name = str(summary.get("recipe") or folder.parent.name)
    height, width = pixels.shape[:2]
    renderer, symmetry, ground = _made_by(summary.get("parameters"), folder, width / height)
    final = summary.get("final") or {}
    names, edges = final.get("colours"), final.get("edges", "soft")
    flat = replace(given(names, colours_of(symmetry)), edges=edges) if names else None
    tones = folder / TONES
    if flat is not None and tones.is_file():
        pixels = read_picture(tones.read_bytes(), str(tones)).pixels
    elif ground is not None:
        pixels = lift_off(pixels, symmetry.opacity(width, height))
    return FinishedPicture(folder, name, str(summary.get("title") or name), pixels, symmetry, renderer, ground, flat)


def _made_by(parameters: Any, folder: Path, ratio: float) -> tuple[RendererSettings, Symmetry, Ground | None]:
    """As the run's recipe says; pictures and publication, which may be elsewhere by now, do not matter."""
    values = {key: value for key, value in dict(parameters or {}).items() if key != "publish"}
    try:
        recipe = Recipe.model_validate(values, context={"folder": folder})
        renderer: RendererSettings = recipe.renderer
        ground = recipe.finish.ground if renderer.grounded else None
        return renderer, renderer.kept_symmetry(ratio) or PlainPicture(), ground
    except (ValidationError, OrbifolioError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{folder}: its recipe is not understood ({reason}); the symmetry to keep follows from it; "
            "run the recipe again with this version and with its files beside it"
        ) from error
