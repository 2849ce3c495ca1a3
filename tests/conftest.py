"""Before any test imports torch: keep it from instructions that this machine only claims to have.

Slow tests are chosen by what changed: those of the rooms that the last commits touched most, eight at most, so that a
run stays within a quarter of an hour. `--slow all` runs them all, `--slow none` none, `--slow NAME` those with NAME in
their path or name, and `--since REVISION` those of every room that has changed since.
"""

import os
import subprocess
from pathlib import Path

import pytest
from loopback import published_site, seaweed
from real_browser import browser

from orbifolio.runner.cpu_features import protect

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side; threads of each would only wait for others
os.environ["ORBIFOLIO_CONFIG"] = os.devnull  # not the defaults of whoever runs the tests
os.environ.setdefault("ORBIFOLIO_TARGETS", "no")  # every test computes its own
os.environ.setdefault("ORBIFOLIO_FAST_BF16", "no")  # what tests compute does not hang on how fast the machine is
protect()

__all__ = ["browser", "published_site", "seaweed"]  # fixtures of more than one folder

ROOT = Path(__file__).resolve().parents[1]
RECENT = 10  # commits: what usually comes together, where no upstream tells
MAX_SLOW = 3  # slow tests in a run that names none: about half a minute of two processors
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
    wish, since = config.getoption("--slow"), config.getoption("--since")
    slow = [item for item in items if item.get_closest_marker("slow")]
    chosen = {"all": set(slow), "none": set()}.get(wish)
    if wish == "changed":
        chosen = _of_changed_rooms(slow, _changed(since), limit=len(slow) if since else MAX_SLOW)
    for item in slow:
        if item not in chosen if chosen is not None else wish not in f"{_place(item)}::{item.name}":
            item.add_marker(pytest.mark.skip(reason="slow, and not chosen by what changed; --slow all runs it"))


def _place(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT).as_posix()


def _of_changed_rooms(slow: list[pytest.Item], changed: tuple[str, ...], *, limit: int) -> set[pytest.Item]:
    """The slow tests of the rooms with most changed paths, whole rooms as long as there are no more than the limit."""
    rooms: dict[str, list[pytest.Item]] = {}
    for item in slow:
        rooms.setdefault(_place(item).removeprefix("tests/").rpartition("/")[0], []).append(item)
    chosen: set[pytest.Item] = set()
    for folder in sorted(rooms, key=lambda folder: (-_changes(folder, changed), folder)):
        if _changes(folder, changed) and len(chosen) + len(rooms[folder]) <= limit:
            chosen |= set(rooms[folder])
    return chosen


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


def _changes(folder: str, changed: tuple[str, ...]) -> int:
    """How many of the changed paths the tests of a folder test."""
    watched = (f"tests/{folder}", f"runner/{folder}", *ELSEWHERE.get(folder, ()))
    return sum(any(path == root or path.startswith(f"{root}/") for root in watched) for path in changed)
