"""MyPaint, the real program: its library by ctypes, its brush files, and samples of its strokes.

`actions` says what the twelve numbers of a stroke mean, `mypaint_renderer.PaintProgram` draws them.
"""
