"""Cells of tables: (texts) -> rows."""

from __future__ import annotations

from orbifolio.reports.parts.base import Cell

Row = tuple[Cell, ...]


def numeric_cells(*texts: str) -> Row:
    """Cells of numbers, aligned at the right."""
    return tuple(Cell(text, numeric=True) for text in texts)


def column_heads(first: str, *others: str) -> Row:
    """Column heads: the first names the rows, the others stand over numbers."""
    return (Cell(first), *numeric_cells(*others))
