"""What is written where strangers may read it holds no signature and no home folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from orbifolio.runner.redaction import redact, redact_value


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("image=https://a.b/c.png?X-Amz-Signature=1f&X-Amz-Date=2", "image=https://a.b/c.png?…"),
        ("[https://a.b/c.png?sig=1, https://a.b/d.png]", "[https://a.b/c.png?…, https://a.b/d.png]"),
        ("'https://user:word@a.b/c.png'", "'https://a.b/c.png'"),
        ("seed: 3  # why? see below", "seed: 3  # why? see below"),
        ("photo: /home/ann/pictures/cat.png", "photo: ~/pictures/cat.png"),
        ("photo: /home/anna/cat.png", "photo: /home/anna/cat.png"),
        ("photo: /mnt/home/ann/cat.png", "photo: /mnt/home/ann/cat.png"),
    ],
)
def test_a_text_keeps_all_but_what_is_private(monkeypatch: pytest.MonkeyPatch, typed: str, told: str) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann"))
    assert redact(typed) == told
    assert redact(told) == told


def test_values_of_every_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann"))
    value = {"a": [{"b": ("https://x.y/?k=1", 2, None, True)}], "c": 0.5}
    assert redact_value(value) == {"a": [{"b": ["https://x.y/?…", 2, None, True]}], "c": 0.5}
