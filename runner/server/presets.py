"""What the painting page offers: (look, choices) -> a recipe of the catalogue with the visitor's photograph in it.

A look is a shipped recipe and a few values; it is offered where its recipe is there. Choices are sets of
values under words that need no knowledge of recipes. `PHOTO` in a value stands for the photograph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orbifolio.runner.errors import InputError
from orbifolio.runner.images.sources import own_pictures
from orbifolio.runner.server.catalogue import RecipeCatalogue

PHOTO = "upload:photo"
OWN_STYLE = "upload:style"


@dataclass(frozen=True)
class PresetOption:
    """One of some possibilities.

    Attributes:
        picture: name of a picture that comes with the program and shows it, "" for none.
        asks: name of a further picture that it needs, "" for none.
    """

    key: str
    label: str
    values: Mapping[str, Any]
    picture: str = ""
    asks: str = ""


@dataclass(frozen=True)
class PresetChoice:
    """A question with its options, the first of which is the default."""

    key: str
    label: str
    options: tuple[PresetOption, ...]

    def chosen(self, given: str | None) -> tuple[Mapping[str, Any], str]:
        """The values of an option, and the name of a picture that it needs, "" for none.

        Args:
            given: the option's key, or None for the default.

        Raises:
            InputError: there is no such option.
        """
        by_key = {option.key: option for option in self.options}
        option = by_key.get(self.options[0].key if given is None else given)
        if option is None:
            raise InputError(
                f"{str(given)[:60]!r} is not a value of {self.key}; they are {', '.join(by_key)}; choose one of these"
            )
        return option.values, option.asks


@dataclass(frozen=True)
class PresetSlider:
    """A number that the visitor may choose.

    Attributes:
        path: of the recipe's value that it is, dotted.
        default: where the slider stands at first.
        ends: what its lowest and its highest value mean, in words.
    """

    key: str
    label: str
    path: str
    low: float
    high: float
    step: float
    default: float
    ends: tuple[str, str]
    options: tuple[PresetOption, ...] = ()

    def chosen(self, given: str | None) -> tuple[Mapping[str, Any], str]:
        """The number at its place in the recipe: see `PresetChoice.chosen`.

        Args:
            given: the number in digits, or None for the default.

        Raises:
            InputError: it is not a number, or not one of this slider's.
        """
        try:
            value = self.default if given is None else float(given)
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high:
            raise InputError(
                f"{str(given)[:60]!r} is not a value of {self.key}; it is a number from {self.low:g} to {self.high:g}"
            )
        return {self.path: value}, ""


@dataclass(frozen=True)
class Preset:
    """A way to make a picture of a photograph.

    Attributes:
        recipe: key of the catalogue's recipe that it is made from.
        values: put into the recipe by their dotted paths.
        duration: about how long it takes on two processor cores, in words.
    """

    key: str
    title: str
    words: str
    recipe: str
    duration: str
    values: Mapping[str, Any]
    choices: tuple[PresetChoice | PresetSlider, ...] = field(default=())


def _phases(*sizes_and_steps: tuple[int, int]) -> list[dict[str, int]]:
    return [{"size": size, "steps": steps} for size, steps in sizes_and_steps]


def _detail(small: list[dict[str, int]], large: list[dict[str, int]]) -> PresetChoice:
    return PresetChoice(
        "detail",
        "Detail",
        (
            PresetOption("quick", "Quick", {"renderer.phases": small}),
            PresetOption("fine", "Fine", {"renderer.phases": large}),
        ),
    )


_STYLE_NAMES = {
    "agate": "Agate",
    "autumn": "Autumn leaves",
    "batik": "Batik",
    "beetles": "Jewel beetles",
    "botanical": "Botanical plate",
    "calligraphy": "Calligraphy",
    "cranes": "Cranes on silk",
    "ikat": "Woven ikat",
    "iznik": "Iznik tiles",
    "koi": "Koi pond",
    "marbling": "Marbled paper",
    "millefiori": "Millefiori glass",
    "mosaic": "Mosaic of fish",
    "nouveau": "Art nouveau lilies",
    "oil": "Oil paint",
    "peacock": "Peacock",
    "stained-glass": "Stained glass",
    "starry": "Starry sky",
    "waves": "Woodcut waves",
}


def _styles(path: str, magnification: int) -> PresetChoice:
    """The style pictures that come with the program, and one of the visitor's own."""

    def values(source: str) -> dict[str, Any]:
        return {path: [{"image": source, "magnifications": [magnification]}]}

    names = sorted(own_pictures(), key=lambda name: (name != "oil", name))
    options = [
        PresetOption(name, _STYLE_NAMES.get(name, name), values(f"orbifolio:{name}"), picture=name) for name in names
    ]
    own = PresetOption("own", "A picture of yours", {path: [{"image": OWN_STYLE}]}, asks="style")
    return PresetChoice("manner", "In the style of", (*options, own))


