"""What a mail says: (a run's summary, address of its report) -> a message with text, HTML and picture.

The picture is scaled down and attached, so that it can be seen without opening the report. The mail says only what the
published report says, too.
"""

from __future__ import annotations

import html
import io
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from orbifolio.runner.mail.base import MessageSettings
from orbifolio.runner.run.listeners import clock

MAX_PICTURE_SIDE = 1200  # pixels: a JPEG of some 300 kB
_WORDS = {"running": "has begun", "done": "is done", "failed": "failed", "interrupted": "was interrupted"}


def compose(
    mailer: MessageSettings, summary: Mapping[str, Any], *, address: str, picture: bytes | None = None
) -> EmailMessage:
    """A message about a run.

    Args:
        mailer: gives sender and recipients.
        summary: the content of `run.json`.
        address: of the published report, "" for none.
        picture: a JPEG, shown in the HTML part.
    """
    title = " ".join(str(summary.get("title") or summary.get("recipe") or "a run").split())
    status = str(summary.get("status", ""))
    lines = _facts(summary)
    message = EmailMessage()
    message["Subject"] = f"{title} {_WORDS.get(status, status)}"[:200]
    mailer.address(message)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="orbifolio.invalid")
    message["Auto-Submitted"] = "auto-generated"  # prevents out-of-office replies
    text = [f"{title} {_WORDS.get(status, status)}.", "", *lines, *(["", f"Report: {address}"] if address else [])]
    message.set_content("\n".join(text) + "\n")
    picture_id = make_msgid(domain="orbifolio.invalid") if picture is not None else ""
    message.add_alternative(_page(title, status, lines, address, picture_id), subtype="html")
    if picture is not None:
        page = message.get_payload()[1]  # type: ignore[index]
        page.add_related(picture, "image", "jpeg", cid=picture_id, filename="picture.jpg")  # type: ignore[union-attr]
    return message


def _facts(summary: Mapping[str, Any]) -> list[str]:
    lines = [f"Recipe: {summary.get('recipe', '')}, seed {summary.get('seed', '')}"]
    if summary.get("device"):
        lines.append(f"Device: {summary['device']}")
    if summary.get("seconds"):
        lines.append(f"Time: {clock(float(summary['seconds']))}, {summary.get('steps', 0)} steps")
    final = summary.get("final")
    if isinstance(final, dict):
        lines.append(f"Picture: {final.get('width')} x {final.get('height')} px")
    if summary.get("message"):
        lines += ["", str(summary["message"])]
    return lines


def _page(title: str, status: str, lines: list[str], address: str, picture: str) -> str:
    name = html.escape(title)
    rows = "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)
    inside = f'<img src="cid:{picture[1:-1]}" alt="{name}" style="max-width:100%;height:auto">' if picture else ""
    if address and inside:
        inside = f'<a href="{html.escape(address)}">{inside}</a>'
    link = f'<p><a href="{html.escape(address)}">The report</a></p>' if address else ""
    heading = f"<h1>{name} {html.escape(_WORDS.get(status, status))}</h1>"
    body = '<body style="font-family:sans-serif;max-width:40rem">'
    return f'<!doctype html><html lang="en"><meta charset="utf-8">{body}{heading}{inside}{rows}{link}</body></html>\n'


def run_picture(folder: Path, summary: Mapping[str, Any]) -> bytes | None:
    """A run's finished picture as a small JPEG; None if there is none yet."""
    final = summary.get("final")
    if not isinstance(final, dict):
        return None
    from orbifolio.runner.images.reading import read_picture

    return _jpeg(read_picture((folder / str(final["path"])).read_bytes(), "final.png").pixels)


def _jpeg(pixels: Any) -> bytes:
    """(height, width, 3) in [0, 1] -> JPEG, scaled down."""
    import numpy as np
    from PIL import Image

    image = Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    image.thumbnail((MAX_PICTURE_SIDE, MAX_PICTURE_SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=88)
    return stream.getvalue()
