"""A reader's own star, note and tags of a run: `notes.json` in the run's folder, written by the control page.

    {"schema": 1, "star": true, "note": "for the kitchen", "tags": ["blue", "wall"]}

The pages of reports hold nothing of it, and it is never published: it is private to whoever has the gallery.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from orbifolio.runner.files import read_regular, write_atomically
from orbifolio.runner.settings import Settings

NOTES_NAME = "notes.json"
"""The file's name in a run's folder."""

MAX_LETTERS, MAX_TAGS, MAX_TAG = 4000, 30, 60
"""As in the browser: letters of a note, tags of a run, letters of a tag."""

_Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TAG)]


class RunNotes(Settings):
    """A reader's own words on a run."""

    star: bool = False
    """One of the reader's favourites."""
    note: Annotated[str, Field(max_length=MAX_LETTERS)] = ""
    """Words of the reader's own."""
    tags: Annotated[tuple[_Tag, ...], Field(max_length=MAX_TAGS)] = ()
    """To find the run by."""

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.star or self.note.strip() or self.tags)


def read_notes(folder: Path) -> RunNotes:
    """The notes of the run in a folder; empty ones where there is no such file, or one that is not of this form."""
    try:
        record: Any = json.loads(read_regular(folder / NOTES_NAME))
        fields = {name: record[name] for name in RunNotes.model_fields if name in record}
        return RunNotes.model_validate(fields)
    except (OSError, ValueError, TypeError, RecursionError, ValidationError):
        return RunNotes()


def write_notes(folder: Path, notes: RunNotes) -> None:
    """Keep notes in a run's folder; empty ones remove the file.

    Raises:
        OSError: the file cannot be written.
    """
    path = folder / NOTES_NAME
    if notes.empty:
        path.unlink(missing_ok=True)
        return
    record: Mapping[str, Any] = {"schema": 1, **notes.model_dump(mode="json")}
    write_atomically(path, json.dumps(record, ensure_ascii=False, indent=1).encode() + b"\n")
