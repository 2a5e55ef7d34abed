"""The one PyMC model: reference classes, hazards by age, the present case, indicators, links and experts.

Every prior parameter, index and count is data with a symbolic length, so that one compiled program serves every study
(tests/contract/test_one_compilation.py). The log densities leave out constants of the data.

References
----------
Piecewise-exponential likelihood as a Poisson likelihood of events and exposure: Holford (1980), Biometrics 36(2),
doi:10.2307/2529982; Friedman (1982), Annals of Statistics 10(1), doi:10.1214/aos/1176345693.
Partial pooling in its non-centred form: Papaspiliopoulos, Roberts and Skold (2007), Statistical Science 22(1),
doi:10.1214/088342307000000014.
Likelihoods raised to a similarity weight (power prior): Ibrahim and Chen (2000), Statistical Science 15(1),
doi:10.1214/ss/1009212673; with frailties they are integrated first (`forecast.model.graph.integrals`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from forecast.model.arrays import ModelArrays, smallest_arrays
from forecast.model.constants import STRAIGHT_FROM, TINY
from forecast.model.graph.dependence import add_links, residual_cholesky
from forecast.model.graph.experts import Experts, add_experts, partly_centred, said_by, turned
from forecast.model.graph.integrals import add_integrals
from forecast.model.graph.latents import deviation, latent
from forecast.model.graph.membership import add_memberships
from forecast.model.graph.opinions import add_opinions
from forecast.model.graph.options import add_option_statements, add_tallies, candidate_chances
from forecast.model.graph.quantities import add_quantities
from forecast.model.graph.races import sure_to_happen
from forecast.model.graph.signals import add_signals


@dataclass(frozen=True)
class Classes:
    """What reference classes say about each outcome."""

    mu: Any
    tau: Any
    sigma: Any
    beta: Any
    level: Any


def build_model(arrays: ModelArrays | None = None, *, every_block: bool = False) -> pm.Model:
    """The model over `arrays`, or over the smallest study there is.

    Parameters
    ----------
    every_block
        Whether any other study's arrays may be set later; else integrals that this one does not have are left out,
        which cost a call of Python for each density.

    Binary outcomes live on the log odds, event outcomes on the log rate per period. Per outcome j, class level l,
    case i and age band b: level = mu_j + tau_j z; case = level + x' beta + sigma_j v; log rate = case + g_b with
    g_b = trend_j log(t_b / t_ref) + wiggle_j W_b; present case theta_j = sum of weighted levels + the rest of a new
    class + x_j' beta + sigma_j u_j. The residuals v and u have the correlation R across outcomes. In past period t the
    present case has the log rate theta_j + g_b + sum of gamma_jf s_ft over the factors f.
    """
    arrays = smallest_arrays() if arrays is None else arrays
    with pm.Model() as model:
        for dim, size in arrays.lengths.items():
            model.add_coord(dim, np.arange(size))
        x = {name: pm.Data(name, value) for name, value in arrays.items()}
        experts = add_experts(x)
        classes = _class_levels(x, experts)
        cholesky = residual_cholesky(x)
        centre = _case_centres(x, classes)
        case = _case_levels(x, classes, centre, cholesky)
        shape = _hazard_shape(x)
        _add_binary_likelihood(x, case)
        add_tallies(x, case)
        shift = pt.concatenate([pt.zeros(1), x["stage_covariates"] @ classes.beta])
        _add_event_likelihood(x, case, shape, shift)
        if every_block or arrays.lengths["integral"]:
            add_integrals(x, centre, classes.sigma, shape, shift, cholesky)
        level = _present_case(x, classes, cholesky)
        signals = add_signals(x)
        delta = add_links(x)
        log_rate = level[x["history_variant"]] + shape[x["history_band"]]
        of = x["variant_outcome"][x["history_variant"]]
        gamma, is_known = signals.gamma[of], (x["history_period"] > 0)[:, None]
        log_rate += (gamma * signals.padded_state[x["history_period"]] - 0.5 * is_known * gamma**2).sum(axis=1)
        pressed = x["press_share"] * delta[x["press_link"]]
        log_rate += pt.zeros(x["history_variant"].shape[0] + 1)[x["press_history"]].inc(pressed)[1:]
        shown = pt.zeros_like(level)[x["history_variant"]].inc(
            x["history_events"] * log_rate - x["history_exposure"] * pt.exp(log_rate)
        )
        verdict = level[x["verdict_variant"]]
        verdict += pt.zeros(x["verdict_variant"].shape[0] + 1)[x["press_verdict"]].inc(pressed)[1:]
        shown = shown[x["verdict_variant"]].inc(x["verdict_yes"] * verdict - pt.softplus(verdict))
        chances = candidate_chances(x, level, signals)
        shown = shown[x["candidate_variant"][x["ruling_candidate"]]].inc(chances[x["ruling_candidate"]])
        shown += sure_to_happen(x, level, shape)
        log_share = add_memberships(x, level, shown)
        add_option_statements(x, chances, log_share, experts)
        conditions = every_block or arrays.lengths["condition"] > 0
        add_opinions(x, level, log_share, shape, signals, delta, experts, conditions=conditions)
        add_quantities(x)
    return model


def _class_levels(x: dict[str, Any], experts: Experts) -> Classes:
    beta = pm.Deterministic("beta", x["beta_scale"] * latent("beta_z"), dims="covariate")
    common = pt.concatenate([pt.zeros(1), experts.common])[x["outcome_topic"]]
    centre = x["mu_loc"] + x["present_covariates"] @ beta + common
    said = said_by(x["outcome_voices"], centre, x["mu_scale"] + TINY, experts)
    own = deviation("mu_z", turned(partly_centred("mu_z", *said, x["mu_centring"]), "outcome", x))
    mu = pm.Deterministic("mu", x["mu_loc"] + x["mu_scale"] * _skewed(own, x["mu_skew"]), dims="outcome")
    shared = x["spread_outcome"]
    tau = pm.Deterministic("tau", x["tau_scale"] * latent("tau_z")[shared], dims="outcome")
    sigma = pm.Deterministic("sigma", x["sigma_scale"] * latent("sigma_z")[shared], dims="outcome")
    of = x["level_outcome"]
    level = pm.Deterministic("class_level", mu[of] + tau[of] * latent("level_z"), dims="level")
    return Classes(mu, tau, sigma, beta, level)


def _skewed(deviation: Any, skew: Any) -> Any:
    """(exp(skew d) - 1) / skew, from `STRAIGHT_FROM` on its tangent; d itself at skew 0."""
    is_normal = pt.eq(skew, 0.0)
    along = skew * deviation
    bent = pt.minimum(along, STRAIGHT_FROM)
    stretched = pt.expm1(bent) + pt.exp(bent) * (along - bent)
    return pt.switch(is_normal, deviation, stretched / pt.switch(is_normal, 1.0, skew))


def _case_centres(x: dict[str, Any], classes: Classes) -> Any:
    return classes.level[x["unit_level"]] + x["unit_covariates"] @ classes.beta


def _case_levels(x: dict[str, Any], classes: Classes, centre: Any, cholesky: Any) -> Any:
    terms = cholesky[x["term_row"], x["term_column"]] * latent("frailty_z")[x["term_frailty"]]
    frailty = pt.zeros_like(centre)[x["term_unit"]].inc(terms)
    return centre + classes.sigma[x["level_outcome"][x["unit_level"]]] * frailty


def _hazard_shape(x: dict[str, Any]) -> Any:
    trend = pm.Deterministic("trend", x["trend_scale"] * latent("trend_z"), dims="outcome")
    wiggle = pm.Deterministic("wiggle", x["wiggle_scale"] * latent("wiggle_z"), dims="outcome")
    walk = x["walk"] @ latent("step_z")
    of = x["band_outcome"]
    return pm.Deterministic("log_hazard_shape", trend[of] * x["band_log_age"] + wiggle[of] * walk, dims="band")


def _add_binary_likelihood(x: dict[str, Any], case: Any) -> None:
    log_odds = case[x["trial_unit"]]
    pm.Potential("trials", (x["trial_yes"] * log_odds - x["trial_n"] * pt.softplus(log_odds)).sum())


def _add_event_likelihood(x: dict[str, Any], case: Any, shape: Any, shift: Any) -> None:
    log_rate = case[x["cell_unit"]] + (shape[x["cell_band"]] + shift[x["cell_stage"]])
    pm.Potential("hazards", (x["cell_events"] * log_rate - x["cell_exposure"] * pt.exp(log_rate)).sum())


def _present_case(x: dict[str, Any], classes: Classes, cholesky: Any) -> Any:
    new = classes.mu + classes.tau * latent("new_class_z")
    new = pm.Deterministic("new_class_level", new, dims="outcome")
    own = (
        x["present_covariates"] @ classes.beta + classes.sigma * (cholesky @ latent("present_z")) + x["present_change"]
    )
    of = x["variant_outcome"]
    level = x["present_weights"] @ classes.level + x["present_new"] * new[of] + own[of]
    return pm.Deterministic("present_level", level, dims="variant")
