"""A brush is a `.myb` file of MyPaint: found by name or path, read as text and as settings.

    find_brush("classic/dry_brush") -> BrushFile

Names are looked up in the folders where MyPaint keeps its brushes, the newer set first; `dry_brush` finds
`classic/dry_brush`. Only those settings are read here that say what a learnt brush must know.
"""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.named_files import file_of
from orbifolio.runner.strokes.mypaint.mypaint import CURE, load_library

ENDING = ".myb"
VERSION = 3  # of the JSON format, the only one that libmypaint reads


@dataclass(frozen=True)
class BrushFile:
    """A brush and its file.

    Attributes:
        name: for readers, e.g. `classic/dry_brush`.
        text: content of the file, JSON.
    """

    name: str
    text: bytes

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Setting -> {"base_value": ..., "inputs": {...}}.

        Raises:
            InputError: the file is not a brush of version 3.
        """
        try:
            record = json.loads(self.text)
            if record["version"] != VERSION:
                raise ValueError(f"version {record['version']}")
            return dict(record["settings"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.name}: not a brush of version {VERSION} ({error}); open and save it in MyPaint 1.2 or later"
            ) from error

    def inputs(self) -> frozenset[str]:
        """What the brush responds to: `pressure`, `speed1`, `direction`, `random`, ..."""
        return frozenset(name for setting in self.settings.values() for name in setting.get("inputs", {}))

    def base(self, setting: str) -> float:
        """Base value of a setting, 0 where the file has none."""
        return float(self.settings.get(setting, {}).get("base_value", 0.0))

    @property
    def smudges(self) -> bool:
        """Whether it takes up colour from the canvas; beyond the canvas's edge libmypaint has black."""
        return self.base("smudge") != 0 or bool(self.settings.get("smudge", {}).get("inputs"))

    @property
    def directed(self) -> bool:
        """Whether its look depends on the stroke's direction: by a flat tip, or with the direction as an input."""
        ratio = self.settings.get("elliptical_dab_ratio", {})
        flat = self.base("elliptical_dab_ratio") > 1 or bool(ratio.get("inputs"))
        return flat or bool(self.inputs() & {"direction", "direction_angle", "attack_angle"})

    @property
    def speedy(self) -> bool:
        """Whether its look depends on the pen's speed: as an input, by dabs per second, or by a lag behind the pen."""
        timed = self.base("dabs_per_second") > 0 or self.base("slow_tracking") > 3
        return timed or bool(self.inputs() & {"speed1", "speed2", "stroke"})


def brush_folders() -> list[Path]:
    """Folders with brushes on this machine, the user's own first, then the newest set."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    shared = (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    roots = [Path(root) / "mypaint-data" for root in [*shared, "/opt/homebrew/share"] if root]
    candidates = [Path(home) / "mypaint" / "brushes"]
    candidates += [root / version / "brushes" for root in roots for version in ("2.0", "1.0")]
    return [folder for folder in dict.fromkeys(candidates) if folder.is_dir()]


def list_brushes() -> dict[str, Path]:
    """Name -> file of every brush on this machine; of two with one name, that of the newer set."""
    brushes: dict[str, Path] = {}
    for folder in brush_folders():
        for path in sorted(folder.rglob(f"*{ENDING}")):
            brushes.setdefault(path.relative_to(folder).as_posix().removesuffix(ENDING), path)
    return brushes


def paint_program() -> tuple[str, str, str]:
    """A line for `orbifolio doctor`: (ok or note, paint program, what is here or how to get it)."""
    try:
        load_library()
    except MissingProgram as error:
        return "note", "paint program", str(error)
    count = len(list_brushes())
    if not count:
        return "note", "paint program", f"libmypaint is here, but no brushes; {CURE}"
    return "ok", "paint program", f"libmypaint, {count} brushes"


def find_brush(name: str) -> BrushFile:
    """The brush of a name (`classic/dry_brush`, `dry_brush`) or of a path to a `.myb` file.

    Raises:
        InputError: there is no such brush; names the nearest ones, or says how to get brushes.
    """
    path = file_of(name)
    if name.endswith(ENDING):
        try:
            return BrushFile(path.stem, path.read_bytes())
        except OSError as error:
            raise InputError(
                f"{name}: cannot be read ({error.strerror}); give the name of a brush or the path of a .myb file"
            ) from error
    brushes = list_brushes()
    matches = [full for full in brushes if full == name] or [full for full in brushes if full.endswith(f"/{name}")]
    if matches:
        return BrushFile(matches[0], brushes[matches[0]].read_bytes())
    if not brushes:
        raise InputError(f"{name}: MyPaint's brushes are not installed; {CURE}, or give the path of a .myb file")
    short = {full.rpartition("/")[2]: full for full in brushes}
    near = difflib.get_close_matches(name, [*brushes, *short], n=3, cutoff=0.6) or ["classic/dry_brush"]
    raise InputError(f"{name}: no such brush; did you mean {' or '.join(near)}? The path of a .myb file works too")
