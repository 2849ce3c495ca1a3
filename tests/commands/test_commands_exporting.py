"""`orbifolio export`: a task that other engines can read, on stdout or in a file."""

import subprocess

import numpy as np
import pytest
import yaml

from orbifolio.runner.images.writing import write_png8


def test_a_task_for_skypilot_runs_the_recipe_with_its_overrides(recipe, command):
    exported = command("export", "skypilot", recipe, "seed=3")
    assert (exported.returncode, exported.stderr) == (0, "")
    task = yaml.safe_load(exported.stdout)
    assert task["name"] == "tiny"
    assert f"orbifolio run {recipe} seed=3" in task["run"]
    assert task["resources"]["autostop"] == {"idle_minutes": 10, "down": True}
    assert all(int(choice["memory"].rstrip("+")) >= 4 for choice in task["resources"]["any_of"])


def test_what_skypilot_runs_goes_on_from_the_bucket_and_starts_anew_only_where_there_is_nothing(
    recipe, tmp_path, command
):
    """The task's own shell command, with a stand-in for the program: what it is asked, and how it ends."""
    task = yaml.safe_load(command("export", "skypilot", recipe).stdout)
    (place,) = task["file_mounts"]
    assert f"--out {place}/gallery" in task["run"]
    program = tmp_path / "orbifolio"
    for code, asked in ((0, 1), (2, 2), (1, 1), (130, 1)):
        journal = tmp_path / "journal"
        journal.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho "$*" >>{journal}\ncase "$*" in *--resume) exit {code};; esac\nexit 0\n')
        program.chmod(0o755)
        done = subprocess.run(
            ["bash", "-c", task["run"]], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False, timeout=20
        )
        calls = journal.read_text().splitlines()
        assert (len(calls), calls[0].endswith("--resume")) == (asked, True)
        assert done.returncode == (0 if code == 2 else code)


def test_a_script_for_slurm_is_a_script(recipe, tmp_path, command):
    exported = command("export", "slurm", recipe, "--write", "jobs/tiny.sh")
    assert (exported.returncode, exported.stdout, exported.stderr) == (0, "", "")
    script = tmp_path / "jobs" / "tiny.sh"
    assert script.read_text(encoding="utf-8") == command("export", "slurm", recipe).stdout
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert f"orbifolio run {recipe} " in script.read_text(encoding="utf-8")


def test_an_upload_travels_by_its_option(recipe, tmp_path, command):
    write_png8(tmp_path / "photo.png", np.random.default_rng(0).random((32, 32, 3), dtype=np.float32))
    exported = command(
        "export", "slurm", recipe, "renderer.objectives.0.images=[upload]", "--image", "upload=photo.png"
    )
    assert exported.returncode == 0, exported.stderr
    assert "--image upload=photo.png" in exported.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["make", "plane/tiny.yaml"], "'make' is not one of 'skypilot', 'slurm'"),
        (["slurm"], "Missing argument 'RECIPE'"),
        (["slurm", "missing.yaml"], "missing.yaml: "),
        (["slurm", "plane/tiny.yaml", "seed=one"], "seed"),
        (["slurm", "plane/tiny.yaml", "--image", "photo.png"], "'photo.png' is not NAME=FILE"),
    ],
)
def test_wrong_arguments_are_explained(recipe, command, arguments, text):
    refused = command("export", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert text in refused.stderr
