"""The metrics of a painter: real strokes against learnt ones -> {figure: value}.

A stochastic brush never draws the same stroke twice, so nothing deterministic can come nearer to a single drawing than
the brush's own noise. There are errors against the mean of many drawings and against a single one, each beside the best
possible. Mean squared error rewards blur; the texture says how much of it is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.mypaint.actions import NAMES, SHAPE, Actions
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.mypaint.samples import Repeats

MIN_PAINT = 4 / 255  # opacity; a fainter pixel counts as paper
MIN_INK = 0.05  # mean opacity where texture is measured
NUDGE = 0.03  # of an action's number, for finite differences; a smaller one drowns in the program's eight bits
MIN_ERROR = 1e-9  # mean squared error that counts as none: 90 dB
BATCH = 50  # strokes drawn at once, which bounds the memory
DRAWINGS = 8  # noisy strokes of the same action that are compared


def decibels(error: float) -> float:
    """Peak signal to noise ratio of a mean squared error of opacities."""
    return -10 * float(np.log10(max(error, MIN_ERROR)))


@torch.no_grad()
def learnt_alphas(
    painter: Painter, actions: Actions, *, scale: float = 1.0, random: torch.Generator | None = None
) -> F32:
    """(n, side, side) opacities of learnt strokes, steady ones without `random`."""
    parts = [
        painter.alphas(torch.from_numpy(actions[i : i + BATCH]).to(painter.device), scale=scale, random=random)
        for i in range(0, len(actions), BATCH)
    ]
    alphas: F32 = torch.cat(parts).cpu().numpy()
    return alphas


def fidelity(alphas: F32, repeats: Repeats) -> dict[str, float]:
    """How near learnt strokes come to real ones.

    Args:
        alphas: (n, side, side) learnt opacities of the repeats' actions.
        repeats: real strokes of these actions.

    Returns:
        Decibels against the mean of the repeats, against the brush's true mean (the noise that is left in the
        mean of the repeats is subtracted), against one drawing, and the best possible there; then the texture and the
        share of blank strokes.
    """
    against_mean = float(np.square(alphas - repeats.mean).mean())
    figures = {
        "psnr mean": decibels(against_mean),
        "psnr true mean": decibels(against_mean - repeats.noise / repeats.count),
        "psnr single": decibels(float(np.square(alphas - repeats.single).mean())),
        "psnr possible": decibels(repeats.noise),
        "psnr white paper": decibels(float(np.square(repeats.mean).mean())),
    }
    real = texture(repeats.single, repeats.mean)
    figures["texture learnt"] = texture(alphas, repeats.mean) / max(real, MIN_ERROR)
    figures["texture mean"] = texture(repeats.mean, repeats.mean) / max(real, MIN_ERROR)
    figures["blank real"] = blank_share(repeats.single)
    figures["blank learnt"] = blank_share(alphas)
    return figures


def noisy_alphas(painter: Painter, actions: Actions, *, seed: int) -> F32:
    """(n, side, side) opacities of learnt strokes with the painter's own noise."""
    return learnt_alphas(painter, actions, random=torch.Generator().manual_seed(seed))


def liveliness(painter: Painter, repeats: Repeats, *, seed: int) -> dict[str, float]:
    """How alike a painter's noise and the brush's are.

    Returns:
        The texture of noisy strokes over that of single real ones, best 1; the mean squared difference between two
        noisy strokes of the same action over that of two real ones, best 1; decibels between the mean of some noisy
        strokes and the mean of real ones.
    """
    drawn = np.stack([noisy_alphas(painter, repeats.actions, seed=seed + number) for number in range(DRAWINGS)])
    mean = drawn.mean(0)
    spread = float(np.square(drawn - mean).mean()) * DRAWINGS / (DRAWINGS - 1)
    real = texture(repeats.single, repeats.mean)
    return {
        "texture noisy": texture(drawn[0], repeats.mean) / max(real, MIN_ERROR),
        "noise": spread / max(repeats.noise, MIN_ERROR) if repeats.noise > MIN_ERROR else 0.0,
        "psnr mean of noisy": decibels(float(np.square(mean - repeats.mean).mean())),
    }


def texture(alphas: F32, mean: F32) -> float:
    """Root mean square of the Laplacian of opacities (n, h, w) where mean opacities (n, h, w) have ink."""
    inner = alphas[:, 1:-1, 1:-1]
    around = alphas[:, :-2, 1:-1] + alphas[:, 2:, 1:-1] + alphas[:, 1:-1, :-2] + alphas[:, 1:-1, 2:]
    inked = mean[:, 1:-1, 1:-1] > MIN_INK
    return float(np.sqrt(np.square(4 * inner - around)[inked].mean())) if inked.any() else 0.0


def blank_share(alphas: F32) -> float:
    """Share of strokes that leave no paint."""
    return float((alphas.max(axis=(1, 2)) < MIN_PAINT).mean())


def gradient_agreement(
    painter: Painter, program: PaintProgram, actions: Actions, *, repeats: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Whether learnt strokes respond to each number of an action as real ones do.

    The finite difference of the opacity is compared with that of the real program's mean. (That the painter's
    derivative is the limit of its differences is tested.)

    Returns:
        Name of the number -> (size, agreement): root mean square of the learnt difference over that of the real one,
        and the cosine between the two, 1 where the gradient points the right way.
    """
    responses = {}
    for column in SHAPE:
        less, more = actions.copy(), actions.copy()
        less[:, column] = (actions[:, column] - NUDGE).clip(0, 1)
        more[:, column] = (actions[:, column] + NUDGE).clip(0, 1)
        step = (more[:, column] - less[:, column])[:, None, None]
        real = np.mean(
            [
                program.alphas(more, seed=seed + k).astype(np.float32) - program.alphas(less, seed=seed + k)
                for k in range(repeats)
            ],
            axis=0,
        ) / (255 * step)
        slope = (learnt_alphas(painter, more) - learnt_alphas(painter, less)) / step
        size = float(np.sqrt(np.square(slope).mean() / max(np.square(real).mean(), MIN_ERROR)))
        cosine = float((slope * real).sum() / np.sqrt(max(np.square(slope).sum() * np.square(real).sum(), MIN_ERROR)))
        responses[NAMES[column]] = (size, cosine)
    return responses


def strokes_per_second(painter: Painter, program: PaintProgram | None, actions: Actions) -> dict[str, float]:
    """Strokes per second on this machine: learnt, learnt with gradients, real; measured, so never the same twice."""

    def rate(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return len(actions) / (time.perf_counter() - began)

    def backward() -> None:
        wanted = torch.from_numpy(actions).to(painter.device).requires_grad_()
        painter.alphas(wanted).sum().backward()  # type: ignore[no-untyped-call]

    rates = {"learnt": rate(lambda: learnt_alphas(painter, actions)), "learnt with gradients": rate(backward)}
    return rates | ({} if program is None else {"real": rate(lambda: program.alphas(actions, seed=0))})


def summary(figures: Mapping[str, float]) -> str:
    """The figures that fit under a picture."""
    text = f"{figures['psnr mean']:.1f} dB to the mean of real strokes"
    if figures["psnr possible"] > decibels(MIN_ERROR) - 1:  # a brush without noise
        return f"unseen strokes; {text}"
    return (
        f"unseen strokes; {text}, {figures['psnr single']:.1f} dB to one of them, where the brush's noise limits any "
        f"painter to {figures['psnr possible']:.1f} dB"
    )
