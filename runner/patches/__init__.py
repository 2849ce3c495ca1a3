"""Patches: a style's own pixels, copied in pieces that fit each other, under an exact symmetry."""
