"""Paintings: strokes of a learnt brush, placed by optimisation, as many as one likes.

    strokes -> `trace`: pairs of strokes and places -> `opacities`, looked up in a `BrushTable` -> `lay`: canvas

`Rasteriser` makes of that one differentiable function; `table_stamp` draws each stroke alone, for an agent.
"""
