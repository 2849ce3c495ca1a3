"""Brush strokes: the real paint program, learnt models of its brushes, and pictures painted with them."""
