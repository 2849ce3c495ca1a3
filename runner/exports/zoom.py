"""Products of a zooming picture: a loop of the endless zoom, and a page that plays it.

The picture enlarged by the whole zoom is the picture again, in the next colours; a loop continues until the colours
return. The page needs one picture for each of them: it draws the picture enlarged, and the next one, smaller, into its
middle, endlessly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.exports.sphere import data_address
from orbifolio.runner.images import encoding

Frame = Callable[[float, int, int], F32]
"""(part of a zoom, width, height) -> the picture enlarged by it."""

_LOOP, _PLAYER = 400, 1024  # pixels of the longer side: the loop has a hundred pictures, the player few
_SECONDS = 1.6  # in which the picture doubles: faster, details cannot be followed
_RATE = 16  # frames a second: fewer jerk, more make the file larger
_MAX_FRAMES = 144  # of the whole loop, through all its colours: bounds the file where these are many, at a lower rate

_PAGE = Path(__file__).with_name("zoom.html")


def _fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    share = min(1.0, longest / max(width, height))
    return max(2, round(width * share)), max(2, round(height * share))


def recoloured(picture: F32, colours: F32) -> F32:
    """A picture through a colour matrix about mid-grey."""
    changed: F32 = np.clip((picture - np.float32(0.5)) @ colours.T + np.float32(0.5), 0, 1)
    return changed


def periods(colours: F32) -> list[F32]:
    """The colour matrices of one zoom after the other, until the colours return."""
    matrices = [np.eye(3, dtype=np.float32)]
    while True:
        following = (colours @ matrices[-1]).astype(np.float32)
        # a colour element's order is at most 6; the bound only guards against a matrix that is none
        if np.abs(following - np.eye(3)).max() < 1e-6 or len(matrices) > 12:
            return matrices
        matrices.append(following)


def zoom_products(
    frame: Frame, width: int, height: int, *, zoom: float, turn: float, colours: F32
) -> Mapping[str, bytes]:
    """The loop and the player.

    Args:
        frame: draws the picture at any part of the zoom.
        width: of the artwork in pixels.
        height: of the artwork in pixels.
        zoom: factor of one period.
        turn: degrees of one period, counter-clockwise.
        colours: (3, 3), I(zoom z) = colours I(z).
    """
    steps = periods(colours)
    seconds = _SECONDS * float(np.log2(zoom))
    count = max(8, min(round(seconds * _RATE), _MAX_FRAMES // len(steps)))
    size = _fitted(width, height, _LOOP)
    frames = [frame(part / count, *size) for part in range(count)]
    # inwards, what is shown after a whole zoom is the picture as it looks from deeper: colours backwards
    loop = [recoloured(picture, step.T) for step in steps for picture in frames]
    files = {"zoom.webp": encoding.animated(loop, milliseconds=max(20, round(1000 * seconds / count)))}
    first = frame(0.0, *_fitted(width, height, _PLAYER))
    files["zoom.html"] = player([recoloured(first, step.T) for step in steps], zoom=zoom, turn=turn, seconds=seconds)
    return files


def player(pictures: list[F32], *, zoom: float, turn: float, seconds: float) -> bytes:
    """A page that zooms without end, everything inside it.

    Args:
        pictures: of one size, each the next deeper one's surroundings.
        zoom: factor from one to the next.
        turn: degrees from one to the next, counter-clockwise.
        seconds: from one to the next.
    """
    height, width = pictures[0].shape[:2]
    addresses = [data_address(encoding.webp(picture, quality=88), "image/webp") for picture in pictures]
    record = {"pictures": addresses, "zoom": zoom, "turn": turn, "seconds": seconds}
    page = _PAGE.read_text(encoding="utf-8")
    page = page.replace("@WIDTH@", str(width)).replace("@HEIGHT@", str(height)).replace("@FIRST@", addresses[0])
    return page.replace("@RECORD@", json.dumps(record, sort_keys=True)).encode("utf-8")
