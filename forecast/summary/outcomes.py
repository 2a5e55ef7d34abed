"""The answer's probabilities: outcomes with their horizon curves, scenarios, covariate effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import (
    CovariateEffect,
    HorizonPoint,
    OutcomeForecast,
    ScenarioForecast,
    StatedPrior,
    Timing,
    icd203_words,
)
from forecast.futures.hazards import probability_by
from forecast.futures.scenarios import Estimate, estimate, evaluate, spread
from forecast.futures.shares import share_quantiles
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import (
    About,
    Between,
    By,
    Calendar,
    Expression,
    Not,
    Occurs,
    Or,
    Outcome,
    OutcomeKind,
    times_between,
)
from forecast.study.document.options import BETWEEN
from forecast.summary.edges import hull, hull_by_period
from forecast.summary.ends import ENDS, Ends, counted_ends, exact_ends
from forecast.summary.reference import summarize_reference
from forecast.summary.rolled import Rolled
from forecast.wording.confidence import confidence_level
from forecast.wording.stated import stated_words

FloatArray = npt.NDArray[np.float64]


def summarize_outcomes(
    encoded: EncodedStudy, posterior: xr.Dataset, rolled: Rolled, cases: xr.DataArray | None
) -> tuple[OutcomeForecast, ...]:
    """The answer of every outcome, in the study's order."""
    return tuple(
        _summarize_outcome(encoded, outcome, position, posterior, rolled, cases)
        for position, outcome in enumerate(encoded.study.parts)
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
    whole = study.outcome(outcome.id.partition(BETWEEN)[0]) if outcome.kind is OutcomeKind.CATEGORICAL else None
    result = count_futures(Occurs(outcome.id), encoded, rolled)
    times = rolled.futures.times[:, :, position]
    ends = np.arange(1, study.horizon + 1)
    shares = np.searchsorted(np.sort(times.ravel()), ends, side="right") / times.size
    low, high = _ends_by_period(rolled, position)
    found = _outcome_ends(outcome, position, encoded, rolled)
    return OutcomeForecast(
        id=outcome.id,
        part_of=None if whole is None else whole.id,
        title=outcome.title,
        option=None if whole is None else outcome.title.removeprefix(f"{whole.title}: "),
        kind=outcome.kind.value,
        probability=result.probability,
        median=_clip(found.median),
        mcse=result.mcse,
        interval=found.interval,
        interval_mcse=found.mcse,
        stated=_stated(encoded, outcome),
        words=icd203_words(result.probability),
        confidence=confidence_level(found.interval),
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
        timing=None if outcome.kind in (OutcomeKind.BINARY, OutcomeKind.CATEGORICAL) else _summarize_timing(times),
        reference=None
        if outcome.kind is OutcomeKind.THRESHOLD
        else summarize_reference(encoded, outcome, posterior, cases),
    )


def _outcome_ends(outcome: Outcome, position: int, encoded: EncodedStudy, rolled: Rolled) -> Ends:
    if rolled.at_edges is not None:
        edges = _outcome_ends(outcome, position, encoded, rolled.at_edges)
        return hull(_outcome_ends(outcome, position, encoded, replace(rolled, at_edges=None)), edges)
    if rolled.present.closed[position]:
        return exact_ends(rolled.by_resolution[:, position], rolled.present.chains)
    return expression_ends(Occurs(outcome.id), encoded, rolled)


def _stated(encoded: EncodedStudy, outcome: Outcome) -> StatedPrior | None:
    elicited = outcome.prior.elicited if outcome.prior is not None else None
    if elicited is None or not outcome.is_modelled:
        return None
    study, quantiles = encoded.study, elicited.probability
    on = elicited.on or study.as_of
    sure_until = study.sure_until(outcome) if elicited.about is About.PRESENT else None
    if outcome.kind is OutcomeKind.BINARY:
        by = study.resolves_by(outcome.id)
    elif sure_until is not None and elicited.by is None:
        by = sure_until
    else:
        by = Calendar(study.period, on).day_after(elicited.by or study.horizon)
    return StatedPrior(
        median=quantiles.median,
        low=quantiles.low,
        high=quantiles.high,
        level=quantiles.level,
        by=by,
        on=on,
        about=elicited.about.value,
        words=stated_words(elicited.about),
    )


def _ends_by_period(rolled: Rolled, position: int) -> FloatArray:
    """Ends of the interval of the probability by the end of each period, dims (end, horizon)."""
    if rolled.at_edges is not None:
        edges = _ends_by_period(rolled.at_edges, position)
        return hull_by_period(_ends_by_period(replace(rolled, at_edges=None), position), edges)
    if rolled.present.closed[position]:
        return np.quantile(rolled.incidence[:, position, :], ENDS, axis=0)
    times = rolled.replicated.times[:, :, position]
    draws, replicates = times.shape
    horizon = rolled.replicated.horizon
    period = np.where(np.isfinite(times), np.ceil(times), horizon + 1).astype(np.int64)
    place = period + np.arange(draws)[:, None] * (horizon + 2)
    counts = np.bincount(place.ravel(), minlength=draws * (horizon + 2)).reshape(draws, -1)
    return share_quantiles(np.cumsum(counts, axis=1)[:, 1 : horizon + 1], replicates, ENDS)


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


def count_futures(expression: Expression, encoded: EncodedStudy, rolled: Rolled) -> Estimate:
    """Probability of an expression, counted over the futures that are stored."""
    happened = evaluate(expression, rolled.futures, resolves=rolled.resolves, calendar=encoded.study.calendar)
    return estimate(happened, rolled.futures.chains)


def exact_probability(expression: Expression, encoded: EncodedStudy, rolled: Rolled) -> FloatArray | None:
    """Probability of an expression about one outcome, exact for each draw that is rolled forward.

    None for an expression about several outcomes, or about one without a closed form.
    """
    start = 0.0
    match expression:
        case Not(item):
            inner = exact_probability(item, encoded, rolled)
            return None if inner is None else 1.0 - inner
        case Occurs(outcome):
            time = rolled.resolves[outcome]
        case By(outcome, when):
            time = float(when) if isinstance(when, int | float) else encoded.study.calendar.periods_until(when)
        case Between(outcome):
            start, time = times_between(expression, encoded.study.calendar)
        case _:
            return None
    position = rolled.present.outcomes.index(outcome)
    if not rolled.present.closed[position]:
        return None
    by = probability_by(rolled.present, rolled.incidence, position, time)
    return by - probability_by(rolled.present, rolled.incidence, position, start) if start > 0.0 else by


def expression_ends(expression: Expression, encoded: EncodedStudy, rolled: Rolled) -> Ends:
    """Posterior spread of the probability of an expression."""
    if rolled.at_edges is not None:
        edges = expression_ends(expression, encoded, rolled.at_edges)
        return hull(expression_ends(expression, encoded, replace(rolled, at_edges=None)), edges)
    exact = exact_probability(expression, encoded, rolled)
    if exact is not None:
        return exact_ends(exact, rolled.present.chains)
    calendar = encoded.study.calendar
    happened = evaluate(expression, rolled.replicated, resolves=rolled.resolves, calendar=calendar)
    return counted_ends(happened, rolled.replicated.chains)


def summarize_scenarios(encoded: EncodedStudy, rolled: Rolled) -> tuple[ScenarioForecast, ...]:
    """The answer of every scenario, in the study's order."""
    return tuple(
        _summarize_expression(scenario.id, scenario.title, scenario.when, scenario.expression, encoded, rolled)
        for scenario in encoded.study.scenarios
    )


def summarize_remainder(encoded: EncodedStudy, rolled: Rolled) -> ScenarioForecast | None:
    """The futures in which none of the scenarios comes true; None without scenarios."""
    scenarios = [scenario.expression for scenario in encoded.study.scenarios]
    if not scenarios:
        return None
    items = [item for found in scenarios for item in (found.items if isinstance(found, Or) else (found,))]
    none_of_them = Not(items[0] if len(items) == 1 else Or(tuple(items)))
    return _summarize_expression("remainder", "None of the scenarios", str(none_of_them), none_of_them, encoded, rolled)


def _summarize_expression(
    id: str, title: str, when: str, expression: Expression, encoded: EncodedStudy, rolled: Rolled
) -> ScenarioForecast:
    counted = count_futures(expression, encoded, rolled)
    found = expression_ends(expression, encoded, rolled)
    return ScenarioForecast(
        id=id,
        title=title,
        when=when,
        probability=counted.probability,
        mcse=counted.mcse,
        effective_draws=counted.effective_draws,
        interval=found.interval,
        interval_mcse=found.mcse,
        words=icd203_words(counted.probability),
        confidence=confidence_level(found.interval),
    )


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
