"""libmypaint through ctypes: a brush and a surface of 64-pixel tiles, in this process, without a window.

    TiledSurface.fill(white);  Brush.stroke_to(x, y, pressure, seconds);  TiledSurface.pixels() -> (h, w, 4) uint16

Written against libmypaint 1.5 and 1.6 (both name their library 1.5). It uses the 1.x form of `stroke_to`: the `_2` form
with pigments does not work with fixed surfaces. The library's own PNG writer crashes on a fixed surface, so tiles are
read here. Every function has its argument and result types declared, since ctypes would cut pointers to 32 bits.

Convention: pixels are premultiplied RGBA, 1.0 is 32768.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterable, Sequence
from ctypes import POINTER, Structure, c_char_p, c_double, c_float, c_int, c_uint16, c_void_p
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.errors import MissingProgram

TILE = 64  # pixels; fixed in libmypaint
ONE = 1 << 15  # 1.0 in libmypaint's 16-bit pixels
LIBRARIES = (
    "libmypaint-1.5.so.1",
    "libmypaint-1.5.1.dylib",
    "libmypaint-1.5-1.dll",
    "libmypaint.so.0",
    "libmypaint.dylib",
    "/opt/homebrew/lib/libmypaint.dylib",
    "/usr/local/lib/libmypaint.dylib",
)
CURE = (
    "install it: Debian and Ubuntu `apt-get install libmypaint-1.5-1 mypaint-brushes`, "
    "Fedora `dnf install libmypaint mypaint-brushes`, macOS `brew install libmypaint mypaint-brushes`"
)
REST = 10.0  # seconds of a pen in the air, after which the brush has forgotten its speed


class _TileRequest(Structure):
    _fields_ = (
        ("tx", c_int),
        ("ty", c_int),
        ("readonly", c_int),
        ("buffer", POINTER(c_uint16)),
        ("context", c_void_p),
        ("thread_id", c_int),
        ("mipmap_level", c_int),
    )


_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "mypaint_brush_new": (c_void_p, ()),
    "mypaint_brush_unref": (None, (c_void_p,)),
    "mypaint_brush_reset": (None, (c_void_p,)),
    "mypaint_brush_new_stroke": (None, (c_void_p,)),
    "mypaint_brush_from_defaults": (None, (c_void_p,)),
    "mypaint_brush_from_string": (c_int, (c_void_p, c_char_p)),
    "mypaint_brush_set_base_value": (None, (c_void_p, c_int, c_float)),
    "mypaint_brush_get_base_value": (c_float, (c_void_p, c_int)),
    "mypaint_brush_setting_from_cname": (c_int, (c_char_p,)),
    "mypaint_brush_input_from_cname": (c_int, (c_char_p,)),
    "mypaint_brush_stroke_to": (c_int, (c_void_p, c_void_p, c_float, c_float, c_float, c_float, c_float, c_double)),
    "mypaint_fixed_tiled_surface_new": (c_void_p, (c_int, c_int)),
    "mypaint_fixed_tiled_surface_interface": (c_void_p, (c_void_p,)),
    "mypaint_surface_unref": (None, (c_void_p,)),
    "mypaint_surface_begin_atomic": (None, (c_void_p,)),
    "mypaint_surface_end_atomic": (None, (c_void_p, c_void_p)),
    "mypaint_tile_request_init": (None, (POINTER(_TileRequest), c_int, c_int, c_int, c_int)),
    "mypaint_tiled_surface_tile_request_start": (None, (c_void_p, POINTER(_TileRequest))),
    "mypaint_tiled_surface_tile_request_end": (None, (c_void_p, POINTER(_TileRequest))),
}


@cache
def load_library(names: Sequence[str] = LIBRARIES) -> ctypes.CDLL:
    """The library, with the types of its functions declared.

    Args:
        names: file names to try in turn; the system's loader looks where it always does.

    Raises:
        MissingProgram: none of them is installed, or it is too old.
    """
    for name in names:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        for function, (result, arguments) in _FUNCTIONS.items():
            try:
                entry = getattr(library, function)
            except AttributeError:
                raise MissingProgram(f"{name}: lacks {function}; version 1.5 or later is needed; {CURE}") from None
            entry.restype, entry.argtypes = result, arguments
        return library
    raise MissingProgram(f"libmypaint: not installed; drawing with a real brush needs it; {CURE}")


def is_available() -> bool:
    """Whether the library can be loaded."""
    try:
        load_library()
    except MissingProgram:
        return False
    return True


def hush() -> None:
    """Discard what the library has written to C's standard output and not yet flushed.

    A rounding error in its clock makes it print "Time is running backwards!" about once in ten thousand strokes. C's
    buffer would come after the last line that we print, which is the report's path.
    """
    sys.stdout.flush()
    try:
        flush = ctypes.CDLL(None).fflush
        stdout, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    except (OSError, TypeError, AttributeError):
        return  # no standard output, or no C library to load
    try:
        os.dup2(nowhere, 1)
        flush(None)
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
        os.close(nowhere)


class TiledSurface:
    """A canvas of the paint program; dabs beyond its edge are lost."""

    def __init__(self, width: int, height: int) -> None:
        """A transparent surface.

        Args:
            width: in pixels, rounded up to whole tiles.
            height: in pixels, rounded up to whole tiles.

        Raises:
            MissingProgram: the library is not installed.
        """
        self._library = load_library()
        self.columns, self.rows = -(-width // TILE), -(-height // TILE)
        self._surface = self._library.mypaint_fixed_tiled_surface_new(self.columns * TILE, self.rows * TILE)
        self.interface = self._library.mypaint_fixed_tiled_surface_interface(self._surface)
        self._tiles = [[self._tile(column, row) for column in range(self.columns)] for row in range(self.rows)]

    def _tile(self, column: int, row: int) -> npt.NDArray[np.uint16]:
        """A view of the surface's own memory, valid as long as the surface exists."""
        request = _TileRequest()
        library, reference = self._library, ctypes.byref(request)
        library.mypaint_tile_request_init(reference, 0, column, row, 0)
        library.mypaint_tiled_surface_tile_request_start(self._surface, reference)
        view = np.ctypeslib.as_array(request.buffer, (TILE, TILE, 4))
        library.mypaint_tiled_surface_tile_request_end(self._surface, reference)
        return view

    def fill(self, value: int = ONE) -> None:
        """Set all four channels everywhere to a value; opaque white by default."""
        for row in self._tiles:
            for tile in row:
                tile.fill(value)

    def pixels(self) -> npt.NDArray[np.uint16]:
        """(rows * 64, columns * 64, 4) premultiplied RGBA, a copy."""
        return np.concatenate([np.concatenate(row, axis=1) for row in self._tiles], axis=0)

    def tile(self, column: int, row: int) -> npt.NDArray[np.uint16]:
        """(64, 64, 4), a view of the surface's memory: copy it before the next stroke."""
        return self._tiles[row][column]

    def __del__(self) -> None:
        """Free the library's memory."""
        if getattr(self, "_surface", None):
            self._tiles = []
            self._library.mypaint_surface_unref(self.interface)
            self._surface = None


