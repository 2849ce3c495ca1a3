"""When to save a frame: each phase gets a share of the run's frames, and always its last step."""

from __future__ import annotations

from collections.abc import Sequence


class FrameSchedule:
    """Which steps of which phases are saved as frames.

    Phases share the frames in proportion to their steps. Within a phase frames crowd towards its
    beginning, where most happens: of a phase with s steps, frame i of n is saved after step s (i / n)^1.5.

    >>> FrameSchedule([10, 10], 6).steps(0)
    (0, 2, 5, 10)
    >>> FrameSchedule([10, 10], 6).steps(1)
    (2, 5, 10)
    """

    def __init__(self, steps: Sequence[int], frames: int, *, initial: bool = True) -> None:
        """Share the frames out.

        Args:
            steps: of each phase.
            frames: about how many.
            initial: whether one is saved before the first step.
        """
        total = max(sum(steps), 1)
        self._steps: list[tuple[int, ...]] = []
        for phase, count in enumerate(steps):
            share = max(1, round(frames * count / total))
            chosen = (
                {max(1, round(count * (index / share) ** 1.5)) for index in range(1, share + 1)} if count else set()
            )
            chosen = {min(step, count) for step in chosen} | {count}
            if phase == 0 and initial:
                chosen.add(0)  # the initial state; later phases begin as the previous one ended
            self._steps.append(tuple(sorted(chosen)))

    def steps(self, phase: int) -> tuple[int, ...]:
        """The steps of a phase after which a frame is saved; 0 is the initial state."""
        return self._steps[phase]

    def keeps(self, phase: int, step: int) -> bool:
        """Whether to save a frame after this step."""
        return step in self._steps[phase]
