"""Pictures of every kind come out as the same sRGB values; what is no picture is refused in words."""

import io
import tracemalloc
import zlib

import imagecodecs
import numpngw
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_corpus import retagged
from PIL import Image, ImageCms

from orbifolio.runner.errors import ImageError
from orbifolio.runner.images import reading
from orbifolio.runner.images.reading import read_picture


def ramp(height: int = 12, width: int = 17, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), dtype=np.uint8)


def packed(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def deep(values: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    numpngw.write_png(buffer, values, **options)
    return buffer.getvalue()


def test_eight_bits_are_exact():
    picture = read_picture(packed(Image.fromarray(ramp())), "a.png")
    assert picture.pixels.dtype == np.float32
    assert (picture.height, picture.width) == (12, 17)
    assert picture.alpha is None
    np.testing.assert_array_equal(np.rint(picture.pixels * 255), ramp())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_the_camera_is_undone(orientation):
    # Where the first stored row and column are in the upright picture, by the EXIF standard's table.
    upright = ramp()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    for data in (
        packed(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif),
        packed(Image.fromarray(np.ascontiguousarray(stored)), "TIFF", exif=exif),
    ):
        np.testing.assert_array_equal(np.rint(read_picture(data, "a").pixels * 255), upright)
    wide = np.ascontiguousarray(stored).astype(np.uint16) * 257
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, wide, photometric="rgb", extratags=[(0x0112, 3, 1, orientation, True)])
    np.testing.assert_array_equal(np.rint(read_picture(buffer.getvalue(), "a").pixels * 255), upright)


def test_alpha_is_laid_on_white_and_kept():
    values = ramp(channels=4)
    picture = read_picture(packed(Image.fromarray(values)), "a.png")
    alpha = values[..., 3] / 255
    np.testing.assert_allclose(picture.alpha, alpha, atol=1e-6)
    expected = values[..., :3] / 255 * alpha[..., None] + 1 - alpha[..., None]
    np.testing.assert_allclose(picture.pixels, expected, atol=1e-6)


def test_opaque_alpha_is_none():
    values = np.dstack([ramp(), np.full((12, 17), 255, np.uint8)])
    assert read_picture(packed(Image.fromarray(values)), "a.png").alpha is None


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1"])
def test_grey_palette_and_one_bit(mode):
    image = Image.fromarray(ramp()).convert(mode)
    expected = np.asarray(image.convert("RGB"), dtype=np.float64) / 255
    np.testing.assert_allclose(read_picture(packed(image), "a.png").pixels, expected, atol=1e-6)


def test_palette_with_a_transparent_colour():
    image = Image.fromarray(ramp()).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    picture = read_picture(packed(image, "PNG", transparency=2), "a.png")
    hidden = np.asarray(image) == 2
    assert hidden.any()
    assert (picture.alpha[hidden] == 0).all()
    assert (picture.pixels[hidden] == 1).all()


def test_sixteen_bit_grey_is_scaled_not_clipped():
    values = np.linspace(0, 65535, 12 * 17).round().astype(np.uint16).reshape(12, 17)
    for data in (packed(Image.fromarray(values)), packed(Image.fromarray(values), "TIFF")):
        np.testing.assert_allclose(read_picture(data, "a").pixels[..., 1], values / 65535, atol=1e-6)


@pytest.mark.parametrize("filter_type", [0, 1, 2, 3, 4, "heuristic"])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bit_colour_png_keeps_every_bit(channels, filter_type):
    values = np.random.default_rng(5).integers(0, 65536, (9, 14, channels), dtype=np.uint16)
    data = deep(values, filter_type=filter_type)
    picture = read_picture(data, "a.png")
    colours = values[..., :3] if channels >= 3 else np.repeat(values[..., :1], 3, axis=2)
    alpha = values[..., -1:] / 65535 if channels in (2, 4) else 1.0
    np.testing.assert_allclose(picture.pixels, colours / 65535 * alpha + 1 - alpha, atol=1e-6)


def test_sixteen_bit_png_that_is_interlaced_keeps_every_bit():
    values = np.random.default_rng(5).integers(0, 65536, (9, 14, 3), dtype=np.uint16)
    picture = read_picture(deep(values, interlace=1), "a.png")
    np.testing.assert_allclose(picture.pixels, values / 65535, atol=1e-6)


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_deep_tiff(kind):
    values = np.random.default_rng(6).random((9, 14, 3))
    stored = (values * 65535).round().astype(np.uint16) if kind == np.uint16 else values.astype(np.float32)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, stored, photometric="rgb")
    np.testing.assert_allclose(read_picture(buffer.getvalue(), "a.tif").pixels, values, atol=1e-5)


