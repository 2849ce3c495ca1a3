"""A group given by generators and relations, and which colour actions it admits.

A colour action is a homomorphism (group -> the 48 colour elements): every word that moves nothing must change no
colour either. All legal actions are enumerated, as in `legality.py` for the wallpaper groups; from them come
completions, and suggestions for what is not legal.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.groups import Word
from orbifolio.runner.symmetry.groups.legality import all_actions, evaluate, simplest_action, spell_word

_TIMES = {1: "once", 2: "twice"}


@dataclass(frozen=True)
class Presentation:
    """Generators and relations.

    Attributes:
        title: the group in words, e.g. `the rotations O of the octahedron`.
        generators: what each generator is, by the name a recipe gives it, e.g. r4: a quarter of a turn.
        relations: words that are the identity; messages name the first that is broken.
        remedy: what to do where no colour action exists at all.
    """

    title: str
    generators: tuple[tuple[str, str], ...]
    relations: tuple[Word, ...]
    remedy: str = "leave out the colours"

    @property
    def names(self) -> tuple[str, ...]:
        """The generators as recipes name them."""
        return tuple(name for name, _ in self.generators)

    def complete(self, given: Mapping[str, int]) -> dict[str, int]:
        """The colour action that a recipe means: what it does not name changes as few colours as possible.

        Args:
            given: colour elements of some generators.

        Returns:
            A colour element for every generator.

        Raises:
            IllegalSymmetry: an unknown generator, or no legal action has these elements; `where` names it.
        """
        self._check_names(given)
        colours = simplest_action(self.names, homomorphisms(self), given)
        if colours is None:
            raise self._explain(given)
        return colours

    def _check_names(self, given: Mapping[str, int]) -> None:
        for name in given:
            if name in self.names:
                continue
            near = difflib.get_close_matches(name.lower(), self.names, n=1, cutoff=0.3)
            generators = ", ".join(f"{generator} ({what})" for generator, what in self.generators) or "none"
            cure = f"did you mean {near[0]}?" if near else "name one of these, or leave out the colours"
            raise IllegalSymmetry(
                f"{name[:20]!r} is not a generator; those of {self.title} are {generators}; {cure}",
                witness="",
                suggestions=tuple(near),
                where=f"colours.{name}",
            )

    def _explain(self, given: Mapping[str, int]) -> IllegalSymmetry:
        """The error that names the broken relation, its value, and the nearest legal colours."""
        trial = {name: given.get(name, colour.IDENTITY) for name in self.names}
        broken = [word for word in self.relations if evaluate(word, trial) != colour.IDENTITY]
        broken.sort(key=lambda word: not {name for name, _ in word} <= set(given))
        word = broken[0] if broken else self.relations[0]
        blamed = next((name for name, _ in reversed(word) if name in given), next(iter(given)))
        options = self._nearest(given, blamed)
        spelled = tuple(
            ", ".join(f"{name}: {colour.spell(element)}" for name, element in option.items() if element != given[name])
            for option in options
        )
        useful = [option for option in options if any(option.values())]
        cure = f"try {spelled[options.index(useful[0])]}" if useful else self.remedy
        return IllegalSymmetry(
            f"{self._contradiction(word, trial)}; {cure}",
            witness=f"{spell_word(word)} = 1",
            suggestions=spelled,
            where=f"colours.{blamed}",
        )

    def _contradiction(self, word: Word, trial: Mapping[str, int]) -> str:
        value = colour.spell(evaluate(word, trial))
        if len(word) == 1:
            ((name, times),) = word
            how = _TIMES.get(times, f"{times} times")
            element = colour.spell(trial[name])
            text = f"{dict(self.generators)[name]} {how} is the identity, but {element} {how} is {value}"
            return text + (" and no colour element has order 5" if times == 5 else "")
        having = " and ".join(f"{name}: {colour.spell(trial[name])}" for name in dict.fromkeys(n for n, _ in word))
        return f"{spell_word(word)} is the identity in {self.title}, but {having} make it {value}"

    def _nearest(self, given: Mapping[str, int], blamed: str) -> list[dict[str, int]]:
        """Up to three legal choices for the given generators, those with the fewest changes first."""
        columns = [self.names.index(name) for name in given]
        rows = np.unique(homomorphisms(self)[:, columns], axis=0)

        def rank(row: Sequence[int]) -> tuple[int, bool, int, list[tuple[int, int, int]]]:
            different = [name for name, element in zip(given, row, strict=True) if element != given[name]]
            idle = sum(element == colour.IDENTITY for element in row)
            far = [colour.distance(given[name], element) for name, element in zip(given, row, strict=True)]
            return len(different), different != [blamed], idle, far

        best = sorted((tuple(int(item) for item in row) for row in rows), key=rank)[:3]
        return [dict(zip(given, row, strict=True)) for row in best]


@cache
def homomorphisms(group: Presentation) -> npt.NDArray[np.int16]:
    """All legal colour actions, the trivial one among them.

    Returns:
        (number, generators), colour elements in the order of `group.generators`.
    """
    return all_actions(group.names, [(word, ()) for word in group.relations])
