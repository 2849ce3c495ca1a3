"""A preview before anything is computed: (recipe) -> a small WebP of what its symmetry does to noise.

A recipe that starts from a picture or a figure shows that through the symmetry instead; one whose renderer prepares its
picture in steps (tone, threshold) shows the result of the last, and one that is quick enough shows its picture, small.
No network is loaded.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import torch
from PIL import Image

from orbifolio.runner.arrays import F32
from orbifolio.runner.canvas.initial import InitialContext, InitialState, Plasma, initialise
from orbifolio.runner.recipe.model import LoadedRecipe, Recipe
from orbifolio.runner.renderers.base import traits_of
from orbifolio.runner.run.input_images import InputPictures

WIDTH = 288  # pixels, as `templates/serve/editor.html` shows it
MANY_CELLS = 4  # from which the picture itself shows how it repeats, and is not laid side by side
EASEL_WIDTH = 576  # pixels, of a look on the painting page: as wide as a painting of a second and a half is


def preview(loaded: LoadedRecipe, width: int = WIDTH) -> tuple[bytes, str] | None:
    """The preview and what it shows, or None where there is nothing to show.

    Args:
        loaded: the recipe.
        width: in pixels, of what is quick enough to be shown as it will be; else it is `WIDTH`.

    Raises:
        OrbifolioError: a picture cannot be read.
    """
    inputs = InputPictures(loaded.images, loaded.recipe.style_preparation)
    settings: Any = loaded.recipe.renderer
    settings = getattr(settings, "base", settings)  # what a survey varies
    if hasattr(settings, "symmetry_for") and hasattr(settings, "canvas"):
        pixels, words = _through_symmetry(settings, inputs, loaded.recipe)
    else:
        context = inputs.context(loaded.recipe.seed, "cpu", lambda message: None)
        sketch = settings.sketch(context, width)
        if sketch is not None:
            return _webp(_on_ground(sketch, loaded.recipe)), "What it will look like, small"
        stages = settings.build(context).stages()
        if not stages:
            return None
        words, pixels = list(stages.items())[-1]
    return _webp(pixels), words


def _on_ground(pixels: F32, recipe: Recipe) -> F32:
    """A picture of the whole artwork on the recipe's ground."""
    symmetry = recipe.renderer.kept_symmetry(pixels.shape[1] / pixels.shape[0])
    return pixels if symmetry is None else recipe.finish.on_ground(pixels, traits_of(symmetry, 1.0))


def _through_symmetry(settings: Any, inputs: InputPictures, recipe: Recipe) -> tuple[F32, str]:
    def aspect_of(source: str) -> float:
        picture = inputs.plain(source)
        return float(picture.shape[-1] / picture.shape[-2])

    symmetry, ratio = settings.symmetry_for(aspect_of)
    tiled = symmetry.tiles and all(symmetry.wrap) and symmetry.cells < MANY_CELLS
    width, height = symmetry.fit(WIDTH // 2 if tiled else WIDTH, multiple=1, ratio=ratio)
    layout = symmetry.layout(width, height)
    initial: InitialState = settings.canvas.shown_first
    pictured = initial.depicts()
    start = initial if pictured else Plasma(roughness=0.62)
    random = torch.Generator().manual_seed(recipe.seed)
    values = initialise(start, InitialContext(layout, random, inputs.plain, symmetry, recipe.seed, inputs.mask))
    with torch.no_grad():
        artwork = layout.render(values if pictured else _livelier(values, layout))
    shown = artwork[0].clamp(0, 1).permute(1, 2, 0).numpy()
    words = initial.previewed if pictured and symmetry.group else "Where it begins"
    if not pictured:
        words = "What the symmetry does to noise" if symmetry.group else "It begins with noise"
    return (np.tile(shown, (2, 2, 1)) if tiled else recipe.finish.on_ground(shown, traits_of(symmetry, 1.0))), words


def _livelier(values: torch.Tensor, layout: Any) -> torch.Tensor:
    """Noise with more colour, so that exchanged channels are easy to see; as symmetric as before."""
    spread = values.std().clamp_min(1e-3)
    noise: torch.Tensor = layout.constrain((values / spread * 0.22).clamp(-0.5, 0.5))
    return noise


def _webp(pixels: F32) -> bytes:
    image = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    image.thumbnail((2 * WIDTH, 2 * WIDTH))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=88)
    return buffer.getvalue()
