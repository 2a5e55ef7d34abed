"""Factors over time, the counts that they drive, and how they move outcomes.

A factor is a stationary first-order autoregression of unit variance. Counts are negative binomial with mean
exposure * exp(log_mean + loading * state) and variance mean + mean^2 (dispersion^2 + `LEAST_VARIANCE`): the dispersion
is the coefficient of variation beyond the Poisson's.

References
----------
Negative binomial regression with exposure: Cameron and Trivedi (2013), Regression Analysis of Count Data, section 3.3,
doi:10.1017/CBO9781139013567.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pymc as pm
import pytensor.tensor as pt

from forecast.model.constants import LEAST_VARIANCE, LOGISTIC_NORMAL
from forecast.model.graph.floors import add_floors
from forecast.model.graph.latents import deviation, latent
from forecast.model.graph.mixtures import add_mixtures
from forecast.model.graph.recurrence import recurrence


@dataclass(frozen=True)
class Signals:
    """Factors as the rest of the model needs them."""

    padded_state: Any
    """Dims (1 + past_period, factor); row 0 is zero."""
    persistence: Any
    gamma: Any
    """Dims (outcome, factor); 0 where a factor does not move an outcome."""


def add_signals(x: dict[str, Any]) -> Signals:
    """Factor states, the likelihood of the counts, and the effects of factors on outcomes."""
    state, persistence = _factor_states(x)
    padded = pt.concatenate([pt.zeros((1, state.shape[1])), state], axis=0)
    _add_counts(x, state)
    effects = pm.Deterministic("gamma", x["effect_loc"] + x["effect_scale"] * latent("gamma_z"), dims="effect")
    matrix = pt.zeros((x["mu_loc"].shape[0], state.shape[1]))
    gamma = matrix[x["effect_outcome"], x["effect_factor"]].set(effects)
    return Signals(padded, persistence, gamma)


def log_drift(signals: Signals, outcome: Any, steps: Any) -> Any:
    """What is known of the factors adds to a log hazard some steps ahead, dims as those of `outcome` and `steps`.

    The level is the marginal under the stationary law. Over it, the mean of exp(gamma s) is larger by
    exp(gamma k s_T - gamma^2 k^2 / 2), k = rho^steps, s_T the last state: what selection among survivors changes in
    both is the same to first order.
    """
    kept = signals.persistence ** steps[:, None]
    pushed = signals.gamma[outcome] * kept
    return (pushed * signals.padded_state[-1] - 0.5 * pushed**2).sum(axis=1)


def moved_log_odds(signals: Signals, outcome: Any, steps: Any, level: Any) -> Any:
    """Log odds of binary outcomes that factors move, from those under the stationary law of the factors; dims (question).

    The mean s of a factor's path over the n periods to the date has variance V under the stationary law, and given the
    last state s_T the mean c s_T and the variance V - c^2, with c = rho (1 - rho^n) / (n (1 - rho)). The mean logistic
    of a normal variable is that of its mean over sqrt(1 + `LOGISTIC_NORMAL` variance).
    """
    return moved_apart(signals, signals.gamma[outcome], steps[:, None], level)


def moved_apart(signals: Signals, gamma: Any, steps: Any, level: Any) -> Any:
    """The same with effects of their own; the last dim of `gamma` is (factor), of `steps` it has length one."""
    n, rho = steps, signals.persistence
    mean = rho * (1.0 - rho**n) / (n * (1.0 - rho))
    variance = (n + 2.0 * rho * (n * (1.0 - rho) - (1.0 - rho**n)) / (1.0 - rho) ** 2) / n**2
    stationary = (gamma**2 * variance).sum(axis=-1)
    left = stationary - (gamma**2 * mean**2).sum(axis=-1)
    shift = (gamma * signals.padded_state[-1] * mean).sum(axis=-1)
    widened = level * pt.sqrt(1.0 + LOGISTIC_NORMAL * stationary)
    return (widened + shift) / pt.sqrt(1.0 + LOGISTIC_NORMAL * left)


def _factor_states(x: dict[str, Any]) -> tuple[Any, Any]:
    """s_1 ~ Normal(0, 1), s_t = rho s_(t-1) + sqrt(1 - rho^2) e_t."""
    persistence = pt.sigmoid(x["persistence_loc"] + x["persistence_scale"] * latent("persistence_z"))
    persistence = pm.Deterministic("persistence", persistence, dims="factor")
    first = x["is_first"][:, None]
    innovations = latent("state_z") * (first + (1.0 - first) * pt.sqrt(1.0 - persistence**2)[None, :])
    return pm.Deterministic("state", recurrence(innovations, persistence), dims=("past_period", "factor")), persistence


def _add_counts(x: dict[str, Any], state: Any) -> None:
    """Sampled is each indicator's log mean over the periods in which it was observed, factor included.

    Few periods hardly distinguish a high factor from indicators with high long-run means. With the mean over the
    observed periods as the variable, the sampler does not meet that ridge.
    """
    with_none = pt.concatenate([pt.zeros((state.shape[0], 1)), state], axis=1)
    loading = pm.Deterministic("loading", x["loading_scale"] * latent("loading_z"), dims="indicator")
    dispersion = pm.Deterministic("dispersion", x["dispersion_scale"] * latent("dispersion_z"), dims="indicator")
    mean_drive = (x["observed_share"] * with_none.T[x["indicator_factor"]]).sum(axis=1)
    sampled, course = latent("log_mean_z"), _courses(x)
    mean_drive = loading * mean_drive + (x["observed_share"] * course).sum(axis=1)
    standard = deviation("log_mean_z", sampled - mean_drive / x["log_mean_scale"])
    pm.Potential("log_means", -0.5 * (standard**2).sum())
    log_mean = pm.Deterministic("log_mean", x["log_mean_loc"] + x["log_mean_scale"] * standard, dims="indicator")
    mixtures = add_mixtures(x)

    def law(of: Any, period: Any) -> tuple[Any, Any]:
        drive = with_none[period, x["indicator_factor"][of]]
        return log_mean[of] + loading[of] * drive + course[of, period], 1.0 / (dispersion[of] ** 2 + LEAST_VARIANCE)

    log_expected, shape = law(x["count_indicator"], x["count_period"])
    log_expected += x["count_log_exposure"]
    count = x["count_value"]
    log_ratio = log_expected - pt.log(shape)
    density = pt.gammaln(count + shape) - pt.gammaln(shape) + count * log_ratio
    usual = density - (count + shape) * pt.softplus(log_ratio)
    pm.Potential("counts", mixtures.densities(x["count_indicator"], count, usual, log_expected).sum())
    add_floors(x, *law(x["floor_indicator"], x["floor_period"]), mixtures)


def _courses(x: dict[str, Any]) -> Any:
    """What seasons, drifts and breaks in reporting add to the log mean of each indicator; dims (indicator, past_period)."""
    sd = pm.Deterministic("pattern_sd", x["pattern_scale"] * latent("pattern_z"), dims="pattern")
    height = pm.Deterministic("wave_height", sd[x["wave_pattern"]] * latent("wave_z"), dims="wave")
    none = pt.zeros((x["log_mean_loc"].shape[0], x["motif_course"].shape[1]))
    return none[x["pattern_indicator"][x["wave_pattern"]]].inc(height[:, None] * x["motif_course"][x["wave_motif"]])
