"""A film as MP4 (H.264), for programs without animated pictures: (pictures of one size, durations) -> bytes.

It needs the optional extra `orbifolio[video]`: the package imageio-ffmpeg, which brings the program ffmpeg.
"""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

_SECONDS = 120.0  # encoding takes a second or two; a stuck program must not stop a run or a report


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
    with tempfile.TemporaryDirectory() as folder:  # ffmpeg rewrites the file's beginning, which a pipe cannot do
        target = Path(folder) / "film.mp4"
        try:
            subprocess.run([*command, target], input=raw, capture_output=True, timeout=_SECONDS, check=True)
            return target.read_bytes() or None
        except (OSError, subprocess.SubprocessError, RuntimeError):
            return None


def _rate(milliseconds: Sequence[int]) -> tuple[str, list[int]]:
    """Frames a second, and how often each picture is shown: the usual duration is one frame."""
    usual = min(milliseconds)
    return f"1000/{usual}", [max(1, round(duration / usual)) for duration in milliseconds]
