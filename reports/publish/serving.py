"""How each file is served: key -> content type with charset, caching, compression; and its place in the upload order.

Caching follows what may change: assets carry their content's hash in their names and are cached for ever; pages and
everything else that is rewritten during a run are revalidated each time (which costs a short "not modified"); pictures
are cached for an hour.
"""

from __future__ import annotations

import gzip
import re
from pathlib import PurePosixPath

from orbifolio.reports.live_updates import LIVE_NAME
from orbifolio.reports.publish.store import ObjectHeaders

FOREVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
REVALIDATE = "no-cache"

STATE_FOLDER = ".orbifolio"
"""The folder of a store that holds the publishers' own records; nothing in it is a page."""

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


def headers_for(key: str) -> ObjectHeaders:
    """The headers of a file.

    >>> print(headers_for("plane/index.html"))
    text/html; charset=utf-8 | no-cache | gzip
    >>> print(headers_for("assets/viewer-0123abcd.js"))
    text/javascript; charset=utf-8 | public, max-age=31536000, immutable | gzip
    """
    name = PurePosixPath(key)
    suffix = name.suffix.lower()
    forever = FOREVER if _HASHED.fullmatch(key) else ""
    if suffix in _TEXT:
        kind, cached = _TEXT[suffix]
        kind = "application/atom+xml" if name.name == "feed.xml" else kind
        return ObjectHeaders(f"{kind}; charset=utf-8", forever or (AN_HOUR if cached else REVALIDATE), "gzip")
    return ObjectHeaders(_BINARY.get(suffix, "application/octet-stream"), forever or AN_HOUR)


def may_link(key: str) -> bool:
    """Whether a file may name others, which must therefore be uploaded before it."""
    return PurePosixPath(key).suffix.lower() in _LINKING and not key.startswith("assets/")


def encode(content: bytes, headers: ObjectHeaders) -> bytes:
    """The content as it is stored; gzip's time stamp is left out, so that equal content gives equal bytes."""
    return gzip.compress(content, 6, mtime=0) if headers.encoding == "gzip" else content


def is_live_update(key: str) -> bool:
    """Whether a file tells open pages of a running run what has changed."""
    return PurePosixPath(key).name.endswith(LIVE_NAME)


def upload_rank(key: str, *, replaces: bool = False) -> tuple[int, int]:
    """A file's place in the upload order: assets, pictures and files, data, deepest pages, ..., the outermost page.

    Live updates come after the page that they update, except the first one, which the new page loads.

    Args:
        key: below the run or the gallery.
        replaces: whether the store holds an older version.

    >>> sorted(["index.html", "phases/1/index.html", "live.js", "final.png"], key=upload_rank)
    ['final.png', 'live.js', 'phases/1/index.html', 'index.html']
    """
    if key.startswith("assets/"):
        return (0, 0)
    if replaces and is_live_update(key):
        return (4, 0)
    if not may_link(key):
        return (1, 0)
    return (3, -key.count("/")) if key.endswith(".html") else (2, 0)
