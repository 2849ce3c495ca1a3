"""What the editor shows as pictures: pictures that ship, groups, and the colours that each generator may have.

Colours of a generator are those that it has in some legal action of its group: whether they go together with those of
the others is told by the check. Of the 48 elements the editor offers the twelve that permute channels, inverted or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from orbifolio.runner.images.sources import SKIMAGE, own_pictures
from orbifolio.runner.server.messages import ColourChoice, EditorChoices, GroupChoice, PictureChoice
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.frieze_groups import FRIEZES
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.groups.legality import MOVES, homomorphisms
from orbifolio.runner.symmetry.groups.presentation import homomorphisms as presented_homomorphisms

_SHIFTS = {"t1": "the first shift", "t2": "the second shift"}
PHOTOGRAPHS = tuple(name for name in SKIMAGE if name not in ("logo", "page", "text", "colorwheel", "clock", "cell"))
"""Of scikit-image's pictures, those that something is made of."""


def editor_choices(asset: Callable[[str], str]) -> EditorChoices:
    """Everything, with addresses.

    Args:
        asset: the address of an asset by its plain name.
    """
    styles = [(f"orbifolio:{name}", name, f"/styles/{name}") for name in own_pictures()]
    photographs = [(f"skimage:{name}", name, f"/photographs/{name}") for name in PHOTOGRAPHS]
    return EditorChoices(
        styles=[_picture(*each) for each in styles],
        photographs=[_picture(*each) for each in photographs],
        groups={
            kind: {
                name: GroupChoice(picture=asset(f"group-{kind}-{name}.svg"), colours=list(colours))
                for name, colours in groups.items()
            }
            for kind, groups in _groups().items()
        },
    )


def _picture(source: str, name: str, address: str) -> PictureChoice:
    return PictureChoice(source=source, title=name.replace("-", " ").replace("_", " "), picture=address)


@cache
def _groups() -> dict[str, dict[str, tuple[ColourChoice, ...]]]:
    """Generators by kind of symmetry and group; every picture of templates/serve/assets/group-* is of one."""
    words = {**MOVES, **_SHIFTS}
    plane = {
        name: tuple(
            _colours(generator, words[generator], column)
            for generator, column in zip(group.generators, homomorphisms(group).T, strict=True)
        )
        for name, group in GROUPS.items()
    }
    frieze = {}
    for name, row in FRIEZES.items():
        columns = presented_homomorphisms(row.presentation).T
        pairs = zip(row.presentation.generators, columns, strict=True)
        frieze[name] = tuple(_colours(generator, shown, column) for (generator, shown), column in pairs)
    return {"plane": plane, "frieze": frieze}


def _colours(generator: str, words: str, legal: Sequence[int]) -> ColourChoice:
    elements = sorted({int(element) for element in legal if element % 8 in (0, 7)}, key=lambda each: (each % 8, each))
    return ColourChoice(generator=generator, words=words, elements=[colour.as_list(element) for element in elements])
