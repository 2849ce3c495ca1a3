"""The rasteriser: thousands of strokes of a learnt brush on one canvas, with gradients, compiled for the CPU.

    strokes -> `trace`: pairs of strokes and places -> `opacities`, looked up in a `BrushTable` -> `lay`: canvas

`differentiable.Rasteriser` makes one differentiable function of that; `table_stamp` draws each stroke alone, for an
agent; `rasterise` does without a table and asks the network at every pixel, on any device.
"""
