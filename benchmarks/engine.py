"""One step of style under VGG16 to conv4_1, by engine: milliseconds, ratio to a plain peer, and memory; as Markdown.

    python benchmarks/engine.py [--sizes 256 512] [--rounds 5] [--threads 1]

The peer is what published programs for style do: float32, NCHW, maximum pooling, Gram matrices alone, autograd. The
others are this program's default style (Gram, moments, pixels) with smoothness and range, on a tile. Times are the
processor's, in one process, round robin: other programs disturb them little. Each engine's memory is the growth of the
peak in a process of its own, by pixel. The limit is the time of the convolutions alone, forth and back.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from orbifolio.runner.cpu_features import processor_name, protect

protect()

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

from orbifolio.runner.objectives.autograd_engine import AutogradEngine  # noqa: E402
from orbifolio.runner.objectives.base import Preparation  # noqa: E402
from orbifolio.runner.objectives.engine_choice import choose_engine  # noqa: E402
from orbifolio.runner.objectives.smoothness import Range, Smoothness  # noqa: E402
from orbifolio.runner.objectives.style import Style  # noqa: E402
from orbifolio.runner.vision.untrained import Untrained  # noqa: E402
from orbifolio.runner.vision.vgg import STYLE_LAYERS  # noqa: E402

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
RETURNING = os.environ | {
    "MALLOC_MMAP_THRESHOLD_": "65536"
}  # memory that is freed is given back, so that peaks are true
ENGINES = {"plain": AutogradEngine, "by hand": choose_engine}


def picture(seed: int, size: int) -> Tensor:
    """(1, 3, size, size) smooth noise."""
    coarse = torch.rand((1, 3, size // 4, size // 4), generator=torch.Generator().manual_seed(seed))
    return functional.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1)


def peer_step(size: int) -> Callable[[], object]:
    """One step of the peer."""
    chain = Untrained(pooling="max").build().chain(STYLE_LAYERS)

    def grams(seen: Tensor) -> list[Tensor]:
        found = []
        for link in chain.links:
            if link.pool is not None:
                seen = functional.max_pool2d(seen, 2)
            seen = functional.relu(functional.conv2d(seen, weights[link.name], link.bias, padding=1), inplace=True)
            if link.name in STYLE_LAYERS:
                flat = seen.flatten(2)[0]
                found.append(flat @ flat.t() / flat.shape[1])
        return found

    weights = {link.name: link.weight.contiguous() for link in chain.links}
    with torch.no_grad():
        targets = grams(picture(1, size))
    leaf = picture(2, size).requires_grad_()

    def step() -> object:
        loss = sum(functional.mse_loss(*pair) for pair in zip(grams(leaf), targets, strict=True))
        return torch.autograd.grad(loss, leaf)

    return step


def engine_step(size: int, engine: str, precision: str) -> Callable[[], object]:
    """One step of an engine of this program."""
    encoder = Untrained().build().to("cpu", DTYPES[precision]).padded(("wrap", "wrap"))
    preparation = Preparation(encoder, size, size, lambda name: picture(1, size), lambda name: picture(1, size))
    settings = (Style(images=("style",)), Smoothness(), Range())
    made = ENGINES[engine](encoder, [item.build(preparation) for item in settings], wrap=(True, True))
    return partial(made.evaluate, picture(2, size), None)


def convolutions(size: int, precision: str) -> Callable[[], object]:
    """All convolutions of the network, forth and back, and nothing else."""
    chain = Untrained().build().to("cpu", DTYPES[precision]).chain(STYLE_LAYERS)
    pairs, side = [], size
    for link in chain.links:
        side //= 1 if link.pool is None else 2
        shape = (1, link.weight.shape[1], side, side)
        features = torch.rand(shape).to(link.weight.dtype, memory_format=torch.channels_last)
        pairs.append((features, link.weight))

    def step() -> None:
        with torch.no_grad():
            for features, weight in pairs:
                seen = functional.conv2d(features, weight, padding=1)
                torch.ops.aten.convolution_backward(
                    seen, features, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [True, False, False]
                )

    return step


def steps_of(size: int) -> dict[str, Callable[[], Callable[[], object]]]:
    """What makes each variant's step."""
    variants: dict[str, Callable[[], Callable[[], object]]] = {"peer": partial(peer_step, size)}
    for engine in ENGINES:
        for precision in DTYPES:
            variants[f"{engine} {precision}"] = partial(engine_step, size, engine, precision)
    for precision in DTYPES:
        variants[f"convolutions {precision}"] = partial(convolutions, size, precision)
    return variants


def growth(size: int, variant: str) -> float:
    """Bytes per pixel by which two steps raise this process's memory at their peak; Linux."""
    step = steps_of(size)[variant]()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the preparation
    before = resident("VmRSS")
    step()
    step()
    return (resident("VmHWM") - before) / size**2


def resident(line: str) -> int:
    """Bytes that a line of this process's status says."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition(f"{line}:")[2].split()[0]) * 1024


def measured(size: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each variant, round robin after a step that warms up."""
    steps = {name: make() for name, make in steps_of(size).items()}
    for step in steps.values():
        step()
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            began = time.process_time()
            step()
            times[name].append((time.process_time() - began) * 1e3)
    return times


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="with more than one, times are those of all together")
    parser.add_argument("--growth", metavar="VARIANT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.growth:
        print(growth(options.sizes[0], options.growth))
        return
    print(f"{processor_name()}, {options.threads} threads, torch {torch.__version__}\n")
    print("| size | step | median ms | best ms | times as fast as the peer | bytes per pixel |")
    print("|---|---|---|---|---|---|")
    for size in options.sizes:
        times = measured(size, options.rounds)
        peer = statistics.median(times["peer"])
        for name, values in times.items():
            median = statistics.median(values)
            command = [sys.executable, __file__, "--growth", name, "--sizes", str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=RETURNING)
            memory = "" if name.startswith("convolutions") else f"{float(done.stdout):,.0f}"
            print(f"| {size} px | {name} | {median:.0f} | {min(values):.0f} | {peer / median:.2f} | {memory} |")


if __name__ == "__main__":
    main()
