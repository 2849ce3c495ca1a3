"""The Ray engine: on a real cluster of two nodes, one of which is killed; and what is told where there is none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from orbifolio.runner.cli import cli
from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.sweeps import ray_engine, task

STEPS = 100


def _alone() -> str:
    """Why no network of its own can be had here, "" if it can."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "unshare and ip are needed (util-linux, iproute2)"
    tried = subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "a network of its own needs root"


@pytest.fixture(scope="module")
def two_nodes() -> None:
    """Skips where Ray cannot be tried."""
    pytest.importorskip("ray")
    why = _alone()
    if why:
        pytest.skip(why)


def picture(recipe: Path, *overrides: str) -> bytes:
    """That of `orbifolio run`."""
    made = CliRunner().invoke(cli, ["run", str(recipe), *overrides])
    assert made.exit_code == 0, (made.output, made.exception)
    return (Path(made.stdout.splitlines()[-1]).parent / "final.png").read_bytes()


@pytest.mark.slow
@pytest.mark.usefixtures("two_nodes")
def test_a_lost_node_loses_nothing_and_pictures_are_those_of_plain_runs(recipe):
    recipe.write_text(recipe.read_text().replace("steps: 4", f"steps: {STEPS}"))
    script = Path(__file__).with_name("two_nodes.py")
    alone = f"ip link set lo up; exec {sys.executable} {script} {recipe} {STEPS}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["unshare", "-n", "bash", "-c", alone],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    for name, further in (("shared", []), ("far", ["renderer.phases.0.steps=4"])):
        found = told[name]
        assert found["code"] == 0, found["err"]
        assert found["out"].splitlines()[-1].endswith("index.html")
        assert [member["state"] for member in found["members"]] == ["done", "done"]
        plain = [picture(recipe, seed, *further) for seed in ("seed=1", "seed=2")]
        assert len(set(plain)) == 2
        for member, expected in zip(found["members"], plain, strict=True):
            run = Path(name, member["run"])
            assert (run / "final.png").read_bytes() == expected
            assert member["worker"].startswith("node ")
            assert not (run / "checkpoint").exists()
            assert json.loads((run / "run.json").read_text())["status"] == "done"
            assert (run / "index.html").is_file()
    killed = told["shared"]["killed"]
    assert [member["attempts"] for member in told["shared"]["members"]] == [1 + (killed == 0), 1 + (killed == 1)]
    assert [path for path in Path("store").rglob("*") if path.is_file()] == []  # what has come home is gone there
    for folder in ("shared", "far"):
        assert not list(Path(folder).glob(".sweeps/*"))


def test_a_node_that_does_not_see_the_gallery_says_so(tmp_path):
    assert task.run_task(task.NodeTask(str(tmp_path), "20261121-101500-4f2a", 0, "cpu", 1)) == task.UNSEEN


def test_without_the_extra_it_says_how_to_get_it(recipe, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingProgram, match=r"Ray is not installed; .*; pip install 'orbifolio\[ray\]'"):
        ray_engine.RayEngine("auto")


def test_without_a_cluster_it_says_how_to_begin_one(monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(InputError, match="--address auto: no Ray cluster can be used there .* `ray start --head`"):
        ray_engine.RayEngine("auto")
    with pytest.raises(InputError, match="--devices cuda:0: a cluster chooses among its devices"):
        ray_engine.RayEngine("auto", devices="cuda:0")
