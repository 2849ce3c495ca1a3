"""Which device and which arithmetic a run uses, and the facts about the machine for its report."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from orbifolio.runner.cpu_features import processor_name, tiles_work
from orbifolio.runner.errors import InputError
from orbifolio.runner.memory import machine_memory


def choose_device(choice: str) -> str:
    """The torch device for a user's choice.

    Args:
        choice: `auto`, `cpu`, `cuda` or `cuda:N`.

    Raises:
        InputError: no such device here.
    """
    if choice == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if choice == "cpu":
        return choice
    kind, _, number = choice.partition(":")
    if kind != "cuda" or (number and not number.isdecimal()):
        raise InputError(f"--device {choice}: is not a device; use auto, cpu, cuda or cuda:N")
    if not torch.cuda.is_available():
        raise InputError(
            f"--device {choice}: torch {torch.__version__} sees no CUDA device here; use --device cpu, or install "
            "a CUDA build of torch and the driver (`orbifolio doctor` shows what is found)"
        )
    if number and int(number) >= torch.cuda.device_count():
        raise InputError(f"--device {choice}: there are {torch.cuda.device_count()} CUDA devices, counted from 0")
    return choice


def has_fast_bf16(device: str) -> bool:
    """Whether bfloat16 convolutions are faster than float32's on this device."""
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    # Without tiles, AVX-512's own bf16 is no faster than fp32 in convolutions (measured: 1.70 s against
    # 1.72 s for VGG16 to conv4_1, forward and backward at 384 x 448 px on two cores).
    return tiles_work()


def choose_precision(choice: str, device: str, *, agrees: bool) -> tuple[str, torch.dtype]:
    """The network's arithmetic as (`bf16` or `fp32`, dtype).

    Args:
        choice: `auto`, `fp32` or `bf16`.
        device: as `choose_device` returns it.
        agrees: the network's gradients in bf16 agree with those in fp32; else `auto` is fp32.
    """
    if choice == "bf16" or (choice == "auto" and agrees and has_fast_bf16(device)):
        return "bf16", torch.bfloat16
    return "fp32", torch.float32


def make_deterministic(device: str) -> None:
    """Ask CUDA for the algorithms that give the same bits each time; the CPU's do so anyway.

    Called by a run, not on import: it is a setting of the whole process.
    """
    if not device.startswith("cuda"):
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS needs it for fixed reduction order
    torch.backends.cudnn.benchmark = False  # it would choose algorithms by their speed of the moment
    torch.use_deterministic_algorithms(True, warn_only=True)


@contextmanager
def one_thread() -> Iterator[int]:
    """Let torch compute on one thread, so that results are the same bytes for any number of threads.

    Convolutions and sums are split into as many parts as there are threads, and parts are added in another order than
    wholes. Threads that a caller starts within compute on one each, too.

    Yields:
        How many threads there are otherwise.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def describe_device(device: str) -> str:
    """For a reader, e.g. `cpu (Intel Xeon, 2 threads)`."""
    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({processor_name()}, {torch.get_num_threads()} threads)"


def system_facts(device: str) -> dict[str, Any]:
    """The `system` block of `run.json`: no names of people, hosts or folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    facts: dict[str, Any] = {
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "memory_bytes": memory,
    }
    if device.startswith("cuda"):
        facts["gpu"] = torch.cuda.get_device_name(device)
        facts["cuda"] = torch.version.cuda or ""
    return facts


def memory_of(device: str) -> tuple[int, str]:
    """(bytes, whose they are) of the memory that a run on a device takes up.

    >>> memory_of("cpu")[1]
    'this machine'
    """
    if device.startswith("cuda"):
        return int(torch.cuda.get_device_properties(device).total_memory), torch.cuda.get_device_name(device)
    return machine_memory(), "this machine"


def peak_memory(device: str) -> int:
    """Peak memory of this process so far, bytes: the GPU's on CUDA, else resident memory."""
    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if platform.system() == "Darwin" else int(peak) * 1024
