"""Bodies of the API's requests and responses: pydantic models, which FastAPI validates and documents."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from orbifolio.reports.data.notes import RunNotes
from orbifolio.runner.settings import Settings

Key = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=1_000_000)]
Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}$")]
Identity = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Images = Annotated[dict[Name, Identity], Field(max_length=24)]


class DraftRequest(Settings):
    """A recipe to be checked, previewed or run."""

    recipe: Key = ""
    """Key of a recipe of the catalogue, as `plane/rainbow-hexagon`; empty for a text of your own."""
    text: Text | None = None
    """The recipe as YAML; the catalogue's if left out."""
    values: Annotated[dict[Key, Any], Field(max_length=200)] = {}
    """Values put in by their dotted paths, as `renderer.phases.0.size: 64`."""
    images: Images = {}
    """Uploaded pictures by the names that the recipe asks for."""
    branch: Key = ""
    """A run to continue from: with its own state where canvas and phases agree, else with its newest picture."""


class RunRequest(DraftRequest):
    """A picture to be made: of a recipe, or of a look and a photograph."""

    look: Key = ""
    """A look of the painting page, instead of a recipe; `images` must hold `photo`."""
    options: Annotated[dict[Key, Key], Field(max_length=20)] = {}
    """Key of an option by the key of its choice."""


class PictureChoice(Settings):
    """A picture that any recipe may name."""

    source: str
    """As a recipe names it, `orbifolio:agate`."""
    title: str
    """For people."""
    picture: str
    """Address of a small one."""


class ColourChoice(Settings):
    """What the colours may do under a generator of a group."""

    generator: str
    """As a recipe names it, `r6`."""
    words: str
    """What it is, `a sixth of a turn`."""
    elements: list[list[str]]
    """Legal ones, as a recipe writes them: `[g, b, r]`; the first changes nothing."""


class GroupChoice(Settings):
    """A group of a symmetry."""

    picture: str
    """Address of a small drawing of what it does."""
    colours: list[ColourChoice]
    """By generator, shifts last."""


class EditorChoices(Settings):
    """What the editor offers as pictures."""

    styles: list[PictureChoice]
    """That come with the program."""
    photographs: list[PictureChoice]
    """That come with scikit-image."""
    groups: dict[str, dict[str, GroupChoice]]
    """By kind of symmetry, then by name."""


class KeptRecipe(Settings):
    """A recipe that was saved among one's own."""

    key: str
    """Of the catalogue."""
    name: str
    """Of its file, without the ending."""


class EditRequest(Settings):
    """One value of a recipe's text to be changed."""

    text: Text
    """The recipe as YAML."""
    path: Annotated[list[str | int], Field(min_length=1, max_length=30)]
    """Keys and positions from the top."""
    value: Any = None
    """What to put there."""
    flow: Annotated[str, Field(max_length=10_000)] | None = None
    """The same as a recipe writes it, as `{r6: [g, b, r]}`; instead of `value`."""
    remove: bool = False
    """Take it out instead."""


class RecipeProblem(Settings):
    """One fault of a recipe, and where it is."""

    message: str
    """What is wrong, which rule it breaks, what to do."""
    path: str = ""
    """Dotted path in the recipe."""
    line: int | None = None
    """1-based line of the text."""
    column: int | None = None
    """1-based column of the line."""
    severity: str = "error"
    """`error`, or `warning` for what can be run."""


class Refusal(Settings):
    """Why something was not done."""

    error: str
    """What is wrong, which rule it breaks, what to do."""
    problems: list[RecipeProblem] = []
    """Faults of the recipe, each with its path."""


class CheckReport(Settings):
    """The result of checking a recipe; nothing is computed."""

    text: str
    """The recipe as YAML, values put in."""
    data: dict[str, Any]
    """Its values as written."""
    problems: list[RecipeProblem]
    """What is wrong with it; nothing if it can be run."""
    advisories: list[str]
    """What the artist should know."""
    asked: list[str]
    """Names of the uploads that it asks for."""
    pictures: dict[str, str]
    """Sources of its pictures by their dotted paths."""
    qualities: list[str]
    """Its named sets of values."""
    begins: str = ""
    """What a branch begins with, in words; empty for a recipe that is none, or is wrong."""


class RunEstimate(Settings):
    """What a recipe will need, before anything is computed; it may take half as long or twice."""

    seconds: float
    """Of computing, on the server's own device."""
    text: str
    """The same in words."""
    memory_bytes: float
    """At most at once."""
    device: str
    """What the estimate is for."""
    waiting: int
    """Pictures that must be finished before this one starts."""


