"""The answer's probabilities: outcomes with their horizon curves, scenarios, covariate effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import (
    CovariateEffect,
    HorizonPoint,
    Interval,
    OutcomeForecast,
    ScenarioForecast,
    Timing,
    icd203_words,
)
from forecast.dims import CHAIN, DRAW
from forecast.futures.hazards import (
    PresentCase,
    chunked_probability,
    cumulative_incidence,
    draws_within_budget,
    present_case,
    probability_by,
)
from forecast.futures.reference import summarize_reference
from forecast.futures.scenarios import INTERVAL_LEVEL, Estimate, estimate, evaluate, probability_spread, spread
from forecast.futures.simulation import MAX_DRAWS, Futures, simulate_futures, thin_draws
from forecast.model.encode import EncodedStudy
from forecast.study import By, Expression, Not, Occurs, Outcome, OutcomeKind

FloatArray = npt.NDArray[np.float64]

SPREAD_DRAWS, SPREAD_REPLICATES = 1000, 200
"""Draws and futures per draw of the second simulation, from which the spread of a scenario's probability is taken."""

FUTURES_STREAM, SPREAD_STREAM = 1, 2
"""Independent random streams derived from the job's seed."""


@dataclass(frozen=True)
class Rolled:
    """The present case rolled forward: exact probabilities of each draw, and simulated futures."""

    present: PresentCase
    incidence: FloatArray
    """Dims (draw, outcome, horizon), for the draws that are rolled forward."""
    by_resolution: FloatArray
    """Dims (draw, outcome), for all draws."""
    futures: Futures
    replicated: Futures
    """Fewer draws, many futures each."""

    @property
    def resolves(self) -> dict[str, float]:
        """Periods to each outcome's resolution date."""
        return dict(zip(self.present.outcomes, self.present.resolves.tolist(), strict=True))


