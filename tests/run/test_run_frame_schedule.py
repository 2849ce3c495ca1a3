"""The schedule of frames: ends kept, about as many as wished, never more than steps."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orbifolio.runner.run.frame_schedule import FrameSchedule


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 200), min_size=1, max_size=6), st.integers(1, 60))
def test_ends_are_kept_and_the_number_is_about_right(steps, frames):
    schedule = FrameSchedule(steps, frames)
    kept = [schedule.steps(phase) for phase in range(len(steps))]
    assert kept[0][0] == 0
    for phase, chosen in enumerate(kept):
        assert chosen[-1] == steps[phase]
        assert list(chosen) == sorted(set(chosen))
        assert all(schedule.keeps(phase, step) for step in chosen)
    assert sum(map(len, kept)) <= frames + 2 * len(steps) + 1


def test_a_bare_start_is_left_out():
    assert FrameSchedule([4, 4], 4).steps(0) == (0, *FrameSchedule([4, 4], 4, initial=False).steps(0))
