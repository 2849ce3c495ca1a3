"""From pages to HTML: jinja2 with strict names, escaping everywhere, and the user's templates first."""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import jinja2

from orbifolio.reports.files import Obstacles, write_bytes, write_text
from orbifolio.reports.live_updates import UNKNOWN_VERSION, update_path, with_version, write_update
from orbifolio.reports.tree import Page

TEMPLATES_VARIABLE = "ORBIFOLIO_TEMPLATES"
"""Environment variable that names a folder of templates which override ours, file by file."""

_ASSETS = "assets"
_HASHED = (".css", ".js", ".svg")


@dataclass(frozen=True)
class _Asset:
    """A file beside the pages: where it lies in the gallery, and what it holds."""

    path: str
    content: bytes


def _hashed(name: Path, content: bytes) -> str:
    """An asset's path in the gallery: it may be cached for ever, as its name changes with its content."""
    if name.suffix in _HASHED:
        name = name.with_stem(f"{name.stem}-{hashlib.sha256(content).hexdigest()[:8]}")
    return f"{_ASSETS}/{name.as_posix()}"


def own_templates() -> Path:
    """The folder of our templates: inside the installed package, or beside it in the source tree."""
    here = Path(__file__).resolve().parent
    packaged = here / "_templates"
    return packaged if packaged.is_dir() else here.parent / "templates"


class PageRenderer:
    """Renders pages with our templates, or a user's where there are some.

    Args:
        templates: the user's folder, or None for the environment's choice, or none.
    """

    def __init__(self, templates: Path | None = None) -> None:
        chosen = os.environ.get(TEMPLATES_VARIABLE)
        user = templates or (Path(chosen) if chosen else None)
        self.folders = tuple(folder for folder in (user, own_templates()) if folder is not None)
        self.environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder) for folder in self.folders]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            keep_trailing_newline=True,
        )
        self.environment.globals["asset"] = self.asset

    @functools.cached_property
    def digest(self) -> str:
        """Changes when any template, module or reference of the reports changes, so that pages are made again."""
        digest = hashlib.sha256()
        here = Path(__file__).resolve().parent
        modules = sorted(path for path in here.rglob("*") if path.suffix in (".py", ".json"))
        for path in (*modules, *(path for folder in self.folders for path in sorted(folder.rglob("*")))):
            if path.is_file():
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def html(self, page: Page) -> str:
        """A page as HTML."""
        return self._versioned(page)[0]

    def _versioned(self, page: Page) -> tuple[str, str]:
        """A page as HTML, and its version."""
        html = self.environment.get_template(f"pages/{page.kind}.html").render(
            page=page, version=UNKNOWN_VERSION, news=update_path(page.path).name
        )
        return with_version(html)

    def write(self, page: Page) -> bool:
        """Write a page and the update beside it; whether that changed the page."""
        html, version = self._versioned(page)
        changed = write_text(page.path, html)
        write_update(page.path, version, page.live, running=page.refresh is not None)
        return changed

    @functools.cached_property
    def assets(self) -> dict[str, _Asset]:
        """Style sheets, scripts and other assets by name (`viewer.js`); the user's files win over ours."""
        assets: dict[str, _Asset] = {}
        for folder in reversed(self.folders):
            for path in sorted((folder / _ASSETS).rglob("*")):
                if path.is_file() and path.suffix not in (".py", ".pyc"):
                    name = path.relative_to(folder / _ASSETS)
                    content = path.read_bytes()
                    assets[name.as_posix()] = _Asset(_hashed(name, content), content)
        return assets

    def asset(self, name: str) -> str:
        """Where an asset lies, relative to the gallery: `assets/viewer-1a2b3c4d.js`.

        Raises:
            KeyError: there is no asset of this name.
        """
        return self.assets[name].path

    def write_assets(self, gallery: Path) -> list[Path]:
        """Write the assets beside the pages, each under a name that changes with its content.

        Pages of other versions may still lie in the gallery: what they use stays.

        Returns:
            The files that changed.

        Raises:
            PathTaken: something else lies in the place of some; the others are written.
        """
        changed, obstacles = [], Obstacles()
        for asset in self.assets.values():
            with obstacles.gather():
                if write_bytes(gallery / asset.path, asset.content):
                    changed.append(gallery / asset.path)
        obstacles.tell()
        return changed

    def remove_old_assets(self, gallery: Path) -> list[Path]:
        """Remove assets of other versions, once no page uses them any more.

        Returns:
            The files that are gone.
        """
        wanted = {gallery / asset.path for asset in self.assets.values()}
        outdated = sorted(
            path
            for path in (gallery / _ASSETS).rglob("*")
            if path.is_file() and wanted.isdisjoint((path, *path.parents))  # a folder in an asset's place is not ours
        )
        for path in outdated:
            path.unlink(missing_ok=True)
        return outdated


@functools.lru_cache(maxsize=4)
def _shared(templates: Path | None, chosen: str | None) -> PageRenderer:
    return PageRenderer(templates)


def renderer(templates: Path | None = None) -> PageRenderer:
    """A renderer, shared within the process because compiling templates takes longer than using them."""
    return _shared(templates, os.environ.get(TEMPLATES_VARIABLE))
