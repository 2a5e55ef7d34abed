"""Factors, indicators and their effects as arrays.

An indicator without a single observation says nothing and is left out, unless a threshold outcome needs its path; so is
a factor that no observed indicator is driven by. Then a study whose observations are all absent is the study without
the block, to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.mixtures import mixed_indicators, mixture_arrays
from forecast.model.encoding.patterns import Pattern, distinct_motifs, find_patterns, kinds_of, pattern_arrays
from forecast.study import Factor, Indicator, Observation, Study
from forecast.study.rows.thresholds import window_start

PERSISTENCE: Final = (1.593, 0.882)
"""Mean and standard deviation of the log odds of a factor's persistence: those of Beta(8, 2)."""

LOG_MEAN_SD, LOADING_SCALE, DISPERSION_SCALE = 5.0, 0.7, 1.0
"""Priors of an indicator: log mean count Normal(0, 5), which reaches from one in 20,000 periods to 20,000 in one within two
standard deviations; loading and dispersion half-normal."""


@dataclass(frozen=True)
class Signals:
    """What of the factors and indicators is in the program."""

    factors: tuple[Factor, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    observations: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    """By indicator, in order of time."""
    past_periods: tuple[date, ...] = ()
    """First days of the natural periods from the first observation, or the first window of a threshold outcome, to the last
    one that is over or has a count."""
    effects: tuple[tuple[str, str], ...] = ()
    """(outcome, factor)."""
    patterns: tuple[Pattern, ...] = ()
    mixed: tuple[str, ...] = ()
    """Indicators that may have spikes and idle periods."""

    @property
    def coords(self) -> dict[str, list[str]]:
        """Labels of the dims of factors and indicators."""
        return {
            "factor": [factor.id for factor in self.factors],
            "past_period": [first.isoformat() for first in self.past_periods],
            "indicator": [indicator.id for indicator in self.indicators],
            "effect": [f"{outcome}<-{factor}" for outcome, factor in self.effects],
            "pattern": [f"{self.indicators[p.indicator].id}: {p.kind}" for p in self.patterns],
            "wave": [f"{self.indicators[p.indicator].id}: {m.label}" for p in self.patterns for m in p.motifs],
            "motif": [motif.label for motif in distinct_motifs(self.patterns)],
            "mixture": list(self.mixed),
        }


def select_signals(study: Study, observations: Mapping[str, tuple[Observation, ...]]) -> Signals:
    """The factors and indicators that something is known of."""
    watched = {indicator for outcome in study.outcomes for indicator in outcome.indicators}
    kept = tuple(i for i in study.indicators if observations.get(i.id) or i.id in watched)
    driven = {indicator.factor for indicator in kept if observations.get(indicator.id)}
    factors = tuple(factor for factor in study.factors if factor.id in driven)
    seen = [observation.period for found in observations.values() for observation in found]
    own = {indicator.id: observations.get(indicator.id, ()) for indicator in kept}
    names = {factor.id for factor in factors}
    followers = frozenset(indicator.id for indicator in kept if indicator.factor in names)
    periods: tuple[date, ...] = ()
    if seen:
        moved = followers | {i.id for i in kept if kinds_of(i, study.period, len(own[i.id]), i.id in followers)}
        # Counts of a window that were not observed are drawn, and need the states and courses of their periods.
        opened = [
            window_start(study, outcome, observations)
            for outcome in study.outcomes
            if outcome.indicator is not None and outcome.window.period is None and moved & {*outcome.indicators}
        ]
        last = max([*seen, study.calendar.last_complete_period()[0]])
        periods = tuple(first for first, _ in study.calendar.natural_periods_between(min([*seen, *opened]), last))
    return Signals(
        factors,
        kept,
        own,
        periods,
        # In the study's order: the order of keys in a document means nothing.
        tuple((o.id, factor.id) for factor in factors for o in study.parts if o.id in factor.effects),
        find_patterns(study.calendar, study.horizon, kept, own, periods, followers),
        mixed_indicators(kept, own),
    )


def signal_arrays(signals: Signals, outcomes: Sequence[str]) -> dict[str, npt.ArrayLike]:
    """Arrays of the blocks factor, indicator, count and effect."""
    factors = [factor.id for factor in signals.factors]
    periods = {first: place for place, first in enumerate(signals.past_periods)}
    found = [
        (place, periods.get(observation.period, 0), observation)
        for place, indicator in enumerate(signals.indicators)
        for observation in signals.observations[indicator.id]
    ]
    counts = [(i, t, seen.value, np.log(seen.exposure)) for i, t, seen in found if seen.exposure is not None]
    floors = np.array([(i, t, seen.value) for i, t, seen in found if seen.exposure is None and seen.value > 0])
    table = np.asarray(counts, dtype=float).reshape(-1, 4)
    by_id = {factor.id: factor for factor in signals.factors}
    priors = [by_id[factor].effects[outcome] for outcome, factor in signals.effects]
    drivers = [factors.index(i.factor) + 1 if i.factor in factors else 0 for i in signals.indicators]
    size = len(signals.indicators)
    signs = np.array([indicator.direction for indicator in signals.indicators], dtype=float)
    share = np.zeros((size, len(periods)))
    share[table[:, 0].astype(int), table[:, 1].astype(int)] = 1.0
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1.0)
    return {
        "observed_share": share,
        **pattern_arrays(signals.patterns, len(periods)),
        **mixture_arrays(signals.indicators, signals.mixed),
        "persistence_loc": np.full(len(factors), PERSISTENCE[0]),
        "persistence_scale": np.full(len(factors), PERSISTENCE[1]),
        "is_first": (np.arange(len(signals.past_periods)) == 0).astype(float),
        "indicator_factor": np.array(drivers, dtype=int),
        "log_mean_loc": np.zeros(size),
        "log_mean_scale": np.full(size, LOG_MEAN_SD),
        "loading_scale": signs * LOADING_SCALE * (np.array(drivers) > 0),
        "dispersion_scale": np.full(size, DISPERSION_SCALE),
        "count_indicator": table[:, 0].astype(int),
        "count_period": table[:, 1].astype(int),
        "count_value": table[:, 2],
        "count_log_exposure": table[:, 3],
        **dict(
            zip(("floor_indicator", "floor_period", "floor_value"), floors.reshape(-1, 3).T.astype(int), strict=True)
        ),
        "effect_outcome": np.array([outcomes.index(outcome) for outcome, _ in signals.effects], dtype=int),
        "effect_factor": np.array([factors.index(factor) for _, factor in signals.effects], dtype=int),
        "effect_loc": np.array([prior.mean for prior in priors], dtype=float),
        "effect_scale": np.array([prior.sd for prior in priors], dtype=float),
    }
