"""What can be chosen: folders of recipes -> entries with title, words, cost and a picture, by a key of their own.

Keys are `theme/name` as words for an address. A key that a visitor sends is looked up here and never joined to a path.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orbifolio.reports.data.card import theme_order
from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.shipped import recipe_folder
from orbifolio.runner.recipe.source import read
from orbifolio.runner.server.job_store import Job

PICTURES = "pictures"
"""Folder beside the shipped recipes that holds a small picture of each."""
BEST = (
    "plane/rainbow-hexagon",
    "style/style-transfer",
    "painting/fauve-cat",
    "sphere/octahedral-orb",
    "escher/birds",
    "plane/frieze-hop",
    "zoom/whirlpool",
    "painting/impasto-wallpaper",
)
"""What the first page opens with: one of each sort, chosen by eye, and none that asks for a picture."""


@dataclass(frozen=True)
class RecipeEntry:
    """A recipe that can be chosen.

    Attributes:
        key: what the API calls it: `theme/name`, each of ASCII letters, digits and hyphens, unique in the catalogue.
        theme: name of the file's folder.
        name: of the file, without its ending.
        about: its first paragraph, Markdown.
        group: of its symmetry, as the recipe names it; "" for none.
        cost: what it says of its own cost, "" for nothing.
        picture: a small picture of what it gives, or None.
        own: it lies in the folder that the server was started with.
    """

    key: str
    theme: str
    name: str
    title: str
    about: str
    group: str
    cost: str
    path: Path
    picture: Path | None
    own: bool = False


class RecipeCatalogue:
    """The shipped recipes, and those that the server was started with.

    Args:
        chosen: a recipe, a folder of one's own recipes, or None.
        folders: of recipes; the shipped ones by default.
    """

    def __init__(self, chosen: Path | None = None, folders: tuple[Path, ...] | None = None) -> None:
        found = chosen.resolve() if chosen is not None else None
        self.own = found if found is not None and found.is_dir() else None
        self.chosen = None if self.own is not None else found
        self._folders = (recipe_folder(),) if folders is None else folders
        self._seen: dict[Path, tuple[float, RecipeEntry]] = {}
        self._lock = threading.Lock()

    def entries(self) -> dict[str, RecipeEntry]:
        """All entries by key, as the files are now, in the order of the themes."""
        with self._lock:
            paths = [path for folder in self._folders for path in sorted(folder.glob("*/*.yaml"))]
            if self.chosen is not None:  # last: the painting page finds the shipped ones by their keys
                paths = [*(path for path in paths if path.resolve() != self.chosen), self.chosen]
            own = [] if self.own is None else sorted({*self.own.glob("*.yaml"), *self.own.glob("*/*.yaml")})
            entries: dict[str, RecipeEntry] = {}
            for path in [*paths, *own]:
                if (entry := self._entry(path)) is not None:
                    key = _unused(entry.key, entries)
                    entries[key] = replace(entry, key=key, own=path in own)
            in_order = sorted(
                entries.values(), key=lambda entry: (not entry.own, theme_order(entry.theme), entry.title.casefold())
            )
            return {entry.key: entry for entry in in_order}

    def best(self) -> tuple[RecipeEntry, ...]:
        """The recipes to show first."""
        entries = self.entries()
        return tuple(entries[key] for key in BEST if key in entries)

    def of_run(self, name: str) -> RecipeEntry | None:
        """The recipe of this name, whose runs the gallery keeps in a folder of that name; one's own first."""
        return next((entry for entry in self.entries().values() if entry.name == name), None)

    def get(self, key: str) -> RecipeEntry | None:
        """An entry by its key."""
        return self.entries().get(key)

    @property
    def start(self) -> RecipeEntry | None:
        """The recipe that the server was started with."""
        return next((entry for entry in self.entries().values() if entry.path == self.chosen), None)

    def folder_of(self, job: Job) -> Path:
        """That relative paths of a job's recipe start from: where the recipe came from."""
        entry = self.get(job.origin)
        return entry.path.parent if entry is not None else recipe_folder() / "plane"

    def _entry(self, path: Path) -> RecipeEntry | None:
        try:
            changed = path.stat().st_mtime
        except OSError:
            return None
        if path in self._seen and self._seen[path][0] == changed:
            return self._seen[path][1]
        theme, name = path.resolve().parent.name or "recipes", path.stem
        try:
            data = read(path).data
        except RecipeError:
            return None  # `orbifolio check` says why
        if not isinstance(data.get("renderer"), dict | str):
            return None
        about = str(data.get("about", ""))
        picture = path.parents[1] / PICTURES / f"{name}.webp"
        entry = RecipeEntry(
            key=f"{_slug(theme)}/{_slug(name)}",
            theme=theme,
            name=name,
            title=str(data.get("title", name)),
            about=about.split("\n\n")[0].strip(),
            group=_group(data["renderer"]),
            cost=_cost(about),
            path=path,
            picture=picture if picture.is_file() else None,
        )
        self._seen[path] = (changed, entry)
        return entry


def _slug(name: str) -> str:
    """A name of a file or folder as part of a key.

    >>> _slug("my recipes_2"), _slug("rainbow-hexagon"), _slug("目")
    ('my-recipes-2', 'rainbow-hexagon', 'recipe')
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "recipe"


def _unused(key: str, used: Container[str]) -> str:
    """The key, with a number if another recipe has it."""
    numbered = (key if number == 1 else f"{key}-{number}" for number in itertools.count(1))
    return next(candidate for candidate in numbered if candidate not in used)


def _group(renderer: Any) -> str:
    """The symmetry group as a recipe writes it, else the kind of symmetry.

    >>> _group({"symmetry": {"kind": "plane", "group": "p6"}}), _group({"symmetry": {"p": 7, "q": 3}}), _group("x")
    ('p6', '{7, 3}', '')
    """
    symmetry = renderer.get("symmetry", "") if isinstance(renderer, dict) else ""
    if not isinstance(symmetry, dict):
        return str(symmetry)
    if "p" in symmetry and "q" in symmetry:
        return f"{{{symmetry['p']}, {symmetry['q']}}}"
    return str(symmetry.get("group", symmetry.get("kind", "")))


def _cost(about: str) -> str:
    """The sentence in which a recipe tells what it costs.

    >>> _cost("Words. Cost: about a minute on two CPU cores. More.")
    'about a minute on two CPU cores'
    """
    match = re.search(r"Cost:\s*(.+?)(?:\.(?:\s|$)|$)", about, re.DOTALL)
    return " ".join(match.group(1).split()) if match else ""


def free_path(path: Path) -> Path:
    """The path, or with the first number that makes it free.

    >>> free_path(Path("no-such-folder/net.yaml")).name
    'net.yaml'
    """
    numbered = (path if number == 1 else path.with_stem(f"{path.stem}-{number}") for number in itertools.count(1))
    return next(candidate for candidate in numbered if not candidate.exists())
