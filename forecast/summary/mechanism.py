"""The groups `futures` and `mechanism` of `draws.nc`: the stored futures, and how they came about.

`forecast.futures.stored` reads both, so that a query can roll the futures forward again. All references are by label.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from forecast.dims import BAND, FUTURE, OUTCOME
from forecast.futures.simulation import Futures
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.bands_ahead import bands_ahead
from forecast.summary.counted import counted_periods, watched_indicators
from forecast.summary.rolled import Rolled

ROLLED_DRAW = "rolled_draw"
"""A posterior draw that was rolled forward."""


def futures_dataset(futures: Futures, draws_per_chain: int) -> xr.Dataset:
    """`event_period` (dims future, outcome; horizon + 1 means not by the horizon) and `event_time` (periods)."""
    times = futures.times.reshape(futures.count, len(futures.outcomes))
    period = np.where(np.isfinite(times), np.maximum(np.ceil(times), 1), futures.horizon + 1).astype(np.int32)
    source = np.repeat(futures.draws, futures.times.shape[1])
    numbers = (
        {"quantity_value": ((FUTURE, "quantity"), np.stack([own.ravel() for own in futures.values.values()], axis=1))}
        if futures.values
        else {}
    )
    return xr.Dataset(
        {
            **numbers,
            "event_period": ((FUTURE, OUTCOME), period),
            "event_time": ((FUTURE, OUTCOME), times),
            "source_chain": (FUTURE, (source // draws_per_chain).astype(np.int32)),
            "source_draw": (FUTURE, (source % draws_per_chain).astype(np.int32)),
        },
        coords={
            OUTCOME: list(futures.outcomes),
            FUTURE: np.arange(times.shape[0]),
            **({"quantity": list(futures.values)} if futures.values else {}),
        },
        attrs={"horizon_periods": futures.horizon},
    )


def mechanism_dataset(encoded: EncodedStudy, rolled: Rolled) -> xr.Dataset:
    """Inputs of the simulation; variables without any label are left out."""
    study, present = encoded.study, rolled.present
    ids = present.outcomes
    factors, links, streams, expected = present.factors, present.links, present.streams, present.expected
    indicators = watched_indicators(encoded)
    factor_ids = list(encoded.factors)
    labels: dict[str, Any] = {
        ROLLED_DRAW: np.arange(present.draws),
        OUTCOME: list(ids),
        BAND: [encoded.coords["band"][place] for place, _, _ in bands_ahead(encoded)],
        "horizon": np.arange(1, present.horizon + 1),
        "factor": factor_ids,
        "effect": encoded.coords["effect"],
        "link": encoded.coords["link"],
        "step": np.arange(1, expected.own.shape[1] + 1),
        "indicator": indicators,
        "counted_period": [first.isoformat() for first, _ in counted_periods(encoded)],
        "counted_edge": np.arange(streams.periods.edges.size),
        "wave": np.arange(0 if streams.courses is None else len(streams.courses.of_stream)),
        "scenario": [scenario.id for scenario in study.scenarios],
    }

    def named(places: Any, known: Any) -> list[str]:
        return ["" if place < 0 else known[place] for place in places]

    variables: dict[str, tuple[tuple[str, ...], Any]] = {
        "source": ((ROLLED_DRAW,), rolled.futures.draws),
        "kind": ((OUTCOME,), list(present.kinds)),
        "group": ((OUTCOME,), named(present.groups, ids)),
        "resolves": ((OUTCOME,), present.resolves),
        "is_sure": ((OUTCOME,), present.is_sure.astype(np.int8)),
        "settled": ((OUTCOME,), present.settled),
        "offset_correction": ((OUTCOME, "horizon"), present.correction),
        "level": ((ROLLED_DRAW, OUTCOME), present.level),
        "shape": ((ROLLED_DRAW, BAND), present.shape),
        "band_outcome": ((BAND,), named(present.band_outcome, ids)),
        "time_in_band": (("horizon", BAND), present.time_in_band),
        "state": ((ROLLED_DRAW, "factor"), factors.state),
        "persistence": ((ROLLED_DRAW, "factor"), factors.persistence),
        "gamma": ((ROLLED_DRAW, "effect"), factors.gamma),
        "effect_outcome": (("effect",), named(factors.effect_outcome, ids)),
        "effect_factor": (("effect",), named(factors.effect_factor, factor_ids)),
        "delta": ((ROLLED_DRAW, "link"), links.delta),
        "link_cause": (("link",), named(links.cause, ids)),
        "link_effect_on": (("link",), named(links.effect_on, ids)),
        "link_keeps_marginal": (("link",), links.keeps_marginal.astype(np.int8)),
        "link_delay": (("link",), np.array([course.delay for course in links.courses])),
        "link_half_life": (("link",), np.array([course.half_life for course in links.courses])),
        "link_since": (("link",), links.since),
        "expected_hazard": (("link", "step"), expected.own),
        "expected_group_hazard": (("link", "step"), expected.group),
        "had_occurred": (("link",), expected.had_occurred.astype(np.int8)),
        "statement_lead": ((OUTCOME,), expected.lead),
        "had_been_at_risk": ((OUTCOME,), expected.at_risk),
        "log_mean": ((ROLLED_DRAW, "indicator"), streams.log_mean),
        "loading": ((ROLLED_DRAW, "indicator"), streams.loading),
        "dispersion": ((ROLLED_DRAW, "indicator"), streams.dispersion),
        "indicator_factor": (("indicator",), named(streams.factor, factor_ids)),
        "scenario_title": (("scenario",), [scenario.title for scenario in study.scenarios]),
        "scenario_when": (("scenario",), [scenario.when for scenario in study.scenarios]),
    }
    if present.begins.any():
        variables["risk_begins"] = (OUTCOME,), present.begins
    if indicators:
        asked, periods = present.thresholds, streams.periods
        first = periods.begun - periods.state.shape[2]
        labels["begun_period"] = labels["counted_period"][first : periods.begun]
        variables["counted_indicator"] = (OUTCOME, "indicator"), asked.streams.astype(np.int8)
        variables["counted_number"] = (OUTCOME,), asked.number
        variables["counted_is_least"] = (OUTCOME,), asked.is_least.astype(np.int8)
        variables["counted_run"] = (OUTCOME,), asked.run
        variables["counted_first"] = (OUTCOME,), asked.first
        variables["counted_last"] = (OUTCOME,), asked.last
        variables["counted_until"] = ("counted_edge",), periods.edges
        variables["counted_begun"] = (), periods.begun
        variables["counted_so_far"] = ("indicator", "counted_period"), periods.known
        variables["counted_share"] = ("indicator", "counted_period"), periods.covered
        variables["begun_state"] = (ROLLED_DRAW, "factor", "begun_period"), periods.state
        variables["threshold_hazard"] = (OUTCOME, "horizon"), streams.hazard
    if streams.courses is not None:
        variables["wave_height"] = (ROLLED_DRAW, "wave"), streams.courses.height
        variables["wave_indicator"] = ("wave",), named(streams.courses.of_stream, indicators)
        variables["wave_course"] = ("wave", "counted_period"), streams.courses.motif
        variables["wander"] = (ROLLED_DRAW, "indicator"), streams.courses.wander
    if streams.mixtures is not None:
        for name in ("spike_share", "spike_size", "idle_share"):
            variables[name] = (ROLLED_DRAW, "indicator"), getattr(streams.mixtures, name)
    kept = {name: (dims, values) for name, (dims, values) in variables.items() if np.size(values)}
    used = {dim for dims, _ in kept.values() for dim in dims} | {"horizon"}
    attributes = {
        "as_of": study.as_of.isoformat(),
        "period": study.period.value,
        "chains": present.chains,
        "seed": rolled.seed,
    }
    return xr.Dataset(kept, coords={dim: labels[dim] for dim in labels if dim in used}, attrs=attributes)
