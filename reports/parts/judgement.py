"""What the judge says of the finished picture, where `orbifolio judge --keep` or a ranked sweep has left it."""

from __future__ import annotations

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_finite, as_mapping, as_numbers, as_text
from orbifolio.reports.parts.base import Fact, FactList
from orbifolio.reports.wording import format_number

EYES = {
    "style-code": "Style code",
    "gram": "AlexNet Gram",
    "features": "EfficientNet features",
    "lpips": "Content (LPIPS)",
}

MAX_SMOOTH_SEAM = 1.35
"""A step at borders, beside steps elsewhere, that is not seen: ten pictures without a seam have 0.93 to 1.26."""

GRAINS = ((1.35, "noisier than the style"), (0.7, "as crisp as the style"), (0.0, "softer than the style"))
"""What a grain means, from the least that does; different places of one style differ by a quarter."""


def judgement_part(run: RunRecord) -> FactList | None:
    """The judge's numbers; None where the run was not judged."""
    record = as_mapping(run.record.get("judge"))
    if not record:
        return None
    distance, seam, grain = (as_finite(record.get(name)) for name in ("distance", "seam", "grain"))
    scores = as_numbers(record.get("eyes"))
    facts = [Fact("Judge distance", "" if distance is None else format_number(distance, 2))]
    facts += [Fact(title, format_number(scores[name], 2)) for name, title in EYES.items() if name in scores]
    if seam is not None:
        facts.append(Fact("Seam", f"{format_number(seam, 2)}, {'none' if seam < MAX_SMOOTH_SEAM else 'seen'}"))
    if grain is not None:
        words = next(words for least, words in GRAINS if grain >= least)
        facts.append(Fact("Grain", f"{format_number(grain, 2)}, {words}"))
    notes = [
        "0: as like its style as the style's halves are to each other; 1: as unlike as an unrelated picture. The eyes "
        "are networks that the recipe does not look through."
    ]
    silent = as_mapping(record.get("silent"))
    if silent:
        listed = "; ".join(f"{EYES.get(str(name), str(name))}: {as_text(why)}" for name, why in silent.items())
        notes.append(f"Silent: {listed}.")
    return FactList("judge", "Judge", tuple(fact for fact in facts if fact.value), tuple(notes))
