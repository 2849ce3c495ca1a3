"""Learnt brushes: one safetensors file each, with all that is needed to rebuild the painter; some are shipped.

    load_painter("classic/dry_brush") -> Painter;   pack(painter, facts) -> bytes

In the format of `runner/strokes/network_files.py`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import file_of
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.gan import GanPainter
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.brush_models.vae import VaePainter
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile, find_brush
from orbifolio.runner.strokes.network_files import ENDING, FACTS, WEIGHTS

if TYPE_CHECKING:
    from torch import Tensor

KINDS: dict[str, type[Painter]] = {kind.kind: kind for kind in (ImplicitPainter, VaePainter, GanPainter)}
SCALABLE = {ImplicitPainter.kind: ImplicitPainter}
AnyKind = TypeVar("AnyKind", bound=Painter)
SHIPPED = Path(str(resources.files("orbifolio.runner.strokes.brush_models"))) / "brushes"
LOG = SHIPPED / "training.json"
"""How the shipped painters were trained, how long, and how good they are."""


def pack(painter: Painter, facts: Mapping[str, Any], *, half: bool = False) -> bytes:
    """A painter as a file, with plain values as facts (brush, figures, seed); `half` stores weights with 16 bits."""
    flat = torch.cat([tensor.detach().flatten().float().cpu() for tensor in painter.state_dict().values()])
    flat = flat.half() if half else flat
    record = json.dumps({**facts, "kind": painter.kind, **painter.facts()}, sort_keys=True)
    return save({WEIGHTS: flat.contiguous()}, metadata={FACTS: record})


def unpack(path: Path) -> tuple[Painter, dict[str, Any]]:
    """The painter of a file, and all its facts.

    Raises:
        InputError: it cannot be read or is not a painter.
    """
    return _unpack(path, KINDS, str(path))


def unpack_scalable(path: Path) -> ImplicitPainter:
    """The painter of a file, for strokes of any size.

    Raises:
        InputError: it cannot be read, or has a fixed resolution.
    """
    return _unpack(path, SCALABLE, str(path))[0]


def _unpack(path: Path, kinds: Mapping[str, type[AnyKind]], name: str) -> tuple[AnyKind, dict[str, Any]]:
    """The painter of a file that must be of some kinds; `name` is what messages call it."""
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[FACTS])
            flat: Tensor = file.get_tensor(WEIGHTS).float()
        kind = KINDS[facts["kind"]]
        if kind.kind in kinds:
            return kinds[kind.kind].of(facts, flat), facts
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{name}: not a learnt brush ({error}); it is a .safetensors file that a painter-training run leaves "
            "among its extras"
        ) from error
    raise InputError(
        f"{name}: a painter of kind {kind.kind} draws {kind.resolution} x {kind.resolution} pixels only, and strokes "
        f"of any size are needed; use one of kind {' or '.join(kinds)} (canvas: stroke-grid takes every kind)"
    )


def shipped() -> dict[str, Path]:
    """Name of a brush -> file of its implicit painter, for all that are shipped."""
    return {name: path for name, path in every_shipped().items() if "." not in name}


def every_shipped() -> dict[str, Path]:
    """The same with painters of a fixed resolution, named by brush and kind: `classic/dry_brush.gan`."""
    return {path.name.removesuffix(ENDING).replace("--", "/"): path for path in sorted(SHIPPED.glob(f"*{ENDING}"))}


def find_painter(name: str) -> Path:
    """The file of a shipped brush (`classic/dry_brush`, `dry_brush`) or of a path.

    Raises:
        InputError: there is none; names the nearest ones.
    """
    if name.endswith(ENDING):
        return file_of(name)
    painters = every_shipped()
    matches = [full for full in painters if full == name or full.endswith(f"/{name}")]
    if matches:
        return painters[matches[0]]
    near = difflib.get_close_matches(name, painters, n=3, cutoff=0.4) or sorted(painters)[:3]
    raise InputError(
        f"{name}: no such learnt brush; did you mean {' or '.join(near)}? A painter-training recipe learns another in "
        "a minute; give the path of its painter.safetensors"
    )


def load_painter(name: str) -> Painter:
    """The painter of a name or a path, ready to use.

    Raises:
        InputError: it is missing or cannot be read.
    """
    return _unpack(find_painter(name), KINDS, name)[0]


def load_scalable(name: str) -> ImplicitPainter:
    """The painter of a name or a path, for strokes of any size.

    Raises:
        InputError: it is missing, cannot be read, or has a fixed resolution.
    """
    return _unpack(find_painter(name), SCALABLE, name)[0]


def real_brush(name: str) -> BrushFile:
    """The brush of MyPaint behind a name: the brush of this name, or the one that a painter of this name has learnt.

    Args:
        name: of a brush of MyPaint, of a shipped painter, or the path of a painter's file.

    Raises:
        InputError: it is not on this machine.
    """
    if name.endswith(ENDING):
        return find_brush(str(unpack(file_of(name))[1].get("brush", "")) or name)
    try:
        return find_brush(name)
    except InputError as error:
        try:
            facts = unpack(find_painter(name))[1]  # a short name of a shipped painter
        except InputError:
            raise error from None
        return find_brush(str(facts.get("brush", name)))
