"""The measures of a sweep: (cards of its runs) -> columns that can be read and sorted, the best value of each.

A measure that only one run has, or that is the same in all runs, gets no column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orbifolio.reports.wording import capitalise, format_bytes, format_duration, format_integer, format_number

MAX_TABLE_MEASURES = 40
"""Measures in the table; the compare page and the runs' own pages have all."""

_NAMES = {
    "loss": "Loss",
    "seconds": "Time",
    "steps": "Steps",
    "peak_memory_bytes": "Peak memory",
    "symmetry.worst": "Symmetry residual",
    "symmetry.closest_unclaimed": "Closest unclaimed",
    "symmetry.visibility": "Visibility",
    "judge.distance": "Judge distance",
    "judge.seam": "Seam",
    "judge.grain": "Grain",
    "judge.lpips": "LPIPS to the content",
}
_LESS_IS_BETTER = ("seconds", "peak_memory_bytes", "symmetry.worst", "judge.distance", "judge.lpips")


@dataclass(frozen=True)
class MeasureColumn:
    """A column: its key, what it is called, its values by run, `type/id`; whether less of it is plainly better."""

    key: str
    label: str
    values: Mapping[str, float]
    less: bool

    @property
    def best(self) -> float | None:
        """The value to highlight, or None where less is not plainly better."""
        return min(self.values.values()) if self.less else None

    def text(self, run: str) -> str:
        """A run's value in words, or ""."""
        value = self.values.get(run)
        return "" if value is None else _spelling(self.key)(value)


def _bytes(value: float) -> str:
    return format_bytes(round(value))


def _plain(value: float) -> str:
    return format_integer(round(value)) if value == round(value) and abs(value) < 1e9 else format_number(value)


def _spelling(key: str) -> Callable[[float], str]:
    last = key.rpartition(".")[2]
    if last == "seconds":
        return format_duration
    return _bytes if last.endswith("bytes") else _plain


def measure_label(key: str) -> str:
    """A measure in words.

    >>> [measure_label(key) for key in ("loss", "terms.gram.conv1_1", "metrics.step-length", "painting.decibels")]
    ['Loss', 'gram.conv1_1', 'Step length', 'Painting decibels']
    """
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("terms."):
        return key.removeprefix("terms.")
    words = key.removeprefix("metrics.").removesuffix("_bytes").replace(".", " ").replace("_", " ").replace("-", " ")
    return capitalise(words)


def _less(key: str, alike: bool) -> bool:
    loss = key == "loss" or key.startswith("terms.")
    return (loss and alike) or key in _LESS_IS_BETTER


def shared_measures(each: Mapping[str, Mapping[str, float]], *, alike: bool) -> tuple[MeasureColumn, ...]:
    """The measures that runs share and differ in: those that every run has, terms, and all others.

    Args:
        each: the measures of every run, by `type/id`.
        alike: whether all runs have the same objectives, so that a smaller loss is a better one.
    """
    named = list(_NAMES)

    def order(name: str) -> tuple[int, bool, str]:
        return (named.index(name) if name in _NAMES else len(named), not name.startswith("terms."), name)

    columns = []
    for name in sorted({name for measured in each.values() for name in measured}, key=order):
        values = {run: measured[name] for run, measured in each.items() if name in measured}
        if len(values) > 1 and len({_spelling(name)(value) for value in values.values()}) > 1:
            columns.append(MeasureColumn(name, measure_label(name), values, _less(name, alike)))
    return tuple(columns)


def common_parameters(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The parameters that all runs have in common, by name; runs without recorded parameters are left out."""
    recorded = [parameters for parameters in each if parameters]
    if not recorded:
        return {}
    return {
        name: value for name, value in recorded[0].items() if all(other.get(name) == value for other in recorded[1:])
    }
