"""The input pictures of a run: loaded once, prepared as the recipe says, and copied beside the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.images.fetching import without_secrets
from orbifolio.runner.images.mask import is_mask, on_black
from orbifolio.runner.images.preparation import StylePreparation
from orbifolio.runner.images.reading import Picture
from orbifolio.runner.images.sources import Images
from orbifolio.runner.images.writing import write_webp
from orbifolio.runner.recipe.model import Recipe
from orbifolio.runner.renderers.base import RenderContext

if TYPE_CHECKING:
    from torch import Tensor

MAX_SHOWN_SIDE = 1280  # pixels along the longer side of an input picture in the report: it is there to be recognised


class InputPictures:
    """Loads pictures by source, each once."""

    def __init__(self, images: Images, preparation: StylePreparation) -> None:
        self._images = images
        self._preparation = preparation
        self._warn: Callable[[str], None] = lambda message: None
        self._plain: dict[str, Tensor] = {}
        self._masks: dict[str, Tensor] = {}
        self._prepared: dict[str, Tensor] = {}

    def plain(self, source: str) -> Tensor:
        """(1, 3, h, w) float32 sRGB in [0, 1].

        Raises:
            ImageError: it cannot be read.
        """
        if source not in self._plain:
            self._plain[source] = _tensor(self._load(source).pixels)
        return self._plain[source]

    def mask(self, source: str) -> Tensor:
        """(1, 3, h, w) float32 in [0, 1] of a mask: what is clear is black.

        Raises:
            ImageError: it cannot be read.
        """
        if source not in self._masks:
            self._masks[source] = _tensor(on_black(self._load(source)))
        return self._masks[source]

    def _load(self, source: str) -> Picture:
        """A picture; how one was read that comes from the network is told now, of others it was with the recipe."""
        new = source not in self._images
        picture = self._images.load(source)
        for note in picture.notes if new else ():
            self._warn(f"{picture.source} {note}")
        return picture

    def pixels(self, source: str) -> F32:
        """(h, w, 3) float32 sRGB in [0, 1].

        Raises:
            ImageError: it cannot be read.
        """
        return self._load(source).pixels

    def prepared(self, source: str) -> Tensor:
        """The same, prepared as the recipe's `style_preparation` says."""
        if source not in self._prepared:
            preparation = self._preparation
            named = preparation.pictures().get("palette.from")
            palette = None if named is None else self.pixels(named)
            pixels = preparation.apply(self._load(source).pixels, palette=palette)
            self._prepared[source] = _tensor(pixels)
        return self._prepared[source]

    def context(
        self, seed: int, device: str, warn: Callable[[str], None], title: str = "", *, fast_bf16: bool | None = None
    ) -> RenderContext:
        """A render context whose pictures are loaded here."""
        self._warn = warn
        return RenderContext(
            seed,
            device,
            picture=self.prepared,
            plain_picture=self.plain,
            plain_pixels=self.pixels,
            mask=self.mask,
            warn=warn,
            title=title,
            fast_bf16=fast_bf16,
        )

    def digests(self, recipe: Recipe) -> dict[str, str]:
        """SHA-256 of every input's file, by the name the report gives it."""
        return {name: self._images.load(source).sha256 for name, _, source in named_inputs(recipe.pictures())}

    def write(self, folder: Path, recipe: Recipe) -> list[dict[str, Any]]:
        """Write all inputs below `inputs/` and return the `inputs` block of `run.json`.

        Only the pictures' own names are recorded, never a folder of this machine.
        """
        block = []
        for name, path, source in named_inputs(recipe.pictures()):
            role = name.partition(" ")[0]
            stem = f"inputs/{name.replace(' ', '-')}"
            plain = on_black(self._load(source)) if is_mask(path) else self.pixels(source)
            _write(folder / f"{stem}.webp", plain)
            prepared = f"{stem}.webp"
            if role == "style":
                prepared = f"{stem}-prepared.webp"
                _write(folder / prepared, self.prepared(source)[0].permute(1, 2, 0).numpy())
            block.append(
                {
                    "name": name,
                    "source": shown_source(source),
                    "original": f"{stem}.webp",
                    "prepared": prepared,
                    "width": plain.shape[1],
                    "height": plain.shape[0],
                    "weight": _weight(recipe, path),
                    "sha256": self._images.load(source).sha256,
                }
            )
        return block


def write_stages(folder: Path, stages: Mapping[str, F32]) -> list[dict[str, Any]]:
    """Write the pictures between the input and the start below `stages/`: the `stages` block of `run.json`.

    Args:
        stages: (height, width, 3) in [0, 1] by name, first to last.
    """
    block = []
    for number, (name, pixels) in enumerate(stages.items(), start=1):
        path = f"stages/{number}-{name.replace(' ', '-')}.webp"
        _write(folder / path, pixels)
        block.append({"name": name, "path": path, "width": pixels.shape[1], "height": pixels.shape[0]})
    return block


def named_inputs(pictures: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(name, path, source) of every input: `style 1`, `style 2`, `content 1`, ..., from sources by their paths."""
    counts: dict[str, int] = {}
    named = []
    for path, source in pictures.items():
        role = _role(path)
        counts[role] = counts.get(role, 0) + 1
        named.append((f"{role} {counts[role]}", path, source))
    return named


def shown_source(source: str) -> str:
    """A source as a report may show it: a file's name without its folders."""
    if "://" in source:
        return without_secrets(source)
    return source if source.startswith(("skimage:", "orbifolio:")) else Path(source).name


def _weight(recipe: Recipe, path: str) -> float:
    """The weight of the style image at a path of the recipe, 1 for anything else."""
    value: Any = recipe
    for part in path.split("."):
        value = value[int(part)] if part.isdecimal() and isinstance(value, tuple) else getattr(value, part, None)
    return float(getattr(value, "weight", 1.0))


def _role(path: str) -> str:
    """What a picture is for: `renderer.objectives.0.images.1` -> style, `renderer.x.mask` -> mask,
    `renderer.canvas.init.image` -> initial, `renderer.paint.0` -> target, `finish.x` -> colours.
    """
    part, _, path = path.partition(".")
    if part != "renderer":
        return "colours"
    path = path.removeprefix("base.")
    if is_mask(path):
        return "mask"
    if ".images." in f".{path}":
        return "style"
    if path.startswith("paint."):
        return "target"
    return "initial" if path.startswith("canvas") or path == "start" else "content"


def _tensor(pixels: F32) -> Tensor:
    """(1, 3, h, w) of (h, w, 3)."""
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


def _write(path: Path, pixels: F32) -> None:
    height, width = pixels.shape[:2]
    factor = min(1.0, MAX_SHOWN_SIDE / max(height, width))
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        channels = [Image.fromarray(channel) for channel in np.moveaxis(pixels, 2, 0)]
        smaller = [np.asarray(channel.resize(size, Image.Resampling.BICUBIC)) for channel in channels]
        pixels = np.stack(smaller, axis=2).clip(0, 1)
    write_webp(path, pixels, effort=2)  # nothing is seen before it is there
