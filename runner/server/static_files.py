"""Files as answers: the gallery's pages, confined to what is meant to be seen; scripts by hashed names."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from orbifolio.reports.files import is_data_script
from orbifolio.reports.render import own_templates, renderer
from orbifolio.runner.server.context import state_of, visitor_of

_CACHED_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_HASH = re.compile(r"-[0-9a-f]{8}\.(css|js|svg|webp)$")
_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_BAR = b'<header class="bar">'
_NOTES = re.compile(rb'<script src="[^"]*/notes-[0-9a-f]{8}\.js"')
"""Of a page with stars and notes."""
SAMPLE = "coffee"  # of scikit-image: edges, a calm ground and lights, and it is nobody's face
_HIDDEN = ("checkpoint",)
"""Folders of a run that hold its state, not its report."""
_SHOWN = (
    ".html .css .js .json .jsonl .svg .webp .png .jpg .jpeg .avif .gif .mp4 .webm .yaml .xml .txt .md .pdf .csv .hpgl "
    ".glb .gltf .obj .stl .zip .ora .dzi .tif .tiff .safetensors .license"
).split()
_TYPES = {
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".jsonl": "text/plain",
    ".yaml": "text/plain",
    ".md": "text/plain",
    ".glb": "model/gltf-binary",
    ".js": "text/javascript",
}
_PICTURES = (".webp", ".png", ".jpg", ".jpeg", ".avif", ".gif")
_PRIVATE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 2"><title>Another visitor\'s picture</title>'
    b'<rect width="3" height="2" fill="#8883"/></svg>'
)
"""Instead of a picture that its sender alone may see: in the gallery's lists."""
_DOWNLOADED = (".svg", ".xml")
"""They may hold scripts: shown alone, they get a policy that lets none run."""


_LOADS = "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; "
_ENDS = "form-action 'none'; frame-ancestors 'self'"


def gallery_policy(content: bytes) -> str:
    """What a page of the gallery may do.

    Reports hold no script, place things by style attributes, and load scripts that we ship (see `trusted_script`). A
    page with a script of its own is a product, like the zoom, or was put there by somebody: it runs as if it came from
    nowhere, without cookies, storage or a way to ask this server.
    """
    scripts = [
        f"'sha256-{base64.b64encode(hashlib.sha256(each).digest()).decode()}'" for each in _SCRIPT.findall(content)
    ]
    if not scripts:
        return f"default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'; {_LOADS}{_ENDS}"
    return f"sandbox allow-scripts; default-src 'none'; script-src {' '.join(scripts)}; {_LOADS}{_ENDS}"


async def gallery_file(request: Request) -> Response:
    """A file of the gallery."""
    gallery: Path = state_of(request).gallery
    path = await run_in_threadpool(confined, gallery, request.path_params["path"])
    if path is None:
        raise HTTPException(404, "the gallery has no such page; start at /gallery/index.html; check the address")
    state = state_of(request)
    run = "/".join(path.relative_to(gallery.resolve()).parts[:2])  # not as asked for: // and links lead there, too
    if not state.may_see(await run_in_threadpool(state.store.owner_of, run), visitor_of(request)):
        if path.suffix.lower() in _PICTURES:
            return Response(_PRIVATE, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})
        raise HTTPException(404, "this run is shown only to who sent its pictures; start another; see docs/serve.md")
    if path.is_dir():
        return RedirectResponse(f"{request.url.path.rstrip('/')}/index.html")
    headers = {"Cache-Control": "no-cache"}
    suffix = path.suffix.lower()
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if suffix == ".js" and not await run_in_threadpool(_trusted, request, path):
        raise HTTPException(404, "this script is not one of ours; none but ours run here; open the file from the disk")
    if suffix == ".html":
        content = await run_in_threadpool(path.read_bytes)
        content = with_bar(content, request.app.state.assets, *await run_in_threadpool(_home, request))
        headers["Content-Security-Policy"] = gallery_policy(content)
        return Response(content, media_type="text/html", headers=headers)
    if suffix in _DOWNLOADED:
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    return FileResponse(path, media_type=kind, headers=headers)


def _trusted(request: Request, path: Path) -> bool:
    """Whether a script of the gallery may run on this server's pages."""
    content = path.read_bytes()
    assets: Assets = request.app.state.assets
    return content in assets.contents or is_data_script(content)


def with_bar(page: bytes, assets: Callable[[str], str], home: str, change: str) -> bytes:
    """A page of the gallery with the control page's bar; only as it is served here, never in the file itself.

    Args:
        page: HTML.
        assets: addresses by plain names.
        home: the control page of the page's run, or the first one.
        change: where the run's recipe is changed and run again; "" for a page of no run.
    """
    links = (("/paint", "Paint a photo"), ("/", "Recipes"), ("/runs", "Runs"), ("/gallery/index.html", "Gallery"))
    listed = "".join(f'<li><a href="{address}">{words}</a></li>' for address, words in links)
    acts = f'<a class="act" href="{change}">Change and run</a>' if change else ""
    words = "This run on the control page" if home.startswith("/runs/") else "Control page"
    bar = (
        f'<nav class="served" aria-label="Control page"><a class="home" href="{home}">{words}</a>'
        f"<ul>{listed}</ul>{acts}</nav>\n{_BAR.decode()}"
    )
    head = f'<link rel="stylesheet" href="{assets("serve-bar.css")}">\n'
    if _NOTES.search(page):
        head += f'<script src="{assets("serve-notes.js")}" defer></script>\n'
    return page.replace(b"</head>", f"{head}</head>".encode(), 1).replace(_BAR, bar.encode(), 1)


