"""Damage to a gallery, as crashes, disks, other programs and strangers do it: one seed, one damage.

Structure-aware: values are changed within JSON that stays valid, so that the damage reaches the code that uses them;
and files become what a file should not be.
"""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RECORDS = ("run.json", "card.json", "events.jsonl")
DEEP = json.loads("[" * 400 + "]" * 400)
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    3,
    10**30,
    10**320,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    "",
    "x",
    "n" * 300,
    "running",
    "done",
    "phases/" + "long" * 80,
    "/".join("deep" * 4 for _ in range(400)),
    "../../elsewhere",
    "inputs",
    "index.html",
    "final.png/inside",
    "nul\0",
    "\ud800",
    "\u202e<b>&amp;",
    [],
    {},
    [[]],
    [{}],
    [None, 1, "x"],
    {"path": "inputs", "folder": 3},
    ["x"] * 3000,
    {str(number): number for number in range(2000)},
    DEEP,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*way, key)
        yield from _places(item, (*way, key))


def _change(value: Any, chance: random.Random) -> None:
    """Replace, remove or repeat one value inside a JSON value."""
    ways = list(_places(value))
    if not ways:
        return
    *above, last = chance.choice(ways)
    for key in above:
        value = value[key]
    action = chance.randrange(8)
    if action == 0:
        del value[last]
    elif action == 1 and isinstance(value, list):
        value += [copy.deepcopy(value[last]) for _ in range(chance.choice((1, 300)))]
    else:
        value[last] = copy.deepcopy(chance.choice(ODD))


def change_record(path: Path, chance: random.Random) -> None:
    """Odd values in a JSON file, or in some lines of a log."""
    if not path.is_file():
        return  # a pipe or a device, by damage before
    try:
        records = [json.loads(line) for line in path.read_text().splitlines()]
    except (OSError, ValueError, RecursionError):
        return  # damaged before
    for record in chance.sample(records, min(len(records), chance.randint(1, 3))):
        for _ in range(chance.randint(1, 3)):
            _change(record, chance)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def tear(path: Path, chance: random.Random) -> None:
    """A file that breaks off, is empty, or holds something else."""
    if not path.is_file():
        return
    content = path.read_bytes()
    at = chance.randrange(len(content) + 1)
    noise = chance.randbytes(chance.choice((1, 40)))
    path.write_bytes(
        chance.choice(
            (
                b"",
                content[:at],
                content[at:],
                content[:at] + noise + content[at:],
                noise,
                b"\xef\xbb\xbf" + content,
                b"[" * 100_000,
                b'{"event": ' * 30_000,
                b"1" * 10_000,
                content.replace(b"\n", b""),
                content.decode(errors="replace").encode("utf-16"),
            )
        )
    )


def _huge_png() -> bytes:
    """A picture of 60,000 x 60,000 pixels, as far as its header says."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def misplace(path: Path, chance: random.Random) -> None:
    """A folder where a file should be, a file where a folder should be, or what is neither."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    action = chance.randrange(7)
    if action == 0:
        (path / "inside").mkdir(parents=True)
    elif action == 1:
        path.write_bytes(b"a file")
    elif action == 2:
        path.symlink_to(path.name)  # leads to itself
    elif action == 3:
        path.symlink_to("/nowhere/at/all")
    elif action == 4:
        os.mkfifo(path)  # whoever reads it waits for ever
    elif action == 5:
        path.symlink_to("/dev/zero")  # whoever reads it never comes to an end
    else:
        path.write_bytes(_huge_png())


def damage(run: Path, seed: int) -> str:
    """Damage a run's folder.

    Returns:
        What was done, in words.
    """
    chance = random.Random(seed)
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        everything = sorted(path for path in run.rglob("*") if not path.is_symlink())
        action: Callable[[Path, random.Random], None]
        kind = chance.randrange(10)
        if kind < 6:
            action, path = change_record, run / chance.choice(RECORDS)
        elif kind < 8:
            action, path = tear, run / chance.choice((*RECORDS, "recipe.yaml"))
        elif kind == 8:
            action, path = misplace, run / chance.choice((*RECORDS, "recipe.yaml", ".report", "index.html", "thumbs"))
        else:
            action, path = misplace, chance.choice(everything)
        action(path, chance)
        done.append(f"{action.__name__} {path.relative_to(run)}")
    return f"seed {seed}: {', '.join(done)}"
