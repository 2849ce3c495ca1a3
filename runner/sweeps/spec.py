"""All that is needed to run a sweep's members, now or later: `SweepSpec` <-> `gallery/.sweeps/<name>/`.

    .sweeps/20261121-101500-4f2a/order.json           recipes, members, threads
                                 recipes/0/plane/rainbow-hexagon.yaml     the text as it was when the sweep began
                                 images/style.jpg     pictures given by --image
                                 members/3/           begun.json of one member, and the files of a `JobRunner`
                                 lock                 held by the process that runs the sweep

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
class SweepRecipe:
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
class SweepTask:
    """What one member runs.

    Attributes:
        recipe: its position in the spec.
        overrides: `KEY=VALUE` texts, in the order typed.
        typed: what a user would type for this member alone, where it does not follow from the spec.
    """

    recipe: int
    overrides: tuple[str, ...]
    typed: str = ""


@dataclass(frozen=True)
class SweepSpec:
    """What a sweep is to make.

    Attributes:
        recipes: each once, however many members are made of it.
        tasks: by the member's number.
        images: uploads by name: paths below the private folder.
        given: uploads by name: paths as they were typed.
        threads: processor threads of each run, 0 for torch's own choice. Kept, since another number of them may
            change a picture's last bits.
        options: words of the command line that every member's own command repeats.
        typed_in: folder that relative paths in the overrides start from; "" for the recipe's own.
    """

    recipes: tuple[SweepRecipe, ...]
    tasks: tuple[SweepTask, ...]
    images: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    threads: int = 0
    options: tuple[str, ...] = ()
    typed_in: str = ""

    def command(self, number: int) -> str:
        """What a user would type for one member alone."""
        task = self.tasks[number]
        if task.typed:
            return task.typed
        recipe = self.recipes[task.recipe]
        images = [part for name in recipe.images for part in ("--image", f"{name}={self.given[name]}")]
        return shlex.join(["orbifolio", "run", recipe.typed, *task.overrides, *images, *self.options])


def private_folder(gallery: Path, name: str) -> Path:
    """The private folder of a sweep."""
    return gallery / FOLDER / name


def member_folder(folder: Path, number: int) -> Path:
    """Where one member's process writes its state and result."""
    return folder / "members" / str(number)


def recipe_path(folder: Path, spec: SweepSpec, number: int) -> Path:
    """The kept text of a recipe: file and folder have the recipe's own names."""
    recipe = spec.recipes[number]
    return folder / "recipes" / str(number) / recipe.theme / f"{recipe.name}.yaml"


def write_spec(folder: Path, spec: SweepSpec, texts: Sequence[bytes], pictures: Mapping[str, Path]) -> None:
    """Write a sweep's private folder.

    Args:
        folder: the sweep's private folder.
        spec: what was asked for.
        texts: YAML of each recipe.
        pictures: files for the uploads, by name.

    Raises:
        RunFailed: the gallery cannot be written.
    """
    try:
        for number, content in enumerate(texts):
            write_atomically(recipe_path(folder, spec, number), content)
        for name, path in spec.images.items():
            write_atomically(folder / path, pictures[name].read_bytes())
        for number in range(len(spec.tasks)):
            member_folder(folder, number).mkdir(parents=True, exist_ok=True)
        values = {("errands" if name == "tasks" else name): value for name, value in asdict(spec).items()}
        text = json.dumps({"schema": 1, **values}, ensure_ascii=False, indent=1)
        write_atomically(folder / _NAME, text.encode() + b"\n")
    except OSError as error:
        raise RunFailed(
            f"{folder}: cannot write there ({error.strerror or error}); a sweep keeps what it needs to resume beside "
            "its gallery; make room, or choose another with --out"
        ) from error


def read_spec(folder: Path) -> SweepSpec | None:
    """The specification of a sweep, or None if it cannot be read."""
    try:
        record = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        return SweepSpec(
            recipes=tuple(SweepRecipe(**{**item, "images": tuple(item["images"])}) for item in record["recipes"]),
            tasks=tuple(
                SweepTask(item["recipe"], tuple(item["overrides"]), item["typed"]) for item in record["errands"]
            ),
            images=record["images"],
            given=record["given"],
            threads=record["threads"],
            options=tuple(record["options"]),
            typed_in=record.get("typed_in", ""),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove_spec(folder: Path) -> None:
    """Remove the files that only an unfinished sweep needs."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # unless others are kept there
