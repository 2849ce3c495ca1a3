"""An advisory is a warning with its cure: what a colour action, or the lack of one, will do to a picture.

Three things are foreseeable: rotation centres of order 4, 5 and 6 that change no colour attract unwanted emblems
(swastika, pentagram, hexagram); a turn that changes colours leaves its centre those that it leaves fixed, which may be
grey alone; and so does a mirror, all along its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.groups import Group
from orbifolio.runner.symmetry.groups.isometry import Isometry
from orbifolio.runner.symmetry.groups.legality import TURNS, elements, homomorphisms, neutral_period
from orbifolio.runner.symmetry.groups.presentation import Presentation
from orbifolio.runner.symmetry.groups.presentation import homomorphisms as presented_homomorphisms

EMBLEMS = {4: "swastikas", 5: "pentagrams", 6: "hexagrams"}
FOLDS = {2: "two-fold", 3: "three-fold", 4: "four-fold", 5: "five-fold", 6: "six-fold"}
PREFERRED = ("[g, b, r]", "[g, r, b]", "[-r, -g, -b]", "[-g, -r, -b]", "[-g, -b, -r]")
"""Colour elements that a warning offers as a cure, the liveliest first: of orders 3, 2, 2, 2 and 6."""
_WITHOUT_MIRRORS = {
    "pm": "pg",
    "cm": "pg",
    "p2mm": "p2gg",
    "p2mg": "p2gg",
    "c2mm": "p2gg",
    "p4mm": "p4",
    "p4gm": "p4",
    "p3m1": "p3",
    "p31m": "p3",
    "p6mm": "p6",
}


def emblem_advisories(group: Group, colours: Mapping[str, int]) -> tuple[str, ...]:
    """Rotation centres that invite an emblem, and the colour actions that prevent it."""
    warnings = []
    for name, turn in group.point.items():
        fold = turn.order
        if name not in TURNS or fold not in EMBLEMS:
            continue
        if all(element for isometry, element in elements(group, colours) if isometry.matrix == turn.matrix):
            continue
        warnings.append(emblem_warning(f"{FOLDS[fold]} centres", fold, name, preventions(group, name, colours)))
    return tuple(warnings)


def emblem_warning(where: str, fold: int, name: str, options: Sequence[int]) -> str:
    """What centres that change no colour invite, and what prevents it.

    Args:
        where: the centres, in the plural.
        fold: order of their turn, 4, 5 or 6.
        name: of the generator that turns about them.
        options: colour elements for it that prevent the emblem; there may be none.
    """
    if options:
        listed = " or ".join(f"{{{name}: {colour.spell(item)}}}" for item in options)
        cure = f"colours {listed} prevent{'s' if len(options) == 1 else ''} it"
    else:
        cure = "no colours can prevent it, but turns of another order or a style of round details can"
    return f"{where} without a colour action tend to read as {EMBLEMS[fold]}; {cure}"


def colour_choices(group: Presentation, name: str) -> tuple[int, ...]:
    """Up to two colour elements that a generator can have, the liveliest first."""
    if name not in group.names:
        return ()
    legal = set(presented_homomorphisms(group)[:, group.names.index(name)].tolist())
    return tuple(element for element in map(colour.parse, PREFERRED) if element in legal)[:2]


def centre_warning(where: str, fold: int, element: int) -> str:
    """What a turn's colour element does to its centre, or "" where that keeps two dimensions of colour.

    Args:
        where: the turns, or their centres, in the plural.
        fold: order of the turn.
        element: the colour element of one turn.
    """
    free = colour.fixed_dimension([element])
    if free > 1:
        return ""
    details = "dark or light" if free else "grey"
    exchange = ", and an exchange of two channels leaves more" if fold % 2 == 0 else ""
    return (
        f"{where} carry {colour.spell(element)}: at the centre {colour.describe_fixed(element)} ({free} of 3 colour "
        f"dimensions stay free), which looks dull beside the rest; a style with {details} details hides it{exchange}"
    )


def centre_advisories(group: Group, colours: Mapping[str, int]) -> tuple[str, ...]:
    """Rotation centres that are left with grey, or little more."""
    found: dict[str, tuple[set[int], int]] = {}
    turns = [(isometry.order, element) for isometry, element in elements(group, colours) if isometry.determinant > 0]
    for fold, element in sorted(turns, key=lambda turn: (-turn[0], turn[1])):
        if fold > 1 and colour.fixed_dimension([element]) <= 1:
            found.setdefault(colour.describe_fixed(element), (set(), element))[0].add(fold)
    return tuple(
        centre_warning(
            f"{' and '.join(FOLDS[fold] for fold in sorted(folds, reverse=True))} centres", max(folds), element
        )
        for folds, element in found.values()
    )


def preventions(group: Group, name: str, colours: Mapping[str, int]) -> tuple[int, ...]:
    """Up to two colour elements for a rotation that leave none of its centres colourless.

    The other generators keep theirs where that is legal.
    """
    names = list(group.generators)
    table = homomorphisms(group)
    others = [item for item in names if item != name]
    same = table[[all(row[names.index(item)] == colours[item] for item in others) for row in table.tolist()]]
    neutral = table[(table[:, names.index("t1")] == 0) & (table[:, names.index("t2")] == 0)]
    for rows in (same, neutral):
        legal = {int(item) for item in rows[:, names.index(name)]} - {colour.IDENTITY}
        options = [colour.parse(item) for item in PREFERRED if colour.parse(item) in legal]
        if options:
            return tuple(options[:2])
    return ()


def mirror_colours(group: Group, colours: Mapping[str, int]) -> tuple[tuple[Isometry, int], ...]:
    """A mirror for every direction and colour element of the action, those that change colours only."""
    period = neutral_period(colours)
    mirrors: dict[tuple[object, int], Isometry] = {}
    for isometry, element in elements(group, colours):
        if isometry.determinant > 0 or element == colour.IDENTITY:
            continue
        for across in range(-2, 3):
            for along in range(-2, 3):
                shift = (2 * (across * period.width + along * period.shear), 2 * along * period.height)
                moved = Isometry(halves=(shift[0] + isometry.halves[0], shift[1] + isometry.halves[1])) @ Isometry(
                    isometry.matrix
                )
                if moved.is_mirror:
                    mirrors.setdefault((isometry.matrix, element), moved)
    return tuple((isometry, element) for (_, element), isometry in mirrors.items())


def freeing_colour(group: Group, colours: Mapping[str, int]) -> tuple[str, int] | None:
    """The reflection generator and a colour element for it under which no mirror changes colours, if any."""
    name = next((item for item in ("m", "g") if item in group.point), None)
    if name is None:
        return None
    names = list(group.generators)
    for row in homomorphisms(group).tolist():
        option = dict(zip(names, row, strict=True))
        same = all(option[item] == colours[item] for item in names if item != name)
        if same and not mirror_colours(group, option):
            return name, option[name]
    return None


def mirror_advisory(group: Group, element: int, angles: Sequence[float], freeing: tuple[str, int] | None) -> str:
    """What colour-changing mirrors do to their lines.

    Args:
        group: names a group without mirrors as the cure.
        element: the colour element of these mirrors.
        angles: directions of their lines, degrees.
        freeing: generator and element by `freeing_colour`, or None.
    """
    cure = f"{_WITHOUT_MIRRORS[group.name]} has no mirrors"
    if freeing is not None:
        cure = f"{freeing[0]}: {colour.spell(freeing[1])} frees them, or {cure}"
    lines = ", ".join(f"{angle:g}" for angle in angles)
    return mirror_warning(f"mirror lines at {lines} degrees", element, cure)


def mirror_warning(lines: str, element: int, cure: str) -> str:
    """What a mirror's colour element does to its lines, or "" where it does nothing."""
    if element == colour.IDENTITY:
        return ""
    free = colour.fixed_dimension([element])
    return (
        f"{lines} carry {colour.spell(element)}: all along them {colour.describe_fixed(element)} "
        f"({free} of 3 colour dimensions stay free); {cure}"
    )
