"""What each reference class, and each of its cases, says: the evidence part of an outcome's answer."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import CaseSummary, ClassSummary, Interval, NewClassSummary, ReferenceSummary
from forecast.dims import CHAIN, DRAW, UNIT
from forecast.futures.scenarios import spread
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.membership import NEW
from forecast.model.encoding.units import Unit
from forecast.study import Count, Outcome, OutcomeKind, Spell, Trial
from forecast.study.checks.size import MAX_UNITS
from forecast.summary.bands_ahead import mean_multiplier
from forecast.summary.belonging import membership_of
from forecast.summary.frailties import draw_frailties, residual_cholesky
from forecast.summary.option_reference import summarize_option_reference
from forecast.summary.posterior import stream_seed

FloatArray = npt.NDArray[np.float64]

FRAILTY_STREAM: Final = 11
"""Random stream of frailties that are integrated; those of the rest of a forecast have other numbers."""


def case_levels(encoded: EncodedStudy, posterior: xr.Dataset, seed: int) -> xr.DataArray | None:
    """Level of every case (log rate or log odds), dims (chain, draw, unit); None for more than `MAX_UNITS` cases.

    The same sum as in `forecast.model.graph.joint`; tests/model/test_graph.py compares the two. Frailties that the model
    integrates are drawn here.

    Parameters
    ----------
    seed
        Of the forecast.
    """
    units = encoded.units
    if not units or len(units) > MAX_UNITS:
        return None
    chains, draws = posterior.sizes[CHAIN], posterior.sizes[DRAW]
    # Thousands of cases times thousands of draws: seven digits are kept, and one chain is worked out at a time.
    level = np.empty((chains, draws, len(units)), dtype=np.float32)
    rng = np.random.default_rng(stream_seed(seed, FRAILTY_STREAM))
    integrated = draw_frailties(encoded, posterior, rng)
    for chain in range(chains):
        one = posterior.isel({CHAIN: slice(chain, chain + 1)})
        own = _chain_levels(encoded, one)
        for place, added in integrated.items():
            own[:, place] += added[chain]
        level[chain] = own
    coords = {
        CHAIN: posterior[CHAIN],
        DRAW: posterior[DRAW],
        UNIT: [unit.label for unit in units],
    }
    return xr.DataArray(level, dims=(CHAIN, DRAW, UNIT), coords=coords, name="case_level")


def _chain_levels(encoded: EncodedStudy, chain: xr.Dataset) -> FloatArray:
    """Levels of the cases of one chain without frailties that are integrated; dims (draw, unit)."""

    def values(name: str, *dims: str) -> FloatArray:
        return np.asarray(chain[name].transpose(CHAIN, DRAW, *dims).values[0], dtype=float)

    arrays, units = encoded.arrays, encoded.units
    level = values("class_level", "level")[:, [unit.level for unit in units]]
    if "beta" in chain:
        level += values("beta", "covariate") @ np.asarray(arrays["unit_covariates"], dtype=float).T
    if "frailty_z" in chain:
        z, sigma = values("frailty_z", "frailty"), values("sigma", "outcome")
        cholesky = residual_cholesky(encoded, chain)
        terms = (arrays[f"term_{name}"].tolist() for name in ("unit", "frailty", "row", "column"))
        for unit, frailty, row, column in zip(*terms, strict=True):
            spread = sigma[:, encoded.outcomes.index(units[unit].outcome)]
            level[:, unit] += spread * cholesky[:, row, column] * z[:, frailty]
    return level


def summarize_reference(
    encoded: EncodedStudy, outcome: Outcome, posterior: xr.Dataset, cases: xr.DataArray | None
) -> ReferenceSummary:
    """Classes with their cases, and a new class that has not been observed.

    For an `event` outcome the measure is the mean rate per period over the ages that the present case goes through
    within the horizon; for a `binary` one it is the probability. Classes are taken at the mean covariates of their
    cases, the new class at covariates of 0 on the model's scale.
    """
    if outcome.kind is OutcomeKind.CATEGORICAL:
        return summarize_option_reference(encoded, outcome, posterior, cases)
    is_event = outcome.kind is OutcomeKind.EVENT
    if is_event:
        shape = posterior["log_hazard_shape"].transpose(CHAIN, DRAW, "band").values
        multiplier = mean_multiplier(encoded, outcome.id, shape.reshape(-1, shape.shape[-1]))
    else:
        multiplier = np.ones(posterior.sizes[CHAIN] * posterior.sizes[DRAW])

    def measure(values: xr.DataArray) -> FloatArray:
        flat = values.transpose(CHAIN, DRAW).values.ravel()
        if is_event:
            return np.asarray(np.exp(np.minimum(flat, 50.0)) * multiplier)
        return np.asarray(1.0 / (1.0 + np.exp(-flat)))

    summaries = []
    for index, level in enumerate(encoded.levels):
        if level.outcome != outcome.id:
            continue
        units = [(place, unit) for place, unit in enumerate(encoded.units) if unit.level == index]
        draws = measure(_mean_level(encoded, posterior, level.label, units))
        group = next(g for g in encoded.study.reference_classes if g.id == level.reference_class)
        members = tuple(
            _summarize_case(unit, None if cases is None else cases.isel(unit=place), posterior, is_event)
            for place, unit in units
        )
        # One of weight 0 is shown in its place, and counts for nothing.
        counted = [member for member in members if member.weight > 0.0]
        summaries.append(
            ClassSummary(
                id=group.id,
                title=group.title or group.id,
                weight=outcome.class_weights.get(group.id, 0.0),
                membership=membership_of(encoded, posterior, outcome, group.id),
                cases=len(counted),
                effective_cases=sum(member.weight for member in counted),
                events=sum((m.events if is_event else m.successes) or 0.0 for m in counted),
                exposure=sum(m.exposure or 0.0 for m in counted) if is_event else None,
                trials=None if is_event else sum(m.trials or 0.0 for m in counted),
                measure="rate_per_period" if is_event else "probability",
                rate_or_probability=float(draws.mean()),
                interval=spread(draws),
                members=members,
            )
        )
    new = measure(posterior["new_class_level"].sel(outcome=outcome.id))
    return ReferenceSummary(
        classes=tuple(summaries),
        new_class=NewClassSummary(
            weight=max(0.0, 1.0 - sum(outcome.class_weights.values())),
            membership=membership_of(encoded, posterior, outcome, NEW),
            measure="rate_per_period" if is_event else "probability",
            rate_or_probability=float(new.mean()),
            interval=spread(new),
        ),
    )


def _mean_level(
    encoded: EncodedStudy, posterior: xr.Dataset, label: str, units: list[tuple[int, Unit]]
) -> xr.DataArray:
    """Level of a class at the weighted mean of its cases' covariates; dims (chain, draw)."""
    level = posterior["class_level"].sel(level=label)
    weights = np.array([unit.case.weight for _, unit in units])
    if "beta" not in posterior or weights.sum() == 0:
        return level
    covariates = np.asarray(encoded.arrays["unit_covariates"], dtype=float)[[place for place, _ in units]]
    mean = xr.DataArray(weights @ covariates / weights.sum(), dims=("covariate",))
    return level + posterior["beta"].dot(mean.assign_coords(covariate=posterior["covariate"]), dim="covariate")


