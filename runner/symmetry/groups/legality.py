"""A colour action is a homomorphism (plane group -> the 48 colour elements); this module finds and checks them.

`search` decides: breadth first over (isometry up to colour-neutral translations, colour), with the word that
led there; the same isometry with two colours is the witness. The `relations` of the group give the same
verdict in a form that a reader understands. `homomorphisms` enumerates all legal actions, from which
completions and suggestions are drawn (Senechal 1979; Coxeter and Moser 1972 for presentations).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.groups import GROUPS, TRANSLATIONS, Group, Relation, Word, coset_words, relations
from orbifolio.runner.symmetry.groups.isometry import Isometry, Period

TURNS = {"r2": "half a turn", "r3": "a third of a turn", "r4": "a quarter turn", "r6": "a sixth of a turn"}
MOVES = {**TURNS, "m": "a mirror", "g": "a glide"}
_TIMES = {1: "once", 2: "twice", 3: "three times", 4: "four times", 6: "six times"}
_PRODUCT = colour.PRODUCT.astype(np.int16)
_INVERSE = np.array(colour.INVERSE)


def evaluate(word: Word, colours: Mapping[str, int]) -> int:
    """The colour element of a word, as the product of its generators' elements."""
    return colour.compose(*(colour.power(colours[name], exponent) for name, exponent in word))


def spell_word(word: Word) -> str:
    """A word as a reader sees it, `r4 t1 r4^-1`; the empty word is `1`."""
    return " ".join(name if exponent == 1 else f"{name}^{exponent}" for name, exponent in word) or "1"


def _expanded(word: Word) -> str:
    """A word without positive powers, `r2 r2`."""
    steps = [name if exponent > 0 else f"{name}^-1" for name, exponent in word for _ in range(abs(exponent))]
    return " ".join(steps) or "1"


def search(group: Group, colours: Mapping[str, int]) -> str:
    """Check a colour action by breadth-first search.

    Args:
        group: whose relations the colours must obey.
        colours: a colour element for every generator.

    Returns:
        "" where the action is legal, else the witness: a relation of the group that the colours break,
        e.g. `r2 r2 = 1`; no shorter product leads to one isometry with two colours.
    """
    steps = group.generators
    span = int(np.lcm.reduce([colour.ORDER[colours[name]] for name in TRANSLATIONS]))
    period = Period(span, 0, span)  # invariant under the point group, and neutral if the action is legal
    start = Isometry()
    seen: dict[Isometry, tuple[int, tuple[str, ...]]] = {start: (colour.IDENTITY, ())}
    frontier = [start]
    while frontier:
        grown = []
        for isometry in frontier:
            element, word = seen[isometry]
            for name, step in steps.items():
                product, result = (isometry @ step).reduced(period), colour.compose(element, colours[name])
                longer = (*word, name)
                earlier = seen.get(product)
                if earlier is None:
                    seen[product] = (result, longer)
                    grown.append(product)
                elif earlier[0] != result:
                    return f"{' '.join(longer)} = {' '.join(earlier[1]) or '1'}"
        frontier = grown
    return ""


@cache
def homomorphisms(group: Group) -> npt.NDArray[np.int16]:
    """All legal colour actions of a group, the trivial one among them.

    Returns:
        (number, generators), colour elements in the order of `group.generators`.
    """
    names = [*TRANSLATIONS, *group.point]  # translations first: they exclude the most rows
    table = all_actions(names, [(relation.left, relation.right) for relation in relations(group)])
    return table[:, [names.index(name) for name in group.generators]]


def all_actions(names: Sequence[str], equations: Iterable[tuple[Word, Word]]) -> npt.NDArray[np.int16]:
    """All colours of some generators under which the words of every equation have the same colour.

    Generators are added one by one, and each equation is applied once all its generators are there: so the table
    stays small.

    Returns:
        (number, names), colour elements.
    """
    table = np.zeros((1, 0), dtype=np.int16)
    waiting = list(equations)
    every = np.arange(colour.COUNT, dtype=np.int16)
    for count in range(1, len(names) + 1):
        chosen = names[:count]
        table = np.hstack([np.repeat(table, colour.COUNT, axis=0), np.tile(every, len(table))[:, None]])
        ready = [words for words in waiting if {name for word in words for name, _ in word} <= set(chosen)]
        waiting = [words for words in waiting if words not in ready]
        for words in ready:
            left, right = (_evaluate_rows(word, table, chosen) for word in words)
            table = table[left == right]
    return table


def _evaluate_rows(word: Word, table: npt.NDArray[np.int16], names: Sequence[str]) -> npt.NDArray[np.int16]:
    """The colour element of a word in every row."""
    result = np.zeros(len(table), dtype=np.int16)
    for name, exponent in word:
        column = table[:, names.index(name)]
        step = column if exponent > 0 else _INVERSE[column]
        for _ in range(abs(exponent)):
            result = _PRODUCT[result, step]
    return result


