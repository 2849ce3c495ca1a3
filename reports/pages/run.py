"""The page of a run: (Run, gallery) -> `Page`, the picture first, then how it came to be."""

from __future__ import annotations

import math
from pathlib import Path

from markupsafe import Markup

from orbifolio.reports import compare, parts, prose, wording
from orbifolio.reports.charts import curves
from orbifolio.reports.data import downloads, frame_strip, globe, notices, painted, pairs, provenance, symmetry, values
from orbifolio.reports.data.log import Phase, Run
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.media import animation, deepzoom, img, thumbnails
from orbifolio.reports.pages import live_updates
from orbifolio.reports.sweep import membership
from orbifolio.reports.sweep.record import FOLDER
from orbifolio.reports.tree import Page

FRAMES_ON_CARD = 12
REFRESH = 5


def crumbs(run: Run, gallery: Path, place: Place, *below: Link) -> tuple[Link, ...]:
    """The way from the gallery to a page of the run."""
    return (
        Link("Gallery", place.to(gallery / "index.html")),
        Link(run.type, place.to(run.folder.parent / "index.html")),
        Link(run.id, place.to(run.folder / "index.html")),
        *below,
    )


def picture_size(run: Run) -> str:
    """The artwork's size in words, or "" while there is none."""
    final = values.mapping(run.record.get("final"))
    width, height = values.whole(final.get("width")), values.whole(final.get("height"))
    return wording.pixels(width, height) if width and height else ""


def group(run: Run) -> str:
    """The symmetry group's name, or ""."""
    return values.text(values.mapping(run.record.get("symmetry")).get("group"))


def elapsed(run: Run) -> float | None:
    """Seconds of work: as recorded, or the sum of the phases."""
    return run.seconds or sum(phase.seconds for phase in run.phases) or None


def header(run: Run) -> Header:
    """Title, status and the few facts that everyone wants."""
    took = elapsed(run)
    facts = (
        wording.date(run.started) if run.started else "",
        f"took {wording.duration(took)}" if took and not run.running else "",
    )
    return Header(
        run.title, above=run.theme, facts=tuple(fact for fact in facts if fact), status=STATUSES.get(run.status)
    )


def _scrubber(run: Run, place: Place) -> parts.Scrubber | None:
    """The slider under the picture: through all frames, and on to the finished picture."""
    finished = img.final_source(run) is not None
    return frame_strip.scrubber(
        place,
        run,
        run.phases,
        label="Frames of the whole run",
        ends_with="The finished picture" if finished else "",
        latest="" if finished else "The newest frame",
    )


def _hero(run: Run, place: Place, scrubber: parts.Scrubber | None) -> parts.Hero:
    source, caption = img.portrait_source(run) or img.final_source(run), "The finished picture"
    if source is None:
        newest = img.newest_frame(run)
        caption = "No picture yet" if run.running else "No picture was saved"
        if newest is not None:
            phase, frame = newest
            source = thumbnails.prepare(run.folder, frame.path)
            caption = f"The newest frame: {img.frame_name(phase, frame)}"
        elif run.record.get("final"):
            caption = "The finished picture is missing or cannot be read"
    record = run.record
    steps = values.whole(record.get("steps")) or sum(len(phase.steps) for phase in run.phases)
    symmetry = values.mapping(record.get("symmetry"))
    facts = (
        parts.Fact("Symmetry", values.text(symmetry.get("title")) or group(run)),
        parts.Fact("Size", picture_size(run)),
        parts.Fact("Steps", wording.integer(steps) if steps else ""),
        parts.Fact("Time", wording.duration(elapsed(run)) if elapsed(run) else ""),
        parts.Fact("Seed", values.text(record.get("seed"))),
        parts.Fact("Device", values.text(record.get("device"))),
    )
    final = values.inner_path(values.mapping(record.get("final")).get("path"))
    links = []
    if final and (run.folder / final).is_file():
        links.append(Link("Download the picture", place.to(run.folder / final)))
    if deepzoom.find(run) is not None:
        links.append(Link("Zoom into the picture", place.to(deepzoom.page_path(run))))
    gallery = run.folder.parent.parent
    links.append(Link("Compare with other runs", compare.address(place, gallery, f"{run.type}/{run.id}")))
    for name, title in membership.of_run(gallery, f"{run.type}/{run.id}"):
        links.append(Link(f"Part of a sweep: {title}", place.to(gallery / FOLDER / name / "index.html")))
    links.append(Link("System and timing", place.to(run.folder / "system" / "index.html")))
    return parts.Hero(
        picture=img.show(
            place,
            source,
            alt=f"{run.title}: {caption[0].lower()}{caption[1:]}",
            sizes="(min-width: 62rem) 60vw, 94vw",
            loading="eager",
        ),
        caption=caption,
        scrubber=scrubber,
        about=prose.to_html(run.about) if run.about.strip() else Markup(""),
        facts=tuple(fact for fact in facts if fact.value),
        links=tuple(links),
    )