def _fold(key: str, label: str, order: int) -> PresetOption:
    colours = {"r": ["g", "r", "b"]} if key.endswith("colours") else {}
    symmetry = {"kind": "rotor", "order": order, "mirrors": True, **({"colours": colours} if colours else {})}
    return PresetOption(key, label, {"renderer.symmetry": symmetry})


def _painting(key: str, title: str, words: str) -> Preset:
    """A look of the bristle brush: see `runner/painting/looks.py`."""
    return Preset(
        key=key,
        title=title,
        words=words,
        recipe="painting/paint-a-photo",
        duration="about a quarter of a minute",
        values={"title": f"Photograph in {title.lower()}", "renderer.image": PHOTO, "renderer.look": key},
        choices=(
            PresetSlider("brush", "Brush", "renderer.brush_size", 0.6, 2.0, 0.1, 1.0, ("Fine", "Broad")),
            PresetSlider("colours", "Colours", "renderer.liveliness", 0.0, 2.0, 0.1, 1.0, ("Calm", "Lively")),
            PresetChoice(
                "size",
                "Size",
                (
                    PresetOption("screen", "For a screen", {"renderer.size": 1600}),
                    PresetOption("print", "For print", {"renderer.size": 4096}),
                ),
            ),
        ),
    )


PRESETS = (
    _painting("oil", "Oil", "Opaque strokes with body, from wide to thin, lit from the side."),
    _painting("bold", "Bold oil", "Few wide strokes of strong colours, thickly laid on."),
    _painting("gouache", "Gouache", "Flat opaque paint on a light board."),
    _painting("watercolour", "Watercolour", "Washes from light to dark that the white paper shines through."),
    _painting("pastel", "Pastel", "Chalk on rough paper, in short strokes."),
    _painting("ink", "Ink", "Lines of a pen, more of them crossing the darker a place is."),
    _painting("pointillist", "Pointillist", "Dots of a few pure paints, which the eye mixes."),
    _painting("flow", "Flowing strokes", "Short curved strokes that follow a turning field, in broken colours."),
    Preset(
        key="strokes",
        title="Learnt brush",
        words="Repainted stroke by stroke with a brush learnt from a real paint program.",
        recipe="painting/learnt-brush",
        duration="two to three minutes",
        values={
            "title": "Photograph in strokes of a learnt brush",
            "renderer.canvas.init.image": PHOTO,
            "renderer.objectives.0.image": PHOTO,
        },
        choices=(
            PresetChoice(
                "strokes",
                "Strokes",
                (
                    PresetOption("many", "A thousand", {"renderer.canvas.strokes": 1000}),
                    PresetOption("few", "Three hundred", {"renderer.canvas.strokes": 300}),
                ),
            ),
            _detail(
                _phases((64, 30), (128, 30), (256, 30)),
                _phases((64, 40), (128, 40), (256, 40), (512, 40)),
            ),
        ),
    ),
    Preset(
        key="style",
        title="Style transfer",
        words="Your photograph in the colours and texture of another picture.",
        recipe="style/style-transfer",
        duration="one to three minutes",
        values={
            "title": "Photograph in another style",
            "renderer.canvas.init.image": PHOTO,
            "renderer.objectives.1.image": PHOTO,
        },
        choices=(
            _styles("renderer.objectives.0.images", 2),
            _detail(_phases((128, 30), (256, 30)), _phases((128, 40), (256, 40), (512, 40))),
        ),
    ),
    Preset(
        key="threads",
        title="Coloured threads",
        words="A net of threads that grows over your photograph, finer where there is light.",
        recipe="gas/portrait-in-colour",
        duration="half a minute",
        values={"title": "Photograph in threads", "renderer.image": PHOTO, "renderer.tone.crop": None},
        choices=(
            PresetChoice(
                "detail",
                "Threads",
                (
                    PresetOption("fine", "Fine", {"renderer.tone.width": 320}),
                    PresetOption(
                        "coarse",
                        "Coarse",
                        {"renderer.tone.width": 320, "renderer.phases": [{"nodes": 4000, "epochs": 10, "steps": 60}]},
                    ),
                ),
            ),
            PresetChoice(
                "paper",
                "Paper",
                (
                    PresetOption("dark", "Dark", {}),
                    PresetOption("light", "Light", {"renderer.drawing.theme": "paper", "renderer.tone.invert": False}),
                ),
            ),
        ),
    ),
    Preset(
        key="kaleidoscope",
        title="Kaleidoscope",
        words="Your photograph between two mirrors, and a net that continues its texture from one to the other.",
        recipe="plane/kaleidoscope",
        duration="about a minute",
        values={
            "title": "Photograph in a kaleidoscope",
            "renderer.canvas": {"kind": "pixels", "init": {"kind": "image", "image": PHOTO}},
            "renderer.objectives.0.images": [PHOTO],
        },
        choices=(
            PresetChoice(
                "mirrors",
                "Mirrors",
                (
                    _fold("six", "Six-fold", 6),
                    _fold("five", "Five-fold", 5),
                    _fold("eight", "Eight-fold", 8),
                    _fold("colours", "Six-fold, colours exchanged", 6),
                ),
            ),
            _detail(_phases((192, 30), (384, 30)), _phases((192, 30), (384, 30), (576, 30))),
        ),
    ),
    Preset(
        key="seamless",
        title="Seamless tile",
        words="Your photograph made to repeat to all sides without a seam, for cloth, wallpaper or a desktop.",
        recipe="plane/seamless-photo",
        duration="ten to thirty seconds",
        values={"title": "Photograph as a seamless tile", "renderer.start": PHOTO},
        choices=(
            PresetChoice(
                "middle",
                "The photograph's middle",
                (
                    PresetOption("kept", "Stays as it is", {"renderer.keep": 0.92}),
                    PresetOption("half", "Half of it may change", {"renderer.keep": 0.5}),
                    PresetOption("free", "All of it may change", {"renderer.keep": 0.0}),
                ),
            ),
            PresetChoice(
                "detail",
                "Detail",
                (
                    PresetOption("quick", "Quick", {"renderer.size": 512}),
                    PresetOption("fine", "Fine", {"renderer.size": 1024}),
                ),
            ),
        ),
    ),
    Preset(
        key="dream",
        title="Deep dream",
        words="A network looks at your photograph and amplifies whatever it sees.",
        recipe="dream/deep-dream",
        duration="about a minute",
        values={"title": "Deep dream of a photograph", "renderer.canvas.init.image": PHOTO},
        choices=(
            PresetChoice(
                "depth",
                "What it sees",
                (
                    PresetOption("creatures", "Creatures", {"renderer.objectives.0.layer": "conv5_1"}),
                    PresetOption("patterns", "Patterns", {"renderer.objectives.0.layer": "conv3_3"}),
                ),
            ),
            _detail(_phases((256, 20), (360, 20)), _phases((256, 20), (360, 20), (512, 20))),
        ),
    ),
    Preset(
        key="line",
        title="One line",
        words="Your photograph as a single closed line that never crosses itself.",
        recipe="gas/tsp",
        duration="half a minute",
        values={"title": "Photograph in one line", "renderer.image": PHOTO},
    ),
)


