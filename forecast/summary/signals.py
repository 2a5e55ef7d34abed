"""What the indicators say: factors over time, and what each indicator is expected to show next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import (
    CountFit,
    CountPoint,
    FactorEffect,
    FactorSummary,
    IndicatorSummary,
    Spread,
    StatePoint,
)
from forecast.dims import CHAIN, DRAW
from forecast.futures.scenarios import INTERVAL_LEVEL, spread
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import Factor, Indicator
from forecast.summary.fans import CountsAhead, draw_counts_ahead
from forecast.summary.replicates import CountReplicates

FloatArray = npt.NDArray[np.float64]

TAILS = ((1 - INTERVAL_LEVEL) / 2, (1 + INTERVAL_LEVEL) / 2)


def summarize_draws(values: npt.ArrayLike) -> Spread:
    """Mean, standard deviation and interval of one quantity over all draws."""
    flat = np.asarray(values, dtype=float).ravel()
    return Spread(mean=float(flat.mean()), sd=float(flat.std(ddof=1)), interval=spread(flat))


def summarize_factors(encoded: EncodedStudy, posterior: xr.Dataset) -> tuple[FactorSummary, ...]:
    """State over time and effects of every factor in the program."""
    return tuple(_summarize_factor(encoded, factor, posterior) for factor in encoded.signals.factors)


def _summarize_factor(encoded: EncodedStudy, factor: Factor, posterior: xr.Dataset) -> FactorSummary:
    states = posterior["state"].sel(factor=factor.id).transpose(CHAIN, DRAW, "past_period").values
    states = states.reshape(-1, states.shape[-1])
    low, high = np.quantile(states, TAILS, axis=0)
    return FactorSummary(
        id=factor.id,
        title=factor.title or factor.id,
        indicators=tuple(i.id for i in encoded.signals.indicators if i.factor == factor.id),
        persistence=summarize_draws(posterior["persistence"].sel(factor=factor.id)),
        states=tuple(
            StatePoint(period=first, mean=float(mean), low=float(a), high=float(b))
            for first, mean, a, b in zip(encoded.past_periods, states.mean(axis=0), low, high, strict=True)
        ),
        effects=tuple(
            FactorEffect(
                outcome=outcome,
                prior_mean=factor.effects[outcome].mean,
                prior_sd=factor.effects[outcome].sd,
                posterior=summarize_draws(posterior["gamma"].sel(effect=f"{outcome}<-{factor.id}")),
            )
            for outcome, moved_by in encoded.effects
            if moved_by == factor.id
        ),
    )


def summarize_indicators(
    encoded: EncodedStudy, posterior: xr.Dataset, fits: Mapping[str, tuple[CountFit, ...]], *, seed: int
) -> tuple[IndicatorSummary, ...]:
    """Every indicator in the program: its past, what it will count, and how well its counts fit."""
    if not encoded.indicators:
        return ()
    ahead = draw_counts_ahead(encoded, posterior, seed=seed)
    return tuple(
        _summarize_indicator(encoded, indicator, posterior, ahead).model_copy(
            update={"fit": fits.get(indicator.id, ())}
        )
        for indicator in encoded.signals.indicators
    )


def _summarize_indicator(
    encoded: EncodedStudy, indicator: Indicator, posterior: xr.Dataset, ahead: CountsAhead
) -> IndicatorSummary:
    own = posterior[["log_mean", "loading", "dispersion"]].sel(indicator=indicator.id)
    base, loading = own["log_mean"].values.ravel(), own["loading"].values.ravel()
    is_driven = indicator.factor in encoded.factors
    made = CountReplicates(encoded, posterior)
    periods = np.arange(len(encoded.past_periods))
    usual = made.log_expected(encoded.indicators.index(indicator.id), periods, np.arange(made.draws))
    expected = np.exp(np.minimum(usual, 50.0))
    low, high = np.quantile(expected, TAILS, axis=0)
    observations = encoded.signals.observations[indicator.id]
    seen = {observation.period: observation for observation in observations}
    return IndicatorSummary(
        id=indicator.id,
        title=indicator.title or indicator.id,
        factor=indicator.factor if is_driven else None,
        direction=indicator.direction,
        observations=len(observations),
        rate=summarize_draws(np.exp(np.minimum(base, 50.0))),
        loading=summarize_draws(loading) if is_driven else None,
        dispersion=summarize_draws(own["dispersion"]),
        periods=tuple(
            CountPoint(
                period=first,
                value=seen[first].value if first in seen else None,
                exposure=seen[first].exposure if first in seen else None,
                mean=float(expected[:, place].mean()),
                low=float(low[place]),
                high=float(high[place]),
            )
            for place, first in enumerate(encoded.past_periods)
        ),
        next=ahead.next(indicator.id),
        ahead=ahead.fan(indicator.id),
        season=_pattern(posterior, f"{indicator.id}: season"),
        spikes=_share(encoded, posterior, "spike_share", indicator.id),
        idle=_share(encoded, posterior, "idle_share", indicator.id),
    )


def _pattern(posterior: xr.Dataset, label: str) -> Spread | None:
    if "pattern_sd" not in posterior or label not in posterior["pattern"].values:
        return None
    return summarize_draws(posterior["pattern_sd"].sel(pattern=label))


def _share(encoded: EncodedStudy, posterior: xr.Dataset, name: str, indicator: str) -> Spread | None:
    return summarize_draws(posterior[name].sel(mixture=indicator)) if indicator in encoded.signals.mixed else None