def complete(group: Group, given: Mapping[str, int]) -> dict[str, int]:
    """The colour action that a recipe means: generators it does not name stay neutral where they can.

    Where they cannot (a glide of order 4 makes its square, a translation, exchange colours too) the
    completion with the fewest and simplest further colours is taken.

    Args:
        group: whose relations the colours must obey.
        given: colour elements of some generators.

    Returns:
        A colour element for every generator.

    Raises:
        IllegalSymmetry: an unknown generator, or no legal action has these elements.
    """
    check_names(group, given)
    colours = simplest_action(list(group.generators), homomorphisms(group), given)
    # a search cannot fail: the relations define the group (held by tests)
    if colours is None or search(group, colours):
        raise explain(group, given)
    return colours


def simplest_action(
    names: Sequence[str], legal: npt.NDArray[np.int16], given: Mapping[str, int]
) -> dict[str, int] | None:
    """The legal action with the given colours whose others are the fewest and of the lowest orders; None without any.

    Args:
        names: of the generators.
        legal: (number, names), colour elements.
        given: colour elements of some generators.
    """
    for name, element in given.items():
        legal = legal[legal[:, names.index(name)] == element]
    if not len(legal):
        return None
    orders = np.array(colour.ORDER)[legal]
    best = min(
        range(len(legal)),
        key=lambda row: (int((legal[row] != 0).sum()), int(orders[row].sum()), tuple(legal[row].tolist())),
    )
    return {name: int(element) for name, element in zip(names, legal[best], strict=True)}


def check_names(group: Group, given: Mapping[str, int]) -> None:
    """Refuse colours for names that are not generators of the group, and say which generator is meant.

    Raises:
        IllegalSymmetry: `where` is the faulty key.
    """
    names = list(group.generators)
    for name, element in given.items():
        if name in names:
            continue
        rule = f"the generators of {group.name} are {', '.join(names)}"
        what, cure, suggestions = _meant(group, name, element)
        raise IllegalSymmetry(f"{what}; {rule}; {cure}", witness="", suggestions=suggestions, where=f"colours.{name}")


def _meant(group: Group, name: str, element: int) -> tuple[str, str, tuple[str, ...]]:
    """What a wrong generator name says, its cure, and spellings of it."""
    names = list(group.generators)
    if name in TURNS:
        fold = int(name[1:])
        turn = next((item for item in group.point if item in TURNS), None)
        if turn is not None and int(turn[1:]) % fold == 0:
            times = int(turn[1:]) // fold
            legal = sorted({int(item) for item in homomorphisms(group)[:, names.index(turn)]})
            roots = [item for item in legal if colour.power(item, times) == element]
            roots.sort(key=lambda item: (colour.ORDER[item], colour.distance(item, element)))
            what = f"{TURNS[name]} is {turn} {_TIMES[times]} in {group.name}, so {turn} decides its colours"
            if roots:
                return (
                    what,
                    f"write {turn}: {colour.spell(roots[0])}",
                    tuple(f"{turn}: {colour.spell(item)}" for item in roots[:3]),
                )
            return what, f"no {turn} {_TIMES[times]} gives {colour.spell(element)}; name {turn} instead", ()
        having = [item.name for item in GROUPS.values() if name in item.point]
        what = f"{group.name} has no {TURNS[name].removeprefix('a ')}"
        return what, f"{', '.join(having)} {'has' if len(having) == 1 else 'have'} {name}", ()
    if name in ("m", "g"):
        having = [item.name for item in GROUPS.values() if name in item.point]
        other = next((item for item in ("m", "g") if item in group.point), None)
        if other is not None:
            return (
                f"{MOVES[other]} generates the reflections of {group.name}, not {MOVES[name]}",
                f"name {other} instead",
                (),
            )
        return f"{group.name} has no {MOVES[name].removeprefix('a ')}", f"{', '.join(having)} have {name}", ()
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.3)
    return f"{name[:20]!r} is not a generator", f"did you mean {near[0]}?" if near else f"write {names[0]}", ()


