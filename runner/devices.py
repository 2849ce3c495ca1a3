"""Which device and which arithmetic a run uses, and the facts about the machine for its report."""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from platformdirs import user_cache_path

from orbifolio.runner.cpu_features import LIMIT, machine_fingerprint, processor_flags, processor_name, tiles_work
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.memory import machine_memory
from orbifolio.runner.threads import thread_count

logger = logging.getLogger(__name__)

FAST_BF16 = "ORBIFOLIO_FAST_BF16"
"""Environment variable: `yes` or `no` instead of the trial of this processor."""

WORTH_IT = 1.3  # times as fast: below it, what else a step does eats the gain
TRIALS = 6
TOO_LONG = 0.05  # seconds: one convolution takes 4 ms where instructions for it are there


def choose_device(choice: str) -> str:
    """The torch device for a user's choice.

    Args:
        choice: `auto`, `cpu`, `cuda` or `cuda:N`.

    Raises:
        InputError: no such device here.
    """
    if choice == "auto":
        found = torch.cuda.is_available()
        seen = "a GPU of CUDA" if found else "no GPU of CUDA"
        logger.debug("%s, as torch %s sees %s", "cuda" if found else "cpu", torch.__version__, seen)
        return "cuda" if found else "cpu"
    if choice == "cpu":
        return choice
    if choice == "mps":
        raise InputError(
            "--device mps: Apple's GPUs compute in 32 bits at most, and symmetries add in 64; use --device cpu, which "
            "`auto` chooses there"
        )
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
    """Whether bfloat16 convolutions are worth it on this device: on CUDA by its kind, on a processor by trial."""
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    told = os.environ.get(FAST_BF16, "")
    if told in ("yes", "no"):
        logger.debug("bf16 is %s here, as %s says", "fast" if told == "yes" else "not fast", FAST_BF16)
        return told == "yes"
    return processor_gain() >= WORTH_IT


def choose_precision(choice: str, device: str, *, agrees: bool, fast: bool | None = None) -> tuple[str, torch.dtype]:
    """The network's arithmetic as (`bf16` or `fp32`, dtype).

    Args:
        choice: `auto`, `fp32` or `bf16`.
        device: as `choose_device` returns it.
        agrees: the network's gradients in bf16 agree with those in fp32; else `auto` is fp32.
        fast: what `has_fast_bf16` said when the run began; None to ask now.
    """
    if choice == "auto" and agrees:
        fast = has_fast_bf16(device) if fast is None else fast
        choice = "bf16" if fast else "fp32"
        logger.debug("networks compute in %s: bf16 is %s on %s", choice, "fast" if fast else "not fast", device)
    return ("bf16", torch.bfloat16) if choice == "bf16" else ("fp32", torch.float32)


@cache
def processor_gain() -> float:
    """How many times as fast as float32 a 3 x 3 convolution is in bfloat16, forth and back, channels last.

    Tried on one thread for a quarter of a second, once for each machine and torch version, and kept; 0 where the
    processor has no instructions for it, which torch would imitate slowly, or has them and traps.
    """
    flags = processor_flags()
    if flags and not flags & {"avx512_bf16", "amx_bf16", "avx10_1"}:
        return 0.0
    if "amx_bf16" in flags and not (tiles_work() or os.environ.get(LIMIT)):
        return 0.0
    record = user_cache_path("orbifolio") / f"bf16-{machine_fingerprint()}.json"
    try:
        gain = float(json.loads(record.read_text(encoding="utf-8"))["gain"])
        logger.debug("a convolution in bf16 is %.2f times as fast as in fp32, by the trial in %s", gain, record)
        return gain
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not tried yet, or written by half a machine: tried again
    gain = _measured_gain()
    logger.debug("a convolution in bf16 is %.2f times as fast as in fp32, as tried just now", gain)
    with suppress(OSError):  # a cache that cannot be written only costs the trial again
        write_atomically(record, json.dumps({"gain": round(gain, 2)}).encode())
    return gain


def _measured_gain() -> float:
    """The ratio of the best times, measured in turns; the thread's own time, since the machine may be busy."""
    random = torch.Generator().manual_seed(0)
    features, kernel = torch.rand(1, 128, 48, 48, generator=random), torch.rand(128, 128, 3, 3, generator=random)
    best = dict.fromkeys((torch.bfloat16, torch.float32), float("inf"))
    layout = torch.channels_last
    pairs = {dtype: [part.to(dtype, memory_format=layout) for part in (features, kernel)] for dtype in best}
    with torch.no_grad(), one_thread():
        for _ in range(TRIALS):
            for dtype, (x, weight) in pairs.items():
                began = time.thread_time()
                y = torch.conv2d(x, weight, padding=1)
                torch.ops.aten.convolution_backward(
                    y, x, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [True, False, False]
                )
                best[dtype] = min(best[dtype], time.thread_time() - began)
            if best[torch.bfloat16] > TOO_LONG:  # imitated
                break
    return best[torch.float32] / max(best[torch.bfloat16], 1e-9)


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
    return f"cpu ({processor_name()}, {thread_count()} threads)"


def system_facts(device: str) -> dict[str, Any]:
    """The `system` block of `run.json`: no names of people, hosts or folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    facts: dict[str, Any] = {
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
        "threads": thread_count(),
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
