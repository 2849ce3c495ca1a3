"""Fixtures of the publishing tests: galleries to publish, and an environment without anybody's credentials."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import KEYS
from stores import RecordingListener
from synthetic_run import BEGAN, write_run

from orbifolio.reports.publish.publisher import Publisher, PublishStats
from orbifolio.reports.publish.store import Store
from orbifolio.reports.write_gallery import rebuild_gallery

NOW = BEGAN + 100


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no settings of whoever runs the tests, no metadata service."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def _no_waits_of_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tries again as often as ever, but at once."""
    from botocore.retries.standard import ExponentialBackoff

    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0.0)


@pytest.fixture
def credentials(_nobody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the test's own S3 server."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


_numbers = itertools.count(1)


@pytest.fixture
def prefix(credentials: None) -> str:
    """A place in the bucket that no other test uses."""
    return f"test {next(_numbers)}/a gallery"


@pytest.fixture(scope="session")
def small_gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one recipe and a run that goes on, as small as they can be; copied, never changed."""
    gallery = tmp_path_factory.mktemp("small") / "a gallery"
    tiny = {"sizes": ((16, 16),), "steps": 2, "every": 1}
    write_run(gallery, **tiny)
    write_run(gallery, identity="20261120-000000-0001", started=BEGAN - 9, seed=3, **tiny)
    write_run(gallery, recipe="upside-down", status="running", until=2, **tiny)
    rebuild_gallery(gallery, now=NOW)
    return gallery


@pytest.fixture
def gallery(small_gallery: Path, tmp_path: Path) -> Path:
    """A gallery of one's own."""
    return Path(shutil.copytree(small_gallery, tmp_path / "a gallery"))


@pytest.fixture
def make_gallery(tmp_path: Path) -> Callable[..., Path]:
    """Another machine's gallery with one run; options are `synthetic_run.write_run`'s."""

    def make(name: str, **options: object) -> Path:
        folder = tmp_path / name
        write_run(folder, **{"sizes": ((16, 16),), "steps": 2, "every": 1, **options})  # type: ignore[arg-type]
        rebuild_gallery(folder, now=NOW)
        return folder

    return make


@pytest.fixture
def publish() -> Callable[..., PublishStats]:
    """Publishes a gallery as of the tests' moment."""

    def go(
        store: Store, gallery: Path, *, listener: RecordingListener | None = None, **options: object
    ) -> PublishStats:
        remove = options.pop("remove", ())
        runs = options.pop("runs", None)
        publication = Publisher(store, gallery, listener or RecordingListener(), **{"now": lambda: NOW, **options})  # type: ignore[arg-type]
        return publication.publish(runs, remove=remove)  # type: ignore[arg-type]

    return go
