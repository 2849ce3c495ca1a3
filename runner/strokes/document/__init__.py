"""Paintings as documents of strokes, and what becomes of them: vectors, layers, films, sheets, plots, real paint.

`document.Painting` is the product of every painting. Most modules here are a function (Painting, ...) -> bytes of a
file that other programs read, or -> pixels; `products` calls them all. Equal documents give equal bytes.
"""
