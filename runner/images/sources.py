"""Where pictures come from: a path, `orbifolio:NAME`, `skimage:NAME`, `https://`, `s3://`, `upload`.

`Images.check` says what is wrong with a source without reading it whole; `Images.load` reads it once and
caches it. Paths are relative to the recipe: see `named_files.py`. `https://` is fetched with a time and a size
limit, follows redirects to https only and refuses addresses that are not public, so that a stranger's recipe
cannot reach into the user's network.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from orbifolio.runner.errors import ImageError
from orbifolio.runner.images.fetching import bucket_and_key, fault_of_address, fetch, fetch_s3, without_secrets
from orbifolio.runner.images.reading import Picture, file_bytes, read_picture
from orbifolio.runner.named_files import file_of

ASKED = "this picture is asked for when the recipe is run"
"""How the message begins that tells of an upload without a picture."""

# Pictures inside scikit-image's own package; its others are fetched from the network by a further package.
SKIMAGE = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cell": "cell.png",
    "chelsea": "chelsea.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "colorwheel": "color.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "horse": "horse.png",
    "hubble_deep_field": "hubble_deep_field.jpg",
    "immunohistochemistry": "ihc.png",
    "logo": "logo.png",
    "moon": "moon.png",
    "page": "page.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "text": "text.png",
}


@cache
def own_pictures() -> dict[str, Path]:
    """Style pictures that come with the program, by name."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_recipes" / "styles", here.parent / "recipes" / "styles"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.jpg"))}
    return {}


class Images:
    """Loads the pictures of one recipe.

    Args:
        base: folder that relative paths start from.
        given: files for named uploads, from `--image NAME=FILE`.
        allow_private: fetch `https://` from addresses that are not public too.
    """

    def __init__(self, base: Path, given: Mapping[str, Path] | None = None, *, allow_private: bool = False) -> None:
        self.base = base
        self.given = dict(given or {})
        self.allow_private = allow_private
        self._loaded: dict[str, Picture] = {}

    def check(self, source: str) -> str | None:
        """What is wrong with a source as "what; rule; cure", or None; reads nothing from the network."""
        scheme, _, rest = source.partition(":")
        if scheme == "skimage":
            return _unknown(rest, SKIMAGE, "a picture that comes with scikit-image")
        if scheme == "orbifolio":
            return _unknown(rest, own_pictures(), "a picture that comes with orbifolio")
        if scheme == "upload":
            return self._check_upload(*upload_of(source))
        if scheme == "http":
            return f"{source!r} is not encrypted; pictures are fetched by https only; write https://"
        if scheme == "https":
            return fault_of_address(source)
        if scheme == "s3":
            return None if bucket_and_key(source) else f"{source!r} is not s3://bucket/key; name both"
        if "://" in source:
            return f"{source!r} has an unknown scheme; pictures are read from https:// and s3://; use one of these"
        if not source.strip():
            return "no picture is named; give a path, skimage:NAME, orbifolio:NAME, https://... or s3://..."
        return _missing(file_of(source, self.base), source)

    def _check_upload(self, name: str, otherwise: str) -> str | None:
        if name in self.given:
            return _missing(file_of(str(self.given[name])), str(self.given[name]))
        if otherwise.startswith(("orbifolio:", "skimage:")):
            return self.check(otherwise)
        if otherwise:
            return (
                f"{otherwise!r} cannot stand in for an upload; only pictures that are installed with the program can; "
                f"write upload:{name}=orbifolio:NAME or upload:{name}=skimage:NAME"
            )
        wrong = f"; --image {' and '.join(sorted(self.given))} was given" if self.given else ""
        return f"{ASKED}, and none was given{wrong}; add --image {name}=FILE"

    def load(self, source: str) -> Picture:
        """The picture, read once.

        Raises:
            ImageError: it is missing, cannot be fetched or cannot be read.
        """
        if source not in self._loaded:
            problem = self.check(source)
            if problem is not None:
                raise ImageError(problem)
            self._loaded[source] = read_picture(self._bytes(source), without_secrets(source))
        return self._loaded[source]

    def __contains__(self, source: str) -> bool:
        """Whether a picture was loaded."""
        return source in self._loaded

    def _bytes(self, source: str) -> bytes:
        scheme, _, rest = source.partition(":")
        if scheme == "skimage":
            return (resources.files("skimage") / "data" / SKIMAGE[rest]).read_bytes()
        if scheme == "orbifolio":
            return own_pictures()[rest].read_bytes()
        if scheme == "https":
            return fetch(source, allow_private=self.allow_private)
        if scheme == "s3":
            return fetch_s3(source)
        if scheme == "upload":
            name, otherwise = upload_of(source)
            if name not in self.given:
                return self._bytes(otherwise)
            return file_bytes(file_of(str(self.given[name])), self.given[name].name)
        return file_bytes(file_of(source, self.base), source)


def upload_of(source: str) -> tuple[str, str]:
    """The name of the upload that a source is, and the source that stands in where none is given; "" for neither.

    >>> upload_of("upload:style=orbifolio:oil"), upload_of("upload"), upload_of("photo.jpg")
    (('style', 'orbifolio:oil'), ('upload', ''), ('', ''))
    """
    scheme, _, rest = source.partition(":")
    if scheme != "upload":
        return "", ""
    name, _, otherwise = rest.partition("=")
    return name or "upload", otherwise


def _unknown(name: str, names: Mapping[str, object], what: str) -> str | None:
    if name in names:
        return None
    if not names:
        return f"{name!r} is not {what}; none are installed here; name a file or skimage:NAME instead"
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
    cure = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(sorted(names))}"
    return f"{name!r} is not {what}; {cure}"


def _missing(path: Path, shown: str) -> str | None:
    try:
        if path.is_file():
            return None
        if path.is_dir():
            return f"{shown!r} is a folder; a picture is one file; name a file in it"
        if path.exists():
            return f"{shown!r} is a device or a pipe; a picture is a plain file; name one"
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError):  # too long, not allowed: as good as missing
        names = []
    plain = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(path.name.casefold(), plain, n=1)
    cure = f"did you mean {plain[near[0]]!r} in the same folder?" if near else "check the path"
    shown = shown if len(shown) <= 200 else shown[:196] + "..."
    rule = "paths in a recipe are relative to it, on the command line to the working folder"
    return f"no file {shown!r}; {rule}; {cure}"
