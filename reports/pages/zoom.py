"""The page of a picture too large for one image: (run) -> its viewer, or no page where the picture is small."""

from __future__ import annotations

from pathlib import Path

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.media.deepzoom import make_pyramid, zoom_page_path
from orbifolio.reports.media.img import final_image, page_image
from orbifolio.reports.pages.run import run_crumbs
from orbifolio.reports.parts.deepzoom import deepzoom_part
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import format_pixels


def zoom_page(run: RunRecord, gallery: Path) -> Page | None:
    """The page that shows a large picture, or None if there is no pyramid.

    Args:
        run: as read from its folder.
        gallery: the folder that holds all runs.
    """
    pyramid, source = make_pyramid(run), final_image(run)
    if pyramid is None or source is None:
        return None
    place = Place(zoom_page_path(run).parent)
    picture = page_image(place, source, alt=f"{run.title}: the finished picture", sizes="94vw", loading="eager")
    if picture is None:
        return None
    return Page(
        path=zoom_page_path(run),
        kind="zoom",
        root=place.root(gallery),
        header=Header("Zoom", above=run.title, facts=(format_pixels(pyramid.width, pyramid.height),)),
        crumbs=run_crumbs(run, gallery, place, Link("Zoom")),
        parts=(deepzoom_part(run, place, pyramid, picture),),
        description=f"{run.title}: the picture in all its pixels",
    )
