"""How an agent learns: targets -> rollouts -> loss of paintings and of examples, against a critic -> gradient, Adam.

    loss = pixels * mean squared error  -  adversarial * critic(painting, target)  +  forcing * error of the actions

The paper (Nakano 2019) uses the second term for digits, adds ten times the first for faces, and the third where an
agent is to paint as people do; here each phase has its own weights. The paper's schedule is five steps of the critic
for one of the agent, Adam at 1e-4 with moments 0.5 and 0.9, and 64 pictures at once for both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from orbifolio.runner.errors import RunFailed
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.critic import PaintingCritic, critic_loss
from orbifolio.runner.strokes.agent.dataset import Targets
from orbifolio.runner.strokes.agent.fitted_demonstrations import Leads
from orbifolio.runner.strokes.agent.metrics import stray_ink
from orbifolio.runner.strokes.agent.network import AgentNetwork, draw_weights
from orbifolio.runner.strokes.agent.rollout import Rollout, roll_out
from orbifolio.runner.strokes.agent.stroke_order import against_grammar
from orbifolio.runner.strokes.rasteriser.separate_strokes import Stamp

FINAL_RATE = 0.1  # of a phase's rate, at its end
MAX_GRADIENT = 1.0  # norm of the agent's gradient: through eight strokes in a row it can be steep


class AgentPhase(Settings):
    """Some steps with fresh optimisers, and the weights of their loss."""

    steps: int = Field(ge=0, le=10_000_000)
    """Steps of the agent; 0 to paint with a trained one."""
    batch: int = Field(default=32, ge=1, le=4096)
    """Pictures of one step."""
    rate: float = Field(default=1e-3, gt=0, le=1)
    """Adam's step size for the agent at the phase's beginning; it falls along a cosine to a tenth."""
    pixels: float = Field(default=0.0, ge=0)
    """Weight of the mean squared error of the painting."""
    adversarial: float = Field(default=0.0, ge=0)
    """Weight of the critic's score; 0 trains without a critic."""
    forcing: float = Field(default=0.0, ge=0)
    """Weight of the mean squared error between the strokes and the example, as it is fitted to the picture."""
    stray: float = Field(default=0.0, ge=0)
    """Weight of ink where the picture has none nearby. It counts in proportion, so that faint lines are not cheap."""
    hidden: float = Field(default=0.0, ge=0)
    """Weight of ink that lies on ink, and so changes nothing."""
    grammar: float = Field(default=0.0, ge=0)
    """Weight of what goes against the order that hands prefer, whatever they draw: begin at the top and the left, draw
    downwards and to the right. It decides where pixels do not care."""
    critic_steps: int = Field(default=5, ge=1, le=100)
    """Steps of the critic for each step of the agent."""
    critic_rate: float = Field(default=3e-4, gt=0, le=1)
    """Adam's step size for the critic."""


@dataclass(frozen=True)
class AgentTask:
    """What an agent learns to do, and with what.

    Attributes:
        stamp: the brush, at the side of the targets.
        space: what the agent decides on.
        leads: the example strokes of each target, or None.
        seed: of first weights, batches and the critic's mixing numbers.
        device: `cpu` or `cuda`; the brush must draw there.
    """

    targets: Targets
    stamp: Stamp
    space: ActionSpace
    leads: Leads | None
    seed: int
    device: str = "cpu"