def explain(group: Group, given: Mapping[str, int]) -> IllegalSymmetry:
    """The error for a colour action that the group cannot have: relation, value, nearest legal ones.

    Args:
        group: whose relation is broken.
        given: colour elements of some of its generators, not extensible to a legal action.
    """
    trial = _derive(group, given)
    broken = [item for item in relations(group) if evaluate(item.left, trial) != evaluate(item.right, trial)]
    broken.sort(key=lambda item: not set(item.names) <= set(given))  # stable: friendliest first
    relation = broken[0]
    blamed = next((name for name in reversed(relation.names) if name in given), next(iter(given)))
    alternatives = _nearest(group, given, blamed)
    changed = [[name for name in given if option[name] != given[name]] for option in alternatives]
    if changed and len(changed[0]) == 1:
        blamed = changed[0][0]
    spelled = tuple(
        colour.spell(option[names[0]])
        if names == [blamed]
        else " with ".join(f"{name}: {colour.spell(option[name])}" for name in names)
        for option, names in zip(alternatives, changed, strict=True)
    )
    cure = f"try {spelled[0]}"
    fold = f"r{colour.ORDER[given[blamed]]}"
    if changed[0] == [blamed] and len(relation.left) == 1 and fold in TURNS and fold != blamed:
        cure += f" or {fold}"
    witness = f"{_expanded(relation.left)} = {_expanded(relation.right)}"
    return IllegalSymmetry(
        f"{_phrase(relation, trial)}; {cure}", witness=witness, suggestions=spelled, where=f"colours.{blamed}"
    )


def _derive(group: Group, given: Mapping[str, int]) -> dict[str, int]:
    """The given elements, the translations that they decide, and the identity for the rest."""
    trial = dict(given)
    for _ in range(2):
        for relation in relations(group):
            if len(relation.right) == 1 and all(name in trial for name, _ in relation.left):
                ((name, exponent),) = relation.right
                trial.setdefault(name, colour.power(evaluate(relation.left, trial), exponent))
    return {name: trial.get(name, colour.IDENTITY) for name in group.generators}


def _nearest(group: Group, given: Mapping[str, int], blamed: str) -> list[dict[str, int]]:
    """Up to three legal choices for the given generators, those with the fewest changes first."""
    names = list(group.generators)
    rows = np.unique(homomorphisms(group)[:, [names.index(name) for name in given]], axis=0)

    def rank(row: tuple[int, ...]) -> tuple[int, bool, int, list[tuple[int, int, int]]]:
        different = [name for name, element in zip(given, row, strict=True) if element != given[name]]
        return (
            len(different),
            different != [blamed],
            sum(element == colour.IDENTITY for element in row),
            [colour.distance(given[name], element) for name, element in zip(given, row, strict=True)],
        )

    best = sorted((tuple(int(item) for item in row) for row in rows), key=rank)[:3]
    return [dict(zip(given, row, strict=True)) for row in best]


def _phrase(relation: Relation, colours: Mapping[str, int]) -> str:
    """What the relation says and what the colours make of it."""
    value, wanted = evaluate(relation.left, colours), evaluate(relation.right, colours)
    target = spell_word(relation.right)
    if len(relation.left) == 1:
        ((name, times),) = relation.left
        element = colour.spell(colours[name])
        what = f"{MOVES[name]} {_TIMES[times]} is"
        contradiction = f"but {element} {_TIMES[times]} is {colour.spell(value)}"
        if relation.right:
            return f"{what} the translation {target}, {contradiction} and {target} has {colour.spell(wanted)}"
        return f"{what} the identity, {contradiction}"
    word = spell_word(relation.left)
    having = " and ".join(f"{name}: {colour.spell(colours[name])}" for name in relation.names[:2])
    if len(relation.left) == 3:
        mover, moved = relation.names[0], relation.names[1]
        return (
            f"{mover} carries {moved} to {target} ({word} = {target}), but with {having} "
            f"it gives {colour.spell(value)} and {target} has {colour.spell(wanted)}"
        )
    if relation.names == ("t1", "t2"):
        return f"t1 and t2 give the same in either order, but {having} do not"
    if relation.right:
        return (
            f"{word} is the translation {target}, but {having} make it {colour.spell(value)} "
            f"and {target} has {colour.spell(wanted)}"
        )
    return f"{word} is the identity, but {having} make it {colour.spell(value)}"


def neutral_period(colours: Mapping[str, int]) -> Period:
    """The lattice of translations that change no colour, in lattice coordinates.

    It is the kernel of (u, v) -> c(t1)^u c(t2)^v, hence invariant under the group; its index, the
    number of primitive cells in a supercell, is 1, 2, 3, 4, 6 or 8.
    """
    first, second = colours["t1"], colours["t2"]
    width = colour.ORDER[first]
    powers = [colour.power(first, step) for step in range(width)]
    height = next(step for step in range(1, 49) if colour.INVERSE[colour.power(second, step)] in powers)
    return Period(width, powers.index(colour.INVERSE[colour.power(second, height)]), height)


def elements(group: Group, colours: Mapping[str, int]) -> tuple[tuple[Isometry, int], ...]:
    """Every isometry of the group up to colour-neutral translations, with its colour element.

    Returns:
        (order of the point group) x (index of the neutral lattice) pairs, the identity first.
    """
    pairs = []
    for u, v in neutral_period(colours).points():
        shift: Word = tuple((name, step) for name, step in (("t1", u), ("t2", v)) if step)
        for word in coset_words(group).values():
            pairs.append((group.isometry(shift + word), evaluate(shift + word, colours)))
    return tuple(pairs)
