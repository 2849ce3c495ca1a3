"""Failures of the world around a run (disk, memory, permissions): what happened, and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import OrbifolioError


def exit_code_of(error: BaseException) -> int:
    """Of a command that ends with an error: 2 where what was given is wrong, a place that is taken included; else 1."""
    return error.exit_code if isinstance(error, OrbifolioError) else 1


def describe_failure(error: BaseException, folder: Path) -> str:
    """What happened and what to do; empty for a fault of the program itself."""
    if isinstance(error, OrbifolioError):
        return str(error)
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"{folder}: the disk is full; make room, then continue with --resume"
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            return f"{error.filename or folder}: not writable ({os.strerror(error.errno)}); choose another --out"
    text = str(error).lower()
    out_of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )
    if out_of_memory:
        return (
            "out of memory; the network's features take about 1 GB for each megapixel in bf16 and 2 GB in fp32; "
            "make the last phase smaller, or use fewer or shallower layers, then run again"
        )
    return ""
