"""A bibliography: (citation keys) -> references by author and year, and the keys that the table lacks."""

from __future__ import annotations

from collections.abc import Iterable

from orbifolio.reports.data.reference import Reference
from orbifolio.reports.data.references import REFERENCES


def resolve_references(keys: Iterable[str]) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """The references of these keys, by author and year, and the keys that the table lacks.

    Args:
        keys: citation keys, in any order, repeated or not.

    Returns:
        (references sorted as a bibliography, unknown keys sorted).
    """
    wanted = sorted(set(keys))
    known = [REFERENCES[key] for key in wanted if key in REFERENCES]
    known.sort(key=lambda reference: (reference.authors.split(",")[0].split()[-1], reference.year))
    return tuple(known), tuple(key for key in wanted if key not in REFERENCES)
