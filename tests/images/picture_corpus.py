"""Some hundred small pictures in every form that a format has, each with the values that it must be read as.

The truth of each is worked out from the numbers that were put in, and by Pillow and Little CMS from an 8-bit copy:
never by the reader under test.
"""

import io
import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpngw
import numpy as np
import tifffile
from PIL import Image, ImageCms, TiffImagePlugin

WIDTH, HEIGHT = 12, 9
CHANNELS = {"grey": 1, "rgb": 3}


@dataclass(frozen=True)
class Made:
    """A file, and what it shows on white paper.

    Attributes:
        name: its form, in words.
        data: its bytes.
        pixels: (height, width, 3) in [0, 1].
    """

    name: str
    data: bytes
    pixels: np.ndarray


def numbers(channels: int, *, top: int = 255, seed: int = 1) -> np.ndarray:
    """(HEIGHT, WIDTH, channels) whole numbers from 0 to `top`, both of them among these."""
    values = np.random.default_rng(seed).integers(0, top + 1, (HEIGHT, WIDTH, channels))
    values[0, 0], values[0, 1] = 0, top
    return values


def shown(colours: np.ndarray, opacity: np.ndarray | None = None) -> np.ndarray:
    """Straight colours in [0, 1] on white, in three channels."""
    colours = np.repeat(colours, 3 // colours.shape[2], axis=2)
    share = np.ones(colours.shape[:2]) if opacity is None else opacity
    return colours * share[..., None] + 1 - share[..., None]


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """As EXIF's table says: where the first stored row and column are seen."""
    flipped = {2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1], 5: stored.swapaxes(0, 1)}
    turned = {6: np.rot90(stored, -1), 7: np.rot90(stored[::-1], -1)[:, ::-1][::-1], 8: np.rot90(stored, 1)}
    turned[7] = stored[::-1, ::-1].swapaxes(0, 1)
    return (flipped | turned).get(orientation, stored)


def curve_profile(space: bytes, power: float, *, swapped: bool = False) -> bytes:
    """A profile of one power for all channels; with `swapped`, red and blue change places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    entries = {
        srgb[at : at + 4]: struct.unpack_from(">II", srgb, at + 4) for at in range(132, 132 + 12 * srgb[131], 12)
    }
    parts = {name: srgb[start : start + size] for name, (start, size) in entries.items()}
    curve = b"curv" + struct.pack(">IIHH", 0, 1, round(power * 256), 0)
    kept = {name: parts[name] for name in (b"desc", b"cprt", b"wtpt")}
    if space == b"GRAY":
        kept[b"kTRC"] = curve
    else:
        order = (b"bXYZ", b"gXYZ", b"rXYZ") if swapped else (b"rXYZ", b"gXYZ", b"bXYZ")
        kept |= {name: parts[other] for name, other in zip((b"rXYZ", b"gXYZ", b"bXYZ"), order, strict=True)}
        kept |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body, at = struct.pack(">I", len(kept)), b"", 132 + 12 * len(kept)
    for name, part in kept.items():
        table += struct.pack(">4sII", name, at + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    whole = bytearray(srgb[:128] + table + body)
    whole[16:20] = space
    whole[:4] = struct.pack(">I", len(whole))
    return bytes(whole)


PROFILES = {
    ("rgb", "other primaries"): curve_profile(b"RGB ", 2.2, swapped=True),
    ("rgb", "linear light"): curve_profile(b"RGB ", 1.0),
    ("rgb", "sRGB"): ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ("grey", "gamma 1.8"): curve_profile(b"GRAY", 1.8),
}


def through(values: np.ndarray, profile: bytes) -> np.ndarray:
    """8-bit values as Little CMS converts them; grey by its power, which Little CMS bends by a step near black."""
    if values.shape[2] == 1:
        return shown(encoded((values / 255) ** 1.8))
    image = Image.fromarray(values.astype(np.uint8))
    converted = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    return np.asarray(converted) / 255


def encoded(light: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] as sRGB."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def spread(eight: np.ndarray, kind: str) -> np.ndarray:
    """8-bit numbers in another type, with the same meaning."""
    if kind.startswith("f"):
        return (eight / 255).astype(kind)
    bits = 8 * int(kind[1])
    top = 2**bits - 1 if kind[0] == "u" else 2 ** (bits - 1) - 1
    return np.array([round(int(each) * top / 255) for each in eight.flat], kind).reshape(eight.shape)


def tiff(values: np.ndarray, **options) -> bytes:
    """A TIFF as tifffile writes it."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, metadata=None, **options)
    return buffer.getvalue()


