"""Cells of tables: (texts) -> rows."""

from __future__ import annotations

from orbifolio.reports import parts

Row = tuple[parts.Cell, ...]


def numeric(*texts: str) -> Row:
    """Cells of numbers, aligned at the right."""
    return tuple(parts.Cell(text, numeric=True) for text in texts)


def heads(first: str, *others: str) -> Row:
    """Column heads: the first names the rows, the others stand over numbers."""
    return (parts.Cell(first), *numeric(*others))
