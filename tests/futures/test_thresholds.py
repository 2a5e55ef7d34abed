"""Forms of threshold outcomes against enumeration and closed forms; windows, parts of periods, and what is known in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from forecast.futures.present import PresentCase
from forecast.futures.streams import Periods
from forecast.futures.thresholds import threshold_times
from tests.futures.present import make_present

DRAWS, HORIZON, MEAN, SHAPE = 100_000, 6, 4.0, 2.0
DISPERSION = float(np.sqrt(1 / SHAPE - 1e-3))
LAW = stats.nbinom(SHAPE, SHAPE / (SHAPE + MEAN))


def present_of(
    number: float,
    *,
    least: bool = True,
    run: int = 1,
    first: int = 0,
    last: int = HORIZON - 1,
    until: float = HORIZON,
    start: float = 0.0,
    known: dict[int, tuple[float, float]] | None = None,
    streams: int = 1,
) -> PresentCase:
    """One outcome on the sum of `streams` equal indicators of one draw; `start` is where the first period begins."""
    made = make_present(
        np.zeros((1, HORIZON)),
        streams=[(float(np.log(MEAN)), 0.0, DISPERSION, None)] * streams,
        thresholds={0: (0, number)},
        resolves=[until],
    )
    count = HORIZON - int(np.floor(start)) if start else HORIZON
    so_far, covered = np.zeros((streams, count)), np.zeros((streams, count))
    for place, (value, share) in (known or {}).items():
        so_far[0, place], covered[0, place] = value, share
    periods = Periods(start + np.arange(count + 1.0), 0, np.zeros((1, 0, 0)), so_far, covered)
    return replace(
        made,
        streams=replace(made.streams, periods=periods),
        thresholds=replace(
            made.thresholds,
            streams=np.ones((1, streams), dtype=bool),
            is_least=np.array([least]),
            run=np.array([run]),
            first=np.array([first]),
            last=np.array([last]),
        ),
    )


def times(present: PresentCase) -> np.ndarray:
    owner, rng = np.zeros(DRAWS, dtype=np.int64), np.random.default_rng(3)
    return threshold_times(present, owner, np.zeros((0, HORIZON, DRAWS)), rng)[0]


def close(found: np.ndarray, exact: float) -> None:
    assert found.mean() == pytest.approx(exact, abs=4 * np.sqrt(max(exact * (1 - exact), 1e-5) / DRAWS))


def part(share: float) -> Any:
    """Law of the count of a share of a period."""
    return stats.nbinom(SHAPE, SHAPE / (SHAPE + share * MEAN))


def test_any_one_period_and_a_date_inside_one_has_the_part_before_it() -> None:
    found, below = times(present_of(12)), LAW.cdf(11)
    for periods in range(1, HORIZON + 1):
        close(found <= periods, 1 - below**periods)
    for share in (0.25, 0.6):
        close(found <= 2 + share, 1 - below**2 * part(share).cdf(11))
        close(found <= share, 1 - part(share).cdf(11))


def test_at_most_is_known_at_the_end_of_a_period_alone() -> None:
    found = times(present_of(1, least=False))
    assert set(found[np.isfinite(found)]) <= {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}
    for periods in (1, 3, 6):
        close(found <= periods, 1 - LAW.sf(1) ** periods)


def test_a_named_period() -> None:
    close(np.isfinite(times(present_of(9, first=3, last=3))), LAW.sf(8))
    found = times(present_of(3, least=False, first=3, last=3))
    close(found == 4.0, LAW.cdf(3))
    assert not np.isfinite(found[found != 4.0]).any()


def convolved(laws: list[Any], most: int) -> np.ndarray:
    """Probabilities of 0..most of a sum."""
    total = np.ones(1)
    for law in laws:
        total = np.convolve(total, law.pmf(np.arange(most + 1)))[: most + 1]
    return total


def test_totals_reached_and_not_exceeded_to_a_day_inside_a_period() -> None:
    reached, kept = times(present_of(20, run=0)), times(present_of(20, least=False, run=0, last=4, until=4.4))
    for end in (2.0, 4.0, 4.4, 6.0):
        laws = [LAW] * int(end) + ([part(end % 1)] if end % 1 else [])
        close(reached <= end, 1 - convolved(laws, 19).sum())
    close(kept == 4.4, convolved([LAW] * 4 + [part(0.4)], 20).sum())
    assert set(kept) == {4.4, np.inf}


def chance_of_run(meets: float, length: int, periods: int) -> float:
    """By the chain of how long the present row is."""
    row, done = np.eye(length)[0], 0.0
    for _ in range(periods):
        done += row[-1] * meets
        row = np.concatenate([[row.sum() * (1 - meets)], row[:-1] * meets])
    return done


@pytest.mark.parametrize("least", [True, False])
def test_runs(least: bool) -> None:
    found = times(present_of(5, least=least, run=3))
    meets = LAW.sf(4) if least else LAW.cdf(5)
    for periods in (2, 3, 5, 6):
        close(found <= periods, chance_of_run(meets, 3, periods))
    if least:  # of the third one the part before the date
        close(found <= 2.5, meets**2 * part(0.5).sf(4))


def test_what_was_counted_of_the_running_period_counts() -> None:
    """14 of a month's .65, 20 asked for; the window opens with the month."""
    form = SHAPE + 14
    left = stats.nbinom(form, (SHAPE + 0.65 * MEAN) / (SHAPE + MEAN))
    found = times(present_of(20, start=-0.65, last=0, known={0: (14, 0.65)}))
    close(np.isfinite(found), left.sf(5))
    half = stats.nbinom(form, (SHAPE + 0.65 * MEAN) / (SHAPE + 0.8 * MEAN))  # up to .8 of the month
    close(found <= 0.15, half.sf(5))


def test_a_run_goes_on_from_past_periods_and_a_bound_is_a_bound() -> None:
    known = {0: (7.0, 1.0), 1: (5.0, np.nan)}
    found = times(present_of(6, run=3, start=-1.5, known=known))
    second = LAW.sf(5) / LAW.sf(4)  # given that it reaches 5
    close(found <= 1.5, second * LAW.sf(5))


def test_counts_of_several_indicators_are_added() -> None:
    found = times(present_of(20, streams=2))
    below = convolved([LAW, LAW], 19).sum()
    close(found <= 1.0, 1 - below)
    close(found <= 6.0, 1 - below**6)
    half = convolved([part(0.5), part(0.5)], 19).sum()
    close(found <= 0.5, 1 - half)


def test_what_has_occurred_without_anyone_knowing_occurs_at_once() -> None:
    found = times(present_of(6, start=-2.0, first=0, last=0, known={0: (3.0, 0.5)}))
    assert (found[np.isfinite(found)] == 1e-9).all()
    left = stats.nbinom(SHAPE + 3, (SHAPE + 0.5 * MEAN) / (SHAPE + MEAN))
    close(np.isfinite(found), left.sf(2))
