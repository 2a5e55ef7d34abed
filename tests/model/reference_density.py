"""The model's log density written down a second time, in plain loops over scipy distributions.

It shares no code with `forecast.model.graph.joint` but the names and order of the latent variables; it reads the formulas
case by case, cell by cell, month by month and statement by statement.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import special, stats

from forecast.model.arrays import ModelArrays
from forecast.model.latent_specs import LATENTS
from tests.model.reference_experts import levels_as_said, panel_of
from tests.model.reference_integrals import integral_density
from tests.model.reference_opinions import opinion_density
from tests.model.reference_options import ruling_logs, spreads, statement_density, tally_density
from tests.model.reference_quantities import quantity_density

HALF_NORMAL = {
    "tau_z",
    "sigma_z",
    "wiggle_z",
    "loading_z",
    "dispersion_z",
    "pattern_z",
    "spike_share_z",
    "spike_size_z",
    "idle_share_z",
    "bias_sd_z",
    "slope_sd_z",
    "noise_spread_z",
    "noise_mean_z",
    "common_sd_z",
    "exam_spread_z",
}
OF_THEIR_OWN = {"partial_z", "log_mean_z", "mu_z", "slope_z", "bias_z", "noise_z", "exercise_z"}


@dataclass(frozen=True)
class Point:
    """Latent variables by name, on the scale of the sampler, and what follows from them about the present case."""

    z: dict[str, np.ndarray]
    level: np.ndarray
    """Dims: variant."""
    shape: np.ndarray
    """Dims: band."""
    state: np.ndarray
    """Dims: past_period, factor."""
    persistence: np.ndarray
    gamma: np.ndarray
    """Dims: outcome, factor."""
    delta: np.ndarray
    log_share: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Dims: option."""

    @property
    def now(self) -> np.ndarray:
        """State of each factor in the last past period; zero without one."""
        return self.state[-1] if len(self.state) else np.zeros(len(self.persistence))


