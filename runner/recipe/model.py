"""A recipe: the validated, frozen settings of a run, and the file they came from.

`load` reads, overrides, validates and checks everything that can be checked before anything is computed:
types, names, legality of the symmetry, layers, channels, pictures. It raises all errors at once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from rich.console import Console

from orbifolio.reports.data.card import THEMES
from orbifolio.reports.publish import AnyPublisher
from orbifolio.runner.errors import IllegalSymmetry, ImageError, Problem, RecipeError
from orbifolio.runner.images.finish import Finish
from orbifolio.runner.images.mask import evenness, is_mask
from orbifolio.runner.images.preparation import StylePreparation
from orbifolio.runner.images.reading import Picture
from orbifolio.runner.images.sources import Images, upload_of
from orbifolio.runner.importing import without_collections
from orbifolio.runner.recipe import qualities
from orbifolio.runner.recipe.overrides import apply_overrides
from orbifolio.runner.recipe.source import Source, read
from orbifolio.runner.recipe.validation import problem_at, validate
from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RendererSettings, colours_of
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry import colour


class Recipe(Settings):
    """A YAML file that says what to render and how."""

    model_config = ConfigDict(title="Recipe")

    version: Literal[1] = Field(default=1, alias="schema")
    """Version of this format."""
    title: str = Field(min_length=1, max_length=200)
    """The picture's name, for the gallery."""
    about: str = Field(default="", max_length=20_000)
    """Markdown: the idea, what to expect, what it costs."""
    theme: str = Field(default="", max_length=60, pattern=r"^[^\x00-\x1f]*$")
    """With which pictures the gallery hangs it, e.g. plane, sphere, painting, or a word of your own. Left out, it is
    the name of the recipe's folder where that is one of the program's own."""
    tags: tuple[Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")], ...] = Field(
        default=(), max_length=30
    )
    """Words to find it by in the gallery, e.g. `[blue, for the kitchen]`."""
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    """Seed of all randomness: the same seed gives the same picture."""
    renderer: AnyRenderer
    """What is rendered, and how."""
    style_preparation: StylePreparation = StylePreparation()
    """How style pictures are prepared before their statistics are taken."""
    finish: Finish = Finish()
    """Adjustments of the finished picture; they never break its symmetry."""
    frames: int = Field(default=12, ge=1, le=2000)
    """About how many frames the report keeps."""
    publish: AnyPublisher | None = None
    """Where to publish the report; null for nowhere."""
    quality: str = Field(default="", max_length=60)
    """Which of the `qualities` this run uses, often set by `quality=print` on the command line; none if empty."""
    qualities: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")], dict[str, Any]] = {}
    """Named sets of values by their dotted paths: `print: {renderer.phases.2.size: 3072}`. They apply before the
    overrides of the command line."""

    def pictures(self) -> dict[str, str]:
        """Every image source by its path in the recipe, e.g. `renderer.objectives.0.images.0.image`."""
        renderer: RendererSettings = self.renderer
        parts = {
            "renderer": renderer.pictures(),
            "style_preparation": self.style_preparation.pictures(),
            "finish": self.finish.pictures(),
        }
        return {f"{part}.{path}": source for part, pictures in parts.items() for path, source in pictures.items()}

    def colour_elements(self) -> tuple[int, ...]:
        """The group of colour elements that the picture's symmetry acts with, the identity first.

        Raises:
            IllegalSymmetry: the symmetry is not legal.
        """
        renderer: RendererSettings = self.renderer
        symmetry = renderer.kept_symmetry(1.0)
        return (colour.IDENTITY,) if symmetry is None else colours_of(symmetry)


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedRecipe:
    """A valid recipe and where it came from.

    Attributes:
        recipe: validated, overrides and quality applied.
        name: the file's stem: the gallery groups runs by it.
        theme: what the recipe says, else the name of the file's folder where that is one of ours: the gallery groups
            recipes by it.
        source: text and marks, overrides applied.
        overrides: `KEY=VALUE` texts of the command line.
        images: loads the recipe's pictures.
        warnings: problems that do not stop the run.
        advisories: what the artist should know (emergent emblems, lines forced grey).
    """

    recipe: Recipe
    name: str
    theme: str
    source: Source
    overrides: tuple[str, ...]
    images: Images
    warnings: tuple[Problem, ...] = ()
    advisories: tuple[str, ...] = ()
    text: str = field(default="", repr=False)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The resolved recipe as JSON values, in the order of the model; a quality's values are put in."""
        return self.recipe.model_dump(mode="json", by_alias=True, exclude=set(qualities.KEYS))

    @property
    def resolved_text(self) -> str:
        """The recipe as run: the file's own text with its comments, overrides written in."""
        return self.text

    def weights_needed(self) -> tuple[tuple[str, int, bool], ...]:
        """(name, bytes to fetch, present) for each file of weights the networks need."""
        networks = self.recipe.renderer.networks()
        names = dict.fromkeys(name for network in networks for name in network.weight_names())
        names |= dict.fromkeys(self.recipe.finish.weight_names())
        if not names:
            return ()
        from orbifolio.runner.vision.weights import default_store

        store = default_store()
        return tuple((name, store.download_bytes(name), store.present(name)) for name in names)

    def fetch_weights(self, console: Console) -> None:
        """Download the files of weights that are missing, and show how far it is."""
        missing = [name for name, _, present in self.weights_needed() if not present]
        if not missing:
            return
        from orbifolio.runner.vision.weights import default_store, show_progress

        with show_progress(console):
            for name in missing:
                default_store().fetch(name)