def _wallpaper(run: Run, place: Place) -> parts.TilePreview | None:
    """The repeated tile, for pictures that continue over at least one pair of edges."""
    final = values.mapping(run.record.get("final"))
    tiles = [value is True for value in values.sequence(final.get("tiles"))]
    if len(tiles) != 2 or not any(tiles):
        return None
    rows, columns = tiles
    source = thumbnails.repeatable(run.folder, values.inner_path(final.get("path")), wrap=(rows, columns))
    if source is None:
        return None
    copy, natural = source.versions[0]
    width = min(natural, max(96, min(240, round(natural / 2))))
    whole = thumbnails.prepare(run.folder, values.inner_path(final.get("path")))
    large = whole.versions[-1] if whole else (copy, natural)
    way = "both" if rows and columns else "across" if columns else "down"
    return parts.TilePreview(
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


def _inputs(run: Run, place: Place) -> parts.Inputs | None:
    cards = []
    for entry in map(values.mapping, values.sequence(run.record.get("inputs"))):
        name = values.text(entry.get("name"), "picture")
        width, height = values.whole(entry.get("width")) or 0, values.whole(entry.get("height")) or 0
        weight = values.number(entry.get("weight"))
        facts = (
            values.text(entry.get("source")),
            wording.pixels(width, height) if width and height else "",
            f"weight {wording.number(weight)}" if weight is not None and name.startswith("style") else "",
        )
        versions = [("original", "as given"), ("prepared", "as prepared")]
        if entry.get("prepared") == entry.get("original"):
            del versions[1]  # nothing was prepared: the same picture twice says nothing
        shown = {
            version: img.show(
                place,
                thumbnails.prepare(run.folder, values.inner_path(entry.get(version)), widths=(320, 640)),
                alt=f"{name}, {words}",
                sizes="(min-width: 62rem) 24rem, 46vw",
            )
            for version, words in versions
        }
        cards.append(parts.InputCard(name, tuple(fact for fact in facts if fact), **shown))
    return parts.Inputs(tuple(cards)) if cards else None


def _stages(run: Run, place: Place) -> parts.Stages | None:
    """The pictures that a renderer made on the way from its input to its start."""
    cards = []
    for entry in map(values.mapping, values.sequence(run.record.get("stages"))):
        name = values.text(entry.get("name"), "picture")
        picture = img.show(
            place,
            thumbnails.prepare(run.folder, values.inner_path(entry.get("path")), widths=(320, 640)),
            alt=f"{name}, on the way from the input to the start",
            sizes="(min-width: 62rem) 18rem, 46vw",
        )
        if picture is not None:
            cards.append(parts.StageCard(name[:1].upper() + name[1:], picture))
    return parts.Stages(tuple(cards)) if cards else None


def phase_facts(phase: Phase) -> tuple[str, ...]:
    """Size, steps, time and last loss of a phase, in words."""
    done = len(phase.steps)
    loss = phase.steps[-1].loss if phase.steps else math.fsum(phase.terms.values()) if phase.terms else None
    steps = wording.count(max(done, phase.planned), "step")
    if done and not phase.finished and done < phase.planned:
        steps = f"{wording.integer(done)} of {steps}"
    return tuple(
        fact
        for fact in (
            wording.pixels(phase.width, phase.height) if phase.width else "",
            steps if phase.planned or done else "",
            wording.duration(phase.seconds) if phase.seconds else "",
            f"loss {wording.number(loss, 3)}" if loss is not None else "",
        )
        if fact
    )


def _phases(run: Run, place: Place) -> parts.Phases | None:
    cards = []
    for phase in run.phases:
        frames = img.present(run, phase)
        shown = img.sampled(frames, FRAMES_ON_CARD)
        more = "Open this phase"
        if len(frames) > len(shown):
            more = f"All {len(frames)} frames, curves and notes"
        state = "" if phase.finished else "still to come"
        if phase.started and not phase.finished:
            state = "in progress" if run.running else "not finished"
        cards.append(
            parts.PhaseCard(
                id=f"phase-{phase.index + 1}",
                title=f"{phase.index + 1}. {phase.title}",
                href=place.to(img.phase_page(run, phase)) if phase.started else "",
                facts=phase_facts(phase),
                more=more,
                status=state,
                frames=tuple(img.frame_card(place, run, phase, frame) for frame in shown),
            )
        )
    return parts.Phases(tuple(cards)) if cards else None


def run_page(run: Run, gallery: Path) -> Page:
    """The page of a run.

    Args:
        run: as read from its folder.
        gallery: the folder that holds all runs.
    """
    place = Place(run.folder)
    charts = curves.loss_charts(run.phases, curves.charted(run))
    scrubber = _scrubber(run, place)
    found: list[parts.Part | None] = [
        *notices.all_of(run),
        _hero(run, place, scrubber),
        notices.advisories(run),
        globe.part(run, place),
        _wallpaper(run, place),
        pairs.comparison(run, place),
        painted.part(run, place),
        symmetry.symmetry(run),
        _inputs(run, place),
        _stages(run, place),
        _phases(run, place),
        animation.part(run, place),
        parts.Curves(charts) if charts else None,
        provenance.parameters(run),
        provenance.again(run),
        provenance.weights(run),
        provenance.references(run),
        downloads.part(run, place),
    ]
    return Page(
        path=run.folder / "index.html",
        kind="run",
        root=place.root(gallery),
        header=header(run),
        crumbs=(*crumbs(run, gallery, place)[:-1], Link(run.id)),
        parts=tuple(part for part in found if part is not None),
        description=prose.to_text(run.about) or run.title,
        refresh=REFRESH if run.running else None,
        live=live_updates.of_run(run, scrubber.data if scrubber else None),
    )
