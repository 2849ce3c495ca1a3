"""Shards of strokes on disk: `.npz` files with `actions` (n, 12) and `strokes` (n, 64, 64, 3) uint8, as published.

    write_shard(path, samples, colours);  read_shards([path, ...]) -> Samples

Nakano's published set (2019) has 80 such files of 100,000 strokes. Its strokes are pictures in colour on white; only
their opacity is read, out of which the colour factors exactly. Strokes nearly as white as the paper are left out, since
their opacity cannot be recovered.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from orbifolio.runner.arrays import U8, Bools
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.actions import COLOUR, COUNT, Actions
from orbifolio.runner.strokes.mypaint.samples import Samples

MIN_DEPTH = 0.15  # distance of a stroke's colour from white; below it opacity drowns in 8-bit rounding


def write_shard(path: Path, actions: Actions, strokes: U8) -> None:
    """Write one shard.

    Args:
        path: of the file, with the ending `.npz`.
        actions: (n, 12) in [0, 1].
        strokes: (n, 64, 64, 3) uint8 sRGB on white.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, actions=actions.astype(np.float32), strokes=strokes)
    path.write_bytes(buffer.getvalue())


def read_shards(paths: Sequence[Path]) -> Samples:
    """The strokes of all files.

    Raises:
        InputError: a file cannot be read or is not a shard.
    """
    parts = [_read(path) for path in paths]
    if not parts:
        raise InputError("no shards; give at least one .npz file")
    if len({part.alphas.shape[1:] for part in parts}) > 1:
        raise InputError(f"{paths[0]}: the shards' strokes differ in size; use shards of one set")
    return Samples(np.concatenate([p.actions for p in parts]), np.concatenate([p.alphas for p in parts]))


def _read(path: Path) -> Samples:
    try:
        with np.load(path, allow_pickle=False) as shard:
            actions, strokes = np.asarray(shard["actions"], np.float32), shard["strokes"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a shard ({error}); it is an .npz file with `actions` and `strokes`") from error
    if (
        actions.shape != (len(strokes), COUNT)
        or strokes.ndim != 4
        or strokes.shape[3] != 3
        or strokes.dtype != np.uint8
    ):
        raise InputError(
            f"{path}: actions {actions.shape} and strokes {strokes.shape} {strokes.dtype}; a shard has (n, 12) and "
            "(n, 64, 64, 3) uint8"
        )
    alphas, clear = factor_alpha(actions, strokes)
    return Samples(actions[clear], alphas[clear])


def factor_alpha(actions: Actions, strokes: U8) -> tuple[U8, Bools]:
    """Opacity of strokes in colour on white, by least squares over the three channels: a = (1 - s).d / d.d, d = 1 - c.

    Args:
        actions: (n, 12), with the strokes' colours c.
        strokes: (n, h, w, 3) uint8, the pictures s.

    Returns:
        (n, h, w) uint8, and (n,) whether the colour is far enough from white.
    """
    depth = 1 - actions[:, COLOUR].astype(np.float32)  # what full opacity takes from white
    weight = np.square(depth).sum(axis=1)
    clear = weight > MIN_DEPTH**2
    taken = np.float32(1) - strokes.astype(np.float32) / np.float32(255)
    alphas = np.einsum("nhwc,nc->nhw", taken, depth) / np.maximum(weight, MIN_DEPTH**2)[:, None, None]
    return np.round(alphas.clip(0, 1) * 255).astype(np.uint8), clear
