"""The tiny recipe, and the command."""

from tiny_recipe import _importable, orbifolio, recipe, tiny

__all__ = ["_importable", "orbifolio", "recipe", "tiny"]
