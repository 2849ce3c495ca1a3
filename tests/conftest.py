"""Before any test imports torch: keep it from instructions that this machine only claims to have.

Slow tests take turns, so that a run stays within a quarter of an hour: each day another third of them. `--slow all`
runs them all, `--slow none` none.
"""

import datetime
import os
import zlib

import pytest
from loopback import published_site, seaweed
from real_browser import browser

from orbifolio.runner.cpu_features import protect

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side; threads of each would only wait for others
protect()

__all__ = ["browser", "published_site", "seaweed"]  # fixtures of more than one folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--slow`."""
    parser.addoption("--slow", choices=("share", "all", "none"), default="share", help="which of the slow tests run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the slow tests whose turn it is not."""
    wish, day = config.getoption("--slow"), datetime.datetime.now(datetime.UTC).toordinal()
    for item in items:
        turn = wish == "all" or (wish == "share" and (zlib.crc32(item.nodeid.encode()) + day) % 3 == 0)
        if item.get_closest_marker("slow") and not turn:
            item.add_marker(pytest.mark.skip(reason="slow, and not its day; --slow all runs it"))
