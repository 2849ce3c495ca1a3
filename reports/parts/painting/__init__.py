"""Parts that only paintings have: their marks, their strokes beside the photo, candidates for a class."""
