"""A recipe on its way: (text, origin, pictures) -> what is wrong with it, what it asks for, or a recipe to queue.

The text is read, confined (`find_violations`) and validated by exactly what validates files.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError, Problem, RecipeError
from orbifolio.runner.images.sources import upload_of
from orbifolio.runner.recipe.marks import Source
from orbifolio.runner.recipe.model import LoadedRecipe, Recipe, load
from orbifolio.runner.recipe.overrides import apply_overrides
from orbifolio.runner.recipe.qualities import names
from orbifolio.runner.recipe.source import parse
from orbifolio.runner.recipe.validation import problem_at, validate
from orbifolio.runner.server.catalogue import RecipeCatalogue, RecipeEntry
from orbifolio.runner.server.job_store import IMAGE_NAME
from orbifolio.runner.server.recipe_edit import edit
from orbifolio.runner.server.recipe_policy import find_violations
from orbifolio.runner.server.uploads import Uploads


@dataclass(frozen=True)
class Draft:
    """A recipe as a visitor has edited it.

    Attributes:
        origin: key of the catalogue's recipe that it started as, "" for none.
        text: the recipe as YAML.
        images: uploads by the names that the recipe asks for.
        visitor: whose draft it is.
    """

    origin: str
    text: str
    images: Mapping[str, str]
    visitor: str = ""


@dataclass(frozen=True)
class CheckedDraft:
    """A draft, and everything that can be said before it is computed.

    Attributes:
        draft: the recipe and pictures that were checked.
        data: its values as written, before qualities are put in.
        problems: what is wrong; nothing if it can be run.
        advisories: what the artist should know.
        upload_names: names of the uploads that it asks for, in their order.
        pictures: sources of pictures by their dotted path.
        loaded: the recipe, or None where there are problems.
    """

    draft: Draft
    data: Mapping[str, Any]
    problems: tuple[Problem, ...]
    advisories: tuple[str, ...] = ()
    upload_names: tuple[str, ...] = ()
    pictures: Mapping[str, str] | None = None
    qualities: tuple[str, ...] = ()
    loaded: LoadedRecipe | None = None


class RecipeDrafts:
    """Makes and checks drafts.

    Args:
        catalogue: recipes that a draft may start as.
        uploads: pictures that a draft may name.
    """

    def __init__(self, catalogue: RecipeCatalogue, uploads: Uploads) -> None:
        self.catalogue = catalogue
        self.uploads = uploads

    def draft(
        self, origin: str, text: str | None, values: Mapping[str, Any], images: Mapping[str, str], visitor: str = ""
    ) -> Draft:
        """A draft from what a request says.

        Args:
            origin: key of a recipe, or "" for a text of one's own.
            text: YAML, or None for the recipe as it is.
            values: put in by their dotted paths.
            images: ids of uploads by the names that the recipe asks for.
            visitor: who asks; the uploads are theirs.

        Raises:
            InputError: there is no such recipe or upload, or a path leads nowhere.
        """
        entry = self.entry(origin)
        if text is None:
            if entry is None:
                raise InputError("no recipe is named; a run needs one; give recipe, text or look")
            text = entry.path.read_text(encoding="utf-8")
        for path, value in values.items():
            text = edit(text, route_of(path), value)
        for name, identity in images.items():
            if not IMAGE_NAME.match(name):
                raise InputError(
                    f"{name[:60]!r} is not a valid name of a picture; letters, digits, - and _ are allowed; change it"
                )
            self.picture(identity, visitor)
        return Draft(origin, text, dict(images), visitor)

    def entry(self, origin: str) -> RecipeEntry | None:
        """The recipe that a draft began as.

        Raises:
            InputError: there is none of this key.
        """
        entry = self.catalogue.get(origin) if origin else None
        if origin and entry is None:
            raise InputError(f"{origin[:80]!r} is not a recipe here; GET /api/recipes lists them; choose one")
        return entry

    def picture(self, identity: str, visitor: str) -> Path:
        """The file of a visitor's upload.

        Raises:
            InputError: there is none of this name.
        """
        try:
            return self.uploads.path(identity, visitor)
        except KeyError:
            raise InputError(
                f"{identity[:60]!r} is not an uploaded picture; POST /api/images takes one; do that"
            ) from None

    def check(self, draft: Draft) -> CheckedDraft:
        """Read, confine and validate a draft; nothing is computed."""
        entry = self.entry(draft.origin)
        folder = self.folder_of(entry)
        plain = parse(draft.text, file="recipe")
        source = apply_overrides(plain, ())
        if source.fatal:
            return CheckedDraft(draft, {}, source.problems)
        parts: dict[str, Any] = {"draft": draft, "data": plain.data, "qualities": names(plain)}
        allowed = None if entry is None else parse(entry.path.read_bytes())
        # before validation, which opens the pictures that it finds
        refused = [problem_at(source, each.route, each.message) for each in find_violations(source, allowed, folder)]
        try:
            recipe = validate(Recipe, source, folder=folder) if not refused else None
        except RecipeError as error:
            return CheckedDraft(problems=error.problems, **parts)
        if recipe is None:
            return CheckedDraft(problems=tuple(refused), **parts)
        hidden = _hidden_publication(recipe, allowed, source)
        if hidden is not None:
            return CheckedDraft(problems=(hidden,), **parts)
        return self._load(draft, entry, folder, recipe, parts)

    def _load(
        self, draft: Draft, entry: RecipeEntry | None, folder: Path, recipe: Recipe, parts: Mapping[str, Any]
    ) -> CheckedDraft:
        pictures = recipe.pictures()
        upload_names = tuple(dict.fromkeys(filter(None, (upload_of(text)[0] for text in pictures.values()))))
        fields: dict[str, Any] = {**parts, "pictures": pictures, "upload_names": upload_names}
        given = {
            name: self.picture(identity, draft.visitor)
            for name, identity in draft.images.items()
            if name in upload_names
        }
        with tempfile.TemporaryDirectory() as temporary:
            name, theme = name_of(entry, recipe.title)
            path = Path(temporary) / theme / f"{name}.yaml"
            path.parent.mkdir()
            path.write_text(draft.text, encoding="utf-8")
            try:
                loaded = load(path, (), given, folder=folder)
            except RecipeError as error:
                return CheckedDraft(problems=tuple(_nameless(problem) for problem in error.problems), **fields)
        return CheckedDraft(problems=(), advisories=loaded.advisories, loaded=loaded, **fields)

    def folder_of(self, entry: RecipeEntry | None) -> Path:
        """That relative paths of a draft start from."""
        origin = entry or next(iter(self.catalogue.entries().values()))
        return origin.path.parent


def route_of(path: str) -> tuple[str | int, ...]:
    """A dotted path as keys and positions.

    Raises:
        InputError: it is empty or too long.
    """
    parts = path.split(".")
    if not path or len(parts) > 30 or not all(parts):
        raise InputError(f"{path[:80]!r} is not a path in a recipe; write keys and dots, as in renderer.vision")
    return tuple(int(part) if part.isascii() and part.isdecimal() and len(part) < 6 else part for part in parts)


def name_of(entry: RecipeEntry | None, title: str) -> tuple[str, str]:
    """(name, theme) under which the gallery keeps a draft's run."""
    if entry is not None:
        return entry.name, entry.theme
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")
    return words or "untitled", "recipes"


def _hidden_publication(recipe: Recipe, allowed: Source | None, source: Source) -> Problem | None:
    """The problem that a quality says where to publish; None if it does not."""
    if recipe.publish is None or (allowed is not None and allowed.data.get("publish") is not None):
        return None
    message = "where pictures are published is set when the server is started; leave it out"
    return problem_at(source, ("qualities",), message)


def _nameless(problem: Problem) -> Problem:
    """A problem without the name of our temporary file."""
    from dataclasses import replace

    return replace(problem, file="recipe" if problem.file != "override" else problem.file)
