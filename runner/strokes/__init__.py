"""Brush strokes: the real paint program, learnt models of its brushes, and pictures painted with them.

    mypaint       the real program, its brush files, samples of its strokes
    brush_models  networks that have learnt its brushes
    rasteriser    many strokes of a learnt brush on a canvas, with gradients
    fitting       where a painting's strokes start, their order and their colours
    document      a finished painting as a list of strokes, and the files made of it
    agent         networks that paint a picture stroke by stroke

The modules here are what these rooms share: `stroke_array` and `geometry` (what a stroke is), `blending` (how paint
covers), `bounding_boxes` and `stroke_profile` (which pixels it reaches, how it changes along its length).
"""
