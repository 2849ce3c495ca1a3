"""The array types that annotations use, by kind and bits; docstrings give the shapes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
C128 = NDArray[np.complex128]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Integers = NDArray[np.signedinteger[Any]]
U8 = NDArray[np.uint8]
