"""Painting with bristles: a picture -> opaque strokes, from wide to thin -> paint with body, under a lamp.

No network looks. A stroke is a line with a width, a colour and a seed, so that the same painting can be drawn at any
size: a larger one has finer bristles. After Hertzmann (1998) in layers, after Hays and Essa (2004) along a field of
directions.
"""
