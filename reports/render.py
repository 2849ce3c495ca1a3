"""From pages to HTML: jinja2 with strict names, escaping everywhere, and the user's templates first."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

import jinja2

from reports import files
from reports.tree import Page

TEMPLATES_VARIABLE = "ORBIFOLIO_TEMPLATES"
"""Environment variable that names a folder of templates which override ours, file by file."""

_ASSETS = "assets"


def own_templates() -> Path:
    """The folder of our templates: inside the installed package, or beside it in the source tree."""
    here = Path(__file__).resolve().parent
    packaged = here / "_templates"
    return packaged if packaged.is_dir() else here.parent / "templates"


class Renderer:
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

    @functools.cached_property
    def digest(self) -> str:
        """Changes when any template or any module of the reports changes, so that pages are made anew."""
        found = hashlib.sha256()
        modules = sorted(Path(__file__).resolve().parent.glob("*.py"))
        for path in (*modules, *(path for folder in self.folders for path in sorted(folder.rglob("*")))):
            if path.is_file():
                found.update(path.name.encode() + b"\0" + path.read_bytes())
        return found.hexdigest()

    def html(self, page: Page) -> str:
        """A page as HTML."""
        return self.environment.get_template(f"pages/{page.kind}.html").render(page=page)

    def write(self, page: Page) -> bool:
        """Write a page where it belongs; whether that changed the file."""
        return files.write_text(page.path, self.html(page))

    def write_assets(self, gallery: Path) -> list[Path]:
        """Copy style sheet and script beside the pages; the user's files win over ours.

        Returns:
            The files that changed.
        """
        wanted: dict[str, Path] = {}
        for folder in reversed(self.folders):
            for path in sorted((folder / _ASSETS).rglob("*")):
                if path.is_file() and path.suffix not in (".py", ".pyc"):
                    wanted[path.relative_to(folder / _ASSETS).as_posix()] = path
        targets = {gallery / _ASSETS / name: path for name, path in wanted.items()}
        return [target for target, path in targets.items() if files.write_bytes(target, path.read_bytes())]


@functools.lru_cache(maxsize=4)
def _shared(templates: Path | None, chosen: str | None) -> Renderer:
    return Renderer(templates)


def renderer(templates: Path | None = None) -> Renderer:
    """A renderer, shared within the process because compiling templates takes longer than using them."""
    return _shared(templates, os.environ.get(TEMPLATES_VARIABLE))
