"""Renderers that train: brush models, comparisons of them, and agents that paint."""
