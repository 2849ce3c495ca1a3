"""Which fast arithmetic of this processor really works.

Some virtual machines advertise AMX tiles that trap when used: the first bfloat16 matrix product kills the
process with an illegal instruction, which no `try` can catch. So the instructions are tried once in a
process of their own, and the result is cached by processor, kernel and torch version.

This module is imported before torch: the limit it sets is read when torch's library first looks.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from platformdirs import user_cache_path

from orbifolio.runner.files import write_atomically
from orbifolio.runner.threads import settle

LIMIT = "ONEDNN_MAX_CPU_ISA"
WITHOUT_TILES = "AVX512_CORE_BF16"
TRIAL_SECONDS = 120  # importing torch on a cold disk takes most of it

_TRIAL = """
import torch
from torch.nn import functional
layout = torch.channels_last
picture = torch.rand(1, 64, 64, 64).to(torch.bfloat16, memory_format=layout).requires_grad_(True)
filters = torch.rand(128, 64, 3, 3).to(torch.bfloat16, memory_format=layout)
features = functional.relu(functional.conv2d(picture, filters, padding=1)).flatten(2)[0]
(features @ features.mT).float().sum().backward()
assert torch.isfinite(picture.grad.float()).all()
print("works")
"""


@cache
def processor_flags() -> frozenset[str]:
    """What the processor says it can do, in Linux's names; empty where unknown."""
    for line in _processor_lines():
        if line.startswith("flags"):
            return frozenset(line.partition(":")[2].split())
    return frozenset()


@cache
def processor_name() -> str:
    """The processor's name as its maker gives it, or the architecture."""
    for line in _processor_lines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _processor_lines() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


@cache
def tiles_work() -> bool:
    """Whether AMX bfloat16 tiles are there and can be used; tried once for each machine."""
    if "amx_bf16" not in processor_flags():
        return False
    record = user_cache_path("orbifolio") / f"arithmetic-{machine_fingerprint()}.json"
    try:
        return bool(json.loads(record.read_text(encoding="utf-8"))["tiles_work"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    works = _try()
    try:
        write_atomically(record, json.dumps({"tiles_work": works}).encode())
    except OSError:
        pass  # a cache that cannot be written only costs the trial again
    return works


def machine_fingerprint() -> str:
    """Of what decides which arithmetic works and is fast: processor, kernel, torch, and a limit of instructions."""
    limit = os.environ.get(LIMIT, "")
    facts = (processor_name(), sorted(processor_flags()), platform.release(), metadata.version("torch"), limit)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _try() -> bool:
    environment = {key: value for key, value in os.environ.items() if key != LIMIT}
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL],
            capture_output=True,
            timeout=TRIAL_SECONDS,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return trial.returncode == 0 and b"works" in trial.stdout


def protect(threads: int = 0) -> None:
    """Keep torch from instructions that this machine advertises but does not have, and its threads from spinning.

    Call it before torch is imported; limits that the user has set are left alone.

    Args:
        threads: that it computes with; 0: see `threads.settle`.
    """
    settle(threads)
    if "amx_bf16" in processor_flags() and LIMIT not in os.environ and not tiles_work():
        os.environ[LIMIT] = WITHOUT_TILES
