"""What a run will need, before it is run: sizes, numbers optimised, memory, time, downloads.

Memory and time are estimates from measured figures: stored features take about 0.84 GB for each megapixel
in bf16 and 1.6 GB in fp32 for VGG to its fourth block; one evaluation costs three times the network's
forward arithmetic (forward, and backward to the picture only).
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.devices import choose_device, describe_device
from runner.listeners import clock
from runner.recipe.model import LoadedRecipe
from runner.renderers.base import Phase
from runner.studio import InputPictures

BASE_MEMORY = 0.6e9  # bytes: the program, torch, weights
MEMORY_PER_PIXEL = {"bf16": 840.0, "fp32": 1600.0}  # bytes
# Seconds per pixel and step, measured for the default objective of VGG16 to conv4_1 at 384 x 448 px: two
# cores with AMX in bf16, the same two cores in fp32, a data-centre GPU (paper estimate).
SECONDS_PER_PIXEL = {("cpu", "bf16"): 2.4e-6, ("cpu", "fp32"): 6.8e-6, ("cuda", "bf16"): 6e-9, ("cuda", "fp32"): 1.5e-8}


@dataclass(frozen=True)
class Plan:
    """What a run will need.

    Attributes:
        symmetry: its title, "" where there is none.
        notes: what the symmetry decided.
        phases: all phases with their true sizes.
        memory_bytes: estimated peak.
        time_text: estimated duration, for a reader.
        device: what the estimate is for.
        downloads: (name, bytes, present) for each file of weights.
    """

    symmetry: str
    notes: tuple[str, ...]
    phases: tuple[Phase, ...]
    memory_bytes: float
    time_text: str
    device: str
    downloads: tuple[tuple[str, int, bool], ...]


def make_plan(loaded: LoadedRecipe, device: str = "auto") -> Plan:
    """The plan of a valid recipe; loads no network.

    Raises:
        ImageError: an input picture cannot be read.
    """
    chosen = choose_device(device)
    settings = loaded.recipe.renderer
    inputs = InputPictures(loaded.images, loaded.recipe.style_preparation)
    renderer = settings.build(inputs.studio(loaded.recipe.seed, chosen, lambda message: None))
    phases = renderer.phases()
    precision = settings.arithmetic(chosen)
    kind = chosen.partition(":")[0]
    largest = max(_seen(phase) * MEMORY_PER_PIXEL[precision] + phase.table_bytes for phase in phases)
    pixels = sum(_seen(phase) * phase.steps for phase in phases)
    summary = renderer.symmetry_summary(None)
    return Plan(
        symmetry=str(summary["title"]) if summary else "",
        notes=tuple(summary["notes"]) if summary else (),
        phases=phases,
        memory_bytes=BASE_MEMORY + largest,
        time_text=clock(pixels * SECONDS_PER_PIXEL[kind, precision] * 1.1 + 10),
        device=f"{describe_device(chosen)}, {precision}",
        downloads=loaded.weights_needed(),
    )


def _seen(phase: Phase) -> int:
    """Pixels that the network looks at in a step."""
    return phase.seen or phase.width * phase.height
