"""The page of a run: (Run, gallery) -> `Page`, the picture first, then how it came to be."""

from __future__ import annotations

import math
from pathlib import Path

from markupsafe import Markup

from orbifolio.reports.charts.curves import charted_metrics, loss_charts
from orbifolio.reports.compare import compare_address
from orbifolio.reports.data.downloads import downloads_part
from orbifolio.reports.data.frame_strip import make_scrubber
from orbifolio.reports.data.globe import globe_part
from orbifolio.reports.data.log import PhaseRecord, RunRecord
from orbifolio.reports.data.notices import advisory_notice, status_parts
from orbifolio.reports.data.painted import stroke_comparison
from orbifolio.reports.data.pairs import image_pairs
from orbifolio.reports.data.provenance import parameters_part, references_part, rerun_part, weights_part
from orbifolio.reports.data.symmetry import symmetry_section
from orbifolio.reports.data.values import as_int, as_mapping, as_number, as_text, as_tuple, inner_path
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.media.animation import animation_part
from orbifolio.reports.media.deepzoom import find_pyramid, zoom_page_path
from orbifolio.reports.media.img import (
    final_image,
    frame_card,
    frame_name,
    newest_frame,
    page_image,
    phase_page_path,
    portrait_image,
    present_frames,
    sample_frames,
)
from orbifolio.reports.media.thumbnails import prepare_image, prepare_tile
from orbifolio.reports.pages.live_updates import run_update
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.curves import Curves
from orbifolio.reports.parts.run import InputCard, Inputs, LeadImage, PhaseCard, Phases, StageCard, Stages, TilePreview
from orbifolio.reports.parts.viewer import Scrubber
from orbifolio.reports.prose import markdown_to_html, markdown_to_text
from orbifolio.reports.sweep.membership import sweeps_of_run
from orbifolio.reports.sweep.record import SWEEPS_FOLDER
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import (
    format_count,
    format_date,
    format_duration,
    format_integer,
    format_number,
    format_pixels,
)

MAX_CARD_FRAMES = 12
REFRESH = 5


def run_crumbs(run: RunRecord, gallery: Path, place: Place, *below: Link) -> tuple[Link, ...]:
    """The way from the gallery to a page of the run."""
    return (
        Link("Gallery", place.to(gallery / "index.html")),
        Link(run.type, place.to(run.folder.parent / "index.html")),
        Link(run.id, place.to(run.folder / "index.html")),
        *below,
    )


def picture_size(run: RunRecord) -> str:
    """The artwork's size in words, or "" while there is none."""
    final = as_mapping(run.record.get("final"))
    width, height = as_int(final.get("width")), as_int(final.get("height"))
    return format_pixels(width, height) if width and height else ""


def symmetry_group(run: RunRecord) -> str:
    """The symmetry group's name, or ""."""
    return as_text(as_mapping(run.record.get("symmetry")).get("group"))


def run_seconds(run: RunRecord) -> float | None:
    """Seconds of work: as recorded, or the sum of the phases."""
    return run.seconds or sum(phase.seconds for phase in run.phases) or None


def run_header(run: RunRecord) -> Header:
    """Title, status and the few facts that everyone wants."""
    took = run_seconds(run)
    facts = (
        format_date(run.started) if run.started else "",
        f"took {format_duration(took)}" if took and not run.running else "",
    )
    return Header(
        run.title, above=run.theme, facts=tuple(fact for fact in facts if fact), status=STATUSES.get(run.status)
    )


def _scrubber(run: RunRecord, place: Place) -> Scrubber | None:
    """The slider under the picture: through all frames, and on to the finished picture."""
    finished = final_image(run) is not None
    return make_scrubber(
        place,
        run,
        run.phases,
        label="Frames of the whole run",
        ends_with="The finished picture" if finished else "",
        latest="" if finished else "The newest frame",
    )


