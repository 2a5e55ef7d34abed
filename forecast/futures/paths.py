"""What each future goes through before outcomes act on one another: factor states, hazards, counts.

Arrays have the dims (horizon, future), so that a recurrence over periods runs along whole rows.

References
----------
A first-order autoregression: Hamilton (1994), Time Series Analysis, section 3.4. Negative binomial counts as a
Poisson-gamma mixture: Cameron and Trivedi (2013), section 3.3, doi:10.1017/CBO9781139013567.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.futures.present import FloatArray, IntArray, PresentCase

LEAST_VARIANCE = 1e-3
"""As in `forecast.model.graph.signals`; tests/summary/test_archive.py compares the two."""
MAX_MEAN = 1e15
"""Largest Poisson mean that is drawn; no `at_least` distinguishes larger ones."""


def factor_states(present: PresentCase, owner: IntArray, rng: np.random.Generator) -> FloatArray:
    """States over future periods, dims (factor, horizon, future).

    Parameters
    ----------
    owner
        Per future: the place of its draw; every draw has as many futures, one after the other.
    """
    factors = present.factors
    states = rng.standard_normal((factors.state.shape[1], present.horizon, len(owner)))
    for position, state in enumerate(states):
        persistence = factors.persistence[owner, position]
        state *= np.sqrt(1.0 - persistence**2)
        previous = factors.state[owner, position]
        for row in state:
            row += persistence * previous
            previous = row
    return states


def factor_shift(present: PresentCase, outcome: int, owner: IntArray, states: FloatArray) -> FloatArray | None:
    """What the factors add to the log rate or log odds in each period, dims (horizon, future); None for nothing."""
    factors = present.factors
    shift: FloatArray | None = None
    for effect in np.flatnonzero(factors.effect_outcome == outcome):
        term = factors.gamma[owner, effect] * states[factors.effect_factor[effect]]
        shift = term if shift is None else np.add(shift, term, out=term)
    return shift


def log_odds(
    present: PresentCase, outcome: int, owner: IntArray, states: FloatArray, offset: FloatArray | None = None
) -> FloatArray:
    """Log odds of a binary outcome, or score of an option, factors counted by their mean up to its resolution; dims (future).

    `offset` has dims (draw).
    """
    level: FloatArray = present.level[owner, outcome]
    if offset is not None:
        level = level + offset[owner]
    shift = factor_shift(present, outcome, owner, states)
    if shift is None:
        return level
    periods = max(1, int(np.ceil(present.resolves[outcome])))
    return np.asarray(level + shift[:periods].mean(axis=0))


@dataclass(frozen=True)
class HazardPath:
    """Cumulative hazard of one event outcome; it rises linearly within a period, from when the event can happen."""

    reached: FloatArray
    """By the end of each period, dims (horizon, column); filled up with infinity to 2^k - 1 rows, for the search."""
    column: IntArray
    """Per future: where it finds its own; one column per draw if no factor moves the outcome."""
    horizon: int
    begins: float = 0.0
    """Periods until the event can happen."""

    def _begun(self, period: IntArray) -> FloatArray:
        """Part of a period that passes before the event can happen."""
        return np.clip(self.begins - period, 0.0, 1.0)

    def first_passage(self, futures: IntArray, threshold: FloatArray) -> FloatArray:
        """When the hazard of some futures reaches a threshold, in periods; infinite if not by the horizon."""
        rows, width = self.reached.shape
        flat, column = self.reached.ravel(), self.column[futures]
        place = column.copy()  # of the first period that has not been shown to lie below
        step = (rows + 1) // 2
        while step:
            below = flat.take(place + (step - 1) * width) < threshold
            place += below * (step * width)
            step //= 2
        period = (place - column) // width
        end = flat.take(np.minimum(place, (rows - 1) * width + column))
        start = np.where(period > 0, flat.take(np.maximum(place - width, 0)), 0.0)
        inside = period < self.horizon
        with np.errstate(divide="ignore", invalid="ignore"):
            fraction = (threshold - start) / (end - start)
        # Rounding may leave (0, 1]; a flat stretch, where the fraction is not a number, cannot hold a passage.
        fraction = np.fmin(np.fmax(fraction, np.finfo(float).tiny), 1.0)
        if self.begins > 0.0:
            late = self._begun(period)
            fraction = late + (1.0 - late) * fraction
        return np.where(inside, period + fraction, np.inf)

    def at(self, futures: IntArray, time: FloatArray) -> FloatArray:
        """Cumulative hazard of some futures at a time in [0, horizon]."""
        column, whole = self.column[futures], np.floor(time).astype(np.int64)
        before = np.where(whole > 0, self.reached[np.maximum(whole - 1, 0), column], 0.0)
        after = self.reached[np.minimum(whole, self.horizon - 1), column]
        passed = time - whole
        if self.begins > 0.0:
            late = self._begun(whole)
            passed = np.where(late < 1.0, np.maximum(passed - late, 0.0) / np.maximum(1.0 - late, 1e-12), 0.0)
        return np.asarray(before + passed * (after - before))


def hazard_path(
    present: PresentCase, outcome: int, owner: IntArray, states: FloatArray, offset: FloatArray | None = None
) -> HazardPath:
    """The path of an event outcome, nothing else having occurred.

    `offset` is added to the log hazard and has dims (draw, horizon).
    """
    own = present.own_rates(outcome)
    rates = np.ascontiguousarray((own if offset is None else own * np.exp(offset)).T)
    shift = factor_shift(present, outcome, owner, states)
    column = owner if shift is None else np.arange(len(owner))
    horizon, draws = rates.shape
    reached = np.empty(((1 << horizon.bit_length()) - 1, draws if shift is None else len(owner)))
    reached[horizon:] = np.inf
    if shift is None:
        reached[:horizon] = rates
    else:
        np.exp(np.clip(shift, -300.0, 300.0, out=shift), out=shift)
        by_draw = (horizon, draws, -1)
        np.multiply(shift.reshape(by_draw), rates[:, :, None], out=reached[:horizon].reshape(by_draw))
    for period in range(1, horizon):
        reached[period] += reached[period - 1]
    return HazardPath(reached, column, horizon, present.begins_at(outcome))


def negative_binomial(mean: FloatArray, dispersion: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Counts of mean mu and variance mu + mu^2 (dispersion^2 + 1e-3); `dispersion` is broadcast to `mean`."""
    form = np.broadcast_to(1.0 / (dispersion**2 + LEAST_VARIANCE), mean.shape)
    return np.asarray(rng.poisson(np.minimum(rng.standard_gamma(form) * mean / form, MAX_MEAN)))
