"""Animations as files: (pictures of one size, durations) -> WebP, AVIF or MP4 bytes, equal for equal pictures.

WebP and AVIF need Pillow only. MP4 (H.264, for where animated pictures are not taken) needs the optional
extra `orbifolio[video]`: the package imageio-ffmpeg, which brings the program ffmpeg.
"""

from __future__ import annotations

import importlib.util
import io
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, features

TICK = 20
"""Milliseconds: every duration is a multiple of it, so that a film at a fixed rate can follow."""

_MP4_SECONDS = 120.0  # encoding takes a second or two; a stuck program must not stop a report


def webp(pictures: Sequence[Image.Image], milliseconds: Sequence[int]) -> bytes:
    """An animated WebP: every browser plays it."""
    return _animated(pictures, milliseconds, "WEBP", quality=80, method=0)  # 4 halves the speed for 12 % less


def avif(pictures: Sequence[Image.Image], milliseconds: Sequence[int]) -> bytes | None:
    """An animated AVIF, a third of the WebP's size; None if this Pillow cannot."""
    if not features.check("avif"):
        return None
    # one thread: the bytes must not depend on the machine
    return timeless(_animated(pictures, milliseconds, "AVIF", quality=60, speed=8, max_threads=1))


def timeless(data: bytes) -> bytes:
    """An AVIF without the moment it was made at, which the encoder writes into the headers of movie, track and media.

    Args:
        data: of the file; boxes as ISO/IEC 14496-12 has them, times after version and flags.
    """
    found = bytearray(data)
    start = data.find(b"moov")  # the headers stand in this box; the picture's data may hold any bytes
    if start < 4:
        return data
    end = start + int.from_bytes(data[start - 4 : start], "big") - 4
    for name in (b"mvhd", b"tkhd", b"mdhd"):
        place = data.find(name, start, end) if start >= 0 else -1
        while place >= 0:
            size = 16 if data[place + 4] == 1 else 8  # creation and modification, 64 or 32 bits each
            found[place + 8 : place + 8 + size] = bytes(size)
            place = data.find(name, place + 4, end)
    return bytes(found)


def _animated(pictures: Sequence[Image.Image], milliseconds: Sequence[int], kind: str, **options: int) -> bytes:
    stream = io.BytesIO()
    pictures[0].save(
        stream, kind, save_all=True, append_images=list(pictures[1:]), duration=list(milliseconds), loop=0, **options
    )
    return stream.getvalue()


def has_video() -> bool:
    """Whether the optional extra for MP4 is installed."""
    return importlib.util.find_spec("imageio_ffmpeg") is not None


def mp4(pictures: Sequence[Image.Image], milliseconds: Sequence[int]) -> bytes | None:
    """An MP4 of even sides; None where the extra is not installed or its program fails."""
    if not has_video():
        return None
    import imageio_ffmpeg

    width, height = (side - side % 2 for side in pictures[0].size)
    if not width or not height:
        return None
    rate, times = _rate(milliseconds)
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-s", f"{width}x{height}", "-framerate", rate, "-i", "-", "-an"),
        *("-vf", "scale=out_color_matrix=bt709", "-c:v", "libx264", "-preset", "medium", "-crf", "20", "-threads", "1"),
        *("-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact"),
        *("-movflags", "+faststart", "-f", "mp4", "-y"),
    ]
    frames = zip(pictures, times, strict=True)
    raw = b"".join(picture.crop((0, 0, width, height)).tobytes() * time for picture, time in frames)
    with tempfile.TemporaryDirectory() as folder:  # the program goes back to the file's beginning: no pipe
        target = Path(folder) / "film.mp4"
        try:
            subprocess.run([*command, target], input=raw, capture_output=True, timeout=_MP4_SECONDS, check=True)
            return target.read_bytes() or None
        except (OSError, subprocess.SubprocessError, RuntimeError):
            return None


def _rate(milliseconds: Sequence[int]) -> tuple[str, list[int]]:
    """Frames a second, and how often each picture is shown: the usual duration is one frame."""
    usual = min(milliseconds)
    return f"1000/{usual}", [max(1, round(duration / usual)) for duration in milliseconds]
