"""Tilings of the plane by one figure: (outline) -> the nearest outlines that tile, their groups and their colours."""
