"""Counts of indicators over calendar periods, past ones of a window and those to come, given what was counted in them.

A count N of a period has the mean m G, with a gamma variable G of mean 1 and shape r that all days of the period share. So y
counted in the share e leave G with the shape r + y and the rate r + e m, and in the rest a Poisson count of mean (1 - e) m G.
Where the share is unknown, N >= y is all that is known. The place v = e m / (r + e m) of the y-th one has then a beta law with
the parameters y and r, cut off at m / (m + r), and the rest follows as before. Where there are spikes and idle periods, the
kind of the period is drawn first (`forecast.futures.kinds`): a spike has r = 1 and a larger m, an idle period m = 0.

References
----------
Negative binomial counts as a Poisson-gamma mixture, and the law of the gamma variable given a count: Cameron and Trivedi
(2013), Regression Analysis of Count Data, section 3.3, doi:10.1017/CBO9781139013567.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.futures.counts import mix
from forecast.futures.kinds import mix_given
from forecast.futures.paths import LEAST_VARIANCE, MAX_MEAN, negative_binomial
from forecast.futures.present import FloatArray, IntArray, PresentCase
from forecast.futures.streams import Periods


@dataclass(frozen=True)
class CountPaths:
    """Counts of one or several indicators in each future; dims (period, future)."""

    counts: FloatArray
    known: FloatArray
    """How many of them had been counted by the as-of date, dims (period)."""
    share: FloatArray
    """Share of the period after which the rest is counted; dims (period, future) or (period, 1)."""

    def plus(self, other: CountPaths) -> CountPaths:
        """Their sum; what is left of a period begins where the first of the two leaves off."""
        return replace(
            self,
            counts=self.counts + other.counts,
            known=self.known + other.known,
            share=np.minimum(self.share, other.share),
        )


def count_paths(
    present: PresentCase, stream: int, owner: IntArray, states: FloatArray, rng: np.random.Generator
) -> CountPaths:
    """Counts of one indicator in the periods that thresholds look at.

    Parameters
    ----------
    owner
        Per future: the place of its draw.
    states
        Of the factors, dims (factor, horizon, future).
    """
    streams, periods = present.streams, present.streams.periods
    size = (periods.count, len(owner))
    log_mean = np.broadcast_to(streams.log_mean[owner, stream], size)
    if streams.factor[stream] >= 0:
        drive = _drive(present, periods, int(streams.factor[stream]), owner, states, rng)
        log_mean = log_mean + streams.loading[owner, stream] * drive
    if streams.courses is not None:
        log_mean = log_mean + streams.courses.course(stream, owner, periods.begun, rng)
    mean, dispersion = np.exp(np.clip(log_mean, -300.0, 300.0)), streams.dispersion[owner, stream]
    mixture = (np.zeros(1),) * 3 if streams.mixtures is None else streams.mixtures.of(stream, owner)
    known, covered = periods.known[stream], periods.covered[stream]
    counts, share = np.empty(size), np.zeros((periods.count, 1))
    is_new = (known == 0.0) & (covered == 0.0)
    counts[is_new] = negative_binomial(*mix(mean[is_new], dispersion, mixture, rng), rng)
    for place in np.flatnonzero(~is_new):
        if np.isnan(covered[place]):
            share = np.array(np.broadcast_to(share, size))
        counts[place], share[place] = given_so_far(
            mean[place], dispersion, float(known[place]), float(covered[place]), mixture, rng
        )
    return CountPaths(counts, known, share)


def given_so_far(
    mean: FloatArray,
    dispersion: FloatArray,
    counted: float,
    share: float,
    mixture: Sequence[FloatArray],
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray | float]:
    """Counts of a whole period in which so many were counted, dims (future), and the share of it after which the rest is.

    Parameters
    ----------
    share
        In which they were counted; NaN where that is unknown.
    mixture
        Share of spikes, log ratio of their mean, and share of idle periods.
    """
    if np.isnan(share) and counted == 0.0:
        share = 0.0  # at least none says nothing
    whole, spread = mix_given(mean, dispersion, mixture, counted, share, rng)
    form = 1.0 / (spread**2 + LEAST_VARIANCE)
    begun = share_of_bound(whole, form, counted, rng) if np.isnan(share) else share
    return counted + rest_of_period(whole, form, counted, begun, rng), begun


def rest_of_period(
    mean: FloatArray, form: FloatArray, counted: float, share: float | FloatArray, rng: np.random.Generator
) -> FloatArray:
    """What a period brings after the share of it in which so many were counted; dims (future).

    Parameters
    ----------
    mean
        Of the whole period.
    form
        Shape of the gamma variable.
    """
    gamma = rng.standard_gamma(form + counted) / (form + share * mean)
    return np.asarray(rng.poisson(np.minimum((1.0 - share) * mean * gamma, MAX_MEAN)), dtype=float)


def share_of_bound(mean: FloatArray, form: FloatArray, bound: float, rng: np.random.Generator) -> FloatArray:
    """When the count of a period reaches a lower bound above 0, as a share of the period, given that it does; dims (future).

    The beta law below the cut is drawn by rejection: from the whole beta law where most of it lies below, else from an
    exponential law below the cut, which lies above a density with a rising logarithm.
    """
    cut = mean / (mean + form)
    place = np.full(mean.shape, np.nan)
    steep = bound - 1.0 - np.maximum(form - 1.0, 0.0) * cut / (1.0 - cut)
    while (pending := np.flatnonzero(np.isnan(place))).size:
        tried = np.empty(pending.size)
        in_tail = steep[pending] > 0.0
        whole, tail = pending[~in_tail], pending[in_tail]
        drawn = rng.beta(bound, form[whole])
        tried[~in_tail] = np.where(drawn < cut[whole], drawn, np.nan)
        tried[in_tail] = _from_tail(cut[tail], form[tail], bound, steep[tail], rng)
        place[pending] = tried
    return np.minimum(place / (1.0 - place) * form / mean, 1.0)


def _from_tail(
    cut: FloatArray, form: FloatArray, bound: float, steep: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """One try each: a place below the cut, not a number where it was rejected.

    With w = place / cut the density is w^(bound - 1) (1 - cut w)^(form - 1), whose logarithm has at w = 1 a tangent of slope
    `steep` at least.
    """
    short = -np.log1p(-rng.random(cut.size) * -np.expm1(-steep)) / steep
    share = 1.0 - short
    log_density = (bound - 1.0) * np.log(np.maximum(share, 1e-300)) + (form - 1.0) * (
        np.log1p(-cut * share) - np.log1p(-cut)
    )
    accepted = np.log(rng.random(cut.size)) < log_density + steep * short
    return np.where(accepted, cut * share, np.nan)


def _drive(
    present: PresentCase,
    periods: Periods,
    factor: int,
    owner: IntArray,
    states: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """State of a factor in each period; dims (period, future).

    A period to come has the state of the future period of its number; one more at the end goes on from the last.
    """
    known = periods.state[owner, factor].T
    past = np.concatenate([np.zeros((periods.begun - known.shape[0], len(owner))), known])
    ahead = states[factor, : periods.count - periods.begun]
    more = periods.count - periods.begun - ahead.shape[0]
    persistence = present.factors.persistence[owner, factor]
    path = [ahead[-1] if ahead.shape[0] else present.factors.state[owner, factor]]
    for _ in range(more):
        noise = rng.standard_normal(len(owner))
        path.append(persistence * path[-1] + np.sqrt(1.0 - persistence**2) * noise)
    return np.concatenate([past, ahead, *(row[None] for row in path[1:])])
