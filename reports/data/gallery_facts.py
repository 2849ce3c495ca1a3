"""What a gallery says of itself: (its folder) -> title, introduction, author, licence, address, from `gallery.yaml`.

    title: Tilings of a rainy week
    introduction: Five weeks of **hexagons**.
    author: A. Painter
    licence: CC BY 4.0
    address: https://example.org/tilings/

All keys may be left out, as the whole file may. It lies beside the recipes' folders and is published with them.
"""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from orbifolio.runner.errors import InputError
from orbifolio.runner.files import read_regular

FACTS_NAME = "gallery.yaml"
"""The file's name in the gallery's folder."""

_MAX_LETTERS = {"title": 200, "introduction": 20_000, "author": 200, "licence": 500, "address": 2000}


@dataclass(frozen=True)
class GalleryFacts:
    """What a gallery says of itself; "" where it says nothing.

    Attributes:
        introduction: Markdown.
        address: where it is published, with a slash at its end: previews of links need whole addresses.
    """

    title: str = ""
    introduction: str = ""
    author: str = ""
    licence: str = ""
    address: str = ""


def read_facts(gallery: Path) -> GalleryFacts:
    """The gallery's facts.

    Raises:
        InputError: everything that is wrong with the file.
    """
    path = gallery / FACTS_NAME
    try:
        text = read_regular(path).decode("utf-8")
        values = yaml.safe_load(text)
    except (FileNotFoundError, NotADirectoryError):
        return GalleryFacts()
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise InputError(f'{path}: cannot be read ({why}); write lines such as title: "My gallery"') from None
    if values is None:
        return GalleryFacts()
    if not isinstance(values, dict):
        raise InputError(f'{path}: is a {type(values).__name__}; write lines such as title: "My gallery"')
    known, faults = [each.name for each in fields(GalleryFacts)], []
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            cure = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            faults.append(f"{path}: {key}: no such key; {cure}")
        elif not isinstance(value, str):
            faults.append(f'{path}: {key}: {value!r} is not a text; write {key}: "..."')
        elif len(value) > _MAX_LETTERS[key]:
            faults.append(f"{path}: {key}: {len(value)} letters; at most {_MAX_LETTERS[key]}; shorten it")
    address = values.get("address")
    if isinstance(address, str) and (urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc):
        faults.append(f"{path}: address: {address!r} is no address of the web; write https://example.org/gallery/")
    if faults:
        raise InputError("\n".join(faults))
    facts = {key: value.strip() for key, value in values.items()}
    if facts.get("address"):
        facts["address"] = facts["address"].rstrip("/") + "/"
    return GalleryFacts(**facts)


def gallery_facts(gallery: Path) -> GalleryFacts:
    """The facts for pages, which are made whatever the file holds; `orbifolio gallery` tells what is wrong with it."""
    try:
        state = (gallery / FACTS_NAME).stat()
    except OSError:
        return GalleryFacts()
    return _kept(gallery, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=16)
def _kept(gallery: Path, modified: int, size: int) -> GalleryFacts:
    try:
        return read_facts(gallery)
    except InputError:
        return GalleryFacts()
