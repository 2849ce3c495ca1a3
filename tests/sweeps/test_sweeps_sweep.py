"""Real sweeps: their pictures are those of `orbifolio run`, byte for byte, whatever was killed meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from orbifolio.runner.cli import cli
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.run.run_folder import is_locked

LONG = 150
"""Steps: so many that a run can be killed in their midst."""


@pytest.fixture
def longer(recipe) -> Path:
    """A run of some seconds."""
    path = recipe.with_name("longer.yaml")
    path.write_text(recipe.read_text().replace("steps: 4", f"steps: {LONG}"))
    return path


def begin(*arguments: object) -> subprocess.Popen[str]:
    """The command line, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "orbifolio.runner.cli", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition, seconds: float = 200.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def processes(number: int) -> list[int]:
    """Processes of a member, from the system's own list."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            here = Path(os.readlink(folder / "cwd")) == Path.cwd()
        except OSError:
            continue
        if (
            here
            and "orbifolio.runner.sweeps.member" in words
            and words[words.index("orbifolio.runner.sweeps.member") + 3] == str(number)
        ):
            found.append(int(folder.name))
    return found


def told(gallery: Path) -> dict:
    (path,) = (gallery / "sweeps").glob("*/sweep.json")
    return json.loads(path.read_text())


def stepping(gallery: Path, number: int) -> bool:
    """Whether a member is past its first checkpoint and not at its end."""
    try:
        run = told(gallery)["members"][number]["run"]
        steps = (gallery / run / "events.jsonl").read_text().count('"stepped"')
    except (OSError, ValueError, TypeError):
        return False
    return 20 < steps < LONG - 20 and (gallery / run / "checkpoint" / "state.pt").is_file()


def plain(recipe: Path, *overrides: str) -> bytes:
    """The picture of `orbifolio run`."""
    done = CliRunner().invoke(cli, ["run", str(recipe), *overrides, "--out", "plain"])
    assert done.exit_code == 0, (done.output, done.exception)
    return (Path(done.stdout.splitlines()[-1]).parent / "final.png").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds processes by Linux's /proc")
def test_a_killed_member_and_a_killed_sweep_lose_nothing(longer):
    gallery = Path("gallery")
    sweep = begin("sweep", longer, "seed=1,2", "--jobs", "2", "--threads", "1")
    wait_for(lambda: (gallery / "sweeps").is_dir() and stepping(gallery, 0) or sweep.poll() is not None)
    (member,) = processes(0)
    os.kill(member, signal.SIGKILL)
    wait_for(lambda: told(gallery)["members"][0]["attempts"] == 2 or sweep.poll() is not None)
    assert sweep.poll() is None, sweep.communicate()
    sweep.kill()
    sweep.communicate()
    locks = list(gallery.glob(".sweeps/*/members/*/lock"))
    wait_for(lambda: not any(is_locked(lock) for lock in locks) and not processes(0) and not processes(1))
    assert told(gallery)["status"] == "running"
    done = begin("sweep", "--resume")
    out, err = done.communicate(timeout=250)
    assert done.returncode == 0, err
    assert "2 of 2 runs are done" in err
    page = Path(out.splitlines()[-1])
    assert page.name == "index.html"
    assert page.is_file()
    found = told(gallery)
    assert found["status"] == "done"
    assert found["members"][0]["attempts"] == 3
    assert len(list((gallery / "longer").glob("*-*-*"))) == 2  # no stubs of attempts lie about
    for member, seed in zip(found["members"], ("seed=1", "seed=2"), strict=True):
        assert (gallery / member["run"] / "final.png").read_bytes() == plain(longer, seed)
        summary = json.loads((gallery / member["run"] / "run.json").read_text())
        assert summary["rerun"]["local"] == f"orbifolio run plane/longer.yaml {seed}"


@pytest.mark.slow
def test_files_of_the_user_with_our_names_disturb_nothing(recipe):
    for name in ("orbifolio", "runner", "reports", "torch", "filelock"):
        Path(f"{name}.py").write_text("x = 1\n")
    command = [sys.executable, "-P", "-m", "orbifolio.runner.cli", "sweep", str(recipe), "seed=1,2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert "done: 2 of 2 runs are done" in done.stderr


def test_a_folder_of_recipes_is_run_with_those_left_out_that_ask_for_a_picture(recipe):
    recipe.with_name("photo.yaml").write_text(recipe.read_text().replace('"skimage:coffee"', "upload:face"))
    run = begin("run", "plane", "seed=5", "publish={kind: folder, path: ../shown}")
    out, err = run.communicate(timeout=250)
    assert run.returncode == 0, err
    assert "skipped: plane/photo.yaml needs pictures; add --image face=FILE" in err
    found = told(Path("gallery"))
    assert (found["varied"], found["title"]) == ([], "Plane")
    assert found["command"] == "orbifolio run plane seed=5 'publish={kind: folder, path: ../shown}'"
    assert found["about"] == "seed=5"
    (member,) = found["members"]
    assert (member["recipe"], member["state"], member["overrides"]) == ("plane/tiny.yaml", "done", {})
    assert out.splitlines()[-1].startswith("gallery/sweeps/")
    made = (Path("gallery") / member["run"] / "final.png").read_bytes()
    alone = plain(recipe, "seed=5")  # its file holds another recipe, one that publishes nothing
    assert np.array_equal(read_picture(made, "made").pixels, read_picture(alone, "alone").pixels)
    shown = Path("shown", *Path(out.splitlines()[-1]).parts[1:])  # published, with the sweep's last page
    assert shown.is_file()
    assert member["run"] in shown.read_text()
    assert (Path("shown") / member["run"] / "final.png").is_file()
