"""Pickles of arrays, read without running anything: a pickle that names more than an array's parts is refused."""

from __future__ import annotations

import io
import pickle
from typing import Any

# What NumPy writes for an array, by the names of its versions 1 and 2.
_PARTS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),  # protocol 2 keeps bytes as text that it encodes
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PARTS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no part of an array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def read_array_pickle(data: bytes, *, encoding: str = "ASCII") -> Any:
    """What a pickle of arrays, numbers, texts, lists and dictionaries holds.

    Args:
        data: the whole pickle.
        encoding: of the texts that Python 2 wrote; `latin1` for its arrays.

    Raises:
        UnpicklingError: it names anything else, which could run code, or is damaged.
    """
    return _ArraysOnly(io.BytesIO(data), encoding=encoding).load()
