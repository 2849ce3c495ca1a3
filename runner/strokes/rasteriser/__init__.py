"""Paintings: strokes of a learnt brush, found by optimisation, as many as asked for.

`places` and `tracing` say which strokes reach which places, `response` what paint they leave there, `layering` lays
them over each other, `brushwork` makes that one differentiable function; `colours`, `seeding`, `level` and `sequence`
know how to paint.
"""
