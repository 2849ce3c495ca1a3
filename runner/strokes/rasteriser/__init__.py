"""Paintings: strokes of a learnt brush, placed by optimisation, as many as one likes.

    strokes -> tracing: pairs of strokes and places -> answering: opacities -> layering: canvas

`response` is the brush as a table, which `answering` looks up; `brushwork` makes of all that one differentiable
function. `colours`, `seeding`, `level` and `sequence` know how to paint, `ground` what is painted on.
`separate_strokes` draws each stroke alone, for an agent.
"""
