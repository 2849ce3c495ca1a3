"""Fixtures of the reports' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from synthetic_run import write_run


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return tmp_path / "gallery"


@pytest.fixture
def make_run(gallery: Path) -> Callable[..., Path]:
    """Writes a run into the gallery; options are `synthetic_run.write_run`'s."""

    def make(**options: Any) -> Path:
        return write_run(gallery, **options)

    return make
