"""Linear maps whose adjoint is known, and is their gradient: exact, in a fixed order, and in one pass.

What autograd would make of the parts of a gather is a scatter without an order, which gives other bits each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

LinearMap = Callable[[Tensor], Tensor]


def apply(forth: LinearMap, adjoint: LinearMap, values: Tensor) -> Tensor:
    """`forth(values)`, with `adjoint` as its gradient, once.

    Args:
        forth: linear; it sees no graph.
        adjoint: its transpose: gradient of the result -> gradient of the values.
        values: of any shape that `forth` takes.
    """
    return _Applied.apply(values, forth, adjoint)  # type: ignore[no-any-return, no-untyped-call]


class _Applied(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor, forth: LinearMap, adjoint: LinearMap) -> Tensor:
        context.adjoint = adjoint
        return forth(values.detach())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return context.adjoint(gradient), None, None