def test_floating_values_beyond_one_are_clipped_and_told():
    values = np.full((12, 17), 0.25, dtype=np.float32)
    values[3, 4], values[5, 6], values[7, 8] = 50, -2, np.inf
    picture = read_picture(packed(Image.fromarray(values), "TIFF"), "a.tif")
    np.testing.assert_allclose(picture.pixels[..., 0], np.clip(values, 0, 1), atol=1e-6)
    assert picture.notes == (
        "3 of its 204 pixels have values outside 0 to 1 (the largest is inf); they are shown as black or white",
    )


def test_floating_values_on_another_scale_are_refused():
    values = np.linspace(0, 255, 12 * 17, dtype=np.float32).reshape(12, 17)
    with pytest.raises(ImageError, match=r"nearly all above 1, up to 255; .* from 0 for black to 1 for white; scale"):
        read_picture(packed(Image.fromarray(values), "TIFF"), "a.tif")


def test_a_pixel_that_is_not_a_number_is_named():
    values = np.zeros((12, 17), dtype=np.float32)
    values[3, 4] = np.nan
    opacity = np.dstack([np.zeros_like(values)] * 3 + [values])
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, opacity, photometric="rgb", extrasamples=["unassalpha"])
    for data in (packed(Image.fromarray(values), "TIFF"), buffer.getvalue()):
        with pytest.raises(ImageError) as caught:
            read_picture(data, "a.tif")
        assert str(caught.value) == (
            "a.tif: has a pixel that is not a number (NaN), the first of them at column 5, row 4; every sample must be "
            "a number; fill such pixels in and save it again"
        )