def _home(request: Request) -> tuple[str, str]:
    """(the control page of the run that a page of the gallery belongs to, where its recipe is changed)."""
    state = state_of(request)
    run = "/".join(request.path_params["path"].split("/")[:2])
    job = state.store.of_run(run)
    if job is not None:
        return f"/runs/{quote(job.id)}", f"/new?from={quote(job.id)}"
    recipe = confined(state.gallery, f"{run}/recipe.yaml")
    return "/", "" if recipe is None else f"/new?run={quote(run)}"


def confined(root: Path, path: str) -> Path | None:
    """A visible file or folder below a root, or None; links that lead out of it lead nowhere."""
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") or part in _HIDDEN or "\0" in part or "\\" in part for part in parts):
        return None
    try:
        path_below = root.joinpath(*parts).resolve()
        if not path_below.is_relative_to(root.resolve()) or not path_below.exists():
            return None
        if path_below.is_dir():
            return path_below if (path_below / "index.html").is_file() else None
    except (OSError, ValueError):
        return None
    return path_below if path_below.suffix.lower() in _SHOWN else None


class Assets:
    """Style sheets and scripts of the control page, and those of the reports."""

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Content by hashed name."""
        files = {asset.path.removeprefix("assets/"): asset.content for asset in renderer().assets.values()}
        for path in sorted((own_templates() / "serve" / "assets").glob("*")):
            content = path.read_bytes()
            files[_hashed(path.name, content)] = content
        return files

    @cached_property
    def contents(self) -> frozenset[bytes]:
        """All of them, to be recognised where they lie in a gallery."""
        return frozenset(self.files.values())

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Address by plain name."""
        return {_HASH.sub(r".\1", name): f"/assets/{name}" for name in self.files}

    def __call__(self, name: str) -> str:
        """The address of an asset.

        Raises:
            KeyError: there is none of this name.
        """
        return self.names[name]

    async def respond(self, request: Request) -> Response:
        """An asset; browsers may keep it for ever, since its name changes with its content."""
        content = self.files.get(request.path_params["name"])
        if content is None:
            raise HTTPException(404, "there is no such file; reload the page; it may be of an older version")
        suffix = Path(request.path_params["name"]).suffix
        kind = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
        return Response(content, media_type=kind, headers=_CACHED_FOREVER)


def _hashed(name: str, content: bytes) -> str:
    path = Path(name)
    return path.with_stem(f"{path.stem}-{hashlib.sha256(content).hexdigest()[:8]}").name


async def recipe_picture(request: Request) -> Response:
    """The small picture of a recipe of the catalogue."""
    state = state_of(request)
    entry = state.catalogue.get(f"{request.path_params['theme']}/{request.path_params['name']}")
    if entry is None or entry.picture is None:
        raise HTTPException(404, "there is no such picture; GET /api/recipes lists those there are; choose one")
    return FileResponse(entry.picture, media_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})


async def style_picture(request: Request) -> Response:
    """A small copy of a style picture that comes with the program."""
    from orbifolio.runner.images.sources import own_pictures

    path = own_pictures().get(request.path_params["name"])
    if path is None:
        raise HTTPException(404, "there is no such picture; the styles that ship are in recipes/styles; choose one")
    data = await run_in_threadpool(_small, path)
    return Response(data, media_type="image/webp", headers={"Cache-Control": "private, max-age=86400"})


async def photograph(request: Request) -> Response:
    """A small copy of a photograph of scikit-image's."""
    from orbifolio.runner.images.sources import SKIMAGE

    file = SKIMAGE.get(request.path_params["name"])
    if file is None:
        raise HTTPException(404, "there is no such picture; GET /api/choices lists those there are; choose one")
    with resources.as_file(resources.files("skimage") / "data" / file) as path:
        data = await run_in_threadpool(_small, path)
    return Response(data, media_type="image/webp", headers={"Cache-Control": "private, max-age=86400"})


async def sample_photo(request: Request) -> Response:
    """A photograph to try the painting page with, for visitors who have none at hand."""
    from orbifolio.runner.images.sources import SKIMAGE

    data = await run_in_threadpool((resources.files("skimage") / "data" / SKIMAGE[SAMPLE]).read_bytes)
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


def _small(path: Path) -> bytes:
    import io

    from PIL import Image

    with Image.open(path) as picture:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        square = picture.convert("RGB").crop((left, top, left + side, top + side)).resize((160, 160))
    buffer = io.BytesIO()
    square.save(buffer, "WEBP", quality=82)
    return buffer.getvalue()
