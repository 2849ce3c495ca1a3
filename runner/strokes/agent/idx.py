"""IDX and NPZ files: bytes -> arrays, whatever the set (MNIST, Fashion-MNIST, KMNIST, EMNIST).

IDX is two zero bytes, a type, the number of axes, the axes' lengths as big-endian 32-bit numbers, then the values.
"""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import I64, U8
from orbifolio.runner.errors import InputError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
NAMES = ("images", "x_train", "arr_0"), ("labels", "y_train", "arr_0")
"""Names of an .npz file's arrays of pictures and of classes, as published sets have them; the first match counts."""


def read_idx(path: Path) -> npt.NDArray[Any]:
    """The array of an IDX file, gzipped or not.

    Raises:
        InputError: it cannot be read or is not an IDX file.
    """
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        zeros, kind, axes = struct.unpack(">HBB", data[:4])
        shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
        if zeros or kind not in TYPES:
            raise ValueError(f"it begins with {data[:4].hex(' ')}")
        values = np.frombuffer(data, TYPES[kind], offset=4 + 4 * axes)
        if len(values) != math.prod(shape):
            raise ValueError(f"{len(values)} values for {' x '.join(map(str, shape))}")
        return values.reshape(shape)
    except (OSError, EOFError, struct.error, ValueError) as error:
        raise InputError(f"{path}: not an IDX file ({error}); give one in the format of MNIST, or an .npz") from error


def read_npz(path: Path, names: tuple[str, ...]) -> npt.NDArray[Any]:
    """The first array of an .npz file with one of these names.

    Raises:
        InputError: it cannot be read or has none of them.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return np.asarray(file[next(name for name in names if name in file)])
    except StopIteration:
        raise InputError(f"{path}: has none of the arrays {', '.join(names)}; rename one") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not an .npz file ({error}); numpy.savez writes one") from error


def read_set(images: Path, labels: Path | None) -> tuple[U8, I64 | None]:
    """Pictures and classes from two files, or one.

    Args:
        images: an .npz or IDX file.
        labels: an .npz or IDX file, or None for pictures without classes.

    Returns:
        (n, h, w) or (n, h, w, 3), and (n,).

    Raises:
        InputError: a file cannot be read, or the two do not match.
    """
    pictures = read_npz(images, NAMES[0]) if images.suffix == ".npz" else read_idx(images)
    if pictures.ndim not in (3, 4) or (pictures.ndim == 4 and pictures.shape[3] != 3) or pictures.dtype != np.uint8:
        raise InputError(f"{images}: {pictures.shape} {pictures.dtype}; pictures are (n, h, w) or (n, h, w, 3) uint8")
    if labels is None:
        return pictures, None
    classes = read_npz(labels, NAMES[1]) if labels.suffix == ".npz" else read_idx(labels)
    if classes.shape != pictures.shape[:1] or classes.dtype.kind not in "iu":
        raise InputError(f"{labels}: {classes.shape} {classes.dtype}; classes are one whole number for each picture")
    return pictures, classes.astype(np.int64)