def theme_of_folder(path: Path) -> str:
    """The theme of a recipe that names none: its folder's name, where that is one of ours.

    Args:
        path: of the recipe.
    """
    folder = path.resolve().parent.name
    return folder if folder in THEMES else ""


RESERVED = ("assets", "sweeps")
"""Folders of a gallery that do not belong to a recipe."""


def load(
    path: Path,
    overrides: Sequence[str] = (),
    given: Mapping[str, Path] | None = None,
    *,
    folder: Path | None = None,
    typed_in: Path | None = None,
) -> LoadedRecipe:
    """Read and check a recipe.

    Args:
        path: of the YAML file.
        overrides: `KEY=VALUE` texts of the command line, later ones win.
        given: files for the recipe's uploads, by the upload's name.
        folder: base of the recipe's relative paths, if not the file's own folder (the file is an edited copy).
        typed_in: folder that relative paths of the overrides start from, as those of a command line do; None: as the
            recipe's own.

    Raises:
        RecipeError: everything that is wrong with it.
    """
    plain = read(path)
    source = apply_overrides(plain, overrides, folder=typed_in)
    folder = folder or path.parent
    images = Images(folder, given)
    with without_collections():  # the kinds that it names are imported
        try:
            recipe = validate(Recipe, source, folder=folder, given=given)
        except RecipeError:
            validate(
                Recipe, source, folder=folder, legal=True, given=given
            )  # tells an impossible symmetry with the rest
            raise
    problems = _check(recipe, source, images)
    if path.stem in RESERVED:
        cure = "the gallery needs the folder of this name; rename the file"
        problems.append(Problem(f"a recipe cannot be called {path.stem}; {cure}", file=source.file))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise RecipeError(problems)
    settings: RendererSettings = recipe.renderer
    changed = ", ".join(overrides) or "nothing"
    logger.debug("%s: seed %d, changed: %s", path, recipe.seed, changed)
    return LoadedRecipe(
        recipe=recipe,
        name=path.stem,
        theme=recipe.theme or theme_of_folder(path),
        source=source,
        overrides=tuple(overrides),
        images=images,
        warnings=tuple(problems),
        advisories=(
            *settings.advisories(),
            *recipe.finish.advisories(recipe.colour_elements()),
            *_picture_notes(recipe, images),
        ),
        text=write_in(plain, overrides, recipe),
    )


