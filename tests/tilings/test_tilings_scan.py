"""The scan against linear algebra: every loss is the distance to the nearest outline that the isometries allow."""

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.optimize import minimize_scalar

from orbifolio.runner.tilings.outlines import normalised, resample
from orbifolio.runner.tilings.scan import mirror_image, scan
from orbifolio.runner.tilings.types import TYPES, Template

RNG = np.random.default_rng(4)
BLOB = normalised(
    np.exp(2j * np.pi * np.arange(200) / 200)
    * np.exp(sum(0.25 / k * np.cos(k * 2 * np.pi * np.arange(200) / 200 + 6 * RNG.random()) for k in range(2, 7)))
)[0]


def equations(template: Template) -> np.ndarray:
    """(rows, 2 n) what the isometries ask of the points x, y: written with points, where the scan counts steps."""
    kind, n, ends = TYPES[template.type], template.points, template.ends
    rows = []

    def ask(*terms: tuple[int, complex, bool]) -> None:
        """Sum of factor * point (conjugated) = 0, as two real rows."""
        row = np.zeros((2, 2 * n))
        for index, factor, conjugate in terms:
            x, y = index % n, n + index % n
            sign = -1 if conjugate else 1
            row[0, x] += factor.real
            row[0, y] += -sign * factor.imag
            row[1, x] += factor.imag
            row[1, y] += sign * factor.real
        rows.append(row)

    for rule in kind.rules:
        a, b = (int(ends[edge]) for edge in (rule.edges[0], rule.edges[-1]))
        count = template.lengths[rule.edges[0]]
        for s in range(1, count + 1):
            if rule.kind == "half turn":
                ask((a + s, 1, False), (a + count - s, 1, False), (a, -1, False), (a + count, -1, False))
            elif rule.kind == "translation":
                ask((a + s, 1, False), (b + count - s, -1, False), (a, -1, False), (b + count, 1, False))
            elif rule.kind == "corner":
                w = np.exp(1j * np.radians(rule.angle))
                ask((b - s, 1, False), (b, w - 1, False), (b + s, -w, False))
            else:
                sign = 1 if rule.kind == "glide" else -1
                ask((b + s, 1, False), (b, -1, False), (a + s, -sign, True), (a, sign, True))
    return np.vstack(rows)


def least_loss(template: Template, outline: np.ndarray) -> float:
    """By a basis of all points that obey, for the best of all axes."""
    read = np.roll(mirror_image(outline) if template.mirrored else outline, -template.start)
    n = len(read)
    basis = null_space(equations(template))
    difference = np.roll(np.eye(n), 1, axis=1) - np.eye(n)
    steps = np.vstack([difference @ basis[:n], difference @ basis[n:]])
    # translations of the whole have no steps: they are left out with the rank
    q = np.linalg.svd(steps, full_matrices=False)[0][:, : np.linalg.matrix_rank(steps, tol=1e-9)]
    given = np.roll(read, -1) - read

    def loss(angle: float) -> float:
        turned = given * np.exp(-1j * angle)
        flat = np.concatenate([turned.real, turned.imag])
        return float(1 - np.sum((q.T @ flat) ** 2) / np.sum(flat**2))

    if not TYPES[template.type].glides:
        return loss(0.0)
    begin = min(np.linspace(0, np.pi, 25), key=loss)
    return min(loss(begin), float(minimize_scalar(loss, (begin - 0.1, begin + 0.1), tol=1e-12).fun))


@pytest.mark.parametrize("name", TYPES)
def test_losses_are_those_of_linear_algebra(name):
    outline = resample(BLOB, 24)
    found = scan(outline, TYPES[name], colours=4)
    chosen = [found[0], found[len(found) // 3], found[2 * len(found) // 3], found[-1]]
    chosen += [item for item in found if item.template.mirrored][:2]
    for item in chosen:
        assert item.loss == pytest.approx(least_loss(item.template, outline), abs=1e-9)


@pytest.mark.parametrize("name", ["IH4", "IH6", "IH21"])
def test_no_template_is_better_than_the_best(name):
    outline, kind = resample(BLOB, 12), TYPES[name]
    best = scan(outline, kind, colours=4)[0]
    proper = {frozenset(range(len(kind.rules))) - gone for gone in kind.vanishing(4)}
    losses = []

    def visit(counts: tuple[int, ...]) -> None:
        left = len(outline) - sum(k * len(rule.edges) for k, rule in zip(counts, kind.rules, strict=False))
        if len(counts) == len(kind.rules):
            if left == 0 and frozenset(r for r, k in enumerate(counts) if k) in proper:
                for mirrored in (False, True) if kind.mirrored else (False,):
                    for start in range(0, len(outline), 5):
                        losses.append(least_loss(Template(name, kind.lengths(counts), start, mirrored), outline))
            return
        for k in range(left // len(kind.rules[len(counts)].edges) + 1):
            visit((*counts, k))

    visit(())
    assert len(losses) > 100
    assert best.loss <= min(losses) + 1e-9


def test_two_colours_leave_out_what_needs_three():
    for name, kind in TYPES.items():
        found = scan(resample(BLOB, 24), kind, colours=2)
        assert bool(found) == bool(kind.two), name
        for item in found:
            gone = {rule for rule, count in enumerate(kind.counts(item.template.lengths)) if not count}
            assert any(set(needed) <= gone for needed in kind.two)