class UploadedImage(Settings):
    """A picture that was taken in."""

    id: str
    """Its name from now on."""
    name: str
    """The file's name, as it was sent."""
    width: int
    """Pixels from left to right."""
    height: int
    """Pixels from top to bottom."""
    url: str
    """Where it can be seen."""
    small: str
    """Address of a thumbnail."""


class UploadReport(Settings):
    """What became of the files that were sent."""

    images: list[UploadedImage]
    """Those that were taken."""
    refused: list[str]
    """Why others were not."""


class RunStatus(Settings):
    """A picture that waits, is being made, or is finished."""

    id: str
    """Names the run in addresses."""
    title: str
    """The title of its recipe."""
    recipe: str
    """Key of the recipe that it began as, or empty."""
    look: str
    """Of the painting page, or empty."""
    state: str
    """`queued`, `running`, `paused`, `done`, `failed` or `cancelled`."""
    wish: str
    """What was asked for and has not happened yet: `pause`, `keep`, `cancel` or empty."""
    position: int
    """Place in the queue, 1 for the next; 0 outside it."""
    created: float
    """Seconds since the epoch."""
    line: str
    """How far it is, in words."""
    share: float | None
    """Percent done, or null while unknown."""
    left: str
    """Time left, in words."""
    message: str
    """Why it failed and what to do, or empty."""
    photo: str
    """The picture it was made of, or empty."""
    picture: str
    """The newest picture of it, or empty."""
    result: str
    """The finished picture, or empty."""
    report: str
    """Its report, or empty."""
    width: int
    """Of the newest picture, in pixels; 0 while there is none."""
    height: int
    """Of the newest picture, in pixels; 0 while there is none."""
    curve: list[list[float]]
    """Up to 200 pairs of step and loss, a list for each phase: [step, loss, step, loss, ...]."""


class RunList(Settings):
    """All of them, newest first."""

    runs: list[RunStatus]
    """At most a hundred."""


class CatalogueRecipe(Settings):
    """A recipe of the catalogue."""

    key: str
    """Its name, as `plane/rainbow-hexagon`."""
    theme: str
    """Name of its folder."""
    title: str
    """The title of the picture."""
    about: str
    """The first paragraph of its text, Markdown."""
    cost: str
    """What it says of its cost, or empty."""
    picture: str
    """A small picture, or empty."""


class CatalogueList(Settings):
    """All recipes that can be chosen."""

    recipes: list[CatalogueRecipe]
    """By theme and title."""


class LookOption(Settings):
    """One of a look's possibilities."""

    key: str
    """Names the option in a request."""
    label: str
    """Names the option on the page."""
    asks: str
    """A further picture that it needs, or empty."""


class LookChoice(Settings):
    """A question that a look leaves open."""

    key: str
    """Names the choice in a request."""
    label: str
    """Names the choice on the page."""
    options: list[LookOption]
    """The first is the default; none for a number."""
    low: float | None = None
    """The lowest number, if it is one."""
    high: float | None = None
    """The highest."""
    default: float | None = None
    """What it is if nothing is given."""


class Look(Settings):
    """A way to make a picture of a photograph."""

    key: str
    """Names the look in a request."""
    title: str
    """Names the look on the page."""
    words: str
    """One sentence on what it does."""
    duration: str
    """About how long it takes on two processor cores."""
    choices: list[LookChoice]
    """What is left open."""


class LookList(Settings):
    """What the painting page offers."""

    looks: list[Look]
    """In the order of the page."""


class ServerHealth(Settings):
    """That the server answers."""

    ok: bool
    """Always true."""
    busy: bool
    """A picture is being made, or waits."""


class EditedText(Settings):
    """A recipe's text after a change."""

    text: str
    """The recipe as YAML."""


class BranchOffer(Settings):
    """A run's recipe and pictures, to be changed and run again."""

    recipe: str
    """Key of the recipe that it began as, or empty."""
    text: str
    """The recipe as YAML."""
    images: dict[str, str]
    """Uploaded pictures by the names that the recipe asks for."""


class NotesList(Settings):
    """Stars, notes and tags of the gallery's runs, in the form that browsers keep and save them."""

    runs: dict[str, RunNotes]
    """By recipe and run, as folders of the gallery."""
