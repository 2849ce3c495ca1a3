"""Paintings as documents of strokes, and what becomes of them: vectors, layers, films, sheets, plots, real paint.

`document.Painting` is the product of every painting; each module here is a function (Painting, ...) -> bytes of a file
that other programs read, or -> pixels. Equal documents give equal bytes.
"""
