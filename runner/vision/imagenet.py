"""The thousand classes of ImageNet's 2012 challenge (Deng et al. 2009), by number.

Each name is the first lemma of the class's WordNet synset; two pairs with the same lemma are distinguished in
brackets.
"""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def class_names() -> tuple[str, ...]:
    """1000 names; the position is the class's number.

    >>> class_names()[980]
    'volcano'
    """
    text = resources.files("orbifolio.runner.vision").joinpath("imagenet_classes.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
