"""A picture in tiles of many sizes, with a viewer that loads those it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.deepzoom import Pyramid
from orbifolio.reports.media.img import PageImage
from orbifolio.reports.parts.base import Part
from orbifolio.reports.wording import format_pixels


@dataclass(frozen=True)
class DeepZoom(Part):
    """A picture in tiles of many sizes.

    Attributes:
        picture: a copy that a page can show whole, for browsers without JavaScript.
        data: the pyramid's description and where its tiles lie, for the page's script.
        endless: whether it continues over at least one pair of its edges.
    """

    template: ClassVar[str] = "parts/deepzoom.html"
    styles: ClassVar[tuple[str, ...]] = ("deepzoom.css",)
    scripts: ClassVar[tuple[str, ...]] = ("vendor/openseadragon.min.js", "deepzoom.js")
    picture: PageImage
    data: Mapping[str, Any]
    endless: bool
    label: str


def deepzoom_part(run: RunRecord, place: Place, pyramid: Pyramid, picture: PageImage) -> DeepZoom:
    """The viewer of a run's finished picture.

    Args:
        run: as read from its folder.
        place: the folder of the page that shows it.
        picture: a copy that a page can show whole.
    """
    rows, columns = run.wrap
    return DeepZoom(
        picture=picture,
        data={"source": pyramid.description(place.to(pyramid.folder)), "wrap": {"rows": rows, "columns": columns}},
        endless=rows or columns,
        label=f"{run.title}, {format_pixels(pyramid.width, pyramid.height)}",
    )
