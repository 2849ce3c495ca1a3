"""Animations: which frames, how long, how large; made once, the same bytes, never the end of a report."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from page_reading import read_page
from PIL import Image, features

from orbifolio.reports.data.log import RunRecord, read_run
from orbifolio.reports.media.animation import MAX_FRAMES, _fitted, _frames, _readable, frame_durations, make_animation
from orbifolio.reports.media.encode import TICK_MS, encode_avif
from orbifolio.reports.media.img import newest_frame
from orbifolio.reports.write import write_report
from orbifolio.runner.images.mp4 import mp4

Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def without_video(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """MP4 is tried by the tests that are about it."""
    if "video" not in request.node.name:
        monkeypatch.setattr("orbifolio.reports.media.animation.has_video", lambda: False)
        monkeypatch.setattr("orbifolio.runner.images.mp4.has_video", lambda: False)


def ended(folder: Path) -> RunRecord:
    return read_run(folder)


def noisy(width: int, height: int, *, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def opened(path: Path) -> tuple[list[Image.Image], list[int]]:
    """All frames of an animated picture, and their durations."""
    frames, durations = [], []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            frames.append(image.convert("RGB"))
            durations.append(int(image.info["duration"]))
    return frames, durations


def test_all_phases_come_to_the_size_of_the_last(make_run: Make) -> None:
    folder = make_run(sizes=((16, 28), (32, 56)), steps=6, every=3)
    made = make_animation(ended(folder))
    assert made is not None
    assert (made.width, made.height, made.frames, made.endings) == (32, 56, 6, (".webp",))
    frames, durations = opened(folder / "animation.webp")
    assert {frame.size for frame in frames} == {(32, 56)}
    assert durations[:-1] == [240] * 5
    assert 1440 <= durations[-1] <= 1560
    assert made.milliseconds == sum(durations)
    with Image.open(folder / "phases/2-32px/frames/00006.webp") as last:
        assert np.abs(np.asarray(frames[-1], int) - np.asarray(last.convert("RGB"), int)).mean() < 8
    with Image.open(folder / "phases/1-16px/frames/00000.webp") as first:
        enlarged = first.convert("RGB").resize((32, 56), Image.Resampling.BICUBIC)
        assert np.abs(np.asarray(frames[0], int) - np.asarray(enlarged, int)).mean() < 8


@pytest.mark.parametrize(
    ("size", "wanted"), [((600, 60), (512, 51)), ((60, 900), (51, 768)), ((40, 40), (40, 40)), ((900, 1), (512, 1))]
)
def test_large_pictures_are_made_smaller(make_run: Make, size: tuple[int, int], wanted: tuple[int, int]) -> None:
    folder = make_run(sizes=(size,), steps=1, every=1)
    made = make_animation(ended(folder))
    assert made is not None
    assert (made.width, made.height) == wanted
    with Image.open(folder / "animation.webp") as image:
        assert image.size == wanted


def test_phases_of_another_shape_are_cropped_not_squeezed() -> None:
    wide = Image.new("RGB", (80, 20), "black")
    wide.paste("white", (30, 0, 50, 20))  # a square in its middle
    fitted = np.asarray(_fitted(wide, (20, 20)))
    assert fitted.min() > 250
    assert _fitted(Image.new("RGB", (16, 28)), (32, 55)).size == (32, 55)


@pytest.mark.parametrize("count", [2, 3, 34, 40, 120])
def test_durations_follow_a_fixed_rate_and_hold_the_last(count: int) -> None:
    durations = frame_durations(count)
    assert len(durations) == count
    assert len(set(durations[:-1])) == 1
    assert all(value % TICK_MS == 0 and value % durations[0] == 0 for value in durations)
    assert 1200 < durations[-1] <= 1500
    assert sum(durations[:-1]) <= 7500


def test_many_frames_are_sampled(make_run: Make) -> None:
    folder = make_run(sizes=((8, 8),), steps=300, every=1)
    made = make_animation(ended(folder))
    assert made is not None
    assert made.frames == MAX_FRAMES
    run = ended(folder)
    chosen = [frame.step for frame in _frames(run)]
    assert (chosen[0], chosen[-1]) == (0, 300)
    assert {b - a for a, b in itertools.pairwise(chosen)} <= {2, 3}


def test_it_is_made_once_and_again_for_other_frames(make_run: Make, tmp_path: Path) -> None:
    folder = make_run()
    make_animation(ended(folder))
    before = (folder / "animation.webp").stat().st_ino
    assert make_animation(ended(folder)) == make_animation(ended(folder))
    assert (folder / "animation.webp").stat().st_ino == before
    copy = tmp_path / "copied" / "x" / folder.name
    shutil.copytree(folder, copy, copy_function=shutil.copyfile)  # other times
    inode = (copy / "animation.webp").stat().st_ino
    make_animation(ended(copy))
    assert (copy / "animation.webp").stat().st_ino == inode
    noisy(32, 56).save(folder / "phases/2-32px/frames/00006.webp")
    make_animation(ended(folder))
    assert (folder / "animation.webp").stat().st_ino != before
    (folder / "animation.webp").unlink()
    assert make_animation(ended(folder)) is not None
    assert (folder / "animation.webp").is_file()


def test_equal_frames_give_equal_bytes(make_run: Make) -> None:
    folders = [make_run(identity=f"2026112{n}-000000-0000", sizes=((128, 128),), steps=12, every=1) for n in (1, 2)]
    for folder in folders:
        assert make_animation(ended(folder)) is not None
    kinds = {".webp", ".avif"} if features.check("avif") else {".webp"}
    assert {path.suffix for path in folders[0].glob("animation.*")} == kinds
    for kind in kinds:
        assert (folders[0] / f"animation{kind}").read_bytes() == (folders[1] / f"animation{kind}").read_bytes()


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow makes no AVIF")
def test_an_avif_without_its_creation_time_still_plays() -> None:
    pictures = [noisy(32, 24), noisy(32, 24).rotate(180)]
    first = encode_avif(pictures, [40, 60])
    time.sleep(1.1)  # its headers count seconds
    assert first == encode_avif(pictures, [40, 60])
    assert first is not None
    played = Image.open(io.BytesIO(first))
    assert played.n_frames == 2
    assert played.size == (32, 24)


def test_the_smaller_kind_comes_first(make_run: Make) -> None:
    if not features.check("avif"):
        pytest.skip("this Pillow knows no AVIF")
    folder = make_run(sizes=((128, 128),), steps=12, every=1)
    made = make_animation(ended(folder))
    assert made is not None
    assert made.endings == (".avif", ".webp")
    assert (folder / "animation.avif").stat().st_size < (folder / "animation.webp").stat().st_size
    frames, durations = opened(folder / "animation.avif")
    assert len(frames) == made.frames
    assert sum(durations) == made.milliseconds


def test_without_avif_there_is_webp(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: False)
    made = make_animation(ended(make_run(sizes=((128, 128),), steps=12, every=1)))
    assert made is not None
    assert made.endings == (".webp",)


def test_broken_frames_are_left_out(make_run: Make) -> None:
    folder = make_run()
    (folder / "phases/2-32px/frames/00006.webp").write_bytes(b"RIFF no picture")
    (folder / "phases/1-16px/frames/00003.webp").unlink()
    made = make_animation(ended(folder))
    assert made is not None
    assert made.frames == 4
    for path in folder.glob("phases/*/frames/*.webp"):
        path.write_bytes(b"")
    assert make_animation(ended(folder)) is None
    assert not list(folder.glob("animation.*"))
    write_report(folder, gallery=folder.parent.parent)
    assert "animation" not in (folder / "index.html").read_text()


def test_a_run_that_goes_on_has_none(make_run: Make) -> None:
    folder = make_run(status="running", until=9)
    run = read_run(folder, now=ended(folder).last)
    assert run.running
    assert make_animation(run) is None
    assert not (folder / "animation.webp").exists()
    stopped = ended(folder)
    assert not stopped.running
    assert make_animation(stopped) is not None  # a killed run shows how far it came


def test_an_encoder_that_fails_does_not_stop_the_report(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> bytes:
        raise RuntimeError("encoder")

    monkeypatch.setattr("orbifolio.reports.media.animation.encode_webp", fail)
    folder = make_run()
    page = write_report(folder, gallery=folder.parent.parent).read_text()
    assert "What went wrong" not in page
    assert 'id="animation"' not in page


def test_nothing_moves_by_itself(make_run: Make, gallery: Path) -> None:
    folder = make_run(sizes=((128, 128),), steps=12, every=1)
    write_report(folder, gallery=gallery)
    document = read_page(folder / "index.html")
    assert not [image for image in document.iter("img") if "animation" in image.get("src") + image.get("srcset", "")]
    hero = {link.text_content(): link.get("href") for link in document.xpath("//*[@class='hero']//a")}
    assert hero["Watch it come to be"] == "animation.webp"
    offered = {link.get("href"): link.get("download") for link in document.xpath("//section[@id='files']//a")}
    assert offered["animation.webp"] == f"rainbow-hexagon-{folder.name}.webp"


def test_video_is_h264_of_even_sides(make_run: Make) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="needs orbifolio[video]")
    folder = make_run(sizes=((17, 31), (129, 135)))
    made = make_animation(ended(folder))
    assert made is not None
    assert made.endings[-2:] == (".webp", ".mp4")
    program = [ffmpeg.get_ffmpeg_exe(), "-i", folder / "animation.mp4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(program, capture_output=True, timeout=60, check=True)
    assert re.search(rb"Video: h264 .*yuv420p.* 128x134", done.stderr)
    pixels = np.frombuffer(done.stdout, np.uint8).reshape(-1, 134 * 128 * 3)
    assert len(pixels) == made.milliseconds // 240
    frames, _ = opened(folder / "animation.webp")
    wanted = np.asarray(frames[-1].crop((0, 0, 128, 134)), int).ravel()
    assert np.abs(pixels[-1].astype(int) - wanted).mean() < 12
    again = mp4(_readable(ended(folder), _frames(ended(folder))), frame_durations(6))
    assert again == (folder / "animation.mp4").read_bytes()


def test_a_video_program_that_fails_leaves_the_pictures(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="needs orbifolio[video]")
    monkeypatch.setattr(ffmpeg, "get_ffmpeg_exe", lambda: "/nowhere/ffmpeg")
    made = make_animation(ended(make_run(sizes=((129, 135),), steps=12)))
    assert made is not None
    assert made.endings[-1] == ".webp"


def test_a_video_made_elsewhere_is_kept_where_the_extra_is_missing(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(sizes=((129, 135),), steps=18)
    monkeypatch.setattr("orbifolio.reports.media.animation.has_video", lambda: True)
    monkeypatch.setattr("orbifolio.reports.media.animation.mp4", lambda *arguments: b"a film")
    assert make_animation(ended(folder)) is not None
    monkeypatch.setattr("orbifolio.reports.media.animation.has_video", lambda: False)
    made = make_animation(ended(folder))
    assert made is not None
    assert made.endings[-2:] == (".webp", ".mp4")
    assert newest_frame(ended(folder)) is not None
