"""How each file is handed out: key -> content type with charset, caching, compression; and what is published.

Caching follows what may change: assets carry their content's hash in their names and may be kept for
ever; pages and everything that is rewritten while a run goes on are asked for anew each time (which costs
a small answer "not modified"); pictures are kept for an hour.
"""

from __future__ import annotations

import gzip
import re
from pathlib import PurePosixPath

from orbifolio.reports.pages.live_updates import LIVE_NAME
from orbifolio.reports.publish.store import Served

FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
ASK = "no-cache"

STATE = ".orbifolio"
"""The folder of a store that holds what publishing itself must remember; nothing in it is a page."""

_HASHED = re.compile(r"assets/(.+/)?[^/]+-[0-9a-f]{8}\.[a-z0-9]+")

_TEXT = {  # suffix -> (content type, may it be cached?)
    ".html": ("text/html", False),
    ".json": ("application/json", False),
    ".jsonl": ("text/plain", False),
    ".xml": ("application/xml", False),
    ".js": ("text/javascript", False),
    ".css": ("text/css", True),
    ".svg": ("image/svg+xml", True),
    ".txt": ("text/plain", True),
    ".md": ("text/plain", True),
    ".yaml": ("text/plain", False),
    ".yml": ("text/plain", False),
    ".csv": ("text/csv", True),
    ".log": ("text/plain", False),
    ".sh": ("text/plain", False),
    ".dzi": ("application/xml", True),
    ".obj": ("model/obj", True),
    ".gltf": ("model/gltf+json", True),
}
_BINARY = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".ico": "image/x-icon",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".glb": "model/gltf-binary",
    ".stl": "model/stl",
    ".zip": "application/zip",
    ".pdf": "application/pdf",
    ".woff2": "font/woff2",
}
_LINKING = {".html", ".xml", ".js", ".json"}


def served(key: str) -> Served:
    """How a file is handed out.

    >>> print(served("plane/index.html"))
    text/html; charset=utf-8 | no-cache | gzip
    >>> print(served("assets/viewer-0123abcd.js"))
    text/javascript; charset=utf-8 | public, max-age=31536000, immutable | gzip
    """
    name = PurePosixPath(key)
    suffix = name.suffix.lower()
    for_ever = FOR_EVER if _HASHED.fullmatch(key) else ""
    if suffix in _TEXT:
        kind, cached = _TEXT[suffix]
        kind = "application/atom+xml" if name.name == "feed.xml" else kind
        return Served(f"{kind}; charset=utf-8", for_ever or (AN_HOUR if cached else ASK), "gzip")
    return Served(_BINARY.get(suffix, "application/octet-stream"), for_ever or AN_HOUR)


def links(key: str) -> bool:
    """Whether a file may name others, so that these must be there before it."""
    return PurePosixPath(key).suffix.lower() in _LINKING and not key.startswith("assets/")


def encoded(content: bytes, how: Served) -> bytes:
    """The content as it is stored; the same bytes for the same content, hence no clock."""
    return gzip.compress(content, 6, mtime=0) if how.encoding == "gzip" else content


def is_news(key: str) -> bool:
    """Whether a file tells open pages what has changed."""
    return PurePosixPath(key).name.endswith(LIVE_NAME)


def rank(key: str, *, known: bool = False) -> tuple[int, int]:
    """When a file is uploaded: assets, pictures and files, data, deepest pages, ..., the outermost page.

    News for open pages come after the page they speak of, except where there were none before.

    Args:
        key: where it goes.
        known: whether there is an older one.

    >>> sorted(["index.html", "phases/1/index.html", "live.js", "final.png"], key=rank)
    ['final.png', 'live.js', 'phases/1/index.html', 'index.html']
    """
    if key.startswith("assets/"):
        return (0, 0)
    if known and is_news(key):
        return (4, 0)
    if not links(key):
        return (1, 0)
    return (3, -key.count("/")) if key.endswith(".html") else (2, 0)
