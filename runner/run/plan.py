"""What a run will need, before it is run: sizes, numbers optimised, memory, time, downloads.

Memory is counted from the network's layers, the picture's tables and the optimiser's history, beside measured figures
for the rest; `benchmarks/memory.py` compares it with what runs take. Time is an estimate from measured figures: one
evaluation costs three times the network's forward arithmetic (forward, and backward to the picture only). Other
networks, and strokes, are estimated relative to VGG16 to its fourth block; renderers that optimise no pixels estimate
their own time. On a quiet machine the shipped recipes take between half and twice as long as this says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orbifolio.runner.devices import choose_device, describe_device, memory_of
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.finish import Finish
from orbifolio.runner.images.writing import check_size
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.renderers.base import BASE_MEMORY, Phase, Renderer
from orbifolio.runner.run.input_images import InputPictures
from orbifolio.runner.run.listeners import clock

# Seconds per pixel and step, measured for the default objective of VGG16 to conv4_1 at 384 x 448 px: two
# cores with AMX in bf16, the same two cores in fp32, a data-centre GPU (paper estimate).
SECONDS_PER_PIXEL = {("cpu", "bf16"): 2.4e-6, ("cpu", "fp32"): 6.8e-6, ("cuda", "bf16"): 6e-9, ("cuda", "fp32"): 1.5e-8}
SECONDS_PER_STEP = {"cpu": 0.03, "cuda": 0.01}  # whatever its size
SECONDS_PER_TABLE_BYTE = {"cpu": 1e-8, "cuda": 3e-11}  # gathering a picture from its tables, and the way back
SECONDS_PER_ENLARGED_PIXEL = {"cpu": 3e-6, "cuda": 1e-6}  # network, average and the larger files
BYTES_PER_ENLARGED_PIXEL = 60.0  # the picture twice, and its file while it is written
SECONDS_TO_BEGIN = 10.0  # loading the program and the network, preparing pictures, writing the report


@dataclass(frozen=True)
class Plan:
    """What a run will need.

    Attributes:
        symmetry: its title, "" for none.
        notes: of the symmetry, such as colours that others force.
        phases: with sizes as rounded for symmetry and network.
        finished: (width, height) of the finished picture.
        memory_bytes: at its peak.
        refusal: why this machine cannot make it, "" if it can.
        time_text: `seconds` for a reader.
        device: device and precision that the estimate is for.
        downloads: (name, bytes, present) for each network's weights.
    """

    symmetry: str
    notes: tuple[str, ...]
    phases: tuple[Phase, ...]
    finished: tuple[int, int]
    memory_bytes: float
    refusal: str
    seconds: float
    time_text: str
    device: str
    downloads: tuple[tuple[str, int, bool], ...]


def make_plan(loaded: LoadedRecipe, device: str = "auto") -> Plan:
    """The plan of a valid recipe; loads no network.

    Raises:
        ImageError: an input picture cannot be read.
        InputError: the finished picture would be too large, or its size alone fills the memory.
    """
    chosen = choose_device(device)
    settings = loaded.recipe.renderer
    inputs = InputPictures(loaded.images, loaded.recipe.style_preparation)
    renderer = settings.build(inputs.context(loaded.recipe.seed, chosen, lambda message: None))
    refuse_too_large(renderer, chosen)
    phases = renderer.forecast()
    finish = loaded.recipe.finish
    finished = finish.size(phases[-1].width, phases[-1].height)
    check_size(finished, what_makes(finish))
    enlarged = 0 if finish.enlarge is None else finished[0] * finished[1]
    precision = settings.arithmetic(chosen)
    kind = chosen.partition(":")[0]
    seconds = SECONDS_TO_BEGIN + sum(_seconds(phase, kind, precision) for phase in phases)
    seconds += enlarged * SECONDS_PER_ENLARGED_PIXEL[kind]
    memory = max(memory_needed(phases, precision), BASE_MEMORY + enlarged * BYTES_PER_ENLARGED_PIXEL)
    summary = renderer.symmetry_summary(None)
    return Plan(
        symmetry=str(summary["title"]) if summary else "",
        notes=tuple(summary["notes"]) if summary else (),
        phases=phases,
        finished=finished,
        memory_bytes=memory,
        refusal=too_large(memory, chosen),
        seconds=seconds,
        time_text=clock(seconds),
        device=f"{describe_device(chosen)}, {precision}",
        downloads=loaded.weights_needed(),
    )


def refuse_too_large(renderer: Renderer, device: str) -> None:
    """Refuse a picture whose size alone fills a device, before anything of that size is made.

    Raises:
        InputError: it needs more memory than there is.
    """
    if reason := too_large(BASE_MEMORY + renderer.least_memory(), device):
        raise InputError(reason)


def what_makes(finish: Finish) -> str:
    """What asks for the finished picture's size, for `check_size`."""
    return "the last phase" if finish.enlarge is None else f"finish.enlarge: {finish.enlarge}"


def memory_needed(phases: Sequence[Phase], precision: str) -> float:
    """Bytes that a run takes at its peak, about.

    Args:
        phases: of the run.
        precision: `bf16` or `fp32`, of its network.
    """
    return BASE_MEMORY + max(phase.peak(precision) for phase in phases)


def too_large(memory_bytes: float, device: str) -> str:
    """Why a run cannot be made on a device of this machine, "" if it can.

    Args:
        memory_bytes: that the run takes at its peak, about.
        device: as `choose_device` returns it.
    """
    there, whose = memory_of(device)
    if memory_bytes <= there:
        return ""
    return (
        f"the run needs about {gigabytes(memory_bytes)} of memory, and {whose} has {gigabytes(there)}; make the last "
        "phase or size smaller, or run it on a larger machine"
    )


def gigabytes(count: float) -> str:
    """Bytes for a reader.

    >>> gigabytes(2.34e9), gigabytes(429.6e9)
    ('2.3 GB', '430 GB')
    """
    return f"{count / 1e9:.1f} GB" if count < 1e11 else f"{count / 1e9:,.0f} GB"


def in_words(seconds: float) -> str:
    """An estimated time, as roughly as it is known.

    >>> in_words(20), in_words(100), in_words(3000), in_words(9000), in_words(200_000)
    ('less than half a minute', 'about 2 minutes', 'about 50 minutes', 'about 2.5 hours', 'about 2 days')
    """
    if seconds < 30:
        return "less than half a minute"
    if seconds < 90:
        return "about a minute"
    if seconds < 5400:
        minutes = round(seconds / 60)
        return f"about {minutes if minutes < 20 else round(minutes, -1)} minutes"
    if seconds < 129_600:
        return f"about {round(seconds / 1800) / 2:g} hours"
    return f"about {round(seconds / 86_400)} days"


def _seconds(phase: Phase, kind: str, precision: str) -> float:
    """A phase's estimated time."""
    if phase.seconds is not None:
        return phase.seconds
    pixels = 1.1 * phase.pixels_seen * phase.work * SECONDS_PER_PIXEL[kind, precision]
    return phase.steps * (SECONDS_PER_STEP[kind] + pixels + phase.table_bytes * SECONDS_PER_TABLE_BYTE[kind])
