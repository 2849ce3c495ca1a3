"""Doing many things to a store at once: jobs -> answers, in threads, until one fails or somebody interrupts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol, TypeVar

from orbifolio.reports.publish import contents, serving
from orbifolio.reports.publish.manifest import Entry
from orbifolio.reports.publish.store import PART, Condition, Store
from orbifolio.runner.errors import PublishError

WORKERS = 8

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Witness(Protocol):
    """Whoever is told what happens; always in the thread that publishes."""

    def expect(self, files: int, bytes_: int) -> None:
        """So much more will be uploaded."""

    def uploaded(self, key: str, bytes_: int) -> None:
        """A file stands."""

    def deleted(self, key: str) -> None:
        """A file is gone."""

    def reached(self, run: int, of: int) -> None:
        """So many of so many runs were looked at."""

    def say(self, text: str) -> None:
        """Something the user should know; nothing that stops the work."""


@dataclass(frozen=True)
class Job:
    """A file to upload.

    Attributes:
        key: where it goes.
        path: where it lies.
        content: as it was read, or None to read it when its turn comes.
        entry: how it was found when this was planned.
        condition: of the write.
        order: files of a lower order are all uploaded before.
    """

    key: str
    path: Path
    content: bytes | None
    entry: Entry
    condition: Condition = None
    order: tuple[int, ...] = ()

    @property
    def large(self) -> bool:
        """Whether it is sent in parts."""
        return self.content is None and self.entry.bytes > PART and not serving.served(self.key).encoding


def planned(key: str, path: Path, content: bytes | None) -> Job:
    """The job of uploading a file as it is now.

    Raises:
        FileNotFoundError: it is gone.
        PublishError: it cannot be read.
    """
    if content is not None:
        digest, size = hashlib.sha256(content).hexdigest(), len(content)
    else:
        digest, size = contents.digest(path)
    return Job(key, path, content, Entry(digest, size, str(serving.served(key))))


def each(store: Store, items: Iterable[Item], work: Callable[[Item], Answer]) -> Iterator[tuple[Item, Answer]]:
    """Work on items in parallel; answers come as they are ready.

    When one fails, or whoever waits is interrupted, those that have not begun are left out, those that
    have are waited for and still answered, and then the trouble goes on its way.
    """

    def unless_stopped(item: Item) -> Answer:
        if store.stopped.is_set():
            raise PublishError(f"{store.name}: stopped; publish again to go on")
        return work(item)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="publish") as pool:
        futures: dict[Future[Answer], Item] = {pool.submit(unless_stopped, item): item for item in items}
        waiting = set(futures)
        try:
            for future in as_completed(futures):
                answer = future.result()
                waiting.discard(future)
                yield futures[future], answer
        except BaseException as trouble:
            for future in waiting:
                future.cancel()
            if not isinstance(trouble, Exception):
                store.stop()
            if not isinstance(trouble, GeneratorExit):
                for future in wait(waiting).done:
                    if not future.cancelled() and future.exception() is None:
                        yield futures[future], future.result()
            raise


def send(store: Store, job: Job) -> tuple[str, Entry] | None:
    """Upload a file.

    Returns:
        Its new tag and what was really sent (a file may have changed since it was planned); None if it is gone.
    """
    how = serving.served(job.key)
    try:
        if job.large:
            digest, size = store.put_file(job.key, job.path, how, sha256=job.entry.sha256)
            return "", Entry(digest, size, str(how))
        content = contents.read(job.path) if job.content is None else job.content
    except FileNotFoundError:
        return None
    tag = store.put(job.key, content, how, condition=job.condition)
    return tag, Entry(hashlib.sha256(content).hexdigest(), len(content), str(how))


class Sender:
    """Uploads and deletes in a store, or only tells what it would do."""

    def __init__(self, store: Store, witness: Witness, *, dry: bool = False) -> None:
        self.store = store
        self.witness = witness
        self.dry = dry

    def send(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Entry]]:
        """Upload in order: all files of one order at once, then those of the next.

        Returns:
            What was really sent of each; nothing of files that are gone.
        """
        ordered = sorted(jobs, key=lambda job: (job.order, job.key))
        self.witness.expect(len(ordered), sum(job.entry.bytes for job in ordered))
        for _, group in groupby(ordered, key=lambda job: job.order):
            for job, answer in self._at_once(group):
                if answer is not None:
                    self.witness.uploaded(job.key, answer[1].bytes)
                    yield job, answer[1]

    def _at_once(self, jobs: Iterable[Job]) -> Iterable[tuple[Job, tuple[str, Entry] | None]]:
        if self.dry:
            return [(job, ("", job.entry)) for job in jobs]
        return each(self.store, jobs, lambda job: send(self.store, job))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        gone = [(key, None) for key in keys] if self.dry else each(self.store, keys, self.store.delete)
        for key, _ in gone:
            self.witness.deleted(key)
