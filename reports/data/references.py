"""The references of the program: (citation keys) -> a bibliography, and its downloads.

`references.json` beside this module holds all of them as CSL-JSON. Settings classes carry keys
(`cites = ("gatys2015",)`); a report lists the union over its recipe. Identifiers are given where known for
certain: `DOI` without its resolver, arXiv's as `archive_location`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from orbifolio.reports.data.reference import Reference

REFERENCES: dict[str, Reference] = {
    item["id"]: Reference(item)
    for item in json.loads(Path(__file__).with_name("references.json").read_text(encoding="utf-8"))
}


def resolve_references(keys: Iterable[str]) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """The references of these keys, by author and year, and the keys that the table lacks.

    Args:
        keys: citation keys, in any order, repeated or not.

    Returns:
        (references sorted as a bibliography, unknown keys sorted).
    """
    wanted = sorted(set(keys))
    references = sorted(
        (REFERENCES[key] for key in wanted if key in REFERENCES), key=lambda reference: reference.sort_key
    )
    return tuple(references), tuple(key for key in wanted if key not in REFERENCES)


def to_bibtex(references: Iterable[Reference]) -> str:
    """A bibliography as a BibTeX file."""
    return "\n".join(reference.bibtex for reference in references)


def to_csl_json(references: Iterable[Reference]) -> str:
    """A bibliography as a CSL-JSON file."""
    return json.dumps([reference.item for reference in references], ensure_ascii=False, indent=2) + "\n"