def _hero(run: RunRecord, place: Place, scrubber: Scrubber | None) -> LeadImage:
    source, caption = portrait_image(run) or final_image(run), "The finished picture"
    if source is None:
        newest = newest_frame(run)
        caption = "No picture yet" if run.running else "No picture was saved"
        if newest is not None:
            phase, frame = newest
            source = prepare_image(run.folder, frame.path)
            caption = f"The newest frame: {frame_name(phase, frame)}"
        elif run.record.get("final"):
            caption = "The finished picture is missing or cannot be read"
    record = run.record
    steps = as_int(record.get("steps")) or sum(len(phase.steps) for phase in run.phases)
    symmetry = as_mapping(record.get("symmetry"))
    facts = (
        Fact("Symmetry", as_text(symmetry.get("title")) or symmetry_group(run)),
        Fact("Size", picture_size(run)),
        Fact("Steps", format_integer(steps) if steps else ""),
        Fact("Time", format_duration(run_seconds(run)) if run_seconds(run) else ""),
        Fact("Seed", as_text(record.get("seed"))),
        Fact("Device", as_text(record.get("device"))),
    )
    final = inner_path(as_mapping(record.get("final")).get("path"))
    links = []
    if final and (run.folder / final).is_file():
        links.append(Link("Download the picture", place.to(run.folder / final)))
    if find_pyramid(run) is not None:
        links.append(Link("Zoom into the picture", place.to(zoom_page_path(run))))
    gallery = run.folder.parent.parent
    links.append(Link("Compare with other runs", compare_address(place, gallery, f"{run.type}/{run.id}")))
    for name, title in sweeps_of_run(gallery, f"{run.type}/{run.id}"):
        links.append(Link(f"Part of a sweep: {title}", place.to(gallery / SWEEPS_FOLDER / name / "index.html")))
    links.append(Link("System and timing", place.to(run.folder / "system" / "index.html")))
    return LeadImage(
        picture=page_image(
            place,
            source,
            alt=f"{run.title}: {caption[0].lower()}{caption[1:]}",
            sizes="(min-width: 62rem) 60vw, 94vw",
            loading="eager",
        ),
        caption=caption,
        scrubber=scrubber,
        about=markdown_to_html(run.about) if run.about.strip() else Markup(""),
        facts=tuple(fact for fact in facts if fact.value),
        links=tuple(links),
    )


def _wallpaper(run: RunRecord, place: Place) -> TilePreview | None:
    """The repeated tile, for pictures that continue over at least one pair of edges."""
    final = as_mapping(run.record.get("final"))
    tiles = [value is True for value in as_tuple(final.get("tiles"))]
    if len(tiles) != 2 or not any(tiles):
        return None
    rows, columns = tiles
    source = prepare_tile(run.folder, inner_path(final.get("path")), wrap=(rows, columns))
    if source is None:
        return None
    copy, natural = source.versions[0]
    width = min(natural, max(96, min(240, round(natural / 2))))
    whole = prepare_image(run.folder, inner_path(final.get("path")))
    large = whole.versions[-1] if whole else (copy, natural)
    way = "both" if rows and columns else "across" if columns else "down"
    return TilePreview(
        src=place.to(copy),
        # a smaller copy of it would not wrap: it was not scaled as part of its repetition
        large=place.to(large[0]) if natural < source.width == large[1] else "",
        way=way,
        repeat={"both": "repeat", "across": "repeat-x", "down": "repeat-y"}[way],
        width=width,
        height=max(1, round(width / source.ratio)),
        natural=source.width,
        label=f"{run.title}, repeated as wallpaper",
    )


def _inputs(run: RunRecord, place: Place) -> Inputs | None:
    cards = []
    for entry in map(as_mapping, as_tuple(run.record.get("inputs"))):
        name = as_text(entry.get("name"), "picture")
        width, height = as_int(entry.get("width")) or 0, as_int(entry.get("height")) or 0
        weight = as_number(entry.get("weight"))
        facts = (
            as_text(entry.get("source")),
            format_pixels(width, height) if width and height else "",
            f"weight {format_number(weight)}" if weight is not None and name.startswith("style") else "",
        )
        versions = [("original", "as given"), ("prepared", "as prepared")]
        if entry.get("prepared") == entry.get("original"):
            del versions[1]  # nothing was prepared: the same picture twice says nothing
        shown = {
            version: page_image(
                place,
                prepare_image(run.folder, inner_path(entry.get(version)), widths=(320, 640)),
                alt=f"{name}, {words}",
                sizes="(min-width: 62rem) 24rem, 46vw",
            )
            for version, words in versions
        }
        cards.append(InputCard(name, tuple(fact for fact in facts if fact), **shown))
    return Inputs(tuple(cards)) if cards else None


