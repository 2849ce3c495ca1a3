"""`orbifolio recipes`, and recipes by name wherever a command takes one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from orbifolio.runner.commands.listing import table
from orbifolio.runner.recipe.shipped import recipe_folder
from orbifolio.runner.server.catalogue import RecipeCatalogue

FILES = {path.stem: path for path in recipe_folder().glob("*/*.yaml")}


def test_every_recipe_is_in_a_table_that_fits_a_terminal() -> None:
    lines = table(list(RecipeCatalogue().entries().values()), 80)
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines if line.startswith("  ")} == set(FILES)
    assert {line for line in lines if line and line[0] != " "} == {path.parent.name for path in FILES.values()}
    (row,) = (line for line in lines if line.split()[:1] == ["rainbow-hexagon"])
    assert row.split(maxsplit=4)[1:] == ["p6", "30", "s", "Rainbow hexagon"]
    timed = [line for line in lines if any(word in line for word in (" min ", " s ", " seconds "))]
    assert len(timed) == len(FILES)  # all say what they cost


def test_a_word_chooses_and_json_tells_all(command) -> None:
    listed = command("recipes", "p6", "--json")
    found = json.loads(listed.stdout)
    assert "rainbow-hexagon" in {entry["name"] for entry in found}
    assert len(found) < len(FILES)
    for entry in found:
        written = yaml.safe_load(Path(entry["path"]).read_text(encoding="utf-8"))
        assert (entry["title"], entry["theme"]) == (written["title"], Path(entry["path"]).parent.name)
    refused = command("recipes", "zom")
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        "error: zom: no recipe that comes with the program has this word; did you mean zoom"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["run", "simple-sqare"],
        ["check", "simple-sqare"],
        ["sweep", "simple-sqare", "seed=1,2"],
        ["launch", "simple-sqare", "--dry-run"],
        ["export", "slurm", "simple-sqare"],
        ["serve", "simple-sqare"],
        ["new", "mine", "--from", "simple-sqare"],
    ],
    ids=lambda words: words[0],
)
def test_a_misspelt_name_is_told_alike_by_every_command(tmp_path: Path, command, words: list[str]) -> None:
    refused = command(*words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: simple-sqare: no such shipped recipe; did you mean simple-square")
    assert not list(tmp_path.iterdir())


def test_a_name_is_enough_anywhere(command) -> None:
    checked = command("check", "waves-coffee", "seed=4")
    assert (checked.returncode, checked.stdout) == (0, "waves-coffee: ok: Coffee in waves\n")
    assert "#1 : seed=2" in command("sweep", "waves-coffee", "seed=1,2", "--dry-run").stdout
    exported = command("export", "slurm", "waves-coffee").stdout
    assert 'orbifolio run waves-coffee "${resume[@]}"' in exported  # no path of this machine in what travels
