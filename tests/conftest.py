"""Before any test imports torch: keep it from instructions that this machine only claims to have.

Slow tests are chosen by what changed: those in the test folders of rooms that the last commits touched, so that a run
stays within a quarter of an hour. `--slow all` runs them all, `--slow none` none, `--slow NAME` those with NAME in
their path or name. `--since REVISION` says since when a change counts.
"""

import os
import subprocess
from pathlib import Path

import pytest
from loopback import published_site, seaweed
from real_browser import browser

from orbifolio.runner.cpu_features import protect

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side; threads of each would only wait for others
protect()

__all__ = ["browser", "published_site", "seaweed"]  # fixtures of more than one folder

ROOT = Path(__file__).resolve().parents[1]
RECENT = 10  # commits: what usually comes together, where no upstream tells
ELSEWHERE = {
    "browser": ("reports", "templates", "runner/server"),
    "house": ("orbifolio", "pyproject.toml"),
    "publish": ("reports/publish",),
    "reports": ("reports", "templates"),
    "api": ("orbifolio",),
    "commands": ("runner/cli.py",),
    "scripts": ("scripts",),
}
"""What the tests of a folder also test, besides the room of the same name."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--slow` and `--since`."""
    parser.addoption("--slow", default="changed", metavar="changed|all|none|NAME", help="which of the slow tests run")
    parser.addoption("--since", default="", metavar="REVISION", help="what changed since then is tested slowly, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the slow tests that were not chosen."""
    wish = config.getoption("--slow")
    changed = _changed(config.getoption("--since")) if wish == "changed" else ()
    for item in items:
        if not item.get_closest_marker("slow"):
            continue
        place = item.path.relative_to(ROOT).as_posix()
        chosen = {"all": True, "none": False, "changed": _tests_what(place, changed)}.get(
            wish, wish in f"{place}::{item.name}"
        )
        if not chosen:
            item.add_marker(pytest.mark.skip(reason="slow, and nothing of its room has changed; --slow all runs it"))


def _changed(since: str) -> tuple[str, ...]:
    """Paths that differ from a revision: the one given, where the branch left its upstream, or some commits ago.

    Nothing where there is no Git, or no such revision.
    """
    for base in (since,) if since else ("@{upstream}...", f"HEAD~{RECENT}"):
        done = subprocess.run(
            ["git", "diff", "--name-only", base], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode == 0 and done.stdout:
            return tuple(done.stdout.splitlines())
    return ()


def _tests_what(place: str, changed: tuple[str, ...]) -> bool:
    """Whether a test at this path tests one of the changed paths."""
    folder = place.removeprefix("tests/").rpartition("/")[0]
    watched = (f"tests/{folder}", f"runner/{folder}", *ELSEWHERE.get(folder, ()))
    return any(path == root or path.startswith(f"{root}/") for path in changed for root in watched)