def test_cmyk_of_print_programs_is_not_negative():
    # White paper has no ink; programs store CMYK JPEG inverted, and Pillow writes and reads it so.
    white = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    assert read_picture(packed(white, "JPEG", quality=95), "a.jpg").pixels.min() > 0.98
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixels = read_picture(packed(red, "JPEG", quality=95), "a.jpg").pixels
    assert pixels[..., 0].min() > 0.8
    assert pixels[..., 1:].max() < 0.2


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime")]
    for kind in ("GIF", "WEBP", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = packed(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        np.testing.assert_allclose(read_picture(data, "a").pixels[0, 0], (1, 0, 0), atol=0.01)


def swapped_profile() -> bytes:
    """sRGB with its red and blue primaries exchanged, and without its name."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {}
    for index in range(int.from_bytes(data[128:132], "big")):
        at = 132 + 12 * index
        entries[bytes(data[at : at + 4])] = at + 4
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    data[red : red + 8], data[blue : blue + 8] = data[blue : blue + 8], data[red : red + 8]
    return bytes(data).replace("sRGB".encode("utf-16-be"), "qRGB".encode("utf-16-be")).replace(b"sRGB", b"qRGB")


def test_a_colour_profile_is_applied():
    values = ramp()
    plain = read_picture(packed(Image.fromarray(values)), "a.png").pixels
    other = read_picture(packed(Image.fromarray(values), icc_profile=swapped_profile()), "a.png").pixels
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = read_picture(packed(Image.fromarray(values), icc_profile=srgb), "a.png").pixels
    np.testing.assert_array_equal(plain, same)
    np.testing.assert_allclose(other, plain[..., ::-1], atol=2.5 / 255)
    useless = read_picture(packed(Image.fromarray(values), icc_profile=b"no profile" * 20), "a.png").pixels
    np.testing.assert_array_equal(plain, useless)


def test_too_many_pixels_are_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(reading, "MAX_PIXELS", 12 * 17 - 1)
    with pytest.raises(ImageError) as caught:
        read_picture(packed(Image.fromarray(ramp())), "big.png")
    assert str(caught.value) == (
        "big.png: has 17 x 12 pixels; at most 0 megapixels are read, so that a small file cannot fill the memory; "
        "scale it down first"
    )


def test_a_real_bomb_is_refused():
    data = bytearray(packed(Image.new("L", (16, 16))))
    data[16:24] = (60000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    with pytest.raises(ImageError, match="megapixels"):
        read_picture(bytes(data), "bomb.png")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "a: is empty (0 bytes); a picture is a PNG, JPEG, WebP, TIFF or GIF file"),
        (
            b"\x9dhello\0",
            "a: is not a picture that can be read; supported are PNG, JPEG, WebP, AVIF, TIFF, GIF and BMP; "
            "save it again as one of these",
        ),
        (
            b"<svg xmlns='x'/>",
            "a: is an SVG drawing; supported are PNG, JPEG, WebP, AVIF, TIFF, GIF and BMP; export it as PNG",
        ),
        (
            b"\0\0\0\x18ftypheic" + b"\0" * 50,
            "a: is a HEIC photograph; supported are PNG, JPEG, WebP, AVIF, TIFF, GIF and BMP; export it as JPEG, or "
            "`pip install 'orbifolio[heif]'`",
        ),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n",
            "a: is a PostScript drawing; supported are PNG, JPEG, WebP, AVIF, TIFF, GIF and BMP; export it as PNG",
        ),
        (packed(Image.new("RGB", (16, 4))), "a: is 16 x 4 pixels; both sides must be at least 8; use a larger picture"),
    ],
    ids=["empty", "unknown", "svg", "heic", "postscript", "tiny"],
)
def test_refusals(data, expected, monkeypatch):
    monkeypatch.setattr("orbifolio.runner.images.decoding.reads_heif", lambda: False)
    with pytest.raises(ImageError) as caught:
        read_picture(data, "a")
    assert str(caught.value) == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_truncated_file_is_refused(kind):
    values = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = packed(Image.fromarray(values), kind)
    with pytest.raises(ImageError, match=r"^a: (is|has) "):
        read_picture(data[: len(data) // 2], "a")


SAMPLES = [packed(Image.fromarray(ramp()), kind) for kind in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP")] + [
    deep(ramp().astype(np.uint16) * 257)
]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_never_end_in_another_error(data):
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    try:
        picture = read_picture(bytes(content[:cut]), "a")
    except ImageError:
        return
    assert picture.pixels.shape[2] == 3
    assert np.isfinite(picture.pixels).all()


def pages(*sizes: tuple[int, int], **options) -> bytes:
    """A TIFF of grey pictures with these widths and heights, each a little lighter than the one before."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        for number, (width, height) in enumerate(sizes):
            values = np.full((height, width), 40 * number + 10, np.uint8)
            file.write(values, photometric="minisblack", subfiletype=options.get("kinds", {}).get(number, 0))
    return buffer.getvalue()


def test_the_largest_of_several_pictures_is_read_and_told():
    picture = read_picture(pages((16, 12), (40, 30), (20, 20)), "a.tif")
    assert (picture.width, picture.height) == (40, 30)
    assert picture.pixels[0, 0, 0] == pytest.approx(50 / 255)
    assert picture.notes == ("has 3 pictures; number 2, the largest, is read: 40 x 30 pixels",)
    equal = read_picture(pages((16, 12), (16, 12)), "a.tif")
    assert equal.pixels[0, 0, 0] == pytest.approx(10 / 255)
    assert equal.notes == ("has 2 pictures; number 1, the largest, is read: 16 x 12 pixels",)


def test_smaller_copies_are_not_the_picture():
    alone = read_picture(pages((32, 24), (16, 12), kinds={1: 1}), "a.tif")
    assert (alone.width, alone.notes) == (32, ())
    behind = read_picture(pages((16, 12), (32, 24), (64, 48), kinds={0: 1, 2: 1}), "a.tif")
    assert behind.width == 32
    assert behind.notes == ("has 3 pictures; number 2, the largest, is read: 32 x 24 pixels",)


def raw(subordinate: bool, tags: list[tuple], photometric: int = 32803) -> bytes:
    """A camera's raw file: a thumbnail, and the mosaic behind it or below it."""
    buffer = io.BytesIO()
    mosaic = np.zeros((48, 64), np.uint16)
    with tifffile.TiffWriter(buffer) as file:
        file.write(
            np.zeros((12, 16, 3), np.uint8),
            photometric="rgb",
            subfiletype=1,
            subifds=1 if subordinate else 0,
            extratags=tags,
        )
        file.write(mosaic, photometric=photometric, metadata=None)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (raw(True, [(50706, "B", 4, (1, 4, 0, 0), True)]), " (DNG)"),
        (raw(False, [(50706, "B", 4, (1, 4, 0, 0), True)], photometric=1), " (DNG)"),
        (raw(True, [(271, "s", 0, "NIKON CORPORATION", True)]), " (Nikon NEF)"),
        (
            raw(
                True,
                [(271, "s", 0, "SONY", True)],
            ),
            " (Sony ARW)",
        ),
        (raw(False, []), ""),
    ],
    ids=["dng", "dng without a mosaic", "nef", "arw", "unknown"],
)
def test_raw_files_are_refused_not_shown_as_their_thumbnails(data, name):
    with pytest.raises(ImageError) as caught:
        read_picture(data, "a")
    assert str(caught.value) == (
        f"a: is a camera's raw file{name}; its values are not yet colours, and the picture that other programs show is "
        "a thumbnail; develop it to JPEG or 16-bit TIFF"
    )