def _summarize_case(unit: Unit, level: xr.DataArray | None, posterior: xr.Dataset, is_event: bool) -> CaseSummary:
    case, data = unit.case, unit.data
    estimate, interval = _case_estimate(unit, level, posterior, is_event)
    summary = CaseSummary(
        id=case.id, weight=case.weight, estimate=estimate, interval=interval, source=case.source, note=case.note
    )
    if isinstance(data, Trial):
        return summary.model_copy(update={"successes": data.successes, "trials": data.trials})
    if isinstance(data, Count):
        return summary.model_copy(update={"exposure": data.exposure, "events": data.events})
    assert isinstance(data, Spell)
    return summary.model_copy(
        update={
            "exposure": case.observed,
            "events": float(data.event == unit.outcome),
            "entered": data.entered,
            "exited": data.exited,
            "event": data.event,
        }
    )


def _case_estimate(
    unit: Unit, level: xr.DataArray | None, posterior: xr.Dataset, is_event: bool
) -> tuple[float | None, Interval | None]:
    """Probability of a binary case, or rate ratio of an event case to its class at covariates of 0.

    The ratio includes the effects of the case's covariates on the model's scale.
    """
    if level is None:
        return None, None
    if is_event:
        class_level = posterior["class_level"].isel(level=unit.level).transpose(CHAIN, DRAW).values
        draws = np.exp(np.clip(level.values - class_level, -50.0, 50.0))
    else:
        draws = 1.0 / (1.0 + np.exp(-level.values.astype(float)))
    return float(draws.mean()), spread(draws.ravel())
