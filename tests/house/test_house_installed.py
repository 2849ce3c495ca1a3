"""The installed program: one package, and nothing of the same names beside it or in the working folder disturbs it."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
FOREIGN = "raise ImportError('this is somebody else\\'s module')\n"
RECIPE = """\
schema: 1
title: Tiny waves
seed: 3
renderer:  # without compiled code, which each new environment would compile anew
  kind: image-optimisation
  canvas: {kind: waves, photo: "skimage:horse"}
  objectives: [{kind: range}]
  phases: [{size: 64, steps: 0}]
frames: 2
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the sources, links as links, so that building leaves nothing in ours."""
    copy = tmp_path_factory.mktemp("checkout") / "orbifolio"
    kept = ("orbifolio", "runner", "reports", "templates", "recipes", "pyproject.toml", "README.md", "LICENSE")
    copy.mkdir()
    for name in kept:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
            )
        else:
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory) -> Path:
    """Built as a newcomer's pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(checkout)]
    subprocess.run(command, check=True, timeout=240)
    (made,) = folder.glob("*.whl")
    return made


class Environment:
    """A virtual environment that sees everything installed here but this program."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
        self.python = folder / "bin" / "python"
        found = subprocess.run(
            [str(self.python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.packages = Path(found.stdout.strip())
        others = folder / "others"
        others.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith(("orbifolio", "__editable__", "_distutils", "distutils")):
                (others / entry.name).symlink_to(entry)
        (self.packages / "dependencies.pth").write_text(f"{others}\n")

    def install(self, *arguments: object) -> None:
        """Install without dependencies."""
        command = [str(self.python), "-m", "pip", "install", "--quiet", "--no-deps", *map(str, arguments)]
        subprocess.run(command, check=True, timeout=240)

    def orbifolio(self, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        """The command, without any help of the surroundings in finding it."""
        return self.run(self.python.with_name("orbifolio"), *arguments, cwd=cwd)

    def run(self, *command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Any command of this environment."""
        surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            list(map(str, command)),
            cwd=cwd,
            env={**surroundings, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Environment:
    """The wheel, with a foreign package `reports` beside it."""
    environment = Environment(tmp_path_factory.mktemp("installed") / "venv")
    environment.install(wheel)
    (environment.packages / "reports").mkdir()
    (environment.packages / "reports" / "__init__.py").write_text(FOREIGN)
    return environment


@pytest.fixture
def folder(tmp_path) -> Path:
    """A working folder with modules of our rooms' names, and a recipe."""
    (tmp_path / "runner.py").write_text(FOREIGN)
    (tmp_path / "reports.py").write_text(FOREIGN)
    (tmp_path / "runner").mkdir()
    (tmp_path / "runner" / "__init__.py").write_text(FOREIGN)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "tiny.yaml").write_text(RECIPE)
    return tmp_path


def test_the_wheel_holds_one_package_with_all_that_it_reads(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {re.sub(r"-.*", "", name.partition("/")[0]) for name in names} == {"orbifolio"}
    assert {
        "orbifolio/py.typed",
        "orbifolio/runner/cli.py",
        "orbifolio/runner/_recipes/plane/rainbow-hexagon.yaml",
        "orbifolio/reports/_templates/base.html",
    } <= set(names)
    assert len(names) == len(set(names))


def test_a_run_is_not_disturbed(installed, folder):
    done = installed.orbifolio("run", "nets/tiny.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert Path(folder, done.stdout.strip()).is_file()


def test_a_sweep_is_not_disturbed(installed, folder):
    done = installed.orbifolio("sweep", "nets/tiny.yaml", "seed=1,2", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "done: 2 of 2 runs are done" in done.stderr


def test_a_served_run_is_not_disturbed(installed, folder):
    done = installed.orbifolio("serve", "nets/tiny.yaml", "--port", "0", "--idle-minutes", "0.02", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(list((folder / "gallery" / "tiny").glob("*/final.png"))) == 1


def test_an_editable_install_runs_the_checkout(checkout, folder, tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("editable") / "venv")
    environment.install("-e", checkout)
    done = environment.orbifolio("sweep", "nets/tiny.yaml", "seed=1,2", cwd=folder)
    assert done.returncode == 0, done.stderr
    source = environment.run(
        environment.python, "-c", "import orbifolio.runner.cli as cli; print(cli.__file__)", cwd=folder
    )
    assert Path(source.stdout.strip()).resolve() == (checkout / "runner" / "cli.py").resolve()


def test_a_checkout_without_links_is_found_all_the_same(checkout, folder, tmp_path):
    """Git on Windows may write a link as a short text file that names its target."""
    copy = tmp_path / "unlinked"
    shutil.copytree(checkout, copy, symlinks=True, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    for name in ("runner", "reports"):
        (copy / "orbifolio" / name).unlink()
        (copy / "orbifolio" / name).write_text(f"../{name}")
    done = subprocess.run(
        [sys.executable, "-m", "orbifolio", "check", str(folder / "nets" / "tiny.yaml")],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ok: Tiny waves" in done.stdout