OTHERS = {
    b"\0\0\0\x18ftypheix\0\0\0\0": "is a HEIC photograph",
    b"\0\0\0\x18ftypmsf1\0\0\0\0hevc": "is a HEIC photograph",
    b"\0\0\0\x18ftypmif1\0\0\0\0heic": "is a HEIC photograph",
    b"\xff\x0a\xfa\x1f": "is a JPEG XL picture",
    b"\0\0\0\x0cJXL \r\n\x87\n": "is a JPEG XL picture",
    b"8BPS\0\x01": "is a Photoshop file (PSD)",
    b"\x76\x2f\x31\x01\x02": "is an OpenEXR picture",
    b"#?RADIANCE\n": "is a Radiance HDR picture",
    b"\0\0\0\x18ftypcrx ": "is a camera's raw file (Canon CR3)",
    b"FUJIFILMCCD-RAW 0201": "is a camera's raw file (Fujifilm RAF)",
    b"IIRO\x08\0": "is a camera's raw file (Olympus ORF)",
    b"\0\0\0\x18ftypisom": "is a film (MP4 or QuickTime)",
    b"\0\0\0\x14ftypqt  ": "is a film (MP4 or QuickTime)",
    b"\x1aE\xdf\xa3": "is a film (Matroska or WebM)",
    b"gimp xcf v011": "is a GIMP file (XCF)",
    b"PK\x03\x04": "is a ZIP archive, or a document in one",
    b"version https://git-lfs.github.com/spec/v1\noid": "is a pointer of Git LFS, not the picture itself",
    b' {"error": "no"}': "is a text (JSON), perhaps an error that a server sent",
    b"\xef\xbb\xbf<!DOCTYPE html>": "is a web page",
    b"<!DOCTYPE HTML>".decode().encode("utf-16"): "is a web page",
    b"{\\rtf1\\ansi": "is a text (RTF)",
    b"[InternetShortcut]\r\nURL=": "is a shortcut to a web page",
    b"/annex/objects/SHA256E-s1--a.jpg": "is a pointer of git-annex, not the picture itself",
    b"\x0a\x05\x01\x08": "is a PCX picture",
    b"\xff\xd8\xff\xf7": "is a JPEG-LS picture",
    b"BZh91AY": "is a bzip2 archive",
    b"glTF\x02": "is a model (GLB)",
    b"\0\0\0\0": "begins with nothing but zeros, as after a download that broke off",
}


@pytest.mark.parametrize(("start", "what"), OTHERS.items(), ids=OTHERS.values())
def test_what_is_not_read_is_named(start, what, monkeypatch):
    monkeypatch.setattr("orbifolio.runner.images.decoding.reads_heif", lambda: False)
    with pytest.raises(ImageError) as caught:
        read_picture(start + bytes(60), "a")
    message = str(caught.value)
    assert message.startswith(f"a: {what}; supported are ")
    assert len(message.split("; ")) == 3


@pytest.mark.parametrize("text", ["Not Found\n", "404: Nicht gefunden, zurück", "a,b\n1,2\n", "x"])
def test_a_text_is_called_one(text):
    for data in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        with pytest.raises(ImageError, match="^a: is a text, perhaps an error that a server sent; supported are "):
            read_picture(data, "a")


def test_a_portable_map_in_letters_is_no_text():
    values = ramp(9, 11)
    data = "P3\n11 9\n255\n" + " ".join(map(str, values.ravel()))
    assert np.array_equal(np.rint(255 * read_picture(data.encode(), "a").pixels), values)


