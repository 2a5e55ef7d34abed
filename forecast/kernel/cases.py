"""Historical cases: their levels, their trials, and their events and times at risk.

    centre of a case = class level + x' beta,  level = centre + sigma_j sum of L_jk z_k   (its frailty; z of the case alone)
    trials:  yes level - n log(1 + exp(level))                                 derivative yes - n logistic(level)
    hazards: events log rate - exposure exp(log rate), log rate = level + g_b + d' beta
                                                                               derivative events - exposure exp(log rate)

d is how far the covariates of a stage of the case are from their means over its time, which are x.

The piecewise-exponential likelihood as a Poisson likelihood: Holford (1980), doi:10.2307/2529982.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from forecast.kernel.compiling import block


@block
def forward(x: Any, v: Any) -> None:
    """Levels of the cases, without their frailties (their centres) and with them."""
    frailty, centre, case, covariates = v.case_frailty, v.case_centre, v.case, x.beta_scale.size
    for i in range(case.size):
        frailty[i] = 0.0
    term_unit, term_row, term_column, term_frailty = x.term_unit, x.term_row, x.term_column, x.term_frailty
    cholesky, frailty_z = v.cholesky, v.frailty_z
    for t in range(term_unit.size):
        frailty[term_unit[t]] += cholesky[term_row[t], term_column[t]] * frailty_z[term_frailty[t]]
    unit_level, level_outcome, class_level, sigma = x.unit_level, x.level_outcome, v.class_level, v.sigma
    for i in range(case.size):
        c = unit_level[i]
        level = class_level[c]
        for p in range(covariates):
            level += x.unit_covariates[i, p] * v.beta[p]
        centre[i] = level
        case[i] = level + sigma[level_outcome[c]] * frailty[i]
    for s in range(x.stage_covariates.shape[0]):
        shift = 0.0
        for p in range(covariates):
            shift += x.stage_covariates[s, p] * v.beta[p]
        v.stage_shift[s] = shift


@block
def trials(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the trials; adds to the adjoints of the levels."""
    logp, unit, yes, n = 0.0, x.trial_unit, x.trial_yes, x.trial_n
    case, adjoint = v.case, a.case
    for t in range(unit.size):
        level = case[unit[t]]
        e = exp(-abs(level))
        chance = 1.0 / (1.0 + e)
        logp += yes[t] * level - n[t] * (max(level, 0.0) + log(1.0 + e))
        adjoint[unit[t]] += yes[t] - n[t] * (chance if level > 0.0 else e * chance)
    return logp


@block
def hazards(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of events and exposure; adds to the adjoints of levels, shapes and stages."""
    logp, unit, band, events, exposure = 0.0, x.cell_unit, x.cell_band, x.cell_events, x.cell_exposure
    case, shape, case_adjoint, shape_adjoint = v.case, v.log_hazard_shape, a.case, a.log_hazard_shape
    stage, shift, shift_adjoint = x.cell_stage, v.stage_shift, a.stage_shift
    for t in range(unit.size):
        log_rate = case[unit[t]] + shape[band[t]]
        if stage[t] > 0:
            log_rate += shift[stage[t] - 1]
        expected = exposure[t] * exp(log_rate)
        logp += events[t] * log_rate - expected
        surplus = events[t] - expected
        case_adjoint[unit[t]] += surplus
        shape_adjoint[band[t]] += surplus
        if stage[t] > 0:
            shift_adjoint[stage[t] - 1] += surplus
    return logp


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From the levels of the cases, their centres, and stages."""
    adjoint, centre, frailty, scaled, covariates = (
        a.case,
        a.case_centre,
        v.case_frailty,
        a.case_frailty,
        x.beta_scale.size,
    )
    unit_level, level_outcome, sigma = x.unit_level, x.level_outcome, v.sigma
    level, by_level, by_sigma = -1, 0.0, 0.0
    for i in range(adjoint.size):
        if unit_level[i] != level:
            # Cases come class by class: sums over a class stay out of memory.
            if level >= 0:
                a.class_level[level] += by_level
                a.sigma[level_outcome[level]] += by_sigma
            level, by_level, by_sigma = unit_level[i], 0.0, 0.0
        by_level += adjoint[i] + centre[i]
        by_sigma += adjoint[i] * frailty[i]
        scaled[i] = adjoint[i] * sigma[level_outcome[level]]
        for p in range(covariates):
            a.beta[p] += (adjoint[i] + centre[i]) * x.unit_covariates[i, p]
    if level >= 0:
        a.class_level[level] += by_level
        a.sigma[level_outcome[level]] += by_sigma
    for s in range(x.stage_covariates.shape[0]):
        for p in range(covariates):
            a.beta[p] += a.stage_shift[s] * x.stage_covariates[s, p]
    term_unit, term_row, term_column, term_frailty = x.term_unit, x.term_row, x.term_column, x.term_frailty
    cholesky, frailty_z, cholesky_adjoint, frailty_adjoint = v.cholesky, v.frailty_z, a.cholesky, a.frailty_z
    for t in range(term_unit.size):
        frailty_adjoint[term_frailty[t]] += scaled[term_unit[t]] * cholesky[term_row[t], term_column[t]]
    if x.pair_row.size > 0:
        for t in range(term_unit.size):
            cholesky_adjoint[term_row[t], term_column[t]] += scaled[term_unit[t]] * frailty_z[term_frailty[t]]
