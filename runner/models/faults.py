"""What may be wrong with a model's file."""

from __future__ import annotations

from orbifolio.runner.errors import InputError


class ModelFault(InputError):
    """A model that cannot be read or textured; the text continues from the file's name: `is not a GLB file; ...`."""


def too_many_triangles(limit: int) -> ModelFault:
    """The fault of a model with more triangles than allowed."""
    return ModelFault(f"has more than {limit:,} triangles; that is the limit; decimate it before exporting")