class AgentTrainer:
    """An agent that is being trained."""

    def __init__(self, agent: AgentNetwork, critic: PaintingCritic, task: AgentTask, *, fresh: bool) -> None:
        """Draw first weights.

        Args:
            critic: its opponent, trained beside it.
            fresh: draw the agent's weights too, not only the critic's.
        """
        self.agent, self.critic, self.task = agent, critic, task
        random = torch.Generator().manual_seed(task.seed)
        for network in (agent, critic) if fresh else (critic,):
            draw_weights(network, random)
        agent.to(task.device)
        critic.to(task.device)
        self.restart(0, AgentPhase(steps=0))

    def restart(self, number: int, phase: AgentPhase) -> None:
        """Begin a phase, with fresh optimisers."""
        self.number, self.phase = number, phase
        self.adam = torch.optim.Adam(self.agent.parameters(), lr=phase.rate, betas=(0.5, 0.9))
        self.critic_adam = torch.optim.Adam(self.critic.parameters(), lr=phase.critic_rate, betas=(0.5, 0.9))

    def step(self, number: int) -> Mapping[str, float]:
        """One step of the agent, after those of the critic.

        Args:
            number: of the step in its phase, from 0; batches and mixing numbers follow from it.

        Returns:
            The terms of the loss, and the critic's gradient penalty as `penalty`.

        Raises:
            RunFailed: the loss is not finite.
        """
        phase = self.phase
        random = torch.Generator().manual_seed(((self.task.seed * 1009 + self.number) * 1_000_003 + number) % (1 << 63))
        terms: dict[str, float] = {}
        if phase.adversarial:
            for _ in range(phase.critic_steps):
                terms |= self._teach_critic(random)
        targets, index = self._draw(random)
        rollout = roll_out(self.agent, self.task.stamp, targets, self.task.space)
        parts = self._losses(rollout, targets, index)
        loss = torch.stack(list(parts.values())).sum() if parts else rollout.canvas.sum() * 0
        if not math.isfinite(loss.item()):
            raise RunFailed(f"step {number + 1}: the loss is not finite; lower the phase's rate")
        for group in self.adam.param_groups:
            group["lr"] = phase.rate * (
                FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * number / phase.steps)) / 2
            )
        self.adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.agent.parameters(), MAX_GRADIENT)
        self.adam.step()
        return {name: part.item() for name, part in parts.items()} | terms

    def _draw(self, random: torch.Generator) -> tuple[Tensor, Tensor]:
        batch, leads = self.phase.batch, self.task.leads
        if leads is None:
            index = torch.randint(len(self.task.targets), (batch,), generator=random)
        else:
            index = torch.multinomial(leads.frequencies, batch, replacement=True, generator=random)
        pictures, _ = self.task.targets.take(index)
        return pictures.to(self.task.device), index

    def _losses(self, rollout: Rollout, targets: Tensor, index: Tensor) -> dict[str, Tensor]:
        phase, terms = self.phase, {}
        if phase.pixels:
            terms["pixels"] = phase.pixels * mse_loss(rollout.canvas, targets)
        if phase.adversarial:
            # Less the target's own score, which does not depend on the agent: 0 is a painting as good as its target.
            with torch.no_grad():
                real = self.critic(targets, targets)
            terms["adversarial"] = phase.adversarial * (real - self.critic(rollout.canvas, targets)).mean()
        if phase.stray:
            terms["stray"] = phase.stray * stray_ink(rollout.covered, targets).mean()
        if phase.hidden:
            terms["hidden"] = phase.hidden * (rollout.laid - rollout.covered).mean()
        if phase.grammar:
            terms["grammar"] = phase.grammar * against_grammar(rollout.actions, rollout.pens).mean()
        if phase.forcing:
            terms["forcing"] = phase.forcing * self._forcing(rollout.chosen, index)
        return terms

    def _forcing(self, chosen: Tensor, index: Tensor) -> Tensor:
        """Mean squared error to the examples of the targets of an index, over the numbers that make a difference."""
        assert self.task.leads is not None
        leads = self.task.leads.take(index)
        numbers, counted = self.task.space.led_numbers(leads.actions, leads.pens)
        numbers, counted = numbers.to(chosen), counted.to(chosen.device)
        return mse_loss(chosen[counted], numbers[counted])

    def _teach_critic(self, random: torch.Generator) -> dict[str, float]:
        targets, _ = self._draw(random)
        with torch.no_grad():
            canvas = roll_out(self.agent, self.task.stamp, targets, self.task.space).canvas
        distance, penalty = critic_loss(self.critic, canvas, targets, random)
        self.critic_adam.zero_grad()
        (distance + penalty).backward()  # type: ignore[no-untyped-call]
        self.critic_adam.step()
        return {"penalty": penalty.item()}

    def state_dict(self) -> dict[str, Any]:
        """Both networks and their optimisers; the targets are read anew."""
        return {name: getattr(self, name).state_dict() for name in ("agent", "critic", "adam", "critic_adam")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue the phase that `restart` began."""
        for name in ("agent", "critic", "adam", "critic_adam"):
            getattr(self, name).load_state_dict(state[name])
