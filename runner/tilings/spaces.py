"""The outlines that a template's rules allow are a linear space: template -> its basis.

Convention: outlines are turned so that the glide axis is horizontal, and begin with the template's start.
"""

from __future__ import annotations

import cmath

import numpy as np

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.tilings.types import EdgeRule, Template, isohedral_type

_CLOSED = 1e-9  # of a basis of unit vectors: sums below are rounding


def steps_basis(template: Template) -> F64:
    """(2 n, dimension) orthonormal steps that obey the rules and close: real parts, then imaginary ones."""
    kind, ends = isohedral_type(template.type), template.ends
    n = template.points
    columns: list[C128] = []
    for rule in kind.rules:
        count = template.lengths[rule.edges[0]]
        for s in range(count if len(rule.edges) == 2 else (count + 1) // 2):
            first, second, factor, conjugate = _coupled(rule, ends.tolist(), count, s)
            for unit in (1 + 0j, 1j):
                column = np.zeros(n, np.complex128)
                column[first] += unit
                if second != first:
                    column[second] += factor * (unit.conjugate() if conjugate else unit)
                columns.append(column / np.linalg.norm(column))
    basis = np.array(columns).T
    total = basis.sum(0)
    closing = np.stack([total.real, total.imag])
    _, values, rows = np.linalg.svd(closing)
    rank = int((values > _CLOSED).sum())
    closed = basis @ rows[rank:].T
    return np.vstack([closed.real, closed.imag])


def _coupled(rule: EdgeRule, ends: list[int], count: int, s: int) -> tuple[int, int, complex, bool]:
    """Two steps that a rule couples: (first, second, factor, conjugate), second = factor * first."""
    a, b = rule.edges[0], rule.edges[-1]
    match rule.kind:
        case "half turn":
            return ends[a] + s, ends[a + 1] - 1 - s, 1 + 0j, False
        case "translation":
            return ends[a] + s, ends[b + 1] - 1 - s, -1 + 0j, False
        case "glide":
            return ends[a] + s, ends[b] + s, 1 + 0j, True
        case "cross glide":
            return ends[a] + s, ends[b] + s, -1 + 0j, True
        case "corner":
            return ends[b] + s, ends[b] - 1 - s, -rule.turn, False


def outline_basis(template: Template) -> F64:
    """(2 n, dimension) basis of the outlines, centred: x, then y."""
    steps, n = steps_basis(template), template.points
    parts = [
        np.vstack([np.zeros((1, steps.shape[1])), np.cumsum(part, axis=0)[:-1]]) for part in (steps[:n], steps[n:])
    ]
    return np.vstack([part - part.mean(0) for part in parts])


def axis_angle(template: Template, outline: C128) -> float:
    """The angle of the glide axis that suits an outline best, radians; 0 for types without glides.

    |Q^T e^(-i phi) d|^2 is A + Re(e^(-2 i phi) Y); three samples settle Y.

    Args:
        template: of the outline.
        outline: (n,) from the template's start on.
    """
    if not isohedral_type(template.type).glides:
        return 0.0
    basis = steps_basis(template)
    steps = np.roll(outline, -1) - outline
    angles = np.arange(3) * np.pi / 3
    turned = [steps * cmath.exp(-1j * angle) for angle in angles]
    kept = [float(np.sum((basis.T @ np.concatenate([item.real, item.imag])) ** 2)) for item in turned]
    return cmath.phase(complex(np.sum(np.array(kept) * np.exp(2j * angles)))) / 2


def nearest(template: Template, outline: C128) -> C128:
    """The outline of a template's space that is nearest in steps, from the start on, axis horizontal, centred.

    Args:
        template: cuts of the outline.
        outline: (n,) from the template's start on.
    """
    basis, n = steps_basis(template), template.points
    steps = (np.roll(outline, -1) - outline) * cmath.exp(-1j * axis_angle(template, outline))
    kept = basis @ (basis.T @ np.concatenate([steps.real, steps.imag]))
    points = np.concatenate([[0.0], np.cumsum(kept[:n] + 1j * kept[n:])[:-1]])
    centred: C128 = points - points.mean()
    return centred
