"""From a recipe to a picture and its log: see docs/architecture.md."""
