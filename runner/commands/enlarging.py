"""`orbifolio enlarge`: the picture of a finished run, up to sixteen times as large, its symmetry kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from orbifolio.reports.write import write_report
from orbifolio.runner.arrays import F32
from orbifolio.runner.devices import choose_device, make_deterministic
from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.enlarging import MAX_FACTOR, Size, enlarge
from orbifolio.runner.exports.products import listed, write_wallpapers
from orbifolio.runner.images.writing import check_size, write_png16
from orbifolio.runner.run.finished_picture import FinishedPicture, open_picture
from orbifolio.runner.run.listeners import clock
from orbifolio.runner.vision.enlarger import Progress as ShareDone
from orbifolio.runner.vision.enlarger import load_enlarger
from orbifolio.runner.vision.weights import show_progress


def enlarge_run(path: Path, longer: int, *, device: str, console: Console) -> Path:
    """Write the picture of a run in a larger size among its files.

    Args:
        path: the run's folder.
        longer: pixels of the result's longer side; rounded to what the symmetry can have.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        console: for progress.

    Returns:
        The written file, a 16-bit PNG.

    Raises:
        InputError: no finished run, or a size that is too small or too large.
        MissingWeights: the network's weights are not here and cannot be fetched.
    """
    picture = open_picture(path)
    size = _wanted(picture, longer)
    large = picture.in_its_colours(enlarged(picture, size, device=device, console=console))
    file = picture.folder / "extras" / f"{picture.name}-{max(size)}px.png"
    console.print(f"writing {size[0]} x {size[1]} px", highlight=False)
    write_png16(file, picture.on_ground(large), title=picture.title)
    entries = [listed(file.name, f"Enlarged to {size[0]} × {size[1]} pixels")]
    if picture.tiles:
        entries += write_wallpapers(picture.folder, large)
    keep(picture, entries)
    return file


def keep(picture: FinishedPicture, entries: list[dict[str, object]], *, instead_of: str = "") -> None:
    """Name new files in the run's summary and report; see `FinishedPicture.list_extras`."""
    picture.list_extras(entries, instead_of=instead_of)
    write_report(picture.folder, gallery=picture.folder.resolve().parents[1])


def _wanted(picture: FinishedPicture, longer: int) -> Size:
    width, height = picture.size
    now = max(width, height)
    if longer <= now:
        raise InputError(
            f"--to {longer}: the picture is {width} x {height} pixels already; enlarging makes its longer side larger; "
            f"give more than {now}"
        )
    if longer > MAX_FACTOR * now:
        raise InputError(
            f"--to {longer}: is {longer / now:.1f} times the picture's {now} pixels; at most {MAX_FACTOR} times are "
            f"possible; give at most {MAX_FACTOR * now}, or run the recipe at a larger size first"
        )
    size = picture.size_for(width * longer / now)
    check_size(size, f"--to {longer}")
    return size


def enlarged(picture: FinishedPicture, size: Size, *, device: str, console: Console) -> F32:
    """The pixels in a larger size, with progress and the time that is left."""
    chosen = choose_device(device)
    make_deterministic(chosen)
    with show_progress(console):
        network = load_enlarger().to(chosen)
    with _shown(console, f"enlarging to {size[0]} x {size[1]} px") as progress:
        return enlarge(picture.pixels, size, network, symmetry=picture.symmetry, progress=progress)


@contextmanager
def _shown(console: Console, title: str) -> Iterator[ShareDone]:
    """A bar on a terminal, two lines elsewhere."""
    began = time.monotonic()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %  {task.fields[left]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bars:
        task = bars.add_task(title, total=1.0, left="")
        if not console.is_terminal:
            console.print(title, highlight=False)

        def progress(share: float) -> None:
            left = (time.monotonic() - began) * (1 / share - 1)
            bars.update(task, completed=share, left=f"about {clock(left)} left")

        yield progress
