"""Painters: networks that have learnt the brushes of a real paint program (Nakano 2019), and their training.

`base.Painter` is what they have in common, `kinds.PAINTERS` the family of their settings; `weights` loads one by name,
`metrics` judges it. Nothing is imported with the package.
"""
