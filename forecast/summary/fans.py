"""What each indicator will count, next and over the whole horizon, factors, seasons, drifts and spikes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import xarray as xr

from forecast.answer import CountAhead, NextCount
from forecast.dims import CHAIN, DRAW
from forecast.futures.counted import count_paths
from forecast.futures.paths import factor_states
from forecast.futures.present import FloatArray, IntArray, PresentCase
from forecast.futures.scenarios import spread
from forecast.futures.simulation import thin_draws
from forecast.futures.streams import Streams
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study.document.window import NaturalPeriod
from forecast.summary.counted import counted
from forecast.summary.draw_reader import DrawReader
from forecast.summary.posterior import draws_within_budget, present_case
from forecast.summary.streams import read_courses, read_mixtures

FAN_STREAM: Final = 13
"""Beside the other streams of a forecast."""
FAN_DRAWS: Final = 4000
"""Draws that a fan is made of, with one future each: an end at 5 % then is within a tenth of its distance to 6 %."""


@dataclass(frozen=True)
class CountsAhead:
    """What every indicator counts in natural periods after the last complete one, as draws predict it."""

    periods: tuple[date, ...]
    """Their first days. What has been counted of the first one already stays counted."""
    counts: Mapping[str, FloatArray]
    """By indicator, dims (period, draw)."""

    def fan(self, indicator: str) -> tuple[CountAhead, ...]:
        """The counts of an indicator, period by period."""
        return tuple(
            CountAhead(period=day, median=float(np.median(own)), half=spread(own, 0.5), interval=spread(own))
            for day, own in zip(self.periods, self.counts[indicator], strict=True)
        )

    def next(self, indicator: str) -> NextCount:
        """The first of these periods alone."""
        own = self.counts[indicator][0]
        return NextCount(
            period=self.periods[0],
            mean=float(own.mean()),
            median=float(np.median(own)),
            interval=spread(own),
            zero_probability=float((own == 0).mean()),
        )


def draw_counts_ahead(encoded: EncodedStudy, posterior: xr.Dataset, *, seed: int) -> CountsAhead:
    """Counts to the end of the horizon under some of the draws; same posterior and seed, same numbers."""
    most = min(FAN_DRAWS, draws_within_budget(encoded))
    draws = thin_draws(posterior.sizes[CHAIN], posterior.sizes[DRAW], most)
    periods = _periods(encoded)
    present = _with_every_indicator(encoded, posterior, draws, periods)
    rng = np.random.default_rng([seed, FAN_STREAM])
    return _drawn(encoded, present, periods, factor_states(present, np.arange(present.draws), rng), rng)


def draw_next_counts(encoded: EncodedStudy, posterior: xr.Dataset, rng: np.random.Generator) -> xr.DataArray:
    """Counts of the first of these periods under every draw; dims (chain, draw, indicator)."""
    shape = posterior.sizes[CHAIN], posterior.sizes[DRAW]
    periods = _periods(encoded)[:1]
    present = _with_every_indicator(encoded, posterior, np.arange(shape[0] * shape[1]), periods)
    # Without states of later periods, factors go on from their last one.
    states = np.zeros((len(encoded.factors), 0, present.draws))
    drawn = _drawn(encoded, present, periods, states, rng)
    counts = np.stack([drawn.counts[name][0] for name in encoded.indicators], axis=-1)
    return xr.DataArray(
        counts.reshape(*shape, -1), dims=(CHAIN, DRAW, "indicator"), coords={"indicator": list(encoded.indicators)}
    )


def _periods(encoded: EncodedStudy) -> Sequence[NaturalPeriod]:
    calendar = encoded.study.calendar
    upcoming = calendar.last_complete_period()[1] + timedelta(days=1)
    periods = calendar.natural_periods_between(upcoming, calendar.end_of(encoded.study.horizon))
    return periods[: encoded.study.horizon]


def _drawn(
    encoded: EncodedStudy,
    present: PresentCase,
    periods: Sequence[NaturalPeriod],
    states: FloatArray,
    rng: np.random.Generator,
) -> CountsAhead:
    owner = np.arange(present.draws)
    return CountsAhead(
        tuple(first for first, _ in periods),
        {
            name: count_paths(present, stream, owner, states, rng).counts
            for stream, name in enumerate(encoded.indicators)
        },
    )


def _with_every_indicator(
    encoded: EncodedStudy, posterior: xr.Dataset, draws: IntArray, periods: Sequence[NaturalPeriod]
) -> PresentCase:
    """The present case with all indicators as its streams, over these periods."""
    present, read, names = present_case(encoded, posterior, draws), DrawReader(posterior, draws), encoded.indicators
    streams = Streams(
        log_mean=read.values("log_mean", "indicator", names),
        loading=read.values("loading", "indicator", names),
        dispersion=read.values("dispersion", "indicator", names),
        factor=np.asarray(encoded.arrays["indicator_factor"], dtype=np.int64) - 1,
        periods=counted(encoded, names, periods, read.states(encoded.factors)),
        hazard=np.zeros((0, 0)),
        courses=read_courses(encoded, read, names, [first for first, _ in periods]),
        mixtures=read_mixtures(encoded, read, names),
    )
    return replace(present, streams=streams)
