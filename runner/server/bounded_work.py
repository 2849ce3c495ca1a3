"""What the control page computes for visitors: functions for `BoundedCalls`, imported once, before the first call."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from orbifolio.runner.images.encoding import on_white
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.run.plan import Plan, make_plan
from orbifolio.runner.server import preview, uploads
from orbifolio.runner.server.bounded_calls import Bounds

ESTIMATE = Bounds(seconds=10, memory=2_000_000_000)
"""A plan may read every picture of its recipe; those of the largest shipped ones take three seconds."""
PREVIEW = Bounds(seconds=30, memory=3_000_000_000)
"""The slowest previews search a small pattern for two seconds on two processor cores, and compile before."""
DECODING = Bounds(seconds=30, memory=3_000_000_000)
"""A picture of the largest size that is taken is 768 MB as floats, and is copied while it is scaled."""


def plan(loaded: LoadedRecipe, device: str) -> Plan:
    """See `run.plan.make_plan`."""
    return make_plan(loaded, device)


def preview_of(loaded: LoadedRecipe, easel: bool) -> tuple[bytes, str] | None:
    """See `preview.preview`; `easel` for the painting page."""
    return preview.preview(loaded, preview.EASEL_WIDTH if easel else preview.WIDTH)


def read_upload(data: bytes, name: str) -> uploads.ReadPicture:
    """See `uploads.read_upload`."""
    return uploads.read_upload(data, name)


def as_jpeg(source: Path) -> bytes:
    """A finished picture as JPEG, on white."""
    with Image.open(source) as picture:
        buffer = io.BytesIO()
        on_white(picture).save(buffer, "JPEG", quality=93, subsampling=0)
    return buffer.getvalue()
