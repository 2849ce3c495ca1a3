"""Curves as SVG, and their ticks."""
