"""Pictures that are made to harm: a seeded stream of mutated, cut, swollen and many-layered files, and bombs by hand.

    python tests/images/hostile_pictures.py 1000

reads a thousand of them as uploads are read and prints what the dearest of them cost.
"""

import io
import itertools
import random
import struct
import sys
import time
import zlib
from collections.abc import Iterator

import numpy as np
import tifffile
from picture_corpus import corpus, png, retagged, with_chunk
from PIL import Image


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def header_png(width: int, height: int, bits: int, colour: int, body: bytes) -> bytes:
    """A PNG of a size, with this for pixels."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def bomb_tiff(width: int, height: int, kind: type, channels: int) -> bytes:
    """A deflated TIFF of nothing, in one strip."""
    strip = zlib.compressobj(9)
    row = bytes(width * channels * np.dtype(kind).itemsize)
    body = b"".join(strip.compress(row) for _ in range(height)) + strip.flush()
    buffer = io.BytesIO()
    shape = (height, width) if channels == 1 else (height, width, channels)
    options = {"photometric": "minisblack" if channels == 1 else "rgb", "compression": "zlib", "rowsperstrip": height}
    tifffile.imwrite(buffer, iter([body]), shape=shape, dtype=kind, **options)
    return buffer.getvalue()


def bombs(side: int) -> Iterator[tuple[str, bytes]]:
    """What a small file makes large, each of about `side` x `side` pixels where it tells a size.

    Args:
        side: in pixels; 8000 is the largest that is taken as an upload.
    """
    blank, icon = Image.new("L", (side, side)), Image.new("L", (16, 16))
    progressive = saved(Image.new("L", (side // 4, side // 4), 90), "JPEG", progressive=True)
    last = progressive.rindex(b"\xff\xda")
    yield "JPEG of 14,285 scans", progressive[:last] + progressive[last:-2] * 14_285 + progressive[-2:]
    yield "JPEG of 90 scans", progressive[:last] + progressive[last:-2] * 80 + progressive[-2:]
    frames = [Image.new("L", (500, 400), number % 256) for number in range(side // 40)]
    yield "GIF of one colour", saved(blank, "GIF")
    yield "GIF of many frames", saved(frames[0], "GIF", save_all=True, append_images=frames)
    speck = png(np.zeros((9, 12, 3), np.uint8))
    chunk = with_chunk(bytes(33), b"tEXt", b"a\0")[33:]
    text = zlib.compress(bytes(6000 * side), 9)
    yield "PNG of one colour", saved(blank.convert("RGBA"), "PNG")
    yield "PNG of 16 bits", header_png(side, side, 16, 2, zlib.compress(bytes(side * (1 + 6 * side)), 9))
    yield "PNG without an end", header_png(64, 64, 8, 2, zlib.compress(bytes(10 * side * side), 9))
    yield "PNG that is a bomb by its header", header_png(2**31 - 1, 2**31 - 1, 16, 6, b"")
    yield "PNG of many chunks", speck[:33] + chunk * (50 * side) + speck[33:]
    yield "PNG with a text that inflates", with_chunk(speck, b"zTXt", b"a\0\0" + text)
    yield "PNG with a profile that inflates", with_chunk(speck, b"iCCP", b"a\0\0" + text)
    yield "TIFF of float64", bomb_tiff(side, side, np.float64, 1)
    yield "TIFF of float64 in colour", bomb_tiff(side, side, np.float64, 3)
    yield "TIFF of 16 bits", bomb_tiff(side, side, np.uint16, 3)
    small = bomb_tiff(64, 64, np.uint8, 3)
    directory = struct.unpack_from("<I", small, 4)[0]
    yield "TIFF that claims a terapixel", retagged(small, {256: 2**31, 257: 2**31})
    yield "TIFF of 65,535 samples", retagged(small, {277: 65535})
    yield "TIFF in rows of none", retagged(small, {278: 0})
    yield "TIFF that follows itself", small[:directory] + b"\0\0" + small[4:8]
    yield "TIFF of many pages", saved(icon, "TIFF", save_all=True, append_images=[icon] * (side // 4))
    yield "WebP of one colour", saved(blank, "WEBP", lossless=True, method=0)
    yield "AVIF of one colour", saved(blank.convert("RGB"), "AVIF", speed=10)
    yield "JPEG 2000 of one colour", saved(blank.crop((0, 0, side // 2, side // 2)), "JPEG2000")
    head = struct.pack("<IHHIIiiHHIIIIII", 0, 0, 0, 1078, 40, side, side, 1, 8, 1, 0, 0, 0, 256, 0)
    yield "BMP that runs on", b"BM" + head + bytes(1024) + b"\x01\x00" * (60 * side)
    yield "PPM of words", f"P3 {side} {side} 255\n".encode() + b"1 " * (250 * side)
    yield "PPM of comments", b"P6\n" + b"#\n" * (250 * side) + b"12 9 255\n" + bytes(324)
    yield "PPM of 16 bits", f"P6 {side // 8} {side // 8} 65535\n".encode() + bytes(6 * (side // 8) ** 2)
    yield "a line of pixels", saved(Image.new("L", (60_000, 8)), "PNG")


def mutated(seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Pictures of every form, harmed at random, without an end."""
    chance = random.Random(seed)
    whole = [(made.name, made.data) for made in corpus()]
    photo = Image.effect_noise((40, 30), 60).convert("RGB")
    for kind in ("JPEG", "WEBP", "GIF", "BMP", "AVIF", "JPEG2000", "TGA", "PPM", "TIFF"):
        whole += [(kind, saved(photo, kind))] * 12
    whole += [("JPEG TIFF", saved(photo, "TIFF", compression="jpeg"))] * 6
    for number in itertools.count():
        name, data = chance.choice(whole)
        harmed = bytearray(data)
        for _ in range(chance.choice((0, 1, 1, 2, 4, 16, 64))):
            at = chance.randrange(min(len(harmed), chance.choice((64, 400, 1 << 30))))
            harmed[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        way = chance.randrange(5)
        if way == 1:
            del harmed[chance.randrange(len(harmed)) :]
        elif way == 2:  # a field of four bytes that is much too large
            at = chance.randrange(len(harmed))
            harmed[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\1\0"))
        elif way == 3:  # a part twice
            at, size = chance.randrange(len(harmed)), chance.randrange(1, 300)
            harmed[at:at] = harmed[at : at + size] * chance.choice((1, 3, 40))
        elif way == 4:
            other = chance.choice(whole)[1]
            cut = chance.randrange(len(harmed))
            harmed[cut:] = other[chance.randrange(len(other)) :]
        yield f"{number}: {name}", bytes(harmed)


def main(count: int) -> None:
    """Read them as uploads are, and tell what they cost."""
    import resource
    import tempfile
    from pathlib import Path

    from orbifolio.runner.errors import ImageError
    from orbifolio.runner.server.uploads import Uploads

    uploads = Uploads(Path(tempfile.mkdtemp()))
    costs, taken = [], 0
    for name, data in itertools.islice(itertools.chain(bombs(8000), mutated()), count):
        began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            uploads.take(data, "a")
            said, taken = "taken", taken + 1
        except ImageError as error:
            said = str(error)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        costs.append((time.process_time() - began, most / 1e6, (most - before) / 1e3, len(data), name, said[:90]))
    total = sum(cost[0] for cost in costs)
    print(f"{count} files, {taken} taken, {total:.1f} processor seconds, peak {costs[-1][1]:.2f} GB")
    dearest = sorted(costs, key=lambda cost: -cost[0])[:20] + sorted(costs, key=lambda cost: -cost[2])[:8]
    for seconds, peak, more, size, name, said in dearest:
        print(f"{seconds:6.2f} s  peak {peak:.2f} GB (+{more:5.0f} MB)  {size:9,} bytes  {name}: {said}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