def available_presets(catalogue: RecipeCatalogue) -> tuple[Preset, ...]:
    """The looks whose recipes are there."""
    entries = catalogue.entries()
    return tuple(look for look in PRESETS if look.recipe in entries)


@dataclass(frozen=True)
class ChosenPreset:
    """A look with its choices made: values for its recipe, and names of the pictures that it needs."""

    preset: Preset
    values: Mapping[str, Any]
    asks: tuple[str, ...]


def choose_preset(catalogue: RecipeCatalogue, key: str, options: Mapping[str, str]) -> ChosenPreset:
    """A look and its choices.

    Args:
        catalogue: only looks whose recipe is in it are offered.
        options: key of an option by the key of its choice.

    Raises:
        InputError: there is no such look, choice or option.
    """
    looks = {look.key: look for look in available_presets(catalogue)}
    if key not in looks:
        raise InputError(f"{key[:60]!r} is not a look; they are {', '.join(looks)}; choose one of these")
    look = looks[key]
    choices = {choice.key: choice for choice in look.choices}
    values, asks = dict(look.values), ["photo"]
    for name in options:
        if name not in choices:
            offered = ", ".join(choices) or "none"
            raise InputError(f"{name[:60]!r} is not a choice of the look {key}; it has {offered}; leave it out")
    for name, choice in choices.items():
        given, needed = choice.chosen(options.get(name))
        values.update(given)
        asks += [needed] if needed else []
    return ChosenPreset(look, values, tuple(asks))