def packed_by_pillow(values: np.ndarray, photometric: str, packer: str, **options) -> bytes:
    """A TIFF in strips of four rows that libtiff has packed, of samples that Pillow cannot write."""
    strips = []
    for first in range(0, len(values), 4):
        rows = values[first : first + 4]
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)).save(
            buffer, "TIFF", compression=packer, tiffinfo={278: 4}
        )
        plain = Image.open(buffer)
        assert isinstance(plain, TiffImagePlugin.TiffImageFile)
        start, size = plain.tag_v2[273][0], plain.tag_v2[279][0]
        strips.append(buffer.getvalue()[start : start + size])
    whole = tiff(
        iter(strips), shape=values.shape, dtype=values.dtype, photometric=photometric, compression="zlib",
        rowsperstrip=4, **options,
    )  # fmt: skip
    return retagged(whole, {259: {"tiff_lzw": 5, "zstd": 50000, "packbits": 32773}[packer]})


def with_differences(values: np.ndarray, **options) -> bytes:
    """A TIFF deflated after predictor 3: each row's first bytes of all numbers, then the second, as differences."""
    strips, channels = [], values.shape[2] if values.ndim == 3 else 1
    for first in range(0, len(values), 4):
        rows = values[first : first + 4]
        size = values.dtype.itemsize
        parts = (
            rows.astype(f">f{size}").reshape(len(rows), -1, 1).view(np.uint8).transpose(0, 2, 1).reshape(len(rows), -1)
        )
        parts[:, channels:] = parts[:, channels:] - parts[:, :-channels]
        strips.append(zlib.compress(parts.tobytes()))
    whole = tiff(
        iter(strips), shape=values.shape, dtype=f"i{min(4, values.dtype.itemsize)}", compression="zlib", rowsperstrip=4,
        predictor=True, **options,
    )  # fmt: skip
    return retagged(whole, {258: 8 * values.dtype.itemsize, 317: 3, 339: 3})


# Samples beyond the colours: (their TIFF numbers, whether colours are multiplied by opacity).
EXTRAS = {
    "opaque": ((), False),
    "straight": (("unassalpha",), False),
    "premultiplied": (("assocalpha",), True),
    "unspecified": (("unspecified",), False),
    "opacity and a spot colour": (("unassalpha", "unspecified"), False),
    "premultiplied and a spot colour": (("assocalpha", "unspecified"), True),
}
STORED = {
    "strips": {"rowsperstrip": 4},
    "tiles": {"tile": (16, 16)},
    "planes": {"planarconfig": "separate"},
    "deflated": {"compression": "zlib", "rowsperstrip": 4},
    "deflated differences": {"compression": "zlib", "predictor": True, "rowsperstrip": 4},
    "deflated tiles": {"compression": "zlib", "predictor": True, "tile": (16, 16)},
    "big-endian": {"byteorder": ">"},
    "BigTIFF": {"bigtiff": True, "byteorder": ">"},
    "turned": {"extratags": [(274, "H", 1, 6, True)]},
}


