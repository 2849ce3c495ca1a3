"""The seven frieze groups: name, movements, relations, a row of a table each.

Named after the International Tables E; Conway's signatures and his names of the steps that leave such tracks are
understood in errors (Conway, Burgiel, Goodman-Strauss 2008).

Convention: a movement, or track, is (across, shift, up): x -> across * x + shift / 2 periods, y -> up * y about
the strip's middle line; across and up are +1 or -1. In a word the rightmost factor acts first.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orbifolio.runner.symmetry.groups.groups import Word
from orbifolio.runner.symmetry.groups.legality import evaluate
from orbifolio.runner.symmetry.groups.presentation import Presentation

Track = tuple[int, int, int]

T: Track = (1, 2, 1)
TURN: Track = (-1, 0, -1)
UPRIGHT: Track = (-1, 0, 1)
LYING: Track = (1, 0, -1)
GLIDE: Track = (1, 1, -1)
_WORDS = {"r2": "half a turn", "m": "an upright mirror", "h": "the mirror along the strip", "g": "the glide"}


@dataclass(frozen=True)
class FriezeGroup:
    """One of the seven.

    Attributes:
        name: short international symbol, e.g. p2mg.
        generators: movements by the name a recipe gives them, the translation t last.
        relations: words that are the identity.
        others: other symbols and nicknames in use, for messages.
    """

    name: str
    generators: tuple[tuple[str, Track], ...]
    relations: tuple[Word, ...]
    others: tuple[str, ...]

    @property
    def presentation(self) -> Presentation:
        """Generators and relations, which decide what colour actions are legal."""
        generators = tuple((name, _WORDS.get(name, "the translation")) for name, _ in self.generators)
        return Presentation(f"the frieze group {self.name}", generators, self.relations)

    def movement(self, word: Word) -> Track:
        """The product of a word, the rightmost factor first."""
        tracks = dict(self.generators)
        result: Track = (1, 0, 1)
        for name, exponent in word:
            step = tracks[name] if exponent > 0 else _inverse(tracks[name])
            for _ in range(abs(exponent)):
                result = _product(result, step)
        return result

    def cosets(self) -> tuple[Word, ...]:
        """A word for each movement up to translations, the empty one first."""
        words: dict[tuple[int, int], Word] = {(1, 1): ()}
        waiting: list[Word] = [()]
        while waiting:
            word = waiting.pop(0)
            for name, _ in self.generators[:-1]:
                longer = (*word, (name, 1))
                across, _, up = self.movement(longer)
                if (across, up) not in words:
                    words[across, up] = longer
                    waiting.append(longer)
        return tuple(words.values())


def _product(left: Track, right: Track) -> Track:
    return left[0] * right[0], left[0] * right[1] + left[1], left[2] * right[2]


def _inverse(track: Track) -> Track:
    return track[0], -track[0] * track[1], track[2]


def _row(name: str, relations: Sequence[Word], *others: str, **generators: Track) -> FriezeGroup:
    return FriezeGroup(name, (*generators.items(), ("t", T)), tuple(relations), others)


def _twice(*names: str) -> Word:
    return tuple((name, 1) for name in names) * 2


_SLIDES: Word = (("h", 1), ("t", 1), ("h", -1), ("t", -1))
_R2, _M, _H = (("r2", 2),), (("m", 2),), (("h", 2),)

FRIEZES: Mapping[str, FriezeGroup] = {
    group.name: group
    for group in (
        _row("p1", (), "p111", "∞∞", "hop", "f1"),
        _row("p11g", ((("g", 2), ("t", -1)),), "p1a1", "pg", "∞x", "∞×", "step", "f1g", g=GLIDE),
        _row("p1m1", (_M, _twice("m", "t")), "pm11", "pm", "*∞∞", "sidle", m=UPRIGHT),
        _row("p11m", (_H, _SLIDES), "p1m", "∞*", "jump", "f11m", h=LYING),
        _row("p2", (_R2, _twice("r2", "t")), "p112", "p211", "22∞", "spinning hop", "spinhop", r2=TURN),
        _row(
            "p2mg",
            (_R2, _M, (*_twice("m", "r2"), ("t", -1))),
            *("pma2", "pmg", "2*∞", "spinning sidle", "spinsidle"),
            r2=TURN,
            m=(-1, 1, 1),
        ),
        _row(
            "p2mm",
            (_M, _H, _twice("m", "h"), _twice("m", "t"), _SLIDES),
            *("pmm2", "pmm", "*22∞", "spinning jump", "spinjump"),
            m=UPRIGHT,
            h=LYING,
        ),
    )
}


def suggest_frieze(text: str) -> str:
    """The message for a name that is not a group's symbol: "what; rule; cure"."""
    spelling = text.strip().lower().replace("_", " ").replace("infinity", "∞").replace("oo", "∞")
    for group in FRIEZES.values():
        if spelling in group.others or spelling.replace(" ", "") in (*group.others, group.name):
            return (
                f"{text!r} is another name of {group.name}; friezes go by their short international symbol; "
                f"write {group.name}"
            )
    near = difflib.get_close_matches(spelling, list(FRIEZES), n=2, cutoff=0.5)
    cure = f"did you mean {' or '.join(near)}?" if near else "a plain repetition is p1"
    return f"{text[:40]!r} is not a frieze group; the 7 are {', '.join(FRIEZES)}; {cure}"


def members(group: FriezeGroup, assignment: Mapping[str, int], periods: int) -> list[tuple[Track, int]]:
    """Every movement up to whole pictures, with its colour element, the identity first."""
    movements = []
    for step in range(periods):
        for word in group.cosets():
            longer: Word = ((("t", step),) if step else ()) + word
            movements.append((group.movement(longer), evaluate(longer, assignment)))
    return movements