@pytest.mark.parametrize("bits", [12, 16])
def test_a_jpeg_2000_of_more_bits_never_turns_white_into_black(bits):
    values = ramp().astype(np.uint16) * 257 >> (16 - bits)
    data = imagecodecs.jpeg2k_encode(values, level=0, reversible=True, bitspersample=bits)
    with pytest.raises(
        ImageError, match=r"^a: is a JPEG 2000 picture with 1. bits a sample; .*; save it as 16-bit PNG"
    ):
        read_picture(data, "a")
    grey = imagecodecs.jpeg2k_encode(np.full((9, 11), 65535, np.uint16), level=0, reversible=True)
    assert read_picture(grey, "a").pixels.min() == 1


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    at = png.index(b"IDAT") - 4
    whole = name + content
    return png[:at] + len(content).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big") + png[at:]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_png_in_linear_light_that_says_so_is_encoded(depth):
    """Its gamma counts where there is neither sRGB nor a profile beside it (PNG 3, 4.3)."""
    stored = ramp(channels=4)
    data = deep(stored.astype(depth) * depth(257 if depth is np.uint16 else 1))
    light, opacity = stored[..., :3] / 255, stored[..., 3:] / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    linear = with_chunk(data, b"gAMA", (100_000).to_bytes(4, "big"))
    assert np.allclose(read_picture(linear, "a").pixels, expected * opacity + 1 - opacity, atol=1e-5)
    plain = read_picture(data, "a").pixels
    for unchanged in (with_chunk(linear, b"sRGB", b"\0"), with_chunk(data, b"gAMA", (45455).to_bytes(4, "big"))):
        assert np.array_equal(read_picture(unchanged, "a").pixels, plain)


def test_tiffs_of_kinds_that_are_not_read_say_which():
    for options, said in (
        ({"dtype": np.complex64}, "a TIFF of 64-bit unusual samples, 1 a pixel"),
        ({"dtype": np.uint16, "retagged": {259: 34887}}, "compression 34887"),
    ):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, np.zeros((12, 16), options["dtype"]), photometric="minisblack")
        data = retagged(buffer.getvalue(), options.get("retagged", {}))
        with pytest.raises(ImageError, match=f"^a: is .*{said}.*; save it") as caught:
            read_picture(data, "a")
        assert "damaged" not in str(caught.value)


def test_a_jpeg_of_twelve_bits_is_named():
    data = bytearray(packed(Image.fromarray(ramp()), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(ImageError, match="is a JPEG with 12 bits a sample"):
        read_picture(bytes(data), "a")


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded():
    data = packed(Image.fromarray(ramp(32, 32)), "JPEG", progressive=True)
    assert read_picture(data, "a").width == 32
    last = data.rindex(b"\xff\xda")
    many = data[:last] + data[last:-2] * 100 + data[-2:]
    with pytest.raises(ImageError, match=r"more than 100 scans, .* at most 100 are read; save it again"):
        read_picture(many, "a")


def test_a_tiff_that_unpacks_to_too_much_is_refused_before_it_is(monkeypatch):
    monkeypatch.setattr(reading, "MAX_PIXELS", 16 * 12)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((12, 16, 3), np.float64), photometric="rgb", compression="zlib")
    with pytest.raises(ImageError, match=r"would take 0 MB unpacked; .* save it with 8 or 16 bits a sample"):
        read_picture(buffer.getvalue(), "a")


def test_a_deflated_strip_never_unpacks_to_more_than_its_rows():
    buffer = io.BytesIO()
    strip = zlib.compress(bytes(50_000_000), 9)
    tifffile.imwrite(
        buffer, iter([strip]), shape=(12, 16), dtype=np.uint16, photometric="minisblack", compression="zlib"
    )
    tracemalloc.start()
    with pytest.raises(ImageError, match="is damaged or cut short"):
        read_picture(buffer.getvalue(), "a")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2_000_000


def test_heic_photographs_are_read_where_the_package_is():
    """Written by libheif itself; what it keeps of a smooth picture is near it."""
    heif = pytest.importorskip("pillow_heif")
    rows, columns = np.mgrid[0:48, 0:64]
    pixels = np.stack([rows * 5, columns * 3, 255 - rows * 4], axis=2).astype(np.uint8)
    buffer = io.BytesIO()
    heif.from_pillow(Image.fromarray(pixels)).save(buffer, quality=95)
    found = read_picture(buffer.getvalue(), "phone.heic")
    assert found.pixels.shape[:2] == (48, 64)
    assert np.abs(found.pixels[..., :3] * 255 - pixels).mean() < 4
