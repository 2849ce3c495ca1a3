"""Fitting strokes to a picture: where they start, in which order they lie, and their colours in closed form.

`surface` is what they are painted on, `levels` how many and how wide, `seeding` where they start, `colour_solver` their
colours, `ordering` an order for a hand. `canvas.painted` puts these together.
"""