class Brush:
    """A brush of the paint program; each new one begins the same sequence of random numbers."""

    def __init__(self, text: bytes) -> None:
        """Make a brush from the JSON text of a `.myb` file of version 3; what the library does not know is left out.

        Raises:
            MissingProgram: the library is not installed.
            ValueError: the library cannot read the text.
        """
        self._library = load_library()
        self._brush = self._library.mypaint_brush_new()
        self._library.mypaint_brush_from_defaults(self._brush)
        if not self._library.mypaint_brush_from_string(self._brush, known_settings(text)):
            raise ValueError("the paint program cannot read this brush")

    def set(self, name: bytes, value: float) -> None:
        """Set the base value of a setting, e.g. `radius_logarithmic`."""
        self._library.mypaint_brush_set_base_value(self._brush, _setting(name), value)

    def lift(self, surface: TiledSurface, x: float, y: float) -> None:
        """Raise the pen, carry it to a place and rest: all state but the random numbers is forgotten."""
        self._library.mypaint_brush_reset(self._brush)
        self._library.mypaint_brush_new_stroke(self._brush)
        self._library.mypaint_brush_stroke_to(self._brush, surface.interface, x, y, 0.0, 0.0, 0.0, REST)

    def stroke(self, surface: TiledSurface, points: Iterable[tuple[float, float, float]], seconds: float) -> None:
        """Move the pen along points (x, y, pressure), `seconds` from one to the next."""
        move, brush, interface = self._library.mypaint_brush_stroke_to, self._brush, surface.interface
        self._library.mypaint_surface_begin_atomic(interface)
        for x, y, pressure in points:
            move(brush, interface, x, y, pressure, 0.0, 0.0, seconds)
        self._library.mypaint_surface_end_atomic(interface, None)

    def __del__(self) -> None:
        """Free the library's memory."""
        if getattr(self, "_brush", None):
            self._library.mypaint_brush_unref(self._brush)
            self._brush = None


@lru_cache(maxsize=64)
def known_settings(text: bytes) -> bytes:
    """A brush without the settings and inputs that this library has no name for.

    A brush saved by a newer program may follow inputs that are unknown here (`surfacemap_x`); the library would write a
    warning for each to the terminal, whenever a pen is made.
    """
    library = load_library()
    try:
        record = json.loads(text)
        settings = {
            name: {
                **setting,
                "inputs": {
                    source: curve
                    for source, curve in setting.get("inputs", {}).items()
                    if library.mypaint_brush_input_from_cname(source.encode()) >= 0
                },
            }
            for name, setting in record["settings"].items()
            if _setting(name.encode()) >= 0
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return text  # no brush: the library says so
    return json.dumps({**record, "settings": settings}).encode()


@cache
def _setting(name: bytes) -> int:
    return int(load_library().mypaint_brush_setting_from_cname(name))
