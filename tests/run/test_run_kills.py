"""Killed at any moment and resumed, a run has the same bytes as an undisturbed one, and a whole report."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import Ended, ForkServer, fork_server
from rich.console import Console
from stores import dangling, of_folder
from tiny_runs import HEAD, RECIPES, products

from orbifolio.reports.write_gallery import rebuild_gallery
from orbifolio.runner import execute
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.loop import RunResult, Stop
from orbifolio.runner.run.run_folder import is_finished, read_summary


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with fork_server() as started:
        yield started


def the_run(gallery: Path) -> Path:
    (run,) = [path for path in gallery.glob("*/*-*-*") if path.is_dir()]
    return run


def check_whole(gallery: Path, wanted: dict[str, bytes]) -> None:
    run = the_run(gallery)
    assert is_finished(run)
    assert products(run) == wanted
    assert dangling(of_folder(gallery)) == []
    assert rebuild_gallery(gallery) == []  # every page is what the log and run.json say
    assert "final.png" in (run / "index.html").read_text()


def kill_and_resume(server: ForkServer, folder: Path, name: str, *, kills: int, seed: int) -> None:
    folder.mkdir()
    (folder / f"{name}.yaml").write_text(HEAD + RECIPES[name])
    whole = server.run("run", f"{name}.yaml", "--out", "whole", cwd=folder)
    assert whole.code == 0, whole.output
    wanted = products(the_run(folder / "whole"))
    assert wanted.keys() >= {"final.png", "recipe.yaml"}
    chance = random.Random(seed)
    for number in range(kills):
        out = f"killed-{number}"
        ended = server.run(
            "run", f"{name}.yaml", "--out", out, cwd=folder, kill_after=chance.uniform(0, 1.1) * whole.seconds
        )
        while ended.code < 0:
            resume = ["--resume"] if list((folder / out).glob("*/*-*-*")) else []
            again = chance.uniform(0, 1.1) * whole.seconds if chance.random() < 0.3 else None
            ended = server.run("run", f"{name}.yaml", "--out", out, *resume, cwd=folder, kill_after=again)
            if is_nothing_left(ended, folder / out):
                break
        else:
            assert ended.code == 0, ended.output
        check_whole(folder / out, wanted)


def is_nothing_left(ended: Ended, gallery: Path) -> bool:
    """Whether the kill came when everything was done."""
    return ended.code == 2 and "nothing to resume" in ended.output and is_finished(the_run(gallery))


def test_a_run_killed_at_random_moments_is_whole_once_resumed(server: ForkServer, tmp_path: Path) -> None:
    kill_and_resume(server, tmp_path / "gas", "gas", kills=3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", RECIPES)
def test_fifty_kills_over_five_renderers(server: ForkServer, tmp_path: Path, name: str) -> None:
    kill_and_resume(server, tmp_path / name, name, kills=10, seed=sum(map(ord, name)))


class Killed(BaseException):
    """Stands for a SIGKILL: nothing catches it."""


def run(recipe: Path, *, resume: bool = False) -> RunResult:
    return execute.run_recipe(
        load(recipe),
        recipe.parent,
        gallery=recipe.parent / "gallery",
        device="cpu",
        resume=resume,
        command="orbifolio run recipe.yaml",
        console=Console(file=io.StringIO()),
        stop=Stop(),
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    recipe = tmp_path_factory.mktemp("undisturbed") / "recipe.yaml"
    recipe.write_text(HEAD + RECIPES["gas"])
    return products(run(recipe).folder)


@pytest.mark.parametrize("last", ["write_report", "update_index"])
@pytest.mark.parametrize("half", [False, True])
def test_killed_between_done_and_the_finished_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, bytes], last: str, half: bool
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(HEAD + RECIPES["gas"])
    written = getattr(execute, last)

    def die_at_the_end(*arguments: Path, **options: Path) -> object:
        (folder,) = [path for path in (tmp_path / "gallery" / "recipe").iterdir() if path.is_dir()]
        if (read_summary(folder) or {}).get("status") != "done":
            return written(*arguments, **options)
        if half:
            (folder / ".index.html.1-00000000.part").write_text("<html>half a p")
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(execute, last, die_at_the_end)
        with pytest.raises(Killed):
            run(recipe)
    folder = the_run(tmp_path / "gallery")
    assert not is_finished(folder)
    assert run(recipe, resume=True).folder == folder
    check_whole(tmp_path / "gallery", undisturbed)
    assert not list(folder.glob(".*.part"))
    with pytest.raises(InputError, match="nothing to resume"):
        run(recipe, resume=True)