def content(colours: str, extras: str) -> tuple[np.ndarray, np.ndarray]:
    """8-bit samples, and what they show."""
    kinds, multiplied = EXTRAS[extras]
    count = CHANNELS[colours]
    straight = numbers(count)
    if not kinds or kinds[0] == "unspecified":
        filler = numbers(len(kinds), seed=2)
        return np.dstack([straight, filler]) if kinds else straight, shown(straight / 255)
    opacity = numbers(1, seed=3)
    first = np.round(straight * (opacity / 255)).astype(int) if multiplied else straight
    plain = np.divide(first, opacity, where=opacity > 0, out=np.zeros(first.shape)) if multiplied else straight / 255
    spot = numbers(len(kinds) - 1, seed=4)
    return np.dstack([first, opacity, spot]), shown(np.clip(plain, 0, 1), opacity[..., 0] / 255)


def tiffs() -> Iterator[Made]:
    """All depths, extra samples and ways to store them."""
    kinds = ("u1", "u2", "u4", "i2", "i4", "f2", "f4", "f8")
    for kind, colours, extras, stored in itertools.product(kinds, CHANNELS, EXTRAS, STORED):
        eight, expected = content(colours, extras)
        # A third of the combinations, every pair of properties among them.
        place = kinds.index(kind) + list(EXTRAS).index(extras) + list(STORED).index(stored) + CHANNELS[colours]
        options = dict(STORED[stored])
        if place % 3:
            continue
        values = spread(eight, kind)
        if kind[0] == "f" and options.pop("predictor", False):
            stored = "deflated floating-point differences"
            options = {"rowsperstrip": 4}
        if stored == "planes":
            values = np.moveaxis(values, 2, 0)
            options = {} if len(values) == 1 else options
        if values.shape[-1] == 1:
            values = values[..., 0]
        names = [int(tifffile.EXTRASAMPLE[name.upper()]) for name in EXTRAS[extras][0]]
        photometric = "minisblack" if colours == "grey" else "rgb"
        if "floating" in stored:
            data = with_differences(values, photometric=photometric, extrasamples=names or None)
        else:
            data = tiff(values, photometric=photometric, extrasamples=names or None, **options)
        turn = 6 if stored == "turned" else 1
        yield Made(f"TIFF {kind} {colours} {extras}, {stored}", data, upright(expected, turn))
    for kind, packer in itertools.product(("u1", "u2", "f4"), ("tiff_lzw", "zstd", "packbits")):
        eight, expected = content("rgb", "premultiplied")
        data = packed_by_pillow(spread(eight, kind), "rgb", packer, extrasamples=["assocalpha"])
        yield Made(f"TIFF {kind} rgb premultiplied, {packer}", data, expected)
    for kind in ("u1", "u2", "u4", "f4"):
        eight = numbers(1)
        data = tiff(spread(eight, kind)[..., 0], photometric="miniswhite")
        yield Made(f"TIFF {kind} inverted grey", data, shown(1 - eight / 255))


def profiled() -> Iterator[Made]:
    """Pictures with profiles, of all depths."""
    for (colours, named), profile in PROFILES.items():
        eight = numbers(CHANNELS[colours])
        converted = through(eight, profile)
        photometric = "minisblack" if colours == "grey" else "rgb"
        for kind in ("u1", "u2", "u4", "f2", "f4", "f8"):
            data = tiff(spread(eight, kind).squeeze(), photometric=photometric, iccprofile=profile)
            yield Made(f"TIFF {kind} {colours}, {named}", data, converted)
            opacity = numbers(1, seed=3)
            values = np.dstack([spread(eight, kind), spread(opacity, kind)])
            data = tiff(values, photometric=photometric, iccprofile=profile, extrasamples=["unassalpha"])
            yield Made(f"TIFF {kind} {colours}, {named}, straight", data, shown(converted, opacity[..., 0] / 255))
        for kind in ("u1", "u2"):
            data = with_chunk(png(spread(eight, kind)), b"iCCP", b"p\0\0" + zlib.compress(profile))
            yield Made(f"PNG {kind} {colours}, {named}", data, converted)


