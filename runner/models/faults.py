"""What may be wrong with a model's file."""

from __future__ import annotations

from orbifolio.runner.errors import InputError


class ModelFault(InputError):
    """A model that cannot be read or textured; the text goes on from the file's name: `is no GLB file; ...`."""
