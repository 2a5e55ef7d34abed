"""What moves an indicator's counts along known courses: seasons, a slow drift, breaks in reporting.

A pattern has waves, each a normal number times a motif; a motif is a course over the past periods, and over those to
come. All motifs but those of seasons are 0 in the last past period, so that the log mean is the level at the as-of date.
What an indicator has follows from its counts: `season_of`, `drifts`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.seasons import PARTS_OF_A_YEAR, SEASONS, seasons
from forecast.study import Calendar, Indicator, Observation, Period

FloatArray = npt.NDArray[np.float64]

SEASON_SCALE: Final = 0.7
"""Of the half-normal standard deviation of parts of the year, on the log mean."""
DRIFT_SCALE: Final = 0.3
"""Of the half-normal standard deviation of the drift over a year, on the log mean."""
BREAK_SCALE: Final = 1.5
"""Of the half-normal standard deviation of breaks, on the log mean: one by a factor of ten is nothing unusual."""

FEWEST_TO_DRIFT: Final = 24
"""Counts from which on an indicator may drift."""
MOST_STEPS: Final = 24
"""Of a drift over all past periods."""
STEP: Final = {Period.DAY: 91, Period.WEEK: 13, Period.MONTH: 3, Period.QUARTER: 1, Period.YEAR: 1}
"""Periods of a step of the drift, where this makes no more than `MOST_STEPS`."""
HARMONICS: Final = 12
"""Of seasons by week, the k-th with a standard deviation that falls as 1 / k: neighbouring weeks are alike."""

type Kind = Literal["season", "drift", "breaks"]


@dataclass(frozen=True)
class Motif:
    """A known course."""

    label: str
    past: FloatArray
    """Dims (past_period)."""
    ahead: FloatArray
    """Dims (horizon): the natural periods after the last past one, as `periods_ahead` gives them."""


@dataclass(frozen=True)
class Pattern:
    """One of the ways in which the log mean of an indicator moves."""

    indicator: int
    """Place of the indicator."""
    kind: Kind
    scale: float
    """Of the half-normal standard deviation of its waves."""
    motifs: tuple[Motif, ...]


def find_patterns(
    calendar: Calendar,
    horizon: int,
    indicators: Sequence[Indicator],
    observations: Mapping[str, tuple[Observation, ...]],
    past: Sequence[date],
    driven: frozenset[str],
) -> tuple[Pattern, ...]:
    """The patterns of all indicators.

    Parameters
    ----------
    past
        First days of the past periods.
    driven
        Indicators that a factor drives, which has a course of its own.
    """
    if not past:
        return ()
    ahead = periods_ahead(calendar, horizon, past[-1])
    found = []
    for place, indicator in enumerate(indicators):
        own = observations[indicator.id]
        kinds = kinds_of(indicator, calendar.period, len(own), indicator.id in driven)
        if "season" in kinds:
            found.append(Pattern(place, "season", SEASON_SCALE, _season(calendar.period, past, ahead)))
        if "drift" in kinds:
            scale = DRIFT_SCALE / math.sqrt(PARTS_OF_A_YEAR[calendar.period])
            begun = past.index(min(observation.period for observation in own))
            found.append(Pattern(place, "drift", scale, tuple(_drift(calendar.period, past, begun, len(ahead)))))
        if "breaks" in kinds:
            motifs = tuple(_break(calendar.natural_period(day)[0], past, ahead) for day in indicator.breaks)
            found.append(Pattern(place, "breaks", BREAK_SCALE, motifs))
    return tuple(pattern for pattern in found if pattern.motifs)


def kinds_of(indicator: Indicator, period: Period, counts: int, is_driven: bool) -> tuple[Kind, ...]:
    """The ways in which the log mean of an indicator with so many counts moves by itself."""
    found: dict[Kind, bool] = {
        "season": has_season(indicator, period, counts),
        "drift": counts >= FEWEST_TO_DRIFT and not is_driven,
        "breaks": bool(indicator.breaks) and counts > 0,
    }
    return tuple(kind for kind, has in found.items() if has)


def has_season(indicator: Indicator, period: Period, counts: int) -> bool:
    """Whether its means differ over the year: as it says, else where there are counts of two years or more."""
    if period not in SEASONS or not counts:
        return False
    return indicator.season == "pooled" or (indicator.season is None and counts >= 2 * SEASONS[period])


def periods_ahead(calendar: Calendar, horizon: int, last: date) -> list[date]:
    """First days of the natural periods after that of a day, to the one that holds the end of the horizon."""
    return [first for first, _ in calendar.natural_periods_between(last, calendar.end_of(horizon))[1:]]


def _season(period: Period, past: Sequence[date], ahead: Sequence[date]) -> tuple[Motif, ...]:
    """Waves over the year that sum to zero.

    Months and quarters: orthonormal ones, as many as there are parts less one. Normal waves of one spread then are
    exchangeable parts of this spread, less their mean. Weeks: the slowest ones, with falling spreads.
    """
    parts = SEASONS[period]
    phase = 2.0 * np.pi * np.arange(parts) / parts
    waves: list[tuple[str, FloatArray]] = []
    smooth = period is Period.WEEK
    last = HARMONICS if smooth else parts // 2
    total = math.sqrt(sum(1.0 / k**2 for k in range(1, last + 1)))
    for k in range(1, last + 1):
        if 2 * k == parts:
            waves.append((f"season {k} cosine", np.cos(k * phase) / math.sqrt(parts)))
            continue
        size = 1.0 / (k * total) if smooth else math.sqrt(2.0 / parts)
        waves += [(f"season {k} cosine", size * np.cos(k * phase)), (f"season {k} sine", size * np.sin(k * phase))]
    now, later = seasons(period, past), seasons(period, ahead)
    return tuple(Motif(label, wave[now], wave[later]) for label, wave in waves)


def _drift(period: Period, past: Sequence[date], begun: int, horizon: int) -> Iterator[Motif]:
    """Steps of a random walk that end in the last past period at 0; it goes on from there (`forecast.futures.counts`).

    They begin with the first count. Between both ends of a step the walk is a straight line.
    """
    length = STEP[period] * math.ceil((len(past) - begun) / (MOST_STEPS * STEP[period]))
    times = np.arange(len(past))
    for start in range(begun, len(past) - 1, length):
        stop = min(start + length, len(past) - 1)
        to_come = np.clip((stop - times) / (stop - start), 0.0, 1.0)
        yield Motif(
            f"drift {length} from {past[start].isoformat()}", -math.sqrt(stop - start) * to_come, np.zeros(horizon)
        )


def _break(first: date, past: Sequence[date], ahead: Sequence[date]) -> Motif:
    """A jump between the period of a date and the one before it."""
    if first <= past[-1]:
        before = np.array([-1.0 if day < first else 0.0 for day in past])
        return Motif(f"break {first.isoformat()}", before, np.zeros(len(ahead)))
    after = np.array([0.0 if day < first else 1.0 for day in ahead])
    return Motif(f"break {first.isoformat()}", np.zeros(len(past)), after)


def pattern_arrays(patterns: Sequence[Pattern], periods: int) -> dict[str, npt.ArrayLike]:
    """Arrays of the blocks pattern, wave and motif."""
    motifs = distinct_motifs(patterns)
    labels = [motif.label for motif in motifs]
    waves = [(place, motif.label) for place, pattern in enumerate(patterns) for motif in pattern.motifs]
    return {
        "pattern_indicator": np.array([pattern.indicator for pattern in patterns], dtype=int),
        "pattern_scale": np.array([pattern.scale for pattern in patterns], dtype=float),
        "wave_pattern": np.array([place for place, _ in waves], dtype=int),
        "wave_motif": np.array([labels.index(label) for _, label in waves], dtype=int),
        "motif_course": np.array([motif.past for motif in motifs], dtype=float).reshape(len(motifs), periods),
    }


def distinct_motifs(patterns: Sequence[Pattern]) -> tuple[Motif, ...]:
    """Each motif once, whatever the number of indicators that have it."""
    return tuple({motif.label: motif for pattern in patterns for motif in pattern.motifs}.values())