def png(values: np.ndarray, **options) -> bytes:
    """A PNG as numpngw writes it."""
    buffer = io.BytesIO()
    numpngw.write_png(buffer, values.squeeze(), **options)
    return buffer.getvalue()


def with_chunk(data: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk behind its header."""
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data[:33] + chunk + data[33:]


def pngs() -> Iterator[Made]:
    """All colour types, depths, orientations, and transparent colours."""
    for kind, channels, interlace in itertools.product(("u1", "u2"), (1, 2, 3, 4), (0, 1)):
        eight = numbers(channels)
        colours, opacity = (eight[..., :-1], eight[..., -1] / 255) if channels in (2, 4) else (eight, None)
        data = png(spread(eight, kind), interlace=interlace)
        yield Made(f"PNG {kind} of {channels}, interlace {interlace}", data, shown(colours / 255, opacity))
        exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0%c\0\0\0\0\0\0"
        for turn in range(1 + interlace, 9, 2):
            turned = upright(shown(colours / 255, opacity), turn)
            yield Made(f"PNG {kind} of {channels}, turned {turn}", with_chunk(data, b"eXIf", exif % turn), turned)
        if channels in (1, 3):
            hidden = eight[4, 5]
            share = 1.0 - (eight == hidden).all(axis=2)
            key = spread(hidden, kind)
            body = struct.pack(f">{channels}H", *key.tolist())
            name = f"PNG {kind} of {channels} with a transparent colour, interlace {interlace}"
            yield Made(name, with_chunk(data, b"tRNS", body), shown(eight / 255, share))
    for bits in (1, 2, 4):
        low = numbers(1, top=2**bits - 1)
        data = png(low.astype(np.uint8), bitdepth=bits)
        yield Made(f"PNG grey of {bits} bits", data, shown(low / (2**bits - 1)))
        data = with_chunk(data, b"tRNS", struct.pack(">H", 1))
        expected = shown(low / (2**bits - 1), 1.0 - (low[..., 0] == 1))
        yield Made(f"PNG grey of {bits} bits with a transparent one", data, expected)
    indices = numbers(1, top=15)[..., 0].astype(np.uint8)
    palette = numbers(3, seed=5).reshape(-1, 3)[:16]
    for opacity in (None, bytes(range(0, 256, 16)), 3):
        image = Image.fromarray(indices, "P")
        image.putpalette(palette.astype(np.uint8).tobytes())
        share = np.ones(16) if opacity is None else np.array([*(opacity if isinstance(opacity, bytes) else ())])
        share = np.where(np.arange(16) == opacity, 0, 1) if isinstance(opacity, int) else share
        share = share / 255 if isinstance(opacity, bytes) else share
        expected = shown(palette[indices] / 255, share[indices])
        for form in ("PNG", "GIF") if not isinstance(opacity, bytes) else ("PNG",):
            buffer = io.BytesIO()
            image.save(buffer, form, **({} if opacity is None else {"transparency": opacity}))
            yield Made(f"{form} with a palette, opacity {opacity!r:.9}", buffer.getvalue(), expected)


def packed_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """(rows, bytes) of samples with this many bits, one after the other."""
    rows = values.reshape(len(values), -1, 1) >> np.arange(bits - 1, -1, -1) & 1
    return np.packbits(rows.reshape(len(values), -1).astype(np.uint8), axis=1)


def odd() -> Iterator[Made]:
    """Depths between 8 and 16 bits and below 8, other formats of more than 8, values beyond 1."""
    for bits, (colours, count), inverted in itertools.product((1, 2, 4, 10, 12, 14), CHANNELS.items(), (False, True)):
        if colours == "rgb" and (inverted or bits < 4):
            continue
        values = numbers(count, top=2**bits - 1)
        photometric = "rgb" if colours == "rgb" else "miniswhite" if inverted else "minisblack"
        rows = packed_bits(values, bits)
        data = tiff(rows, photometric="minisblack")
        data = retagged(
            data, {256: WIDTH, 258: bits, 262: {"miniswhite": 0, "minisblack": 1, "rgb": 2}[photometric], 277: count}
        )
        expected = shown(values / (2**bits - 1))
        yield Made(f"TIFF {photometric} of {bits} bits", data, 1 - expected if inverted else expected)
    for kind, top in (("u1", 255), (">u2", 65535), (">u2", 4095)):
        for mark, count in (("P5", 1), ("P6", 3)):
            values = numbers(count, top=top)
            data = f"{mark} {WIDTH} {HEIGHT} {top}\n".encode() + values.astype(kind).tobytes()
            yield Made(f"{mark} up to {top}", data, shown(values / top))
    sixteen = numbers(1, top=65535)
    for image in (Image.fromarray(sixteen[..., 0].astype(np.uint16)), Image.fromarray(numbers(3).astype(np.uint8))):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG2000")
        expected = np.asarray(image) / (65535 if image.mode == "I;16" else 255)
        yield Made(f"JPEG 2000 {image.mode}", buffer.getvalue(), shown(expected.reshape(HEIGHT, WIDTH, -1)))
    for factor, kind in itertools.product((1.001, 3, 50), ("f2", "f4", "f8")):
        values = numbers(3) / 255
        values[2:4] *= factor
        yield Made(
            f"TIFF {kind} with values up to {factor}",
            tiff(values.astype(kind), photometric="rgb"),
            shown(np.clip(values, 0, 1)),
        )
        linear = values.astype(kind)
        data = tiff(linear, photometric="rgb", iccprofile=PROFILES["rgb", "linear light"])
        yield Made(f"TIFF {kind} of linear light up to {factor}", data, shown(encoded(np.clip(values, 0, 1))))
    hidden = np.dstack([np.full((HEIGHT, WIDTH, 3), 0.25), np.ones((HEIGHT, WIDTH))]).astype(np.float32)
    hidden[2:5] = (np.nan, np.nan, np.nan, 0)
    expected = shown(np.full((HEIGHT, WIDTH, 3), 0.25), hidden[..., 3])
    yield Made(
        "TIFF f4 with NaN where nothing is seen", tiff(hidden, photometric="rgb", extrasamples=["assocalpha"]), expected
    )
    lab = np.dstack([40 + numbers(1) * (40 / 255), numbers(2, seed=6) * (30 / 255) - 15])  # that a screen shows
    for kind, scale in (("u1", (2.55, 1, 1)), ("u2", (655.35, 256, 256))):
        whole = np.round(lab * scale).astype(int)
        expected = shown(encoded(light_of(whole / scale)))
        values = (whole % 2 ** (8 * int(kind[1]))).astype(kind)
        yield Made(f"TIFF {kind} lab", retagged(tiff(values, photometric="rgb"), {262: 8}), expected)
    for kind in ("u1", "u2"):
        cmyk = numbers(4)
        expected = (
            np.asarray(Image.frombytes("CMYK", (WIDTH, HEIGHT), cmyk.astype(np.uint8).tobytes()).convert("RGB")) / 255
        )
        yield Made(f"TIFF {kind} cmyk", tiff(spread(cmyk, kind), photometric="separated"), expected)


def light_of(lab: np.ndarray) -> np.ndarray:
    """Linear sRGB of CIELAB under D50, by the definition and Lindbloom's matrix."""
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 3 * (6 / 29) ** 2) * (0.96422, 1, 0.82521)
    to_light = [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
    return np.clip(xyz @ np.array(to_light).T, 0, 1)


def retagged(data: bytes, values: dict[int, int]) -> bytes:
    """A little-endian TIFF with other values in tags of one number; bits of a sample count for all samples."""
    changed = bytearray(data)
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", data, at)
        if tag in values:
            struct.pack_into("<HII", changed, at + 2, 4, 1, values[tag])
    return bytes(changed)


def corpus() -> list[Made]:
    """All of them."""
    return [*tiffs(), *profiled(), *pngs(), *odd()]
