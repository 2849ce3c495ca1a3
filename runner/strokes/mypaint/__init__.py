"""MyPaint, the real program: its library by ctypes, its brush files, and samples of its strokes."""
