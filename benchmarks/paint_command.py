"""How long `orbifolio paint PHOTO` takes to its first sight, its picture and its last file.

    PYTHONPATH=. python benchmarks/paint_command.py PHOTO [--look oil] [--size 1600] [--runs 2]

Prints a Markdown table: seconds since the command began, by the clock and of the processor. The first run may compile,
so look at the last one; on a machine with other work only the processor's count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

STAGES = {
    "run-started": "begun: all imported, the picture read",
    "frame-saved": "first sight",
    "picture-finished": "the picture",
    "run-finished": "all files",
}
"""The first event of each kind."""
POLL_SECONDS = 0.01


def processor_seconds(process: int) -> float:
    """That a process of Linux has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def stages(command: list[str], gallery: Path) -> Iterator[tuple[str, float, float]]:
    """(stage, seconds by the clock, seconds of the processor) of a run of the command."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    waiting = dict(STAGES)
    while waiting and process.poll() is None:
        time.sleep(POLL_SECONDS)
        for log in gallery.glob("*/*/events.jsonl"):
            kinds = {
                json.loads(line)["event"] for line in log.read_text().splitlines(keepends=True) if line[-1] == "\n"
            }
            for kind in [kind for kind in waiting if kind in kinds]:
                yield waiting.pop(kind), time.monotonic() - begun, processor_seconds(process.pid)
    if process.wait():
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Stages of `orbifolio paint`.")
    parser.add_argument("photo", type=Path)
    parser.add_argument("--look", default="oil")
    parser.add_argument("--size", type=int, default=1600)
    parser.add_argument("--runs", type=int, default=2)
    chosen = parser.parse_args()
    print("| run | stage | seconds | processor seconds |\n|---|---|---|---|")
    for number in range(chosen.runs):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "orbifolio", "paint", str(chosen.photo), "--look", chosen.look]
            command += ["--size", str(chosen.size), "--out", folder]
            for stage, seconds, of_processor in stages(command, Path(folder)):
                print(f"| {number + 1} | {stage} | {seconds:.1f} | {of_processor:.1f} |", flush=True)


if __name__ == "__main__":
    main()
