"""Recipes: YAML text, marks, overrides, validation, the model."""
