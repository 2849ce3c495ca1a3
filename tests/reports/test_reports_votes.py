"""Votes and the ranking that follows from them: against a general optimiser, and against what must hold."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.optimize import minimize

from orbifolio.reports.data.bradley_terry import PRIOR_DEVIATION, Duel, fit_strengths
from orbifolio.reports.data.votes import Vote, merge_votes, rank_runs, votes_from_text


def some_duels(runs: int, count: int, seed: int) -> list[Duel]:
    """Duels between random runs, with ties."""
    generator = np.random.default_rng(seed)
    pairs = (generator.choice(runs, 2, replace=False) for _ in range(count))
    return [Duel(int(one), int(other), float(generator.choice([0, 0.5, 1]))) for one, other in pairs]


@pytest.mark.parametrize(("runs", "count", "seed"), [(2, 1, 0), (5, 12, 1), (12, 200, 2), (6, 0, 3)])
def test_strengths_are_where_a_general_optimiser_ends(runs: int, count: int, seed: int) -> None:
    duels = some_duels(runs, count, seed)

    def minus_log_posterior(strengths: np.ndarray) -> float:
        value = float(strengths @ strengths) / (2 * PRIOR_DEVIATION**2)
        for duel in duels:
            gap = strengths[duel.first] - strengths[duel.second]
            value += duel.share * math.log1p(math.exp(-gap)) + (1 - duel.share) * math.log1p(math.exp(gap))
        return value

    best = minimize(minus_log_posterior, np.zeros(runs), method="BFGS", options={"gtol": 1e-7}).x
    fit = fit_strengths(runs, duels)
    np.testing.assert_allclose(fit.log_strengths, best, atol=1e-5)
    assert abs(fit.log_strengths.sum()) < 1e-9
    # The covariance by finite differences of the function itself, of strengths against their mean.
    step, hessian = 1e-3, np.zeros((runs, runs))
    for row in range(runs):
        for column in range(runs):
            ends = [
                sign * minus_log_posterior(best + step * (up * np.eye(runs)[row] + over * np.eye(runs)[column]))
                for sign, up, over in ((1, 1, 1), (-1, 1, -1), (-1, -1, 1), (1, -1, -1))
            ]
            hessian[row, column] = sum(ends) / (4 * step**2)
    centred = np.eye(runs) - 1 / runs
    np.testing.assert_allclose(fit.covariance, centred @ np.linalg.inv(hessian) @ centred, atol=1e-5)


def test_few_votes_give_moderate_strengths_with_wide_intervals() -> None:
    once = fit_strengths(2, [Duel(0, 1, 1.0)])
    assert 0.5 < once.chance(0) < 0.65
    low, high = once.interval(0)
    assert low < 0.35 < 0.75 < high
    often = fit_strengths(2, [Duel(0, 1, 1.0)] * 400)
    assert 0.9 < often.chance(0) < 1
    assert often.interval(0)[0] > 0.85


def test_known_strengths_are_found_again() -> None:
    truth = np.array([1.2, 0.4, 0.0, -0.5, -1.1])
    generator = np.random.default_rng(0)
    duels = []
    for _ in range(4000):
        one, other = generator.choice(5, 2, replace=False)
        share = float(generator.random() < 1 / (1 + math.exp(truth[other] - truth[one])))
        duels.append(Duel(int(one), int(other), share))
    fit = fit_strengths(5, duels)
    errors = (fit.log_strengths - truth) / np.sqrt(np.diag(fit.covariance))
    assert np.abs(errors).max() < 3
    assert np.sqrt(np.diag(fit.covariance)).max() < 0.08


def test_a_cycle_makes_all_equal_and_order_of_sides_does_not_matter() -> None:
    cycle = fit_strengths(3, [Duel(0, 1, 1.0), Duel(1, 2, 1.0), Duel(2, 0, 1.0)])
    np.testing.assert_allclose(cycle.log_strengths, 0, atol=1e-9)
    duels = some_duels(6, 40, 5)
    turned = [Duel(duel.second, duel.first, 1 - duel.share) for duel in duels]
    np.testing.assert_allclose(fit_strengths(6, duels).log_strengths, fit_strengths(6, turned).log_strengths, atol=1e-9)


def exported(*votes: dict[str, object], **changes: object) -> str:
    return json.dumps({"orbifolio": "votes", "version": 1, "votes": list(votes), **changes})


def a_vote(number: int = 1, **changes: object) -> dict[str, object]:
    return {"id": str(number), "left": "a/1", "right": "b/1", "better": "left", "time": 1763720000} | changes


def test_overlapping_files_count_each_vote_once() -> None:
    one = votes_from_text(exported(a_vote(1), a_vote(2, better="neither")))
    other = votes_from_text(exported(a_vote(2, better="neither"), a_vote(3, left="c/1", better="right")))
    merged = merge_votes([one, other])
    assert [vote.id for vote in merged] == ["1", "2", "3"]
    assert {each.run: (each.wins, each.losses, each.ties) for each in rank_runs(merged)} == {
        "a/1": (1, 0, 1),
        "b/1": (1, 1, 1),
        "c/1": (0, 1, 0),
    }


def test_the_ranking_is_by_strength_with_intervals_around_it() -> None:
    votes = [Vote(str(number), "a/1", "b/1", "left") for number in range(5)]
    votes += [Vote(f"x{number}", "c/1", "b/1", "right") for number in range(5)]
    ranking = rank_runs(votes)
    assert [each.run for each in ranking] == ["a/1", "b/1", "c/1"]
    assert all(each.low < each.chance < each.high for each in ranking)
    assert rank_runs([]) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON; export it again from the gallery's blind page"),
        ("[]", 'does not hold votes ("orbifolio": "votes" is missing); export it from the blind page'),
        (exported(version=2), "is of version 2; this program reads version 1; update it"),
        (
            exported(a_vote(), a_vote(2, right="a/1")),
            "vote 2 cannot be read; a vote has an id, two different runs as left and right, and better: left, right, "
            "neither",
        ),
        (
            exported(a_vote(better="both")),
            "vote 1 cannot be read; a vote has an id, two different runs as left and right, and better: left, right, "
            "neither",
        ),
        (exported("no vote"), "vote 1 cannot be read; a vote has an id, two different runs as left and right, and "
         "better: left, right, neither"),
    ],
)  # fmt: skip
def test_files_that_hold_no_votes_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        votes_from_text(text)
    assert str(caught.value) == message
