"""The sweep's page where its runs are published: (sweep that has ended) -> one more publication of each target.

Every run publishes itself while it is running; here only what is new is sent, the sweep's last page among it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console

from orbifolio.reports.publish import AnyPublisher
from orbifolio.reports.publish.background import WarningListener
from orbifolio.reports.publish.publisher import Publisher
from orbifolio.runner.errors import OrbifolioError
from orbifolio.runner.run.run_folder import read_summary
from orbifolio.runner.sweeps.sweep import StoredSweep


def publish_sweep(sweep: StoredSweep, gallery: Path, console: Console) -> None:
    """Publish a sweep's page and runs wherever its recipes say; what goes wrong is reported and fails nothing.

    Args:
        sweep: one that has ended.
        gallery: the folder that holds all runs, absolute.
        console: shows addresses and warnings, on stderr.
    """
    say = partial(console.print, markup=False, highlight=False)
    for (settings, base), runs in _targets(sweep, gallery).items():
        try:
            store = TypeAdapter(AnyPublisher).validate_json(settings).build(Path(base))
            Publisher(store, gallery, WarningListener(say)).publish(runs)
            say(f"published: {store.address(f'sweeps/{sweep.folder.name}/index.html')}")
        except (OrbifolioError, OSError) as error:
            say(f"warning: the sweep's page was not published: {error}; try again with `orbifolio publish`")


def _targets(sweep: StoredSweep, gallery: Path) -> Mapping[tuple[str, str], list[Path]]:
    """(settings as JSON, folder that relative paths start from) of each target, with the runs that go there."""
    targets: dict[tuple[str, str], list[Path]] = {}
    for member in sweep.record.members:
        if member.run is None:
            continue
        summary: Mapping[str, Any] = read_summary(gallery / member.run) or {}
        publish = (summary.get("parameters") or {}).get("publish")
        if publish:
            base = sweep.spec.recipes[sweep.spec.tasks[member.number].recipe].folder
            targets.setdefault((json.dumps(publish, sort_keys=True), base), []).append(gallery / member.run)
    return targets
