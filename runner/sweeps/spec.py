"""All that is needed to run a sweep's members, now or later: `Order` <-> `gallery/.sweeps/<name>/`.

    .sweeps/20261121-101500-4f2a/order.json           recipes, members, threads
                                 recipes/0/plane/rainbow-hexagon.yaml     the text as it was when the sweep began
                                 images/style.jpg     pictures given by --image
                                 members/3/           begun.json, result.json, lock, work.log of one member
                                 lock                 held by the process that minds the sweep

The folder is hidden: neither the gallery's pages nor a publication look there. It goes when all members are done.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orbifolio.runner.errors import RunFailed
from orbifolio.runner.files import write_atomically

FOLDER = ".sweeps"
_NAME = "order.json"


@dataclass(frozen=True)
class Recipe:
    """A recipe of a sweep.

    Attributes:
        typed: its path as it was typed.
        folder: that relative paths in it start from, absolute.
        theme: name of its folder.
        name: of its file, without the ending.
        images: names of the uploads that it asks for.
    """

    typed: str
    folder: str
    theme: str
    name: str
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class Errand:
    """What one member is to do.

    Attributes:
        recipe: its position in the order.
        overrides: `KEY=VALUE` texts.
        typed: what a user would type for this member alone, where it does not follow from the order.
    """

    recipe: int
    overrides: tuple[str, ...]
    typed: str = ""


@dataclass(frozen=True)
class Order:
    """A sweep as it was asked for.

    Attributes:
        recipes: without doubles.
        errands: by the member's number.
        images: uploads by name: paths below the order's folder.
        given: uploads by name: paths as they were typed.
        threads: processor threads of each run, 0 for torch's own choice. Kept, since another number of them may
            change a picture's last bits.
        options: words of the command line that every member's own command repeats.
    """

    recipes: tuple[Recipe, ...]
    errands: tuple[Errand, ...]
    images: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    threads: int = 0
    options: tuple[str, ...] = ()

    def command(self, number: int) -> str:
        """What a user would type for one member alone."""
        errand = self.errands[number]
        if errand.typed:
            return errand.typed
        recipe = self.recipes[errand.recipe]
        images = [part for name in recipe.images for part in ("--image", f"{name}={self.given[name]}")]
        return shlex.join(["orbifolio", "run", recipe.typed, *errand.overrides, *images, *self.options])


def place_of(gallery: Path, name: str) -> Path:
    """The private folder of a sweep."""
    return gallery / FOLDER / name


def member_place(place: Path, number: int) -> Path:
    """Where one member's process tells how it fares."""
    return place / "members" / str(number)


def recipe_path(place: Path, order: Order, number: int) -> Path:
    """The kept text of a recipe: file and folder have the recipe's own names."""
    recipe = order.recipes[number]
    return place / "recipes" / str(number) / recipe.theme / f"{recipe.name}.yaml"


def keep_order(place: Path, order: Order, texts: Sequence[bytes], pictures: Mapping[str, Path]) -> None:
    """Write all of it.

    Args:
        place: the private folder.
        order: what was asked for.
        texts: of its recipes.
        pictures: files for the uploads, by name.

    Raises:
        RunFailed: the gallery cannot be written.
    """
    try:
        for number, content in enumerate(texts):
            write_atomically(recipe_path(place, order, number), content)
        for name, path in order.images.items():
            write_atomically(place / path, pictures[name].read_bytes())
        for number in range(len(order.errands)):
            member_place(place, number).mkdir(parents=True, exist_ok=True)
        text = json.dumps({"schema": 1, **asdict(order)}, ensure_ascii=False, indent=1)
        write_atomically(place / _NAME, text.encode() + b"\n")
    except OSError as error:
        raise RunFailed(
            f"{place}: cannot write there ({error.strerror or error}); a sweep keeps what it needs to go on beside its "
            "gallery; make room, or choose another with --out"
        ) from error


def read_order(place: Path) -> Order | None:
    """The order of a sweep, or None if it cannot be read."""
    try:
        told = json.loads((place / _NAME).read_text(encoding="utf-8"))
        return Order(
            recipes=tuple(Recipe(**{**item, "images": tuple(item["images"])}) for item in told["recipes"]),
            errands=tuple(Errand(item["recipe"], tuple(item["overrides"]), item["typed"]) for item in told["errands"]),
            images=told["images"],
            given=told["given"],
            threads=told["threads"],
            options=tuple(told["options"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def forget_order(place: Path) -> None:
    """Remove what a finished sweep needs no more."""
    shutil.rmtree(place, ignore_errors=True)
    with contextlib.suppress(OSError):
        place.parent.rmdir()  # unless others are kept there
