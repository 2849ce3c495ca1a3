"""The second stage of a painting: strokes that lie already are moved a little by what networks say of the paint."""
