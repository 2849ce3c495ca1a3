"""Round numbers for axes: (low, high) -> the values that an axis is labelled with."""

from __future__ import annotations

import math


def linear_ticks(low: float, high: float) -> list[float]:
    """About four round values between two."""
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step *= next((factor for factor in (1, 2, 5, 10) if (high - low) / (factor * step) <= 5), 10)
    first = math.ceil(low / step)
    return [step * (first + index) for index in range(int(math.floor(high / step)) - first + 1)]


def logarithmic_ticks(low: float, high: float) -> list[float]:
    """Round values between two positive ones: decades, or 1-2-5, or a linear choice."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1,), (1, 2, 5)):
        ticks = [digit * 10.0**decade for decade in range(first, last + 1) for digit in digits]
        ticks = [value for value in ticks if low <= value <= high]
        if len(ticks) >= 3:
            return ticks[:: math.ceil(len(ticks) / 6)]
    return linear_ticks(low, high)


def step_ticks(low: float, high: float) -> list[int]:
    """A few round whole numbers between two, for steps.

    >>> step_ticks(1, 690), step_ticks(1, 4), step_ticks(7, 7)
    ([200, 400, 600], [1, 2, 3, 4], [7])
    """
    if high - low < 5:
        return list(range(math.ceil(low), math.floor(high) + 1))
    return [round(value) for value in linear_ticks(low, high) if value == round(value)]
