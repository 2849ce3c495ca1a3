"""Every command that is quoted in the README, the docs, a recipe or `--help` can be typed as it stands."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
import yaml
from PIL import Image

from orbifolio.runner.cli import cli
from orbifolio.runner.recipe.model import load
from orbifolio.runner.recipe.shipped import find_recipe
from orbifolio.runner.sweeps.variations import product

ROOT = Path(__file__).resolve().parents[2]
READING = {"run", "check", "launch", "export", "sweep"}
MEANT = {
    "N": "1",
    "RECIPE": "rainbow-hexagon",
    "FOLDER": "recipes/gas",
    "FILE": "photo.jpg",
    "FIGURE": "bird.svg",
    "PHOTO": "photo.jpg",
    "PAINTING": "painting.jpg",
    "KEY=VALUE": "seed=1",
}
"""What stands for a word in capitals."""
CAPITALS = re.compile(r"\b(?:KEY=VALUE|RECIPE|FOLDER|FILE|FIGURE|PHOTO|PAINTING|N)\b")
PICTURES = ("photo.jpg", "painting.jpg", "china.jpg", "tile.png", "my-seven.png", "my-kana.png")
FILES = ("mail.yaml", "ada.json", "ben.json")
RUNS = ("RUN", *(f"gallery/{name}/RUN" for name in ("paint-a-photo", "rainbow-hexagon", "linocut", "poster")))
OVERRIDE = re.compile(r"'?[a-z_]+(\.[\w+-]+)*=\S.*")


def quoted(text: str) -> Iterator[tuple[str, bool]]:
    """(command, whether it stands in a line of its own) of a text in Markdown."""
    blocks = r"```\w*\n(.*?)```"
    for block in re.findall(blocks, text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|&& |\$ )(orbifolio .*)$", line)
            if found:
                yield found[1], True
    for inline in re.findall(r"`(orbifolio [^`]+)`", re.sub(blocks, "", text, flags=re.DOTALL)):
        yield " ".join(inline.split()), False


def of_help(text: str) -> Iterator[tuple[str, bool]]:
    """The examples at the end of a command's help."""
    _, example, commands = " ".join(text.split()).rpartition("Example")
    for command in re.split("; (?=orbifolio)", commands.removeprefix("s").removeprefix(":").strip()) if example else ():
        yield command.removesuffix("."), True


def everywhere() -> Iterator[tuple[str, str, bool]]:
    """(place, command, whether it is whole) of all."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        yield from ((page.name, *found) for found in quoted(page.read_text(encoding="utf-8")))
    for recipe in sorted((ROOT / "recipes").glob("*/*.yaml")):
        text = recipe.read_text(encoding="utf-8")
        yield from ((recipe.stem, *found) for found in quoted(yaml.safe_load(text).get("about", "")))
        notes = "\n".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
        yield from ((recipe.stem, *found) for found in quoted(notes))
    for name, command in cli.commands.items():
        yield from ((f"--help of {name}", *found) for found in of_help(command.help or ""))


def suggested() -> Iterator[tuple[str, str]]:
    """(recipe, words behind `orbifolio run RECIPE` that its text suggests)."""
    for recipe in sorted((ROOT / "recipes").glob("*/*.yaml")):
        about = yaml.safe_load(recipe.read_text(encoding="utf-8")).get("about", "")
        for inline in re.findall(r"`([^`]+)`", about):
            words = " ".join(inline.split())
            if OVERRIDE.fullmatch(words) and "..." not in words and not words.startswith("seed="):
                yield recipe.stem, words


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A working folder with what the commands name: recipes, pictures, runs."""
    made = tmp_path_factory.mktemp("typed")
    (made / "recipes").symlink_to(ROOT / "recipes")
    pixels = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    for name in PICTURES:
        Image.fromarray(pixels).save(made / name)
    for name in FILES:
        (made / name).write_text("title: mine\n")
    shutil.copy(ROOT / "runner/strokes/agent/examples/hiragana.yaml", made / "my.yaml")
    shutil.copy(ROOT / "recipes/models/pot.glb", made / "my-model.glb")
    shutil.copy(ROOT / "recipes/figures/bird.svg", made / "bird.svg")
    (made / "bird-tiling").mkdir()
    shutil.copy(ROOT / "recipes/escher/birds.yaml", made / "bird-tiling" / "bird.yaml")
    for name in (*RUNS, "shelf", "faces"):
        (made / name).mkdir(parents=True)
    shutil.copy(made / "photo.jpg", made / "faces")
    return made


def words_of(command: str) -> list[str]:
    """A command's words as a shell gives them, with names for what stands in capitals."""
    words = [word for word in shlex.split(command, comments=True)[1:] if word != "..." and not word.startswith("[--")]
    return [CAPITALS.sub(lambda found: MEANT[found[0]], word) for word in words]


def read(name: str, arguments: list[str], folder: Path) -> None:
    """Parse a command, and read the recipe that it would run.

    Raises:
        ClickException, OrbifolioError: what the user would be told.
    """
    values = cli.commands[name].make_context(name, arguments).params
    recipe, overrides = values.get("recipe"), values.get("overrides", ())
    if name == "check":
        recipe = values["arguments"][0]
    if name == "sweep" and recipe is not None:
        overrides = product(find_recipe(recipe), values["arguments"], yes=True)[0].overrides
    if name in READING and recipe is not None and not Path(recipe).is_dir():
        load(find_recipe(recipe), overrides, values.get("images", {}), typed_in=folder)


COMMANDS = sorted({(place, command, whole) for place, command, whole in everywhere()})
SUGGESTED = sorted(set(suggested()))


def test_there_are_commands():
    assert len(COMMANDS) > 100
    assert len(SUGGESTED) > 80


@pytest.mark.parametrize(("place", "command", "whole"), COMMANDS, ids=[f"{p}: {c[:60]}" for p, c, _ in COMMANDS])
def test_a_quoted_command_can_be_typed(place, command, whole, folder, monkeypatch):
    monkeypatch.chdir(folder)
    name, *arguments = words_of(command)
    try:
        read(name, arguments, folder)
    except click.MissingParameter:
        assert not whole, "a command in a line of its own is whole"


@pytest.mark.parametrize(("recipe", "words"), SUGGESTED)
def test_values_that_a_recipe_suggests_are_valid(recipe, words, folder, monkeypatch):
    monkeypatch.chdir(folder)
    _, *arguments = words_of(f"orbifolio run {recipe} {words}")
    asked = re.search(r"upload\b", words) and "--image" not in words
    read("run", [*arguments, *(["--image", "upload=photo.jpg"] if asked else [])], folder)