def roll_forward(encoded: EncodedStudy, posterior: xr.Dataset, *, seed: int) -> Rolled:
    """Exact probabilities per draw, and simulated futures; same posterior and seed, same futures."""
    chains, draws = posterior.sizes[CHAIN], posterior.sizes[DRAW]
    kept = thin_draws(chains, draws, min(MAX_DRAWS, draws_within_budget(encoded)))
    present = present_case(encoded, posterior, kept)
    few = thin_draws(chains, len(kept) // chains, SPREAD_DRAWS)
    streams = [
        int(np.random.SeedSequence([seed, stream]).generate_state(1)[0]) for stream in (FUTURES_STREAM, SPREAD_STREAM)
    ]
    return Rolled(
        present=present,
        incidence=cumulative_incidence(present),
        by_resolution=chunked_probability(encoded, posterior),
        futures=simulate_futures(
            present, replicates=encoded.study.sampler.futures_per_draw, seed=streams[0], draws=kept
        ),
        replicated=simulate_futures(
            present.select(few), replicates=SPREAD_REPLICATES, seed=streams[1], draws=kept[few]
        ),
    )


def outcome_probabilities(encoded: EncodedStudy, posterior: xr.Dataset, rolled: Rolled) -> xr.DataArray:
    """Probability of each outcome by its resolution date, dims (chain, draw, outcome)."""
    shape = (posterior.sizes[CHAIN], posterior.sizes[DRAW], len(encoded.coords["outcome"]))
    return xr.DataArray(
        rolled.by_resolution.reshape(shape),
        dims=(CHAIN, DRAW, "outcome"),
        coords={CHAIN: posterior[CHAIN], DRAW: posterior[DRAW], "outcome": encoded.coords["outcome"]},
        name="probability",
    )


def summarize_outcomes(
    encoded: EncodedStudy, posterior: xr.Dataset, rolled: Rolled, cases: xr.DataArray | None
) -> tuple[OutcomeForecast, ...]:
    """The answer of every outcome, in the study's order."""
    return tuple(
        _summarize_outcome(encoded, outcome, position, posterior, rolled, cases)
        for position, outcome in enumerate(encoded.study.outcomes)
    )


def _summarize_outcome(
    encoded: EncodedStudy,
    outcome: Outcome,
    position: int,
    posterior: xr.Dataset,
    rolled: Rolled,
    cases: xr.DataArray | None,
) -> OutcomeForecast:
    study = encoded.study
    result = _count(Occurs(outcome.id), encoded, rolled)
    times = rolled.futures.times[:, :, position]
    ends = np.arange(1, study.horizon + 1)
    shares = np.searchsorted(np.sort(times.ravel()), ends, side="right") / times.size
    low, high = np.quantile(
        rolled.incidence[:, position, :], [(1 - INTERVAL_LEVEL) / 2, (1 + INTERVAL_LEVEL) / 2], axis=0
    )
    return OutcomeForecast(
        id=outcome.id,
        title=outcome.title,
        kind=outcome.kind.value,
        probability=result.probability,
        mcse=result.mcse,
        interval=spread(rolled.by_resolution[:, position]),
        words=icd203_words(result.probability),
        by=study.resolves_by(outcome.id),
        horizon=tuple(
            HorizonPoint(
                period=int(period),
                date=study.calendar.end_of(int(period)),
                probability=float(shares[period - 1]),
                low=_clip(low[period - 1]),
                high=_clip(high[period - 1]),
            )
            for period in ends
        ),
        timing=_summarize_timing(times) if outcome.kind is OutcomeKind.EVENT else None,
        reference=summarize_reference(encoded, outcome, posterior, cases),
    )


def _clip(value: float) -> float:
    """Sums of exact terms may leave [0, 1] by rounding."""
    return float(min(max(value, 0.0), 1.0))


def _summarize_timing(times: FloatArray) -> Timing:
    median = float(np.quantile(times, 0.5, method="inverted_cdf"))
    happened = times[np.isfinite(times)]
    return Timing(
        median_period=median if np.isfinite(median) else None,
        median_period_given_event=float(np.median(happened)) if happened.size else None,
    )


def _count(expression: Expression, encoded: EncodedStudy, rolled: Rolled) -> Estimate:
    happened = evaluate(
        expression,
        rolled.futures,
        resolves=rolled.resolves,
        calendar=encoded.study.calendar,
    )
    return estimate(happened, rolled.futures.chains)


def exact_probability(expression: Expression, encoded: EncodedStudy, rolled: Rolled) -> FloatArray | None:
    """Probability of an expression about one outcome, exact for each draw that is rolled forward; None for others."""
    match expression:
        case Not(item):
            inner = exact_probability(item, encoded, rolled)
            return None if inner is None else 1.0 - inner
        case Occurs(outcome):
            time = rolled.resolves[outcome]
        case By(outcome, when):
            time = float(when) if isinstance(when, int | float) else encoded.study.calendar.periods_until(when)
        case _:
            return None
    return probability_by(rolled.present, rolled.incidence, rolled.present.outcomes.index(outcome), time)


def _scenario_spread(expression: Expression, encoded: EncodedStudy, rolled: Rolled) -> Interval:
    exact = exact_probability(expression, encoded, rolled)
    if exact is not None:
        return spread(exact)
    calendar = encoded.study.calendar
    return probability_spread(evaluate(expression, rolled.replicated, resolves=rolled.resolves, calendar=calendar))


def summarize_scenarios(encoded: EncodedStudy, rolled: Rolled) -> tuple[ScenarioForecast, ...]:
    """The answer of every scenario, in the study's order."""
    result = []
    for scenario in encoded.study.scenarios:
        counted = _count(scenario.expression, encoded, rolled)
        result.append(
            ScenarioForecast(
                id=scenario.id,
                title=scenario.title,
                when=scenario.when,
                probability=counted.probability,
                mcse=counted.mcse,
                effective_draws=counted.effective_draws,
                interval=_scenario_spread(scenario.expression, encoded, rolled),
                words=icd203_words(counted.probability),
            )
        )
    return tuple(result)


def summarize_covariates(encoded: EncodedStudy, posterior: xr.Dataset) -> tuple[CovariateEffect, ...]:
    """Effect of each covariate on the log rate or log odds, per unit as in the tables."""
    result = []
    for covariate in encoded.study.covariates:
        standard = encoded.standardizations[covariate.id]
        draws = posterior["beta"].sel(covariate=covariate.id).values / standard.scale
        result.append(
            CovariateEffect(
                id=covariate.id,
                mean=float(draws.mean()),
                sd=float(draws.std(ddof=1)),
                interval=spread(draws.ravel()),
                standardized=covariate.standardize,
                center=standard.center,
                scale=standard.scale,
            )
        )
    return tuple(result)


def probability_errors(
    outcomes: tuple[OutcomeForecast, ...], scenarios: tuple[ScenarioForecast, ...]
) -> Mapping[str, float]:
    """Monte Carlo standard error of every probability in the answer, by name."""
    return {**{o.id: o.mcse for o in outcomes}, **{f"scenario {s.id}": s.mcse for s in scenarios}}
