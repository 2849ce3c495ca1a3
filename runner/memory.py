"""The memory of this machine and of this process: how much there is, how much may be taken, who goes first.

Convention: bytes. Where the system has no such limits (Windows, partly macOS), setting one does nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

KEPT_FREE = 0.1
"""Share of the machine's memory that runs leave to everything else."""
_GROUPS = Path("/sys/fs/cgroup")
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")


def machine_memory() -> int:
    """What this process and all others have together: the machine's memory, or less in a container."""
    return min([_physical(), *(limit for limit in map(_group_limit, _own_groups()) if limit > 0)])


def _physical() -> int:
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    import ctypes

    class MemoryStatus(ctypes.Structure):  # MEMORYSTATUSEX
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "pages", "page", "space", "rest", "extended")),
        )

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status.total)


def _own_groups() -> list[Path]:
    """Files of Linux that may hold a limit: of the container, of this process's own control group and those above."""
    files = [_GROUPS / name for name in _LIMITS]
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds == "":
                group = _GROUPS / path.lstrip("/")
                files += [each / _LIMITS[0] for each in (group, *group.parents) if each.is_relative_to(_GROUPS)]
    return files


def _group_limit(file: Path) -> int:
    """The limit that a file holds, 0 for none."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdecimal() else 0


def taken() -> int:
    """Memory that this process may write to and shares with none, as `limit` counts it; 0 where that is unknown."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])  # data and stack
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def limit(most: int) -> None:
    """Let this process, and those that it starts, take at most so many bytes each; more fails as `MemoryError`.

    What counts is private memory that can be written to, so that a driver may reserve as many addresses as it likes.
    """
    if resource is None or sys.platform != "linux":  # elsewhere the limit is ignored, or counts other things
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def limit_time(seconds: int) -> None:
    """End this process by a signal once it has used so many seconds of processor time."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def be_first_to_go() -> None:
    """Ask the kernel to end this process before others when the machine's memory is full."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
