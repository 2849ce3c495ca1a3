"""`orbifolio rm`: a finished or broken-off run taken out of its gallery, whose pages above it are written anew."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from orbifolio.runner.errors import InputError, PathTaken

_PAGES = ("index.html", "live.js")
"""What a recipe's folder holds beside its runs."""


@click.command(short_help="Remove runs from a gallery.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rm(runs: tuple[Path, ...], yes: bool) -> None:
    """Remove RUNs, each a folder of a gallery, for good, and bring the gallery's pages up to date.

    Copies that were published stay: `orbifolio publish --remove` takes those away.

    Example: orbifolio rm gallery/rainbow-hexagon/RUN
    """
    folders = list(dict.fromkeys(_run_folder(run) for run in runs))
    faults = [fault for run, folder in zip(runs, map(_run_folder, runs), strict=True) if (fault := _fault(run, folder))]
    if faults:
        raise InputError("\n".join(faults))
    if not yes:
        for run in folders:
            click.echo(f"{_shown(run)}  {_size(run) / 1e6:,.1f} MB", err=True)
        click.confirm(
            f"Remove {'this run' if len(folders) == 1 else f'these {len(folders)} runs'}?", abort=True, err=True
        )
    for gallery in remove_runs(folders):
        click.echo(str(gallery / "index.html"))


def _run_folder(run: Path) -> Path:
    """The folder that a path means; its report's page will do, too."""
    return (run.parent if run.name == "index.html" else run).absolute()


def _fault(run: Path, folder: Path) -> str:
    """Why a folder cannot be removed: "what; cure", or ""."""
    from orbifolio.runner.run.run_folder import is_locked

    if not folder.is_dir():
        return f"{run}: there is no such folder; name a run, GALLERY/RECIPE/RUN"
    if folder.is_symlink() or not any((folder / name).is_file() for name in ("run.json", "events.jsonl")):
        return f"{run}: is no run, which has a run.json; nothing is removed; name a run, GALLERY/RECIPE/RUN"
    if is_locked(folder / "checkpoint" / "lock"):
        return f"{run}: is running; stop it first, with Ctrl-C or on the control page"
    return ""


def _shown(folder: Path) -> Path:
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())


def remove_runs(folders: Sequence[Path]) -> list[Path]:
    """Remove runs and write the pages above them.

    Args:
        folders: absolute, each of a run.

    Returns:
        Their galleries.
    """
    from orbifolio.reports.write_gallery import rebuild_gallery

    for folder in folders:
        gone = folder.with_name(f".removed-{folder.name}")
        folder.rename(gone)  # at once: a page that is written meanwhile shows all of it, or nothing
        shutil.rmtree(gone)
        if not any(path.is_dir() for path in folder.parent.iterdir()):
            for name in _PAGES:
                (folder.parent / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something of the user's own lies there
                folder.parent.rmdir()
    galleries = list(dict.fromkeys(folder.parent.parent for folder in folders))
    for gallery in galleries:
        with contextlib.suppress(PathTaken):  # of other runs, which `orbifolio gallery` tells of: these are removed
            rebuild_gallery(gallery)
    return galleries
