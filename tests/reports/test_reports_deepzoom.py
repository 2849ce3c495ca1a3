"""Deep zoom: tiles that join to the picture and to its reductions, made once, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from page_reading import read_page
from PIL import Image
from synthetic_run import picture

from orbifolio.reports.data.log import read_run
from orbifolio.reports.media.deepzoom import (
    PYRAMID_SIDE,
    TILE_OVERLAP,
    TILE_SIDE,
    find_pyramid,
    level_count,
    make_pyramid,
    tile_boxes,
    write_tiles,
)
from orbifolio.reports.media.thumbnails import image_size, load_image, prepare_image
from orbifolio.reports.write import write_report

Make = Callable[..., Path]
WIDTH, HEIGHT = 4200, 150


@pytest.fixture
def large(make_run: Make) -> Path:
    """A run whose picture is long and thin."""
    return enlarge(make_run(), WIDTH, HEIGHT)


def enlarge(folder: Path, width: int, height: int, *, seed: int = 5) -> Path:
    """Give a run a picture of another size."""
    picture(width, height, seed=seed).save(folder / "final.png", compress_level=1)
    record = json.loads((folder / "run.json").read_text())
    record["final"] |= {"width": width, "height": height, "sha256": f"{seed:064d}"}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def joined(folder: Path, width: int, height: int) -> Image.Image:
    """A level put together from its tiles, without their overlaps."""
    whole = Image.new("RGB", (width, height))
    for row in range(-(-height // TILE_SIDE)):
        for column in range(-(-width // TILE_SIDE)):
            with Image.open(folder / f"{column}_{row}.jpg") as tile:
                left, top = (TILE_OVERLAP if place else 0 for place in (column, row))
                inner = tile.crop((left, top, min(tile.width, left + 256), min(tile.height, top + 256)))
                whole.paste(inner, (column * TILE_SIDE, row * TILE_SIDE))
    return whole


def sizes(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Sizes of the levels, the largest first, by the format's definition."""
    while True:
        yield width, height
        if (width, height) == (1, 1):
            return
        width, height = -(-width // 2), -(-height // 2)


def test_every_level_is_the_picture_reduced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (515, 700, 3)).astype(np.uint8)
    wanted = Image.fromarray(noise)
    save = Image.Image.save
    with monkeypatch.context() as patch:  # without JPEG's own error
        patch.setattr(Image.Image, "save", lambda self, path, kind, **options: save(self, path, "PNG"))
        write_tiles(wanted, tmp_path / "tiles")
    for level, (width, height) in zip(range(10, -1, -1), sizes(700, 515), strict=True):
        assert wanted.size == (width, height)
        assert np.array_equal(joined(tmp_path / "tiles" / str(level), width, height), wanted)
        wanted = wanted.reduce(2)
    assert sorted(int(path.name) for path in (tmp_path / "tiles").iterdir()) == list(range(11))


def test_tiles_are_nearly_the_picture(tmp_path: Path) -> None:
    image = picture(700, 515, seed=2)
    write_tiles(image, tmp_path / "tiles")
    assembled = joined(tmp_path / "tiles" / "10", 700, 515)
    assert 0 < np.abs(np.asarray(assembled, int) - np.asarray(image, int)).mean() < 1.5


def test_neighbouring_tiles_overlap_by_one_pixel() -> None:
    boxes = {(column, row): box for column, row, box in tile_boxes(600, 300)}
    assert set(boxes) == {(c, r) for c in range(3) for r in range(2)}
    assert boxes[0, 0] == (0, 0, 257, 257)
    assert boxes[1, 0] == (255, 0, 513, 257)
    assert boxes[2, 1] == (511, 255, 600, 300)


@pytest.mark.parametrize(
    ("size", "count"), [((1, 1), 1), ((2, 1), 2), ((256, 256), 9), ((257, 1), 10), ((8192, 3), 14)]
)
def test_levels_go_down_to_one_pixel(size: tuple[int, int], count: int) -> None:
    assert level_count(*size) == count == len(list(sizes(*size)))


def test_a_large_picture_gets_a_page_and_the_run_a_link(large: Path, gallery: Path) -> None:
    write_report(large, gallery=gallery)
    run = read_page(large / "index.html")
    assert run.xpath("//a[@href='zoom/index.html']")
    page = read_page(large / "zoom" / "index.html")
    (script,) = page.xpath("//script[@data-deep-data]")
    description = json.loads(script.text)["source"]["Image"]
    assert description["Size"] == {"Width": str(WIDTH), "Height": str(HEIGHT)}
    tiles = large / "zoom" / description["Url"]
    assert len(list((tiles / "13").iterdir())) == 17
    with Image.open(tiles / "13" / "16_0.jpg") as tile:
        assert tile.size == (WIDTH - 16 * 256 + 1, HEIGHT)
    (link,) = page.xpath("//*[@data-viewer]/a")
    assert link.get("href") == "../final.png"
    assert "openseadragon" not in (large / "index.html").read_text()
    assert any("openseadragon" in source for source in page.xpath("//script/@src"))


