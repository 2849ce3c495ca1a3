"""Hostile files: whatever comes is refused in words, or becomes a plain PNG of ours that holds nothing but pixels."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin
from served import Visitor, picture

from orbifolio.runner.errors import ImageError
from orbifolio.runner.server.uploads import MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, Uploads


def png_of(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG that claims a size, whatever it holds."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def with_secrets() -> bytes:
    """A JPEG with a place, words and bytes after its end."""
    image = Image.open(io.BytesIO(picture()))
    exif = Image.Exif()
    exif[0x010E] = "my-secret-place"
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, comment=b"my-secret-comment")
    return buffer.getvalue() + b"<?php my-secret-script ?>"


HOSTILE = {
    "nothing": b"",
    "text": b"hello",
    "page": b"<!doctype html><script>alert(1)</script>",
    "drawing": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "xxe": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><svg>&b;</svg>",
    "script": b"#!/bin/sh\nrm -rf /",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file",
    "zip": b"PK\x03\x04" + b"\0" * 60,
    "pickle": b"\x80\x04\x95\x00",
    "bomb": png_of(50_000, 50_000),
    "flat bomb": png_of(2_000_000_000, 1),
    "no size": png_of(0, 0),
    "speck": picture(4, 4),
    "cut": picture()[:120],
    "torn": picture()[:-30],
    "lies": png_of(400, 400, b"\0" * 50),
    "flipped": bytes(byte ^ 0x55 if 60 < at < 90 else byte for at, byte in enumerate(picture())),
    "gif of nothing": b"GIF89a" + b"\xff" * 20,
    "tiff that turns back": b"II*\0\x08\0\0\0\x01\0\x00\x01\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
    "webp cut": b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\xff",
    "icc of nonsense": b"\xff\xd8\xff\xe2\x00\x20ICC_PROFILE\0" + b"\xff" * 40,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused_in_words(visitor: Visitor, name):
    answer = visitor.client.post("/api/images", files=[("file", ("../../evil.png", HOSTILE[name]))])
    if answer.status_code == 201:  # damaged, and still a picture: then it is one of ours
        found = visitor.client.get(answer.json()["images"][0]["url"])
        assert found.content.startswith(b"\x89PNG")
        return
    assert answer.status_code == 415
    assert answer.json()["images"] == []
    (why,) = answer.json()["refused"]
    assert "Traceback" not in why
    assert len(why) < 400


def test_nothing_of_the_file_survives_but_its_pixels(visitor: Visitor):
    identity = visitor.send(with_secrets(), "x.php")
    found = visitor.client.get(f"/api/images/{identity}")
    assert found.headers["content-type"] == "image/png"
    assert b"my-secret" not in found.content
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.size == (36, 48)  # turned as its orientation said
        assert not image.info


def test_text_in_a_png_is_left_behind(visitor: Visitor):
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "my-secret-name")
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture())).save(buffer, "PNG", pnginfo=info)
    identity = visitor.send(buffer.getvalue())
    assert b"my-secret" not in visitor.client.get(f"/api/images/{identity}").content


@pytest.mark.parametrize("name", ["../../etc/x", "a\0b.png", "<script>.png", "é" * 300, "", "..", "C:\\x.png"])
def test_names_are_never_used(visitor: Visitor, name):
    answer = visitor.client.post("/api/images", files=[("file", (name or "x", picture(seed=len(name))))])
    assert answer.status_code in (201, 400)
    folder = visitor.serving.state.uploads.folder
    assert all(path.suffix in (".png", ".webp") and len(path.stem.partition("-")[0]) == 32 for path in folder.iterdir())
    assert {path.name for path in folder.parent.iterdir()} <= {"uploads", "jobs", "token", "server-lock"}


def test_several_come_at_once_and_each_is_judged_alone(visitor: Visitor):
    files = [
        ("file", ("a.png", picture(seed=1))),
        ("file", ("b.png", b"no")),
        ("file", ("c.jpg", picture(kind="JPEG"))),
    ]
    answer = visitor.client.post("/api/images", files=files).json()
    assert [image["name"] for image in answer["images"]] == ["a.png", "c.jpg"]
    assert len(answer["refused"]) == 1
    small = visitor.client.get(answer["images"][0]["small"])
    assert small.headers["content-type"] == "image/webp"


def test_more_files_than_allowed_are_refused(visitor: Visitor):
    files = [("file", (f"{number}.png", picture())) for number in range(40)]
    assert visitor.client.post("/api/images", files=files).status_code in (400, 413)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"no boundary", "multipart/form-data"),
        (b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"--x--", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"\xff" * 100, "multipart/form-data; boundary=\xff".encode("latin-1")),
    ],
)
def test_forms_that_are_none_are_refused(visitor: Visitor, content, kind):
    for place in ("/api/images", "/api/paintings"):
        answer = visitor.client.post(place, content=content, headers={"Content-Type": kind})
        assert answer.status_code in (400, 415, 422), answer.text
        assert "error" in answer.json() or "refused" in answer.json()


@pytest.mark.parametrize("identity", ["x", "0" * 31, "g" * 32, "%2e%2e", "0" * 32, "0" * 32 + ".png", "../jobs"])
def test_names_that_are_none_of_ours_show_nothing(visitor: Visitor, identity):
    for place in (f"/api/images/{identity}", f"/api/images/{identity}/small"):
        assert visitor.client.get(place).status_code == 404


def test_too_many_bytes_and_pixels_are_refused_before_they_are_decoded(tmp_path):
    uploads = Uploads(tmp_path)
    with pytest.raises(ImageError, match="20 MB"):
        uploads.take(b"x" * (MAX_FILE_BYTES + 1), "a.png")
    with pytest.raises(ImageError, match="megapixels"):
        uploads.take(png_of(8001, MAX_PIXELS // 8000), "a.png")
    assert not uploads.folder.exists()


def test_large_pictures_are_scaled_and_equal_ones_kept_once(tmp_path):
    uploads = Uploads(tmp_path)
    buffer = io.BytesIO()
    Image.new("L", (MAX_SIDE + 100, 16), 120).save(buffer, "PNG")
    first, second = uploads.take(buffer.getvalue(), "a"), uploads.take(buffer.getvalue(), "b")
    assert first == second
    assert first.width == MAX_SIDE
    assert len(list(uploads.folder.iterdir())) == 1


def test_old_pictures_make_room_for_new_ones(tmp_path, monkeypatch):
    import os

    uploads = Uploads(tmp_path)
    old = uploads.take(picture(seed=1), "old").id
    os.utime(uploads.path(old), (1, 1))
    monkeypatch.setattr("orbifolio.runner.server.file_quota.MAX_KEPT_BYTES", len(uploads.path(old).read_bytes()) + 10)
    new = uploads.take(picture(seed=2), "new").id
    assert uploads.path(new)
    with pytest.raises(KeyError):
        uploads.path(old)
    with pytest.raises(ImageError, match="no room"):
        uploads.take(picture(60, 60, seed=3), "more")


def test_what_is_clear_stays_clear(tmp_path):
    uploads = Uploads(tmp_path)
    logo = Image.new("RGBA", (40, 30), (255, 255, 255, 0))
    logo.paste((255, 255, 255, 255), (10, 10, 20, 20))
    buffer = io.BytesIO()
    logo.save(buffer, "PNG")
    kept = uploads.path(uploads.take(buffer.getvalue(), "logo").id)
    with Image.open(kept) as image:
        assert image.getchannel("A").getextrema() == (0, 255)
    assert uploads.take(kept.read_bytes(), "again").id == kept.stem  # as it is when a run is begun again


def test_a_picture_too_long_to_be_scaled_is_refused(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (8, 20_000), 120).save(buffer, "PNG")
    with pytest.raises(ImageError, match=r"is 8 x 20000 pixels; scaled to 3072, .* crop it"):
        Uploads(tmp_path).take(buffer.getvalue(), "a")
