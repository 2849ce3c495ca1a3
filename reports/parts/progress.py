"""The progress bar of a run or a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.progress import ProgressEstimate, measure_progress
from orbifolio.reports.parts.base import Part


@dataclass(frozen=True)
class ProgressDisplay(Part):
    """How far a run or a sweep is; `share` is in percent, "" if unknown."""

    template: ClassVar[str] = "parts/progress.html"
    share: str
    line: str
    left: str


def progress_bar(estimate: ProgressEstimate) -> ProgressDisplay:
    """The progress bar that shows an estimate."""
    return ProgressDisplay(share=estimate.percent, line=estimate.line, left=estimate.time_left)


def progress_part(run: RunRecord) -> ProgressDisplay:
    """The progress bar of a running run."""
    return progress_bar(measure_progress(run))
