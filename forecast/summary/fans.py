"""What each indicator will count over the whole horizon, factors, seasons, drifts and spikes in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import xarray as xr

from forecast.answer import CountAhead
from forecast.dims import CHAIN, DRAW
from forecast.futures.counted import count_paths
from forecast.futures.paths import factor_states
from forecast.futures.present import FloatArray, IntArray, PresentCase, Streams
from forecast.futures.scenarios import spread
from forecast.futures.simulation import thin_draws
from forecast.model.encoding.encode import EncodedStudy
from forecast.study.document.window import NaturalPeriod
from forecast.summary.counted import counted
from forecast.summary.draw_reader import DrawReader
from forecast.summary.posterior import draws_within_budget, present_case
from forecast.summary.streams import read_courses, read_mixtures

FAN_STREAM: Final = 13
"""Beside the streams of `forecast.summary.signals`."""
FAN_DRAWS: Final = 4000
"""Draws that a fan is made of, with one future each: an end at 5 % then is within a tenth of its distance to 6 %."""


def summarize_fans(encoded: EncodedStudy, posterior: xr.Dataset, *, seed: int) -> dict[str, tuple[CountAhead, ...]]:
    """By indicator, each natural period after the last complete one; same posterior and seed, same numbers.

    What has been counted of the first one already stays counted.
    """
    if not encoded.indicators:
        return {}
    calendar = encoded.study.calendar
    most = min(FAN_DRAWS, draws_within_budget(encoded))
    draws = thin_draws(posterior.sizes[CHAIN], posterior.sizes[DRAW], most)
    upcoming = calendar.last_complete_period()[1] + timedelta(days=1)
    periods = calendar.natural_periods_between(upcoming, calendar.end_of(encoded.study.horizon))
    periods = periods[: encoded.study.horizon]
    present = _with_every_indicator(encoded, posterior, draws, periods)
    owner = np.arange(present.draws)
    rng = np.random.default_rng([seed, FAN_STREAM])
    states = factor_states(present, owner, rng)
    days = [first for first, _ in periods]
    return {
        name: _fan(days, count_paths(present, stream, owner, states, rng).counts)
        for stream, name in enumerate(encoded.indicators)
    }


def _fan(days: list[date], counts: FloatArray) -> tuple[CountAhead, ...]:
    return tuple(
        CountAhead(period=day, median=float(np.median(own)), half=spread(own, 0.5), interval=spread(own))
        for day, own in zip(days, counts, strict=True)
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