def test_it_is_made_once_and_again_for_another_picture(large: Path) -> None:
    first = make_pyramid(read_run(large))
    assert first is not None
    before = first.folder.stat().st_ino
    again = make_pyramid(read_run(large))
    assert again == first == find_pyramid(read_run(large))
    assert first.folder.stat().st_ino == before
    enlarge(large, WIDTH, HEIGHT, seed=6)
    other = make_pyramid(read_run(large))
    assert other is not None
    assert other.folder != first.folder
    assert [path.name for path in (large / "zoom").iterdir()] == [other.folder.name]


def test_small_missing_broken_and_running_pictures_have_none(make_run: Make) -> None:
    folder = make_run()
    assert make_pyramid(read_run(folder)) is None
    enlarge(folder, PYRAMID_SIDE, 8)
    assert make_pyramid(read_run(folder)) is None
    enlarge(folder, PYRAMID_SIDE + 1, 8)
    assert find_pyramid(read_run(folder)) is None
    content = (folder / "final.png").read_bytes()
    (folder / "final.png").write_bytes(content[: len(content) // 2])
    assert make_pyramid(read_run(folder)) is None
    (folder / "final.png").write_bytes(b"no picture")
    assert make_pyramid(read_run(folder)) is None
    (folder / "final.png").unlink()
    assert make_pyramid(read_run(folder)) is None
    assert not (folder / "zoom").exists()
    record = json.loads((folder / "run.json").read_text()) | {"status": "running"}
    enlarge(folder, PYRAMID_SIDE + 1, 8)
    (folder / "run.json").write_text(json.dumps(record))
    run = read_run(folder, now=read_run(folder).last)
    log = (folder / "events.jsonl").read_text().splitlines()[:-1]
    (folder / "events.jsonl").write_text("\n".join(log))
    run = read_run(folder, now=run.last)
    assert run.running
    assert make_pyramid(run) is None


def test_half_a_pyramid_is_never_shown(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reduce = Image.Image.reduce
    calls = []

    def full(self: Image.Image, *arguments: int) -> Image.Image:
        calls.append(self.size)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return reduce(self, *arguments)

    monkeypatch.setattr(Image.Image, "reduce", full)
    with pytest.raises(OSError, match="No space"):
        make_pyramid(read_run(large))
    assert list((large / "zoom").iterdir()) == []
    assert find_pyramid(read_run(large)) is None
    monkeypatch.setattr(Image.Image, "reduce", reduce)
    assert make_pyramid(read_run(large)) is not None


def test_two_processes_may_make_the_same(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = write_tiles

    def overtaken(image: Image.Image, folder: Path) -> None:
        monkeypatch.setattr("orbifolio.reports.media.deepzoom.write_tiles", write)
        assert make_pyramid(read_run(large)) is not None  # the other one is faster
        write(image, folder)

    monkeypatch.setattr("orbifolio.reports.media.deepzoom.write_tiles", overtaken)
    pyramid = make_pyramid(read_run(large))
    assert pyramid is not None
    assert [path.name for path in (large / "zoom").iterdir()] == [pyramid.folder.name]
    assert (pyramid.folder / "0" / "0_0.jpg").is_file()


def test_artworks_may_have_more_pixels_than_strangers_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(64, 64).save(tmp_path / "final.png")
    picture(64, 64).save(tmp_path / "bomb.webp")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # 64 x 64 is four times that, as 19,000 x 19,000 is
    assert image_size(tmp_path / "final.png") == (64, 64)
    assert image_size(tmp_path / "bomb.webp") is None
    loaded = load_image(tmp_path / "final.png")
    assert loaded is not None
    assert loaded.getpixel((5, 7)) == picture(64, 64).getpixel((5, 7))
    assert prepare_image(tmp_path, "final.png") is not None
    monkeypatch.setattr("orbifolio.reports.media.thumbnails._MAX_PIXELS", 4000)
    assert image_size(tmp_path / "final.png") is None


@pytest.mark.parametrize("tiles", [[True, True], [False, True], [False, False], "x", None])
def test_only_pictures_that_continue_are_endless(large: Path, gallery: Path, tiles: object) -> None:
    record = json.loads((large / "run.json").read_text())
    record["final"]["tiles"] = tiles
    (large / "run.json").write_text(json.dumps(record))
    write_report(large, gallery=gallery)
    page = read_page(large / "zoom" / "index.html")
    rows, columns = tiles if isinstance(tiles, list) else (False, False)
    (script,) = page.xpath("//script[@data-deep-data]")
    assert json.loads(script.text)["wrap"] == {"rows": rows, "columns": columns}
    assert bool(page.xpath("//button[@data-do='endless']")) == (rows or columns)
