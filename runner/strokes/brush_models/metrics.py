"""The report card of a painter: real strokes against learnt ones, in numbers -> {figure: value}.

A stochastic brush never draws the same stroke twice, so a single drawing is a poor measure: nothing deterministic can
come nearer to it than the brush's own noise. So the card has the error against the mean of many drawings and against
a single one, each beside what is possible. Mean squared error rewards blur; the texture says how much is lost.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import torch

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.mypaint.actions import NAMES, SHAPE, Actions
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.mypaint.samples import Repeats

FAINT = 4 / 255  # opacity below which a pixel counts as paper
INK = 0.05  # mean opacity above which texture is measured
NUDGE = 0.03  # of an action's number, for slopes
LEAST = 1e-9  # mean squared error that counts as none
BATCH = 50  # strokes at once
AGAIN = 8  # noisy strokes of the same action that are compared


def decibels(error: float) -> float:
    """Peak signal to noise ratio of a mean squared error of opacities."""
    return -10 * float(np.log10(max(error, LEAST)))


@torch.no_grad()
def learnt(painter: Painter, actions: Actions, *, scale: float = 1.0) -> F32:
    """(n, side, side) learnt opacities."""
    parts = [
        painter.alphas(torch.from_numpy(actions[i : i + BATCH]).to(painter.device), scale=scale)
        for i in range(0, len(actions), BATCH)
    ]
    found: F32 = torch.cat(parts).cpu().numpy()
    return found


def fidelity(found: F32, repeats: Repeats) -> dict[str, float]:
    """How near learnt strokes come to real ones.

    Args:
        found: (n, side, side) learnt opacities of the repeats' actions.
        repeats: the real ones.

    Returns:
        Decibels against the mean of the repeats, against the brush's true mean (the noise that is left in the mean
        of the repeats is known and taken off), against one drawing, and what is possible there; then the texture
        and the share of blank strokes.
    """
    against_mean = float(np.square(found - repeats.mean).mean())
    figures = {
        "psnr mean": decibels(against_mean),
        "psnr true mean": decibels(against_mean - repeats.noise / repeats.count),
        "psnr single": decibels(float(np.square(found - repeats.single).mean())),
        "psnr possible": decibels(repeats.noise),
        "psnr white paper": decibels(float(np.square(repeats.mean).mean())),
    }
    real = texture(repeats.single, repeats.mean)
    figures["texture learnt"] = texture(found, repeats.mean) / max(real, LEAST)
    figures["texture mean"] = texture(repeats.mean, repeats.mean) / max(real, LEAST)
    figures["blank real"] = blank(repeats.single)
    figures["blank learnt"] = blank(found)
    return figures


@torch.no_grad()
def noisy(painter: Painter, actions: Actions, *, seed: int) -> F32:
    """(n, side, side) learnt opacities with the painter's own noise."""
    random = torch.Generator().manual_seed(seed)
    parts = [
        painter.alphas(torch.from_numpy(actions[begin : begin + BATCH]).to(painter.device), random=random)
        for begin in range(0, len(actions), BATCH)
    ]
    found: F32 = torch.cat(parts).cpu().numpy()
    return found


def liveliness(painter: Painter, repeats: Repeats, *, seed: int) -> dict[str, float]:
    """How well a painter's own noise is the brush's.

    Returns:
        The texture of noisy strokes over that of single real ones, best 1; the mean squared difference between two
        noisy strokes of the same action over that of two real ones, best 1; decibels between the mean of some noisy
        strokes and the mean of real ones.
    """
    drawn = np.stack([noisy(painter, repeats.actions, seed=seed + number) for number in range(AGAIN)])
    mean = drawn.mean(0)
    spread = float(np.square(drawn - mean).mean()) * AGAIN / (AGAIN - 1)
    real = texture(repeats.single, repeats.mean)
    return {
        "texture noisy": texture(drawn[0], repeats.mean) / max(real, LEAST),
        "noise": spread / max(repeats.noise, LEAST) if repeats.noise > LEAST else 0.0,
        "psnr mean of noisy": decibels(float(np.square(mean - repeats.mean).mean())),
    }


def texture(alphas: F32, where: F32) -> float:
    """Root mean square of the Laplacian where there is ink.

    Args:
        alphas: (n, h, w).
        where: (n, h, w) mean opacities that say where.
    """
    inner = alphas[:, 1:-1, 1:-1]
    around = alphas[:, :-2, 1:-1] + alphas[:, 2:, 1:-1] + alphas[:, 1:-1, :-2] + alphas[:, 1:-1, 2:]
    inked = where[:, 1:-1, 1:-1] > INK
    return float(np.sqrt(np.square(4 * inner - around)[inked].mean())) if inked.any() else 0.0


def blank(alphas: F32) -> float:
    """Share of strokes that leave no paint."""
    return float((alphas.max(axis=(1, 2)) < FAINT).mean())


def gradients(
    painter: Painter, program: PaintProgram, actions: Actions, *, repeats: int, seed: int
) -> dict[str, tuple[float, float]]:
    """How the learnt strokes answer to each number of the action, and whether the real ones do the same.

    The slope of the opacity, from the number a little less to a little more, is compared with the slope of the real
    program's mean. (That the painter's own derivative is its slope is tested elsewhere.)

    Returns:
        Name of the number -> (size, agreement): root mean square of the learnt slope over the real one's, and
        the cosine between them, 1 where the gradient points as it should.
    """
    found = {}
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
        slope = (learnt(painter, more) - learnt(painter, less)) / step
        size = float(np.sqrt(np.square(slope).mean() / max(np.square(real).mean(), LEAST)))
        cosine = float((slope * real).sum() / np.sqrt(max(np.square(slope).sum() * np.square(real).sum(), LEAST)))
        found[NAMES[column]] = (size, cosine)
    return found


def speed(painter: Painter, program: PaintProgram | None, actions: Actions) -> dict[str, float]:
    """Strokes per second: learnt, learnt with gradients, real; on this machine, so no two runs say the same."""

    def rate(work: object) -> float:
        began = time.perf_counter()
        work()  # type: ignore[operator]
        return len(actions) / (time.perf_counter() - began)

    def backward() -> None:
        wanted = torch.from_numpy(actions).to(painter.device).requires_grad_()
        painter.alphas(wanted).sum().backward()  # type: ignore[no-untyped-call]

    found = {"learnt": rate(lambda: learnt(painter, actions)), "learnt with gradients": rate(backward)}
    return found | ({} if program is None else {"real": rate(lambda: program.alphas(actions, seed=0))})


def as_text(figures: Mapping[str, float]) -> str:
    """The figures that fit under a picture."""
    found = f"{figures['psnr mean']:.1f} dB to the mean of real strokes"
    if figures["psnr possible"] > decibels(LEAST) - 1:  # a brush without noise
        return f"unseen strokes; {found}"
    return (
        f"unseen strokes; {found}, {figures['psnr single']:.1f} dB to one of them, where no painter can reach more "
        f"than {figures['psnr possible']:.1f} dB for the brush's noise"
    )
