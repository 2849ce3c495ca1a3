"""Self-organising maps: signals -> a net of units that unfolds among them and keeps its shape (Kohonen 1982)."""
