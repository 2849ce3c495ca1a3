"""The bar over a run or a sweep that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.progress import ProgressEstimate, measure_progress
from orbifolio.reports.parts.base import Part


@dataclass(frozen=True)
class ProgressDisplay(Part):
    """How far a running run is; `share` is in percent, "" if it cannot be told."""

    template: ClassVar[str] = "parts/progress.html"
    share: str
    line: str
    left: str


def progress_bar(estimate: ProgressEstimate) -> ProgressDisplay:
    """The bar of an estimate."""
    return ProgressDisplay(share=estimate.percent, line=estimate.line, left=estimate.time_left)


def progress_part(run: RunRecord) -> ProgressDisplay:
    """The bar over a run that goes on."""
    return progress_bar(measure_progress(run))
