"""What a store is told of each file: its kind, how long it may be kept, and how it is packed."""

from __future__ import annotations

import gzip

import pytest
from pydantic import ValidationError

from orbifolio.reports.publish.s3 import S3
from orbifolio.reports.publish.serving import encode, headers_for

HOUR, NEVER, FOREVER = "public, max-age=3600", "no-cache", "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        *((f"a/run/index{suffix}", NEVER) for suffix in (".html", ".xml", ".js", ".json", ".yaml", ".log", ".sh")),
        *((f"a/run/x{suffix}", HOUR) for suffix in (".css", ".svg", ".txt", ".md", ".csv", ".dzi", ".obj", ".png")),
        *((f"assets/viewer-0123abcd{suffix}", FOREVER) for suffix in (".js", ".css", ".svg", ".woff2", ".png")),
    ],
)
def test_what_may_change_is_asked_for_again(key: str, kept: str) -> None:
    assert headers_for(key).cache == kept


def test_texts_are_packed_and_pictures_are_not() -> None:
    content = b"orbifolio " * 100
    packed = encode(content, headers_for("index.html"))
    assert len(packed) < len(content)
    assert gzip.decompress(packed) == content
    assert encode(content, headers_for("final.png")) == content


@pytest.mark.parametrize("name", ["a..b", "10.0.0.1", "xn--pictures", "pictures-s3alias"])
def test_names_that_no_bucket_may_have_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is not a valid bucket name"):
        S3(bucket=name)
