"""What a file that is no picture we read is, by its first bytes, and what to do with it.

Names of files are never asked: they are often wrong, and these bytes are not.
"""

from __future__ import annotations

READ = "PNG, JPEG, WebP, AVIF, TIFF, GIF and BMP"
"""The formats that messages name; a few rarer ones are read, too."""

_RAW = "is a camera's raw file{}"
_DEVELOP = "develop it to JPEG or 16-bit TIFF"
_FRAME = "export one of its frames as PNG"
_LAYERS = "export it as PNG"
_UNPACK = "unpack it and name the picture in it"

# (first bytes, their offset in the file, what it is, cure).
_MAGIC: tuple[tuple[bytes, int, str, str], ...] = (
    (b"8BPS", 0, "is a Photoshop file (PSD)", _LAYERS),
    (b"gimp xcf", 0, "is a GIMP file (XCF)", _LAYERS),
    (b"PDN3", 0, "is a Paint.NET file", _LAYERS),
    (b"CSFCHUNK", 0, "is a Clip Studio file", _LAYERS),
    (b"BLENDER", 0, "is a Blender scene", "render it and save the picture as PNG"),
    (b"\x76\x2f\x31\x01", 0, "is an OpenEXR picture", "export it as 16-bit PNG or TIFF"),
    (b"#?RADIANCE", 0, "is a Radiance HDR picture", "export it as 16-bit PNG or TIFF"),
    (b"#?RGBE", 0, "is a Radiance HDR picture", "export it as 16-bit PNG or TIFF"),
    (b"PF\n", 0, "is a portable float map in colour (PFM)", "export it as 16-bit PNG or TIFF"),
    (b"P7\n", 0, "is a portable arbitrary map (PAM)", _LAYERS),
    (b"\xff\x0a", 0, "is a JPEG XL picture", "export it as PNG or JPEG"),
    (b"\0\0\0\x0cJXL ", 0, "is a JPEG XL picture", "export it as PNG or JPEG"),
    (b"II\xbc\x01", 0, "is a JPEG XR picture", "export it as PNG or JPEG"),
    (b"BPG\xfb", 0, "is a BPG picture", "export it as PNG or JPEG"),
    (b"FLIF", 0, "is a FLIF picture", "export it as PNG"),
    (b"qoif", 0, "is a QOI picture", "export it as PNG"),
    (b"DDS ", 0, "is a DirectDraw texture (DDS)", "export it as PNG"),
    (b"\xabKTX", 0, "is a KTX texture", "export it as PNG"),
    (b"\0\0\x01\0", 0, "is an icon (ICO)", "export it as PNG"),
    (b"icns", 0, "is an icon (ICNS)", "export it as PNG"),
    (b"AT&TFORM", 0, "is a DjVu document", "export a page as PNG"),
    (b"%PDF", 0, "is a PDF document", "export a page as PNG"),
    (b"%!PS", 0, "is a PostScript drawing", "export it as PNG"),
    (b"\xc5\xd0\xd3\xc6", 0, "is a PostScript drawing", "export it as PNG"),
    (b"\xd7\xcd\xc6\x9a", 0, "is a Windows metafile (WMF)", "export it as PNG"),
    (b" EMF", 40, "is a Windows metafile (EMF)", "export it as PNG"),
    (b"FUJIFILMCCD-RAW", 0, _RAW.format(" (Fujifilm RAF)"), _DEVELOP),
    (b"IIRO", 0, _RAW.format(" (Olympus ORF)"), _DEVELOP),
    (b"IIRS", 0, _RAW.format(" (Olympus ORF)"), _DEVELOP),
    (b"MMOR", 0, _RAW.format(" (Olympus ORF)"), _DEVELOP),
    (b"IIU\0", 0, _RAW.format(" (Panasonic RW2)"), _DEVELOP),
    (b"FOVb", 0, _RAW.format(" (Sigma X3F)"), _DEVELOP),
    (b"HEAPCCDR", 6, _RAW.format(" (Canon CRW)"), _DEVELOP),
    (b"\0MRM", 0, _RAW.format(" (Minolta MRW)"), _DEVELOP),
    (b"ftypcrx", 4, _RAW.format(" (Canon CR3)"), _DEVELOP),
    (b"DICM", 128, "is a medical picture (DICOM)", "export it as PNG"),
    (b"SIMPLE  =", 0, "is an astronomical picture (FITS)", "export it as 16-bit PNG or TIFF"),
    (b"\x89HDF\r\n", 0, "is an HDF5 file", "export the picture in it as PNG"),
    (b"\x93NUMPY", 0, "is a NumPy array", "save it as PNG"),
    (b"\x1aE\xdf\xa3", 0, "is a film (Matroska or WebM)", _FRAME),
    (b"AVI ", 8, "is a film (AVI)", _FRAME),
    (b"WAVE", 8, "is a sound (WAV)", "name a picture"),
    (b"FLV\x01", 0, "is a film (FLV)", _FRAME),
    (b"\0\0\x01\xba", 0, "is a film (MPEG)", _FRAME),
    (b"moov", 4, "is a film (QuickTime)", _FRAME),
    (b"mdat", 4, "is a film (QuickTime)", _FRAME),
    (b"wide", 4, "is a film (QuickTime)", _FRAME),
    (b"PK\x03\x04", 0, "is a ZIP archive, or a document in one", _UNPACK),
    (b"\x1f\x8b", 0, "is a gzip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", 0, "is a 7z archive", _UNPACK),
    (b"Rar!", 0, "is a RAR archive", _UNPACK),
    (
        b"\0\x05\x16\x07",
        0,
        "is a companion that macOS puts beside a file (its name begins with ._)",
        "name the picture",
    ),
    (b"version https://git-lfs", 0, "is a pointer of Git LFS, not the picture itself", "fetch it by git lfs pull"),
)
_HEIF = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1")
# Text, after spaces and a byte order mark, in lower case.
_TEXT: tuple[tuple[bytes, str, str], ...] = (
    (b"<svg", "is an SVG drawing", "export it as PNG"),
    (b"<?xml", "is an XML file, perhaps an SVG drawing", "export it as PNG"),
    (b"<!doctype html", "is a web page", "name the picture itself"),
    (b"<html", "is a web page", "name the picture itself"),
    (b"{", "is a text (JSON), perhaps an error that a server sent", "fetch the picture again"),
    (b"[", "is a text (JSON), perhaps an error that a server sent", "fetch the picture again"),
    (b"data:image/", "is a picture written as text (a data address)", "save the picture itself"),
)


def what_else(data: bytes) -> tuple[str, str] | None:
    """What a file is instead of a picture that is read, as ("is ...", cure); None where its first bytes do not say.

    >>> what_else(b"8BPS" + bytes(40))
    ('is a Photoshop file (PSD)', 'export it as PNG')
    """
    for magic, offset, what, cure in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return what, cure
    if data[4:8] == b"ftyp":
        return _container(data)
    start = data[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    for magic, what, cure in _TEXT:
        if start.startswith(magic):
            return what, cure
    if not data[:4096].strip(b"\0"):
        return "begins with nothing but zeros, as after a download that broke off", "copy or fetch it again"
    return None


def _container(data: bytes) -> tuple[str, str] | None:
    """By the brands of an ISO base media file, of which AVIF is read."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, length - 3, 4))]
    if b"avif" in brands or b"avis" in brands:
        return None
    if any(brand in _HEIF for brand in brands):
        return "is a HEIC photograph", "export it as JPEG"
    if brands[0] in (b"jp2 ", b"jpx "):
        return None
    return "is a film (MP4 or QuickTime)", _FRAME
