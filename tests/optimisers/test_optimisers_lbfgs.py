"""L-BFGS against scipy on functions with known minima; resuming; bad landscapes."""

import io
import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize, rosen, rosen_der

from orbifolio.runner.optimisers import OPTIMISERS
from orbifolio.runner.optimisers.adam import Adam
from orbifolio.runner.optimisers.lbfgs import Lbfgs


def rosenbrock(parameter: torch.Tensor):
    def evaluate() -> float:
        point = parameter.detach().double().numpy().ravel()
        parameter.grad = torch.tensor(rosen_der(point), dtype=parameter.dtype).view_as(parameter)
        return float(rosen(point))

    return evaluate


def test_finds_the_minimum_of_rosenbrock_with_about_as_many_evaluations_as_scipy():
    start = np.linspace(-1, 1, 10)
    parameter = torch.tensor(start, requires_grad=True)
    optimiser = Lbfgs().build([parameter])
    evaluations = 0.0
    for _ in range(200):
        step = optimiser.step(rosenbrock(parameter))
        evaluations += step.metrics["evaluations"]
        if step.loss < 1e-12:
            break
    oracle = minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", options={"maxcor": 20, "ftol": 1e-14})
    assert step.loss < 1e-12
    assert torch.allclose(parameter.detach(), torch.ones(10, dtype=torch.float64), atol=1e-5)
    assert evaluations < 2 * oracle.nfev


def test_one_evaluation_a_step_on_a_quadratic():
    torch_random = torch.Generator().manual_seed(1)
    half = torch.randn((20, 20), generator=torch_random, dtype=torch.float64)
    matrix = half @ half.T + torch.eye(20, dtype=torch.float64)
    parameter = torch.ones(20, dtype=torch.float64, requires_grad=True)

    def evaluate() -> float:
        parameter.grad = matrix @ parameter.detach()
        return float(parameter.detach() @ parameter.grad / 2)

    optimiser = Lbfgs().build([parameter])
    counts, losses = [], []
    for _ in range(60):
        step = optimiser.step(evaluate)
        counts.append(step.metrics["evaluations"])
        losses.append(step.loss)
    assert losses[-1] < 1e-8 * losses[0]
    assert all(later <= earlier for earlier, later in zip(losses, losses[1:], strict=False))
    assert np.mean(counts) < 1.5


@pytest.mark.parametrize("settings", [kind() for kind in OPTIMISERS], ids=lambda s: s.kind)
def test_resuming_equals_never_stopping(settings):
    def walk(pause: bool) -> torch.Tensor:
        parameters = [torch.tensor([-1.2, 1.0, 0.5, 2.0], requires_grad=True)]
        optimiser = settings.build(parameters)
        for number in range(12):
            if pause and number == 6:
                file = io.BytesIO()
                torch.save({"p": parameters[0].detach(), "o": optimiser.state_dict()}, file)
                file.seek(0)
                saved = torch.load(file, weights_only=True)
                parameters = [saved["p"].clone().requires_grad_(True)]
                optimiser = settings.build(parameters)
                optimiser.load_state_dict(saved["o"])
            optimiser.step(rosenbrock(parameters[0]))
        return parameters[0].detach()

    assert torch.equal(walk(False), walk(True))


@pytest.mark.parametrize("settings", [Lbfgs(), Adam()], ids=lambda s: s.kind)
def test_a_loss_that_is_not_finite_is_an_error_not_a_step(settings):
    parameter = torch.ones(3, requires_grad=True)

    def evaluate() -> float:
        parameter.grad = torch.full((3,), math.nan)
        return math.nan

    with pytest.raises(FloatingPointError):
        settings.build([parameter]).step(evaluate)
    assert torch.equal(parameter.detach(), torch.ones(3))


def test_a_cliff_is_backed_away_from():
    # log(x) has no value left of 0; the first step lands there.
    parameter = torch.tensor([0.015], dtype=torch.float64, requires_grad=True)

    def evaluate() -> float:
        x = parameter.detach()
        parameter.grad = 1 - 0.01 / x
        return float(x - 0.01 * torch.log(x))

    optimiser = Lbfgs(first_step=0.5).build([parameter])
    for _ in range(30):
        step = optimiser.step(evaluate)
    assert float(parameter.detach()) == pytest.approx(0.01, abs=1e-5)
    assert math.isfinite(step.loss)


def test_a_zero_gradient_moves_nothing():
    parameter = torch.ones(3, requires_grad=True)

    def evaluate() -> float:
        parameter.grad = torch.zeros(3)
        return 2.0

    assert Lbfgs().build([parameter]).step(evaluate).loss == 2.0
    assert torch.equal(parameter.detach(), torch.ones(3))


def test_a_landscape_without_any_finite_step_is_an_error_and_moves_nothing():
    parameter = torch.ones(3, requires_grad=True)
    values = iter([1.0])

    def evaluate() -> float:
        parameter.grad = torch.ones(3)
        return next(values, math.nan)

    with pytest.raises(FloatingPointError):
        Lbfgs().build([parameter]).step(evaluate)
    assert torch.equal(parameter.detach(), torch.ones(3))
