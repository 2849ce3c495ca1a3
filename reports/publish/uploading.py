"""Working on a store in parallel: jobs -> answers, in threads, until one fails or the user interrupts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol, TypeVar

from orbifolio.reports.publish.contents import file_digest, read_file
from orbifolio.reports.publish.manifest import FileEntry
from orbifolio.reports.publish.serving import headers_for
from orbifolio.reports.publish.store import PART_BYTES, Condition, Store
from orbifolio.runner.errors import PublishError

WORKERS = 8  # uploads at once: small files spend most of their time waiting for the server

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class ProgressListener(Protocol):
    """Hears what happens, always in the thread that publishes."""

    def expect(self, files: int, bytes_: int) -> None:
        """More files are going to be uploaded."""

    def uploaded(self, key: str, bytes_: int) -> None:
        """The store holds a new file."""

    def deleted(self, key: str) -> None:
        """The store no longer holds a file."""

    def reached(self, run: int, of: int) -> None:
        """This many of all runs are done."""

    def say(self, text: str) -> None:
        """Something that the user should know, but that does not stop the work."""


@dataclass(frozen=True)
class UploadJob:
    """A file to upload.

    Attributes:
        key: relative to the store.
        path: of the local file.
        content: if it was read already; None to read it when its turn comes.
        entry: for the manifest, as of when the upload was planned.
        condition: on which the write depends.
        order: all files of a lower order are uploaded before.
    """

    key: str
    path: Path
    content: bytes | None
    entry: FileEntry
    condition: Condition = None
    order: tuple[int, ...] = ()

    @property
    def large(self) -> bool:
        """Whether the file is sent in parts."""
        return self.content is None and self.entry.bytes > PART_BYTES and not headers_for(self.key).encoding


def plan_upload(key: str, path: Path, content: bytes | None) -> UploadJob:
    """The upload of a file as it is now.

    Raises:
        FileNotFoundError: the file is gone.
        PublishError: the file cannot be read.
    """
    if content is not None:
        digest, size = hashlib.sha256(content).hexdigest(), len(content)
    else:
        digest, size = file_digest(path)
    return UploadJob(key, path, content, FileEntry(digest, size, str(headers_for(key))))


def in_parallel(store: Store, items: Iterable[Item], work: Callable[[Item], Answer]) -> Iterator[tuple[Item, Answer]]:
    """Work on items in parallel, and yield each with its answer as it is ready.

    When one fails, or the waiting thread is interrupted, items that were not started are dropped; those in progress are
    waited for and their answers still yielded (they are in the store, so the manifest must learn of them), and then the
    exception is raised.
    """

    def unless_stopped(item: Item) -> Answer:
        if store.stopped.is_set():
            raise PublishError(f"{store.name}: stopped; publish again to continue")
        return work(item)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="publish") as pool:
        futures: dict[Future[Answer], Item] = {pool.submit(unless_stopped, item): item for item in items}
        waiting = set(futures)
        try:
            for future in as_completed(futures):
                answer = future.result()
                waiting.discard(future)
                yield futures[future], answer
        except BaseException as error:
            for future in waiting:
                future.cancel()
            if not isinstance(error, Exception):
                store.stop()
            if not isinstance(error, GeneratorExit):
                for future in wait(waiting).done:
                    if not future.cancelled() and future.exception() is None:
                        yield futures[future], future.result()
            raise


def upload(store: Store, job: UploadJob) -> tuple[str, FileEntry] | None:
    """Upload a file.

    Returns:
        Its new tag and what was really sent (the file may have changed since it was planned); None if it is gone.
    """
    headers = headers_for(job.key)
    try:
        if job.large:
            digest, size = store.put_file(job.key, job.path, headers, sha256=job.entry.sha256)
            return "", FileEntry(digest, size, str(headers))
        content = read_file(job.path) if job.content is None else job.content
    except FileNotFoundError:
        return None
    tag = store.put(job.key, content, headers, condition=job.condition)
    return tag, FileEntry(hashlib.sha256(content).hexdigest(), len(content), str(headers))


class Uploader:
    """Uploads to a store and deletes in it, or only reports what it would do."""

    def __init__(self, store: Store, listener: ProgressListener, *, dry: bool = False) -> None:
        self.store = store
        self.listener = listener
        self.dry = dry

    def upload(self, jobs: Iterable[UploadJob]) -> Iterator[tuple[UploadJob, FileEntry]]:
        """Upload in order: all files of one order in parallel, then those of the next.

        Returns:
            Each job with what was really sent; nothing for files that are gone.
        """
        ordered = sorted(jobs, key=lambda job: (job.order, job.key))
        self.listener.expect(len(ordered), sum(job.entry.bytes for job in ordered))
        for _, group in groupby(ordered, key=lambda job: job.order):
            for job, answer in self._parallel(group):
                if answer is not None:
                    self.listener.uploaded(job.key, answer[1].bytes)
                    yield job, answer[1]

    def _parallel(self, jobs: Iterable[UploadJob]) -> Iterable[tuple[UploadJob, tuple[str, FileEntry] | None]]:
        if self.dry:
            return [(job, ("", job.entry)) for job in jobs]
        return in_parallel(self.store, jobs, lambda job: upload(self.store, job))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, in parallel."""
        gone = [(key, None) for key in keys] if self.dry else in_parallel(self.store, keys, self.store.delete)
        for key, _ in gone:
            self.listener.deleted(key)
