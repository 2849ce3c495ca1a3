"""The page of a run: (run, gallery) -> `Page`, the picture first, then how it came to be."""

from __future__ import annotations

from pathlib import Path

from orbifolio.reports.charts.curves import charted_metrics, loss_charts
from orbifolio.reports.data.gallery_facts import gallery_facts
from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.live_updates import run_update
from orbifolio.reports.media.img import final_image, portrait_image
from orbifolio.reports.media.thumbnails import COPY_WIDTHS
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.curves import Curves
from orbifolio.reports.parts.downloads import downloads_part
from orbifolio.reports.parts.hero import run_hero
from orbifolio.reports.parts.image_pairs import image_pairs
from orbifolio.reports.parts.inputs import inputs_part
from orbifolio.reports.parts.judgement import judgement_part
from orbifolio.reports.parts.lead_image import run_lead_image, run_scrubber
from orbifolio.reports.parts.neighbours import neighbours_part
from orbifolio.reports.parts.notice import advisory_notice, outcome_notice
from orbifolio.reports.parts.painting.candidates import candidates_part
from orbifolio.reports.parts.painting.class_cells import class_cells_part
from orbifolio.reports.parts.painting.marks import marks_part
from orbifolio.reports.parts.painting.stroke_comparison import stroke_comparison
from orbifolio.reports.parts.phases import phases_part
from orbifolio.reports.parts.product.endless_zoom import endless_zoom
from orbifolio.reports.parts.product.globe import globe_part
from orbifolio.reports.parts.product.wallpaper import wallpaper_part
from orbifolio.reports.parts.progress import progress_part
from orbifolio.reports.parts.provenance import references_part, rerun_part, weights_part
from orbifolio.reports.parts.symmetry import symmetry_section
from orbifolio.reports.prose import markdown_to_text
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import format_date, format_duration

CHARTS_SHOWN = 2
"""Charts of losses that are seen at once: the total and the first family; who wants more opens the others."""


def run_name(run: RunRecord) -> str:
    """What tells it from other runs of its recipe: when it began."""
    return format_date(run.started) if run.started else run.id


def run_crumbs(run: RunRecord, gallery: Path, place: Place, *below: Link) -> tuple[Link, ...]:
    """The way from the gallery to a page of the run."""
    return (
        Link("Gallery", place.to(gallery / "index.html")),
        Link(run.type, place.to(run.folder.parent / "index.html")),
        Link(run_name(run), place.to(run.folder / "index.html")),
        *below,
    )


def preview_address(run: RunRecord, place: Place) -> str:
    """The picture that stands for the run where a link to it is previewed: at most 1280 pixels wide; "" for none."""
    source = portrait_image(run) or final_image(run)
    if source is None:
        return ""
    wide = [path for path, width in source.versions if width <= COPY_WIDTHS[2]]
    return place.to(wide[-1] if wide else source.versions[0][0])


def run_header(run: RunRecord) -> Header:
    """Title, status and the few facts that everyone wants."""
    took = run.work_seconds
    facts = (
        format_date(run.started) if run.started else "",
        f"took {format_duration(took)}" if took and not run.running else "",
    )
    return Header(
        run.title, above=run.theme, facts=tuple(fact for fact in facts if fact), status=STATUSES.get(run.status)
    )


def run_page(run: RunRecord, gallery: Path) -> Page:
    """The page of a run.

    Args:
        run: as read from its folder.
        gallery: the folder that holds all runs.
    """
    place = Place(run.folder)
    charts = loss_charts(run.phases, charted_metrics(run))
    scrubber = run_scrubber(run, place)
    product = globe_part(run, place) or endless_zoom(run, place) or wallpaper_part(run, place)
    frames = run_lead_image(run, place, scrubber, first=product is None)
    files = downloads_part(run, place)
    phases = phases_part(run, place, frames if product else None)
    atlas = phases if phases and phases.atlas else None
    parts: list[Part | None] = [
        progress_part(run) if run.running else outcome_notice(run),
        run_hero(run, place, product or frames, files),
        advisory_notice(run),
        atlas,
        None if atlas else image_pairs(run, place),
        stroke_comparison(run, place),
        candidates_part(run, place),
        class_cells_part(run, place),
        marks_part(run),
        symmetry_section(run),
        judgement_part(run),
        None if atlas else phases,
        inputs_part(run, place),
        Curves(charts, shown=CHARTS_SHOWN) if charts else None,
        rerun_part(run),
        weights_part(run),
        references_part(run),
        files,
        neighbours_part(run, gallery, place),
    ]
    return Page(
        path=run.folder / "index.html",
        kind="run",
        root=place.root(gallery),
        header=run_header(run),
        crumbs=(*run_crumbs(run, gallery, place)[:-1], Link(run_name(run))),
        parts=tuple(part for part in parts if part is not None),
        description=markdown_to_text(run.about) or run.title,
        facts=gallery_facts(gallery),
        image=preview_address(run, place),
        refresh=REFRESH_SECONDS if run.running else None,
        live=run_update(run, scrubber.data if scrubber else None),
    )
