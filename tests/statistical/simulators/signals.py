"""Indicators, factors, and the history through which a factor's effect is learned."""

from __future__ import annotations

import numpy as np

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from tests.documents import event_outcome, make_study
from tests.statistical.simulators.block import Arrays, Block, Truth


def indicators_block() -> Block:
    """Two years of three indicators: one rises with the factor, one falls, one has none; half months, absent months."""
    months = [f"{year}-{month:02d}" for year in (2018, 2019) for month in range(1, 13)]
    halved = [{"period": m, "value": 1, "exposure": 0.5 if k % 3 == 0 else 1} for k, m in enumerate(months) if k % 4]
    every = [{"period": m, "value": 1} for m in months]
    study = make_study(
        event_outcome(),
        factors=[{"id": "friction", "effects": {}}],
        indicators=[
            {"id": "complaints", "factor": "friction", "rows": every[1:], "season": "none"},
            {"id": "visits", "factor": "friction", "direction": -1, "rows": halved},
            {"id": "rain", "rows": every[:12]},
        ],
    )
    return Block(
        "indicators",
        with_scales(encode_study(study).arrays, log_mean_scale=3.0),
        simulate_counts,
        ("persistence", "state", "log_mean", "loading", "dispersion"),
        picks={"state": ([0, 12, 23], 0)},
    )


def with_scales(arrays: ModelArrays, **scales: float) -> ModelArrays:
    """The same with other scales of priors."""
    changed = {name: np.full_like(arrays[name], scale) for name, scale in scales.items()}
    return ModelArrays({**arrays, **changed}, frailties=arrays.lengths["frailty"])


def patterns_block() -> Block:
    """Six years of an indicator with a season, a drift, two breaks, spikes and idle months."""
    months = [f"{year}-{month:02d}" for year in range(2014, 2020) for month in range(1, 13)]
    rows = [{"period": m, "value": 1} for m in months]
    study = make_study(
        event_outcome(), indicators=[{"id": "rain", "rows": rows, "breaks": ["2016-04-01", "2018-09-01"]}]
    )
    # Counts of a prior so wide would have more digits than a number has.
    return Block(
        "patterns",
        with_scales(encode_study(study).arrays, log_mean_scale=1.5, spike_size_scale=1.0),
        simulate_counts,
        ("log_mean", "dispersion", "pattern_sd", "wave_height", "spike_share", "spike_size", "idle_share"),
    )


def simulate_counts(rng: np.random.Generator, truth: Truth, a: ModelArrays, *, dispersion: float = 1.0) -> Arrays:
    """A gamma mixture of Poissons: variance mean + mean^2 (dispersion^2 + 0.001); spikes are geometric, idle periods 0."""
    values = []
    for i, t, log_exposure in zip(a["count_indicator"], a["count_period"], a["count_log_exposure"], strict=True):
        factor = a["indicator_factor"][i]
        drive = truth["state"][t, factor - 1] if factor else 0.0
        waves = np.flatnonzero(a["pattern_indicator"][a["wave_pattern"]] == i)
        course = sum(truth["wave_height"][w] * a["motif_course"][a["wave_motif"][w], t] for w in waves)
        mean = np.exp(log_exposure + truth["log_mean"][i] + truth["loading"][i] * drive + course)
        variance = (dispersion * truth["dispersion"][i]) ** 2 + 0.001
        if k := a["indicator_mixture"][i]:
            if rng.random() < truth["idle_share"][k - 1]:
                values.append(0)
                continue
            if rng.random() < truth["spike_share"][k - 1]:
                mean, variance = mean * np.exp(truth["spike_size"][k - 1]), 1.0
        values.append(rng.poisson(mean * rng.gamma(1 / variance, variance)))
    return {"count_value": values}


def history_block() -> Block:
    """Twenty months without the event, of which a factor is watched for the last twelve.

    Data that are "nothing happened" have no other values to draw: worlds in which the event came are thrown away, so
    that the parameters of those that are kept are draws from the joint law given survival, which is what is fitted.
    """
    rows = [{"period": f"2019-{month:02d}", "value": 1} for month in range(1, 13)]
    study = make_study(
        event_outcome(at_risk_since="2018-05-01", prior={"distribution": "normal(-2.5, 1)"}),
        factors=[{"id": "friction", "effects": {"exit": "normal(0.5, 1)"}}],
        indicators=[{"id": "complaints", "factor": "friction", "rows": rows}],
    )
    return Block(
        "history",
        encode_study(study).arrays,
        simulate_survivors,
        ("theta", "gamma", "persistence", "state", "log_mean", "loading"),
        acceptance=0.1,
        picks={"state": ([0, 11], 0)},
    )


def simulate_survivors(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays | None:
    """Counts of a world in which the event has not come, month by month."""
    for period, exposure in zip(a["history_period"], a["history_exposure"], strict=True):
        gamma = truth["gamma"][0]
        # The level is the mean over the stationary law.
        drive = gamma * truth["state"][period - 1, 0] - gamma**2 / 2 if period else 0.0
        if rng.random() > np.exp(-exposure * np.exp(truth["theta"][0] + drive)):
            return None
    return simulate_counts(rng, truth, a)
