"""Copying a gallery to where others can see it."""
