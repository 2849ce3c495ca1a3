"""Fitting strokes to a picture: where they start, in which order they lie, and their colours in closed form."""