def unpack(point: np.ndarray, arrays: ModelArrays) -> dict[str, np.ndarray]:
    """Latent variables of a flat unconstrained point, in the order of the program's free variables."""
    sizes = [int(np.prod([arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    assert sum(sizes) == len(point)
    return dict(zip(LATENTS, np.split(point, np.cumsum(sizes)[:-1]), strict=True))


def log_density(point: np.ndarray, a: ModelArrays) -> float:
    """Log density on the unconstrained scale, less the constants of the data (binomial coefficients, log factorials)."""
    z = unpack(point, a)
    total = 0.0
    for name, values in z.items():
        if name in HALF_NORMAL:
            total += float(stats.halfnorm.logpdf(np.exp(values)).sum() + values.sum())  # log Jacobian of exp
        elif name not in OF_THEIR_OWN:
            total += float(stats.norm.logpdf(values).sum())
    for y, shape in zip(z["partial_z"], a["pair_shape"], strict=True):
        p, law = np.tanh(y), stats.beta(shape, shape, loc=-1.0, scale=2.0)
        total += float(law.logpdf(p) - law.logpdf(0.0) + np.log(1.0 - p**2))  # log Jacobian of tanh
    panel, prior = panel_of(z, a)
    mu, mu_prior = levels_as_said(z, a, panel)
    present, likelihood = present_case(z, a, mu, cholesky_factor(z, a))
    total += prior + mu_prior + likelihood
    pressed = [share * present.delta[link] for share, link in zip(a["press_share"], a["press_link"], strict=True)]
    links = list(zip(a["press_history"], a["press_verdict"], pressed, strict=True))
    history = (a[f"history_{name}"] for name in ("variant", "band", "period", "exposure", "events"))
    shown = np.zeros(a.lengths["variant"])
    for h, (variant, b, period, exposure, events) in enumerate(zip(*history, strict=True), start=1):
        # Over the mean of exp(gamma s), which is exp(gamma^2 / 2) for a standard normal s.
        gamma = present.gamma[a["variant_outcome"][variant]]
        drive = np.exp(gamma @ present.state[period - 1]) / np.exp(gamma @ gamma / 2) if period else 1.0
        push = sum(effect for place, _, effect in links if place == h)
        rate = drive * np.exp(present.level[variant] + present.shape[b] + push)
        shown[variant] += float(events * np.log(rate) - exposure * rate)
    for n, (variant, yes) in enumerate(zip(a["verdict_variant"], a["verdict_yes"], strict=True), start=1):
        chance = special.expit(present.level[variant] + sum(effect for _, place, effect in links if place == n))
        shown[variant] += float(np.log(chance if yes else 1 - chance))
    for race, variant in enumerate(a["race_variant"]):
        shown[variant] += race_log(race, present, a)
    for variant, log in ruling_logs(present.level, a):
        shown[variant] += log
    log_share, likelihood = shares_of_options(shown, a)
    total += likelihood
    present = replace(present, log_share=log_share)
    said = opinion_density(present, panel, a) + statement_density(present, panel, a)
    return total + count_density(z, a, present.state) + said + quantity_density(z, a)


def race_log(race: int, present: Point, a: ModelArrays) -> float:
    """Log of the chance that one of a group happens ahead, over that from the beginning of its risk."""
    of = np.flatnonzero(a["stretch_race"] == race)
    rates = np.exp(present.level[a["stretch_variant"][of]] + present.shape[a["stretch_band"][of]])
    expected = a["stretch_exposure"][of] * rates
    whole, ahead = -np.expm1(-expected.sum()), -np.expm1(-(expected * a["stretch_is_ahead"][of]).sum())
    return float(a["race_is_open"][race] * np.log(ahead + 1e-30) - np.log(whole + 1e-30))


def shares_of_options(shown: np.ndarray, a: ModelArrays) -> tuple[np.ndarray, float]:
    """Bayes' rule over the classes that the present case may belong to: prior weight times likelihood, over their sum; logs of these."""
    total, share = float(shown[a["variant_option"] == 0].sum()), np.zeros(a.lengths["option"])
    for membership in range(a.lengths["membership"]):
        options = np.flatnonzero(a["option_membership"] == membership)
        logs = np.array([a["option_log_weight"][o] + shown[a["variant_option"] == o + 1].sum() for o in options])
        evidence = special.logsumexp(logs)
        share[options] = logs - evidence
        total += float(evidence)
    return share, total


def cholesky_factor(z: dict[str, np.ndarray], a: ModelArrays) -> np.ndarray:
    """Row by row: each element takes its share of what the ones before it have left of the row's length 1."""
    n = a.lengths["outcome"]
    partial = np.zeros((n, n))
    for i, k, y in zip(a["pair_row"], a["pair_column"], z["partial_z"], strict=True):
        partial[i, k] = np.tanh(y)
    cholesky = np.zeros((n, n))
    for i in range(n):
        left = 1.0
        for k in range(i):
            cholesky[i, k] = partial[i, k] * np.sqrt(left)
            left -= cholesky[i, k] ** 2
        cholesky[i, i] = np.sqrt(left)
    return cholesky


def present_case(z: dict[str, np.ndarray], a: ModelArrays, mu: np.ndarray, cholesky: np.ndarray) -> tuple[Point, float]:
    """The present case, and the log likelihood of the historical ones."""
    tau, sigma = spreads(z, a)
    beta = a["beta_scale"] * z["beta_z"]
    level = np.array([mu[j] + tau[j] * z["level_z"][k] for k, j in enumerate(a["level_outcome"])])
    trend, wiggle = a["trend_scale"] * z["trend_z"], a["wiggle_scale"] * np.exp(z["wiggle_z"])
    g = np.array(
        [
            trend[j] * a["band_log_age"][b] + wiggle[j] * float(a["walk"][b] @ z["step_z"])
            for b, j in enumerate(a["band_outcome"])
        ]
    )

    def case_level(u: int) -> float:
        k = a["unit_level"][u]
        frailty = 0.0
        for unit, own, row, column in zip(
            a["term_unit"], a["term_frailty"], a["term_row"], a["term_column"], strict=True
        ):
            if unit == u:
                frailty += cholesky[row, column] * z["frailty_z"][own]
        return float(level[k] + a["unit_covariates"][u] @ beta + sigma[a["level_outcome"][k]] * frailty)

    total = tally_density([case_level(u) for u in range(a.lengths["unit"])], a)
    for u, yes, n in zip(a["trial_unit"], a["trial_yes"], a["trial_n"], strict=True):
        p = 1 / (1 + np.exp(-case_level(u)))
        total += float(yes * np.log(p) + (n - yes) * np.log1p(-p))
    for u, b, s, events, exposure in zip(
        a["cell_unit"], a["cell_band"], a["cell_stage"], a["cell_events"], a["cell_exposure"], strict=True
    ):
        rate = np.exp(case_level(u) + g[b] + (a["stage_covariates"][s - 1] @ beta if s else 0.0))
        total += float(events * np.log(rate) - exposure * rate)
    total += integral_density(a, level, beta, sigma, g, cholesky)
    theta = np.array(
        [
            sum(w * x for w, x in zip(a["present_weights"][variant], level, strict=True))
            + a["present_new"][variant] * (mu[j] + tau[j] * z["new_class_z"][j])
            + float(a["present_covariates"][j] @ beta)
            + sigma[j] * sum(cholesky[j, k] * z["present_z"][k] for k in range(j + 1))
            + a["present_change"][j]
            for variant, j in enumerate(a["variant_outcome"])
        ]
    )
    state, persistence = factor_states(z, a)
    gamma = np.zeros((a.lengths["outcome"], a.lengths["factor"]))
    for e, (j, f) in enumerate(zip(a["effect_outcome"], a["effect_factor"], strict=True)):
        gamma[j, f] = a["effect_loc"][e] + a["effect_scale"][e] * z["gamma_z"][e]
    delta = a["link_loc"] + a["link_scale"] * z["delta_z"]
    return Point(z, theta, g, state, persistence, gamma, delta), total


def factor_states(z: dict[str, np.ndarray], a: ModelArrays) -> tuple[np.ndarray, np.ndarray]:
    """A stationary first-order autoregression of unit variance for each factor; also the persistence."""
    rho = special.expit(a["persistence_loc"] + a["persistence_scale"] * z["persistence_z"])
    steps = z["state_z"].reshape(a.lengths["past_period"], a.lengths["factor"])
    state = np.zeros_like(steps)
    for f in range(a.lengths["factor"]):
        for t in range(len(steps)):
            state[t, f] = steps[t, f] if t == 0 else rho[f] * state[t - 1, f] + np.sqrt(1 - rho[f] ** 2) * steps[t, f]
    return state, rho


def count_density(z: dict[str, np.ndarray], a: ModelArrays, state: np.ndarray) -> float:
    """Negative binomial counts, less their log factorials, lower bounds of them, and the prior of the log means.

    `log_mean_z` is the log mean over the periods in which an indicator was observed, in prior scales.
    """
    total = 0.0
    log_means = []
    course = courses(z, a)
    for i, factor in enumerate(a["indicator_factor"]):
        loading = a["loading_scale"][i] * np.exp(z["loading_z"][i])
        mean = sum(a["observed_share"][i, t] * state[t, factor - 1] for t in range(len(state))) if factor else 0.0
        mean_course = float(a["observed_share"][i] @ course[i])
        standard = z["log_mean_z"][i] - (loading * mean + mean_course) / a["log_mean_scale"][i]
        total += float(stats.norm.logpdf(standard) + 0.5 * np.log(2 * np.pi))
        log_means.append(a["log_mean_loc"][i] + a["log_mean_scale"][i] * standard)

    def law(i: int, t: int, share: float = 1.0) -> Mixed:
        factor = a["indicator_factor"][i]
        drive = state[t, factor - 1] if factor else 0.0
        loading = a["loading_scale"][i] * np.exp(z["loading_z"][i])
        mean = share * np.exp(log_means[i] + loading * drive + course[i, t])
        n = 1.0 / ((a["dispersion_scale"][i] * np.exp(z["dispersion_z"][i])) ** 2 + 0.001)
        usual = stats.nbinom(n, n / (n + mean))
        if k := a["indicator_mixture"][i]:
            spike, idle = (float(share) for share in shares(z, a, k - 1))
            size = a["spike_size_least"][k - 1] + a["spike_size_scale"][k - 1] * np.exp(z["spike_size_z"][k - 1])
            spiking = stats.geom(1.0 / (1.0 + mean * np.exp(size)), loc=-1)
            return Mixed(
                ((idle, stats.randint(0, 1)), ((1 - idle) * spike, spiking), ((1 - idle) * (1 - spike), usual))
            )
        return Mixed(((1.0, usual),))

    for i, t, value, log_exposure in zip(
        a["count_indicator"], a["count_period"], a["count_value"], a["count_log_exposure"], strict=True
    ):
        total += float(np.log(law(i, t, np.exp(log_exposure)).at(value)) + special.gammaln(value + 1))
    for i, t, value in zip(a["floor_indicator"], a["floor_period"], a["floor_value"], strict=True):
        total += float(np.log(law(i, t).from_on(value)))
    return total


@dataclass(frozen=True)
class Mixed:
    """Laws of counts with their shares."""

    laws: tuple[tuple[float, Any], ...]

    def at(self, value: float) -> float:
        """Probability of a count."""
        return float(sum(share * law.pmf(value) for share, law in self.laws))

    def from_on(self, value: float) -> float:
        """Probability of this count or more."""
        return float(sum(share * law.sf(value - 1) for share, law in self.laws))


def courses(z: dict[str, np.ndarray], a: ModelArrays) -> np.ndarray:
    """What seasons, drifts and breaks add to log means; dims (indicator, past_period)."""
    found = np.zeros((a.lengths["indicator"], a.lengths["past_period"]))
    for w, (p, motif) in enumerate(zip(a["wave_pattern"], a["wave_motif"], strict=True)):
        height = a["pattern_scale"][p] * np.exp(z["pattern_z"][p]) * z["wave_z"][w]
        found[a["pattern_indicator"][p]] += height * a["motif_course"][motif]
    return found


def shares(z: dict[str, np.ndarray], a: ModelArrays, k: int) -> tuple[float, float]:
    """Shares of spikes and of idle periods."""
    return (
        a["spike_share_most"][k] * np.exp(-4.0 * np.exp(z["spike_share_z"][k])),
        a["idle_share_most"][k] * np.exp(-4.0 * np.exp(z["idle_share_z"][k])),
    )
