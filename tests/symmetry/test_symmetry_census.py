"""The published numbers of colour groups come out of the table of groups and its relations.

Two groups with N colours are one type if an affine map carries one to the other: 46 with two colours,
23 with three, 96 with four (Jarratt and Schwarzenberger 1980).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from orbifolio.runner.symmetry.groups.groups import GROUPS, Group, Word, coset_words, relations

TWO_COLOURS = (1, 2, 5, 2, 3, 5, 5, 2, 5, 2, 5, 3, 0, 1, 1, 1, 3)
GRID = 24  # translations in 24ths of a lattice vector: all that normalise a plane group, up to neutral ones


class Symmetric:
    """The symmetric group on N letters, as tables."""

    def __init__(self, letters: int) -> None:
        self.items = list(itertools.permutations(range(letters)))
        index = {item: place for place, item in enumerate(self.items)}
        self.product = np.array([[index[tuple(left[i] for i in right)] for right in self.items] for left in self.items])
        self.inverse = self.product.argmin(axis=1)

    def word(self, word: Word, rows: np.ndarray, names: list[str]) -> np.ndarray:
        result = np.zeros(len(rows), dtype=int)
        for name, exponent in word:
            column = rows[:, names.index(name)]
            for _ in range(abs(exponent)):
                result = self.product[result, column if exponent > 0 else self.inverse[column]]
        return result


def transitive_actions(group: Group, symmetric: Symmetric) -> np.ndarray:
    names = [*group.generators][::-1]
    rows, waiting = np.zeros((1, 0), dtype=int), list(relations(group))
    for count in range(1, len(names) + 1):
        size = len(symmetric.items)
        rows = np.hstack([np.repeat(rows, size, axis=0), np.tile(np.arange(size), len(rows))[:, None]])
        for relation in [item for item in waiting if set(item.names) <= set(names[:count])]:
            waiting.remove(relation)
            left, right = (symmetric.word(word, rows, names) for word in (relation.left, relation.right))
            rows = rows[left == right]

    def is_transitive(row: np.ndarray) -> bool:
        reached, letters = {0}, len(symmetric.items[0])
        for _ in range(letters):
            reached |= {symmetric.items[item][letter] for item in row for letter in reached}
        return len(reached) == letters

    return np.array([row for row in rows if is_transitive(row)], dtype=int).reshape(-1, len(names))


def automorphisms(group: Group) -> set[tuple[Word, ...]]:
    """What the affine normaliser does to the generators, as words, names in reverse order."""
    found = set()
    representatives = {matrix: group.isometry(word) for matrix, word in coset_words(group).items()}
    for entries in itertools.product((-1, 0, 1), repeat=4):
        b = np.array(entries).reshape(2, 2)
        determinant = round(np.linalg.det(b))
        if abs(determinant) != 1:
            continue
        inverse = np.rint(np.linalg.inv(b)).astype(int)
        for t in itertools.product(range(0, GRID, 2), repeat=2):
            images = []
            for isometry in [*group.generators.values()][::-1]:
                matrix = b @ np.array(isometry.matrix) @ inverse
                key = tuple(map(tuple, matrix.tolist()))
                if key not in representatives:
                    break
                shift = b @ np.array(isometry.halves) * (GRID // 2) + t - matrix @ t
                rest = shift - np.array(representatives[key].halves) * (GRID // 2)
                if (rest % GRID).any():
                    break
                u, v = (rest // GRID).tolist()
                images.append((("t1", u), ("t2", v), *coset_words(group)[key]))
            else:
                found.add(tuple(images))
    return found


def count_types(name: str, letters: int) -> int:
    group, symmetric = GROUPS[name], Symmetric(letters)
    rows = transitive_actions(group, symmetric)
    if not len(rows):
        return 0
    names = [*group.generators][::-1]
    place = {tuple(row): index for index, row in enumerate(rows.tolist())}
    edges = []
    for item in range(len(symmetric.items)):  # renaming the colours
        moved = symmetric.product[symmetric.product[item, rows], symmetric.inverse[item]]
        edges.append([place[tuple(row)] for row in moved.tolist()])
    for images in automorphisms(group):
        moved = np.stack([symmetric.word(word, rows, names) for word in images], axis=1)
        edges.append([place[tuple(row)] for row in moved.tolist()])
    here = np.tile(np.arange(len(rows)), len(edges))
    graph = coo_array((np.ones(len(here)), (here, np.concatenate(edges))), shape=(len(rows), len(rows)))
    return int(connected_components(graph, directed=False)[0])


@pytest.mark.slow
def test_two_colour_groups() -> None:
    counts = tuple(count_types(name, 2) for name in GROUPS)
    assert counts == TWO_COLOURS
    assert sum(counts) == 46


@pytest.mark.slow
def test_three_colour_groups() -> None:
    assert sum(count_types(name, 3) for name in GROUPS) == 23


@pytest.mark.slow
def test_four_colour_groups() -> None:
    assert sum(count_types(name, 4) for name in GROUPS) == 96


@pytest.mark.parametrize("name", ["p2", "pg", "cm", "p3", "p4gm", "p31m"])
def test_subgroups_agree_with_sympy(name: str) -> None:
    """Transitive actions up to renaming are classes of subgroups; sympy finds those by coset tables."""
    from sympy.combinatorics.fp_groups import FpGroup, low_index_subgroups
    from sympy.combinatorics.free_groups import free_group

    group = GROUPS[name]
    names = list(group.generators)
    free, *letters = free_group(",".join(names))

    def product(word: Word) -> object:
        result = free.identity
        for item, exponent in word:
            result = result * letters[names.index(item)] ** exponent
        return result

    relators = [product(item.left) * product(item.right) ** -1 for item in relations(group)]
    tables = low_index_subgroups(FpGroup(free, relators), 3)
    theirs = [sum(len(table.table) == index for table in tables) for index in (2, 3)]
    ours = []
    for index in (2, 3):
        symmetric = Symmetric(index)
        rows = transitive_actions(group, symmetric)
        classes = set()
        for row in rows:
            renamed = [
                symmetric.product[symmetric.product[item, row], symmetric.inverse[item]].tolist()
                for item in range(len(symmetric.items))
            ]
            classes.add(tuple(min(renamed)))
        ours.append(len(classes))
    assert ours == theirs
