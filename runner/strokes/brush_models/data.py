"""Sources of the strokes that a painter learns from: drawn on demand by the real program, or read from shards.

settings.gather(brush, seed=..., unseen=..., repeats=...) -> BrushDataset(samples, repeats, program)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import FileName, file_of
from orbifolio.runner.settings import Settings, family
from orbifolio.runner.strokes.mypaint.actions import draw_actions
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile, find_brush
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.mypaint.samples import Repeats, Samples, draw_repeats, draw_samples
from orbifolio.runner.strokes.mypaint.shards import read_shards


@dataclass(frozen=True)
class BrushDataset:
    """What a painter learns from and what it is judged by.

    Attributes:
        repeats: unseen strokes to judge by, drawn many times where the program is installed.
        program: the brush itself, or None.
        brush: its file, or None.
    """

    samples: Samples
    repeats: Repeats
    program: PaintProgram | None
    brush: BrushFile | None


class StrokeDataSettings(Settings):
    """The base of every source of strokes.

    Attributes:
        repeated: each stroke to judge by is drawn more than once, so there is a mean.
    """

    repeated: ClassVar[bool] = False

    def gather(self, brush: str, *, seed: int, unseen: int, repeats: int) -> BrushDataset:
        """Draw or read the strokes.

        Args:
            seed: of actions and of the brush's noise.
            unseen: how many actions to judge by.
            repeats: how often each of them is drawn.

        Raises:
            MissingProgram: strokes must be drawn, and the paint program is not installed.
            InputError: there is no such brush or shard, or the brush does not paint.
        """
        raise NotImplementedError(type(self).__name__)

    def complaints(self) -> list[tuple[str, str]]:
        """Faults that show before the run, as (path, message)."""
        return []


class Drawn(StrokeDataSettings):
    """Strokes drawn on demand by the real paint program, over a thousand per second; no data set is needed."""

    kind: Literal["drawn"] = "drawn"
    strokes: int = Field(default=6144, ge=1, le=1_000_000)
    """How many strokes, with uniform random actions; each takes 4 KB of memory."""
    repeated: ClassVar[bool] = True
    cites: ClassVar[tuple[str, ...]] = ("nakano2019",)

    def gather(self, brush: str, *, seed: int, unseen: int, repeats: int) -> BrushDataset:
        """Draw samples and repeats; see the base class."""
        file = require_paint(find_brush(brush))
        program = PaintProgram(file)
        samples = draw_samples(program, self.strokes, seed=seed)
        actions = draw_actions(unseen, np.random.default_rng([seed, 1]))
        return BrushDataset(samples, draw_repeats(program, actions, repeats, seed=seed + 1), program, file)


class Shards(StrokeDataSettings):
    """Strokes from files in the format of the paper's published set; needs no paint program."""

    kind: Literal["shards"] = "shards"
    files: Annotated[tuple[FileName, ...], Field(min_length=1, max_length=256)]
    """Paths of `.npz` files with `actions` and `strokes`; all but the `unseen` last strokes are learnt from."""
    cites: ClassVar[tuple[str, ...]] = ("nakano2019",)

    def gather(self, brush: str, *, seed: int, unseen: int, repeats: int) -> BrushDataset:
        """Read the shards; the last strokes, each drawn once only, are set aside to judge by."""
        samples = read_shards([file_of(name) for name in self.files])
        if len(samples) < 2 * unseen:
            raise InputError(
                f"{self.files[0]}: {len(samples)} strokes; {unseen} are set aside to judge by, and at least as many "
                "are needed to learn from; give more shards or lower renderer.unseen"
            )
        alphas = samples.alphas[-unseen:].astype(np.float32) / np.float32(255)
        single = Repeats(samples.actions[-unseen:], alphas, alphas, 0.0, 1)
        return BrushDataset(Samples(samples.actions[:-unseen], samples.alphas[:-unseen]), single, None, None)

    def complaints(self) -> list[tuple[str, str]]:
        """Missing files."""
        return [
            (f"files.{number}", f"{name}: no such file; a shard is an .npz file with `actions` and `strokes`")
            for number, name in enumerate(self.files)
            if not file_of(name).is_file()
        ]


DATA = (Drawn, Shards)
AnyData = family(*DATA)
