"""`--open` and `run --dry-run`: the page that is opened is there, and a dry run leaves nothing."""

from __future__ import annotations

import os
import queue
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest


@pytest.fixture
def opened(monkeypatch):
    """Waits for the next page that a browser is asked for: its address, and whether it was there."""
    seen: queue.Queue[tuple[Path, bool]] = queue.Queue()

    def note(address: str) -> None:
        page = Path(unquote(urlsplit(address).path))
        seen.put((page, page.is_file()))

    monkeypatch.setattr("webbrowser.open", note)
    return lambda: seen.get(timeout=60)


def test_a_report_is_opened_when_it_is_there(recipe, tmp_path, command, opened):
    done = command("run", recipe, "--open", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert opened() == (tmp_path / done.stdout.strip(), True)
    command("gallery", "--open")
    assert opened() == (tmp_path / "gallery" / "index.html", True)


def test_a_dry_run_says_what_it_would_do(recipe, tmp_path, command):
    before = sorted(os.walk(tmp_path))
    told = command("run", recipe, "seed=3", "--dry-run")
    assert told.returncode == 0
    assert told.stdout == command("check", recipe, "seed=3", "--plan").stdout
    assert "memory" in told.stdout
    assert command("run", recipe, "sed=3", "--dry-run").returncode == 2
    assert "1 run, about" in command("run", recipe.parent, "--dry-run").stdout
    assert sorted(os.walk(tmp_path)) == before
