"""Modules that take long to import, imported when something of them is first used.

A recipe's kinds stand beside what computes them, so a recipe that is only checked would otherwise pay for torch (1.2 s
of processor time) and scipy's filters to learn that a name in it is misspelt:

    from orbifolio.runner.deferred import torch

A module that needs one of them while it is itself imported (a base class, a decorator) imports it as usual, and is
imported by the kinds when they work.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from safetensors import torch as tensor_files
    from scipy import interpolate, linalg, ndimage, sparse, spatial
    from scipy.sparse import csgraph
    from skimage import color, exposure, filters, measure, metrics, transform
    from torch.nn import functional

__all__ = [
    "color",
    "csgraph",
    "exposure",
    "filters",
    "functional",
    "interpolate",
    "linalg",
    "measure",
    "metrics",
    "ndimage",
    "sparse",
    "spatial",
    "tensor_files",
    "torch",
    "transform",
]


class DeferredModule(ModuleType):
    """Stands for a module of its name, and has whatever that has."""

    def __getattr__(self, name: str) -> Any:
        """The module's own; importing is left to Python, which sees to threads that ask at once."""
        return getattr(import_module(self.__name__), name)


if not TYPE_CHECKING:
    tensor_files = DeferredModule("safetensors.torch")
    torch = DeferredModule("torch")
    functional = DeferredModule("torch.nn.functional")
    ndimage = DeferredModule("scipy.ndimage")
    sparse = DeferredModule("scipy.sparse")
    interpolate = DeferredModule("scipy.interpolate")
    linalg = DeferredModule("scipy.linalg")
    csgraph = DeferredModule("scipy.sparse.csgraph")
    spatial = DeferredModule("scipy.spatial")
    color = DeferredModule("skimage.color")
    exposure = DeferredModule("skimage.exposure")
    filters = DeferredModule("skimage.filters")
    measure = DeferredModule("skimage.measure")
    metrics = DeferredModule("skimage.metrics")
    transform = DeferredModule("skimage.transform")
