"""The page of a run: (Run, gallery) -> `Page`, the picture first, then how it came to be."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from markupsafe import Markup

from reports import curves, imaging, notices, parts, pictures, prose, references, values, wording
from reports.log import Phase, Run
from reports.tree import STATUSES, Header, Link, Page, Place

FRAMES_ON_CARD = 12
REFRESH = 5
CLOSE = 0.05
"""Residual below which a claimed symmetry counts as kept (measured: true ones lie below 0.01)."""

DISTINCT = 0.2
"""Residual above which an unclaimed symmetry counts as absent (measured: they lie above 0.6)."""

_INK = re.compile(r"(-?)\s*([rgb])\b", re.IGNORECASE)


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


def _hero(run: Run, place: Place) -> parts.Hero:
    source, caption = imaging.final_source(run), "The finished picture"
    if source is None:
        newest = imaging.newest_frame(run)
        caption = "No picture yet" if run.running else "No picture was saved"
        if newest is not None:
            phase, frame = newest
            source = pictures.prepare(run.folder, frame.path)
            caption = f"The newest frame: {imaging.frame_name(phase, frame)}"
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
    links.append(Link("System and timing", place.to(run.folder / "system" / "index.html")))
    return parts.Hero(
        picture=imaging.show(
            place,
            source,
            alt=f"{run.title}: {caption[0].lower()}{caption[1:]}",
            sizes="(min-width: 62rem) 60vw, 94vw",
            loading="eager",
        ),
        caption=caption,
        stops=imaging.stops(place, run, run.phases),
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
    source = pictures.repeatable(run.folder, values.inner_path(final.get("path")), wrap=(rows, columns))
    if source is None:
        return None
    copy, natural = source.versions[0]
    width = min(natural, max(96, min(240, round(natural / 2))))
    repeat = "repeat" if rows and columns else "repeat-x" if columns else "repeat-y"
    return parts.TilePreview(
        src=place.to(copy),
        repeat=repeat,
        width=width,
        height=max(1, round(width / source.ratio)),
        natural=natural,
        label=f"{run.title}, repeated as wallpaper",
    )


def _claim(record: object, *, claimed: bool) -> parts.ClaimRow:
    """One row of the symmetry table."""
    claim = values.mapping(record)
    residual = values.number(claim.get("residual"))
    colour = values.text(claim.get("colour"))
    inks = tuple(parts.Ink(("n" if sign else "") + name.lower()) for sign, name in _INK.findall(colour))
    if residual is None:
        verdict, tone = "not measured", "calm"
    elif claimed:
        verdict, tone = ("kept", "good") if residual < CLOSE else ("not exact", "bad")
    else:
        verdict, tone = ("absent", "good") if residual > DISTINCT else ("nearly present", "caution")
    second = values.number(claim.get("second"))
    return parts.ClaimRow(
        name=values.text(claim.get("name"), "unnamed"),
        colour=colour,
        inks=inks if len(inks) == 3 else (),
        residual=wording.number(residual, 2),
        second=wording.number(second, 2),
        verdict=verdict,
        tone=tone,
    )


def _symmetry(run: Run) -> parts.Symmetry | None:
    symmetry = values.mapping(run.record.get("symmetry"))
    if not symmetry:
        return None
    claims = tuple(_claim(item, claimed=True) for item in values.sequence(symmetry.get("claims")))
    others = values.sequence(symmetry.get("unclaimed")) if claims else ()
    unclaimed = tuple(_claim(item, claimed=False) for item in others)
    worst = values.number(symmetry.get("worst"))
    if worst is None or not claims:
        verdict, tone = "Not measured yet: this happens on the finished picture.", "calm"
        if not run.running and run.status != "done":
            verdict = "Not measured: there is no finished picture."
    else:
        kept = sum(claim.tone == "good" for claim in claims)
        tone = "good" if kept == len(claims) and worst < CLOSE else "bad"
        verdict = f"{kept} of {wording.count(len(claims), 'claim')} kept; the largest residual is "
        verdict += f"{wording.number(worst, 2)}."
    facts = (
        parts.Fact("Group", values.text(symmetry.get("group"))),
        parts.Fact("Cells in the picture", values.text(symmetry.get("cells"))),
        parts.Fact(
            "Closest unclaimed",
            wording.number(values.number(symmetry.get("closest_unclaimed")), 2) if unclaimed else "",
        ),
    )
    return parts.Symmetry(
        lead=values.text(symmetry.get("title")) or values.text(symmetry.get("group")),
        verdict=verdict,
        tone=tone,
        facts=tuple(fact for fact in facts if fact.value),
        notes=values.texts(symmetry.get("notes")),
        claims=claims,
        unclaimed=unclaimed,
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
            f"weight {wording.number(weight)}" if weight is not None else "",
        )
        shown = {
            version: imaging.show(
                place,
                pictures.prepare(run.folder, values.inner_path(entry.get(version)), widths=(320, 640)),
                alt=f"{name}, {words}",
                sizes="(min-width: 62rem) 24rem, 46vw",
            )
            for version, words in (("original", "as given"), ("prepared", "as prepared"))
        }
        cards.append(parts.InputCard(name, tuple(fact for fact in facts if fact), **shown))
    return parts.Inputs(tuple(cards)) if cards else None


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
        frames = imaging.present(run, phase)
        shown = imaging.sampled(frames, FRAMES_ON_CARD)
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
                href=place.to(run.folder / phase.folder / "index.html") if phase.started else "",
                facts=phase_facts(phase),
                more=more,
                status=state,
                frames=tuple(imaging.frame_card(place, run, phase, frame) for frame in shown),
            )
        )
    return parts.Phases(tuple(cards)) if cards else None


def _parameters(run: Run) -> parts.Parameters | None:
    record = run.record.get("parameters")
    text = json.dumps(record, indent=2, ensure_ascii=False) if record else ""
    overrides = values.texts(run.record.get("overrides"))
    if not (text or run.recipe_text or overrides):
        return None
    return parts.Parameters(overrides, prose.yaml_tokens(run.recipe_text), text)


def _again(run: Run) -> parts.Again | None:
    rerun = values.mapping(run.record.get("rerun"))
    offers = [
        ("local", "On this machine", "The same recipe, seed and versions give the same bytes."),
        ("cloud", "On a rented GPU", "Prints what it will cost before anything starts."),
    ]
    if run.status not in ("done", "running"):
        offers.insert(0, ("resume", "Go on where it stopped", "As if it had never stopped."))
    commands = tuple(
        parts.Command(heading, values.text(rerun.get(key)), note)
        for key, heading, note in offers
        if values.text(rerun.get(key))
    )
    return parts.Again(commands) if commands else None


def _weights(run: Run) -> parts.Weights | None:
    weights = tuple(
        parts.Weight(
            name=values.text(entry.get("name"), "unnamed"),
            licence=values.text(entry.get("licence")),
            source=values.text(entry.get("source")),
            sha256=values.text(entry.get("sha256")),
            notes=values.text(entry.get("notes")),
        )
        for entry in map(values.mapping, values.sequence(run.record.get("weights")))
    )
    return parts.Weights(weights) if weights else None


def _references(run: Run) -> parts.References | None:
    known, unknown = references.resolve(values.texts(run.record.get("references")))
    return parts.References(known, unknown) if known or unknown else None


def _downloads(run: Run, place: Place) -> parts.Downloads | None:
    final = values.inner_path(values.mapping(run.record.get("final")).get("path"))
    offers: list[tuple[str, str, pictures.Source | None]] = [(final, "The picture", None)]
    for extra in map(values.mapping, values.sequence(run.record.get("extras"))):
        path = values.inner_path(extra.get("path"))
        seen = None
        if values.text(extra.get("kind")) == "picture":
            seen = pictures.prepare(run.folder, path, widths=pictures.SMALL)
        offers.append((path, values.text(extra.get("title")) or Path(path).name, seen))
    offers += [
        ("recipe.yaml", "The recipe as resolved", None),
        ("run.json", "The summary, for machines", None),
        ("events.jsonl", "The log: everything that happened", None),
    ]
    found = []
    for path, title, source in offers:
        if path and (run.folder / path).is_file():
            # the log grows while the run goes on: its size would change the page with every line
            amount = "" if run.running else wording.size((run.folder / path).stat().st_size)
            note = " · ".join(item for item in (path, amount) if item)
            picture = imaging.show(place, source, alt=title, sizes="8rem")
            found.append(parts.Download(title, place.to(run.folder / path), note, picture))
    return parts.Downloads(tuple(found)) if found else None


def run_page(run: Run, gallery: Path) -> Page:
    """The page of a run.

    Args:
        run: as read from its folder.
        gallery: the folder that holds all runs.
    """
    place = Place(run.folder)
    charts = curves.loss_charts(run.phases)
    found: list[parts.Part | None] = [
        *notices.all_of(run),
        _hero(run, place),
        notices.advisories(run),
        _wallpaper(run, place),
        _symmetry(run),
        _inputs(run, place),
        _phases(run, place),
        parts.Curves(charts) if charts else None,
        _parameters(run),
        _again(run),
        _weights(run),
        _references(run),
        _downloads(run, place),
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
    )
