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
_ITSELF = "name the picture itself"
_SHAPE = "name a picture of it, or set it as renderer.symmetry.model"

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
    (b"\0\0\x02\0\x01\0", 0, "is a mouse pointer (CUR)", "export it as PNG"),
    (b"\x0a\x05\x01", 0, "is a PCX picture", "export it as PNG"),
    (b"\x01\xda\0", 0, "is an SGI picture", "export it as PNG"),
    (b"\x01\xda\x01", 0, "is an SGI picture", "export it as PNG"),
    (b"\x59\xa6\x6a\x95", 0, "is a Sun raster picture", "export it as PNG"),
    (b"farbfeld", 0, "is a farbfeld picture", "export it as PNG"),
    (b"\x8aMNG\r\n\x1a\n", 0, "is an animation (MNG)", _FRAME),
    (b"\x8bJNG\r\n\x1a\n", 0, "is a JNG picture", "export it as PNG"),
    (b"\xff\xd8\xff\xf7", 0, "is a JPEG-LS picture", "export it as PNG"),
    (b"\0\0\0\x0cJXS ", 0, "is a JPEG XS picture", "export it as PNG"),
    (b"\0\xffKA", 0, "is an Affinity file", _LAYERS),
    (b"CDR", 8, "is a CorelDRAW file", "export it as PNG"),
    (b"ACON", 8, "is a mouse pointer (ANI)", "export it as PNG"),
    (b"VTF\0", 0, "is a Valve texture (VTF)", "export it as PNG"),
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
    (b"OggS", 0, "is a film or a sound (Ogg)", _FRAME),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, "is a film (Windows Media)", _FRAME),
    (b"ID3", 0, "is a sound (MP3)", "name a picture"),
    (b"fLaC", 0, "is a sound (FLAC)", "name a picture"),
    (b"MZ", 0, "is a program", _ITSELF),
    (b"\x7fELF", 0, "is a program", _ITSELF),
    (b"L\0\0\0\x01\x14\x02\0", 0, "is a shortcut of Windows", _ITSELF),
    (b"bplist00", 0, "is a property list of macOS, perhaps of a file that is still in the cloud", _ITSELF),
    (b"\0\0\0\x01Bud1", 0, "is a folder's settings (.DS_Store)", _ITSELF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "is an Office document", "export the picture in it as PNG"),
    (b"SQLite format 3\0", 0, "is a database (SQLite)", _ITSELF),
    (b"OTTO", 0, "is a typeface", _ITSELF),
    (b"\0\x01\0\0\0", 0, "is a typeface", _ITSELF),
    (b"wOFF", 0, "is a typeface", _ITSELF),
    (b"wOF2", 0, "is a typeface", _ITSELF),
    (b"glTF", 0, "is a model (GLB)", _SHAPE),
    (b"BZh", 0, "is a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", 0, "is an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", 0, "is a Zstandard archive", _UNPACK),
    (b"ustar", 257, "is a tar archive", _UNPACK),
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
_HEIF = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1"}
_AVIF = {b"avif", b"avis"}
# Text, after spaces and a byte order mark, in lower case.
_TEXT: tuple[tuple[bytes, str, str], ...] = (
    (b"{\\rtf", "is a text (RTF)", _ITSELF),
    (b"[internetshortcut]", "is a shortcut to a web page", "fetch the picture itself"),
    (b"<svg", "is an SVG drawing", "export it as PNG"),
    (b"<?xml", "is an XML file, perhaps an SVG drawing", "export it as PNG"),
    (b"<!doctype html", "is a web page", "name the picture itself"),
    (b"<html", "is a web page", "name the picture itself"),
    (b"{", "is a text (JSON), perhaps an error that a server sent", "fetch the picture again"),
    (b"[", "is a text (JSON), perhaps an error that a server sent", "fetch the picture again"),
    (b"data:image/", "is a picture written as text (a data address)", "save the picture itself"),
    (b"ivborw0kgg", "is a picture written as text (base64)", "decode it with base64 -d"),
    (b"/9j/", "is a picture written as text (base64)", "decode it with base64 -d"),
    (b"/annex/objects", "is a pointer of git-annex, not the picture itself", "fetch it by git annex get"),
    (b"/* xpm", "is an XPM picture", "export it as PNG"),
    (b"#define", "is an XBM picture, or a program's text", "export it as PNG"),
    (b"ply\n", "is a model (PLY)", _SHAPE),
    (b"ply\r", "is a model (PLY)", _SHAPE),
    (b"solid ", "is a model (STL)", _SHAPE),
    (b"-----begin", "is a key or an encrypted text", _ITSELF),
)


def is_heif(data: bytes) -> bool:
    r"""Whether a file is a HEIC photograph.

    >>> is_heif(b"\0\0\0\x18ftypheic" + bytes(12))
    True
    """
    return data[4:8] == b"ftyp" and not _AVIF & _brands(data) and bool(_brands(data) & _HEIF)


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
    start = _text(data[:200]).encode().lower() or data[:200].lower()
    for magic, what, cure in _TEXT:
        if start.startswith(magic):
            return what, cure
    if not data[:4096].strip(b"\0"):
        return "begins with nothing but zeros, as after a download that broke off", "copy or fetch it again"
    return None


def _text(data: bytes) -> str:
    """The beginning of a file as text, without spaces before it; in UTF-16 only with its mark."""
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return data.decode("utf-16" if wide else "utf-8-sig", errors="ignore").lstrip()


def what_text(data: bytes) -> tuple[str, str] | None:
    """What a file of no known format is, if it is a text, as `what_else` says it.

    >>> what_text(b"404: Not Found")
    ('is a text, perhaps an error that a server sent', 'name the picture itself, or fetch it again')
    """
    text = _text(data[:400])
    if not text or sum(sign.isprintable() or sign.isspace() for sign in text) < len(text) or b"\0\0" in data[:400]:
        return None
    return "is a text, perhaps an error that a server sent", f"{_ITSELF}, or fetch it again"


def _brands(data: bytes) -> set[bytes]:
    """Of an ISO base media file: what its readers must know."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, length - 3, 4))}


def _container(data: bytes) -> tuple[str, str] | None:
    """By the brands of an ISO base media file, of which AVIF is read."""
    if _AVIF & _brands(data):
        return None
    if is_heif(data):
        return "is a HEIC photograph", "export it as JPEG, or `pip install 'orbifolio[heif]'`"
    if data[8:12] in (b"jp2 ", b"jpx "):
        return None
    return "is a film (MP4 or QuickTime)", _FRAME
