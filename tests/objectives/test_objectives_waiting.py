"""A GPU computes ahead of Python: so a step may read few numbers back, and bring none that Python has made."""

from collections import Counter
from fractions import Fraction

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from orbifolio.runner.objectives.base import Preparation
from orbifolio.runner.objectives.engine_choice import choose_engine
from orbifolio.runner.objectives.smoothness import Range, Smoothness
from orbifolio.runner.objectives.style import Style
from orbifolio.runner.optimisers.lbfgs import Lbfgs
from orbifolio.runner.vision.base import Shear
from orbifolio.runner.vision.untrained import Untrained

READS = {"_local_scalar_dense.default", "equal.default"}
MADE = {"lift_fresh.default", "lift.default"}  # of torch.tensor and of lists as indices


class DeviceTraffic(TorchDispatchMode):
    """Counts what would make a device wait for Python, or Python for a device."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.seen = Counter()
        listed = torch.Tensor.tolist
        monkeypatch.setattr(torch.Tensor, "tolist", lambda tensor: self.seen.update(["reads"]) or listed(tensor))

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name = str(function).removeprefix("aten.")
        self.seen.update(["reads"] * (name in READS) + ["made"] * (name in MADE))
        return function(*arguments, **(options or {}))


def engine(shear=None):
    picture = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(1))
    encoder = Untrained().build()
    preparation = Preparation(encoder, 64, 64, lambda source: picture, lambda source: picture)
    objectives = [settings.build(preparation) for settings in (Style(images=("a",)), Smoothness(), Range())]
    return choose_engine(encoder, objectives, wrap=(True, True), shear=shear)


@pytest.mark.parametrize("shear", [None, Shear(Fraction(1, 2))], ids=["a tile", "half a tile"])
def test_an_evaluation_waits_once_and_brings_nothing(shear, monkeypatch):
    chosen, artwork = engine(shear), torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(2))
    chosen.evaluate(artwork, None)
    with DeviceTraffic(monkeypatch) as traffic:
        chosen.evaluate(artwork, None)
    assert traffic.seen == {"reads": 1}


def test_a_step_of_lbfgs_reads_three_numbers_beside_its_evaluations(monkeypatch):
    chosen = engine()
    canvas = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(2)).requires_grad_(True)

    def evaluate():
        evaluation = chosen.evaluate(canvas, None)
        canvas.grad = evaluation.gradient
        return evaluation.loss

    optimiser = Lbfgs().build([canvas])
    optimiser.step(evaluate)
    with DeviceTraffic(monkeypatch) as traffic:
        step = optimiser.step(evaluate)
    assert traffic.seen == {"reads": 2 + 2 * step.metrics["evaluations"]}
