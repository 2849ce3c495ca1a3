"""Brushes of a real paint program, and networks that have learnt them (Nakano 2019).

`PAINTERS` is the family of painters. It is not imported with the package: drawing with the program needs no torch.
"""
