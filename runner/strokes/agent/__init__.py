"""Agents: networks that look at a picture and paint it, a stroke after the other, with a learnt brush (Nakano 2019).

`network` decides on strokes, `rollout` lets it paint, `critic` judges the painting, `training` teaches it, `data` has
pictures to learn from. Nothing is imported with the package.
"""