def _stages(run: RunRecord, place: Place) -> Stages | None:
    """The pictures that a renderer made on the way from its input to its start."""
    cards = []
    for entry in map(as_mapping, as_tuple(run.record.get("stages"))):
        name = as_text(entry.get("name"), "picture")
        picture = page_image(
            place,
            prepare_image(run.folder, inner_path(entry.get("path")), widths=(320, 640)),
            alt=f"{name}, on the way from the input to the start",
            sizes="(min-width: 62rem) 18rem, 46vw",
        )
        if picture is not None:
            cards.append(StageCard(name[:1].upper() + name[1:], picture))
    return Stages(tuple(cards)) if cards else None


def phase_facts(phase: PhaseRecord) -> tuple[str, ...]:
    """Size, steps, time and last loss of a phase, in words."""
    done = len(phase.steps)
    loss = phase.steps[-1].loss if phase.steps else math.fsum(phase.terms.values()) if phase.terms else None
    steps = format_count(max(done, phase.planned), "step")
    if done and not phase.finished and done < phase.planned:
        steps = f"{format_integer(done)} of {steps}"
    return tuple(
        fact
        for fact in (
            format_pixels(phase.width, phase.height) if phase.width else "",
            steps if phase.planned or done else "",
            format_duration(phase.seconds) if phase.seconds else "",
            f"loss {format_number(loss, 3)}" if loss is not None else "",
        )
        if fact
    )


def _phases(run: RunRecord, place: Place) -> Phases | None:
    cards = []
    for phase in run.phases:
        frames = present_frames(run, phase)
        shown = sample_frames(frames, MAX_CARD_FRAMES)
        more = "Open this phase"
        if len(frames) > len(shown):
            more = f"All {len(frames)} frames, curves and notes"
        state = "" if phase.finished else "still to come"
        if phase.started and not phase.finished:
            state = "in progress" if run.running else "not finished"
        cards.append(
            PhaseCard(
                id=f"phase-{phase.index + 1}",
                title=f"{phase.index + 1}. {phase.title}",
                href=place.to(phase_page_path(run, phase)) if phase.started else "",
                facts=phase_facts(phase),
                more=more,
                status=state,
                frames=tuple(frame_card(place, run, phase, frame) for frame in shown),
            )
        )
    return Phases(tuple(cards)) if cards else None


def run_page(run: RunRecord, gallery: Path) -> Page:
    """The page of a run.

    Args:
        run: as read from its folder.
        gallery: the folder that holds all runs.
    """
    place = Place(run.folder)
    charts = loss_charts(run.phases, charted_metrics(run))
    scrubber = _scrubber(run, place)
    found: list[Part | None] = [
        *status_parts(run),
        _hero(run, place, scrubber),
        advisory_notice(run),
        globe_part(run, place),
        _wallpaper(run, place),
        image_pairs(run, place),
        stroke_comparison(run, place),
        symmetry_section(run),
        _inputs(run, place),
        _stages(run, place),
        _phases(run, place),
        animation_part(run, place),
        Curves(charts) if charts else None,
        parameters_part(run),
        rerun_part(run),
        weights_part(run),
        references_part(run),
        downloads_part(run, place),
    ]
    return Page(
        path=run.folder / "index.html",
        kind="run",
        root=place.root(gallery),
        header=run_header(run),
        crumbs=(*run_crumbs(run, gallery, place)[:-1], Link(run.id)),
        parts=tuple(part for part in found if part is not None),
        description=markdown_to_text(run.about) or run.title,
        refresh=REFRESH if run.running else None,
        live=run_update(run, scrubber.data if scrubber else None),
    )