def _check(recipe: Recipe, source: Source, images: Images) -> list[Problem]:
    """What types cannot say: pictures, symmetry, layers, classes; all at once, in the file's order."""
    settings: RendererSettings = recipe.renderer
    problems: list[Problem] = []
    bad: set[str] = set()
    pictures = recipe.pictures()
    for name, picture in pictures.items():
        message = images.check(picture)
        if message is not None:
            bad.add(picture)
            problems.append(problem_at(source, _route(name), message))

    def aspect_of(picture: str) -> float | None:
        if picture in bad or picture.startswith(("https:", "s3:")):
            return None
        try:
            loaded = images.load(picture)
        except ImageError as error:
            bad.add(picture)
            for name in [name for name, value in pictures.items() if value == picture]:
                problems.append(problem_at(source, _route(name), str(error)))
            return None
        return loaded.width / loaded.height

    for picture in dict.fromkeys(pictures.values()):
        if picture not in bad:
            aspect_of(picture)  # a broken picture is reported now, not in the middle of a run
    least = {f"renderer.{path}": need for path, need in settings.least_sides().items()}
    for name, picture in pictures.items():
        if picture in images:
            message, severity = _complaint(name, images.load(picture), *least.get(name, (0, "")))
            if message:
                problems.append(problem_at(source, _route(name), message, severity=severity))
    for name, message in settings.complaints(aspect_of):
        problems.append(problem_at(source, _route(f"renderer.{name}".rstrip(".")), message))
    try:
        elements = recipe.colour_elements()
    except IllegalSymmetry:
        elements = (colour.IDENTITY,)  # told above
    kept = settings.kept_symmetry(1.0) if recipe.finish.chroma is not None and not problems else None
    for name, message in recipe.finish.complaints(elements, symmetric=kept is not None and bool(kept.claims())):
        problems.append(problem_at(source, _route(f"finish.{name}"), message))
    used = {upload_of(picture)[0] for picture in (*pictures.values(), *settings.figures())}
    unused = sorted(set(images.given) - used)
    for name in unused:
        problems.append(
            Problem(
                f"--image {name}=...: the recipe does not use `upload:{name}`; every given picture must be used; name "
                "it in the recipe, as in renderer.objectives.0.images=[upload:" + name + "]",
                file=source.file,
            )
        )
    return sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0, problem.column or 0))


def _complaint(name: str, picture: Picture, least: int, network: str) -> tuple[str, str]:
    """(message, severity) about a picture in its place, ("", "") for none.

    Args:
        name: its path in the recipe.
        picture: as it was read.
        least: pixels that a network needs on each side; 0 for a picture that no network sees as it is.
        network: which.
    """
    if is_mask(name):
        return evenness(picture)
    if picture.vanishes:
        cure = "it is laid on white paper; put a darker ground beneath it"
        return f"is white everywhere but for what is clear; {cure}", "warning"
    side = min(picture.width, picture.height)
    what = f"is {side} pixels {'high' if picture.height == side else 'wide'}"
    if side < least:
        return f"{what}; {network} needs {least}; use a larger picture", "error"
    if not least:
        return "", ""
    from orbifolio.runner.objectives.style import MIN_SIDE  # which recipes without a network need not import

    if side < MIN_SIDE:
        return f"{what}; below {MIN_SIDE} a network sees hardly more than its border; use a larger picture", "warning"
    return "", ""


def _picture_notes(recipe: Recipe, images: Images) -> list[str]:
    """What the artist should know of how the pictures that are here were read."""
    told = []
    for name, picture in recipe.pictures().items():
        if picture not in images:
            continue
        loaded = images.load(picture)
        told += [f"{name}: {loaded.source} {note}" for note in loaded.notes]
    return told


def _route(path: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdecimal() else part for part in path.split("."))


def write_in(source: Source, overrides: Sequence[str], recipe: Recipe) -> str:
    """The recipe's text as run.

    Without overrides or a quality it is the file itself. With them, the text that was run is written anew from the
    resolved values, below a note of the overrides and, as comments, the file as it was.
    """
    text = "\n".join(source.lines)
    if not overrides and not recipe.quality:
        return text if text.endswith("\n") else text + "\n"
    import yaml

    values = recipe.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=set(qualities.KEYS))
    resolved = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    applied = (*overrides, *([f"quality={recipe.quality}"] if recipe.quality else []))
    lines = ["# As run, with overrides:", *dict.fromkeys(f"#   {override}" for override in applied), resolved]
    lines += ["# The file before overrides:", *(f"# {line}".rstrip() for line in source.lines)]
    return "\n".join(lines).rstrip() + "\n"
