"""`orbifolio publish`: a gallery -> its copy in a bucket or a folder, with progress on the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from orbifolio.reports.data.log import read_run
from orbifolio.reports.files import Obstacles
from orbifolio.reports.publish.folder import FolderTarget
from orbifolio.reports.publish.publisher import Publisher, PublishStats
from orbifolio.reports.publish.s3 import S3
from orbifolio.reports.publish.store import Store
from orbifolio.reports.publish.website import configure_website, website_instructions
from orbifolio.reports.render import renderer
from orbifolio.reports.wording import format_count
from orbifolio.reports.write import is_current
from orbifolio.reports.write_gallery import rebuild_gallery, run_folders
from orbifolio.runner.errors import InputError

_LINE_SECONDS = 5.0  # between two progress lines without a terminal: few enough for a log


def target_settings(target: str, endpoint_url: str | None = None, region: str | None = None) -> S3 | FolderTarget:
    """The settings of a target as written on the command line.

    >>> target_settings("s3://pictures/art/gallery").prefix
    'art/gallery'

    Raises:
        InputError: what is wrong with it.
    """
    if not target.strip():
        raise InputError("the target is empty; name a folder or s3://BUCKET/PREFIX")
    scheme, separator, rest = target.partition("://")
    try:
        if separator and scheme == "s3":
            bucket, _, prefix = rest.partition("/")
            return S3(bucket=bucket, prefix=prefix, endpoint_url=endpoint_url, region=region)
        if endpoint_url or region:
            raise InputError(
                f"{target}: --endpoint-url and --region are for buckets; write s3://BUCKET/PREFIX, or omit them"
            )
        return FolderTarget(path=target)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = (
            str(first["ctx"]["error"])
            if first["type"] == "value_error"
            else _describe_invalid(first["loc"][0], first["msg"])
        )
        raise InputError(f"{target}: {message}") from None


def _describe_invalid(name: object, message: str) -> str:
    option = {"region": "--region", "endpoint_url": "--endpoint-url"}.get(str(name), str(name))
    hint = "; a region is written as in eu-central-1" if name == "region" else ""
    return f"{option}: {message[:1].lower()}{message[1:]}{hint}"


class PublishProgress:
    """Shows progress: a bar on a terminal, occasional lines elsewhere, every file in a dry run."""

    def __init__(self, console: Console, *, dry: bool) -> None:
        self.console = console
        self.dry = dry
        self._files = self._bytes = self._expected = self._all = 0
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._said = time.monotonic()

    def __enter__(self) -> PublishProgress:
        """Show a bar if there is a terminal."""
        if self.console.is_terminal and not self.dry:
            self._bar = Progress(
                TextColumn("publishing"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("runs  {task.fields[files]}"),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
            )
            self._task = self._bar.add_task("publishing", total=None, files="")
            self._bar.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        """Clear the bar from the terminal."""
        if self._bar is not None:
            self._bar.stop()

    def reached(self, run: int, of: int) -> None:
        """Advance the bar to a run's number."""
        if self._bar is not None:
            self._bar.update(self._task, completed=run, total=of)

    def expect(self, files: int, bytes_: int) -> None:
        """Add to the number of files to expect."""
        self._expected += files
        self._all += bytes_

    def uploaded(self, key: str, bytes_: int) -> None:
        """Count an uploaded file."""
        self._files += 1
        self._bytes += bytes_
        if self.dry:
            click.echo(f"upload  {bytes_:>12,}  {key}")
        line = f"{self._files:,} of {self._expected:,} files, {_size(self._bytes)} of {_size(self._all)}"
        if self._bar is not None:
            self._bar.update(self._task, files=line)
        elif not self.dry and time.monotonic() - self._said > _LINE_SECONDS:
            self._said = time.monotonic()
            self.say(f"  {line}")

    def deleted(self, key: str) -> None:
        """Print a deletion of a dry run."""
        if self.dry:
            click.echo(f"delete  {'':>12}  {key}")

    def say(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        self.console.print(text, markup=False, highlight=False)


def _size(bytes_: int) -> str:
    """A number of bytes as text.

    >>> _size(512), _size(1_234_567)
    ('512 B', '1.2 MB')
    """
    value, unit = float(bytes_), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{bytes_} B" if unit == "B" else f"{value:.1f} {unit}"


def publish_gallery(
    gallery: Path,
    target: str,
    *,
    endpoint_url: str | None,
    region: str | None,
    remove: Sequence[str],
    dry: bool,
    console: Console,
) -> str:
    """Bring a gallery's reports up to date and publish them.

    Returns:
        The address of the gallery's page.

    Raises:
        InputError: the gallery or the target is wrong.
        PublishError: the target cannot be used.
        PathTaken: something else lies in the place of files; all others are published.
    """
    store: Store = target_settings(target, endpoint_url, region).build(Path())
    if not gallery.is_dir():
        raise InputError(f"{gallery}: this folder does not exist; name a gallery; `orbifolio run` makes one")
    if not remove and not run_folders(gallery):
        raise InputError(
            f"{gallery}: holds no run; a gallery holds folders RECIPE/RUN; name one, or make one with `orbifolio run`"
        )
    obstacles = Obstacles()
    with PublishProgress(console, dry=dry) as progress:
        publication = Publisher(store, gallery, progress, dry=dry)
        if dry:
            _report_stale(gallery, progress)
        else:
            with obstacles.gather():
                rebuild_gallery(gallery)
        with obstacles.gather():
            progress.say(_summary(publication.publish(remove=remove), store, dry=dry))
    obstacles.tell()
    return store.address("index.html")


def _report_stale(gallery: Path, progress: PublishProgress) -> None:
    digest = renderer().digest
    stale = sum(
        not is_current(folder, digest, read_run(folder, events_too=False).status) for folder in run_folders(gallery)
    )
    if stale:
        progress.say(
            f"{format_count(stale, 'report')} older than the log or this program; publishing renders them again first"
        )


def _summary(stats: PublishStats, store: Store, *, dry: bool) -> str:
    verb = "would be " if dry else ""
    if not stats.uploaded and not stats.deleted:
        return f"{store.name}: nothing to do; all {stats.runs} runs are up to date"
    return (
        f"{store.name}: {stats.uploaded:,} files {verb}uploaded ({_size(stats.bytes)}), {stats.deleted:,} deleted; "
        f"{stats.changed} of {stats.runs} runs changed"
    )


def show_website(target: str, *, endpoint_url: str | None, region: str | None, set_up: bool, console: Console) -> None:
    """Print what a public website on a bucket needs, or set it up.

    Raises:
        InputError: the target is not a bucket.
        PublishError: the bucket cannot be changed.
    """
    settings = target_settings(target, endpoint_url, region)
    if not isinstance(settings, S3):
        raise InputError(
            f"{target}: --website is for buckets, as any web server can serve a folder; write s3://BUCKET/PREFIX"
        )
    store = settings.build(Path())
    if set_up:
        click.echo(configure_website(store, lambda text: console.print(text, markup=False, highlight=False)))
    else:
        meta = store.client.meta
        click.echo(website_instructions(settings, meta.region_name, meta.partition))
