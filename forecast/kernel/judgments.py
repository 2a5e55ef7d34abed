"""What experts say about the outcomes: StudentT(4) around slope (L + common error + offset), L the log odds of the question.

Binary outcome, n periods ahead: L = (l w + sum of gamma_jf s_f c_f) / d, with l the level of the question,
w^2 = 1 + k sum of gamma^2 V, d^2 = 1 + k sum of gamma^2 (V - c^2), k = pi / 8, and mean c and stationary variance V of a
factor's mean path (`forecast.model.graph.signals.moved_log_odds`). Event outcome: the way to the date is cut into segments of
constant hazard; with h = length exp(theta + g + link + drift) of each rival, H = sum of h, and c = H summed over the
segments before,

    yes = sum of exp(-c) (1 - exp(-H)) own / H,   no = exp(-c_end) + sum of exp(-c) (1 - exp(-H)) (H - own) / H

and L = log yes - log no: Prentice et al. (1978), doi:10.2307/2530374. The backward pass runs through the segments in
reverse with the adjoint of c. Questions that suppose a linked cause come from `forecast.kernel.conditionals`.
"""

from __future__ import annotations

from math import exp, expm1, log, sqrt
from typing import Any

from forecast.kernel import conditionals
from forecast.kernel.compiling import block
from forecast.kernel.drift import log_drift, log_drift_back
from forecast.kernel.experts import statements
from forecast.model.constants import LEAST_TOTAL, LOGISTIC_NORMAL, MAX_LOG_RATE, TINY


@block
def forward(x: Any, v: Any) -> None:
    """Log odds of the judged questions."""
    conditionals.forward(x, v)
    questions, segments = x.question_outcome.size, x.segment_step.shape[1]
    total, own = v.segment_total, v.segment_own
    for q in range(questions):
        for s in range(segments):
            total[q, s] = 0.0
            own[q, s] = 0.0
    for part in range(x.part_length.size):
        q, s, j, link = x.part_question[part], x.part_segment[part], x.part_outcome[part], x.part_link[part]
        log_rate = (
            v.theta[j]
            + v.log_hazard_shape[x.part_band[part]]
            + log_drift(x, v, j, x.segment_step[q, s], v.part_kept, part)
        )
        if link > 0:
            log_rate += v.delta[link - 1]
        hazard = x.part_length[part] * exp(min(log_rate, MAX_LOG_RATE))
        v.part_rate[part] = hazard if log_rate < MAX_LOG_RATE else 0.0
        total[q, s] += hazard
        own[q, s] += hazard * x.part_own[part]
    for q in range(questions):
        supposed = x.question_condition[q] > 0
        if x.question_is_binary[q] > 0.0:
            if not supposed:
                v.question_level[q] = v.theta[x.question_outcome[q]] + conditionals.link_of(x, v, q)
            v.judged_log_odds[q] = moved(x, v, q)
        if supposed or x.question_is_binary[q] > 0.0:
            continue
        before, yes, no = 0.0, 0.0, 0.0
        for s in range(segments):
            happens = exp(-before) * -expm1(-total[q, s]) / (total[q, s] + LEAST_TOTAL)
            yes += happens * own[q, s]
            no += happens * (total[q, s] - own[q, s])
            v.segment_before[q, s] = before
            before += total[q, s]
        v.yes[q], v.no[q] = yes + TINY, no + exp(-before) + TINY
        v.judged_log_odds[q] = log(v.yes[q]) - log(v.no[q])


@block
def mean_path(rho: float, log_rho: float, n: float) -> tuple[float, float, float, float]:
    """C and V of a factor's mean path over n periods, and their derivatives by rho."""
    kept, left = exp(n * log_rho), 1.0 - rho
    mean = rho * (1.0 - kept) / (n * left)
    mean_slope = (1.0 - kept - n * kept) / (n * left) + rho * (1.0 - kept) / (n * left * left)
    lags = n * left - (1.0 - kept)
    sums = rho * lags / (left * left)
    sums_slope = (lags + rho * (n * kept / rho - n)) / (left * left) + 2.0 * sums / left
    return mean, (n + 2.0 * sums) / (n * n), mean_slope, 2.0 * sums_slope / (n * n)


@block
def moved(x: Any, v: Any, q: int) -> float:
    """Log odds of a judged binary outcome, with what is known of the factors."""
    j, shift, stationary, left = x.question_outcome[q], 0.0, 0.0, 0.0
    last = x.is_first.size - 1
    if last >= 0:
        for f in range(x.persistence_loc.size):
            if x.is_moved[j, f]:
                mean, variance, _, _ = mean_path(v.persistence[f], v.log_persistence[f], x.question_steps[q])
                effect = v.effect[j, f]
                shift += effect * v.state[last, f] * mean
                stationary += effect * effect * variance
                left += effect * effect * (variance - mean * mean)
    widened: float = v.question_level[q] * sqrt(1.0 + LOGISTIC_NORMAL * stationary)
    return (widened + shift) / sqrt(1.0 + LOGISTIC_NORMAL * left)


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log density of the statements; adds to the adjoints of questions, topics and experts."""
    for q in range(x.question_topic.size):
        v.question_centre[q] = v.judged_log_odds[q] + v.common[x.question_topic[q]]
    logp: float = statements(
        v, a, x.judgment_log_odds, x.judgment_expert, x.judgment_question, v.question_centre, a.question_centre
    )
    for q in range(x.question_topic.size):
        a.judged_log_odds[q] += a.question_centre[q]
        a.common[x.question_topic[q]] += a.question_centre[q]
    return logp


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From the log odds of the questions."""
    segments = x.segment_step.shape[1]
    total, own, total_adjoint, own_adjoint = v.segment_total, v.segment_own, a.segment_total, a.segment_own
    for q in range(x.question_outcome.size):
        supposed = x.question_condition[q] > 0
        if x.question_is_binary[q] > 0.0:
            moved_back(x, v, a, q)
            if not supposed:
                a.theta[x.question_outcome[q]] += a.question_level[q]
                if x.question_link[q] > 0:
                    a.delta[x.question_link[q] - 1] += a.question_level[q]
        if supposed or x.question_is_binary[q] > 0.0:
            continue
        by_yes, by_no = a.judged_log_odds[q] / v.yes[q], -a.judged_log_odds[q] / v.no[q]
        by_before = 0.0
        if segments > 0:
            by_before = -exp(-v.segment_before[q, segments - 1] - total[q, segments - 1]) * by_no
        for s in range(segments - 1, -1, -1):
            hazard, mine = total[q, s], own[q, s]
            some, at_least = -expm1(-hazard), hazard + LEAST_TOTAL
            survival = exp(-v.segment_before[q, s])
            by_happens = by_yes * mine + by_no * (hazard - mine)
            happens = survival * some / at_least
            own_adjoint[q, s] = (by_yes - by_no) * happens
            by_share = survival * ((1.0 - some) - some / at_least) / at_least
            total_adjoint[q, s] = by_no * happens + by_happens * by_share + by_before
            by_before -= by_happens * happens
    for part in range(x.part_length.size):
        q, s, j, link = x.part_question[part], x.part_segment[part], x.part_outcome[part], x.part_link[part]
        by_rate = v.part_rate[part] * (total_adjoint[q, s] + own_adjoint[q, s] * x.part_own[part])
        a.theta[j] += by_rate
        a.log_hazard_shape[x.part_band[part]] += by_rate
        if link > 0:
            a.delta[link - 1] += by_rate
        log_drift_back(x, v, a, j, x.segment_step[q, s], v.part_kept, part, by_rate)
    conditionals.backward(x, v, a)


@block
def moved_back(x: Any, v: Any, a: Any, q: int) -> None:
    """From the log odds of a judged binary outcome to its level and the factors."""
    j, adjoint, last = x.question_outcome[q], a.judged_log_odds[q], x.is_first.size - 1
    factors, stationary, left = x.persistence_loc.size if last >= 0 else 0, 0.0, 0.0
    for f in range(factors):
        if x.is_moved[j, f]:
            mean, variance, _, _ = mean_path(v.persistence[f], v.log_persistence[f], x.question_steps[q])
            stationary += v.effect[j, f] ** 2 * variance
            left += v.effect[j, f] ** 2 * (variance - mean * mean)
    widening, narrowing = sqrt(1.0 + LOGISTIC_NORMAL * stationary), sqrt(1.0 + LOGISTIC_NORMAL * left)
    a.question_level[q] += adjoint * widening / narrowing
    by_stationary = adjoint * LOGISTIC_NORMAL * v.question_level[q] / (2.0 * widening * narrowing)
    by_left = -adjoint * LOGISTIC_NORMAL * v.judged_log_odds[q] / (2.0 * narrowing * narrowing)
    for f in range(factors):
        if x.is_moved[j, f]:
            mean, variance, mean_slope, variance_slope = mean_path(
                v.persistence[f], v.log_persistence[f], x.question_steps[q]
            )
            effect, now = v.effect[j, f], v.state[last, f]
            both, by_shift = by_stationary + by_left, adjoint / narrowing
            a.effect[j, f] += 2.0 * effect * (both * variance - by_left * mean * mean) + by_shift * now * mean
            a.state[last, f] += by_shift * effect * mean
            by_mean = by_shift * effect * now - 2.0 * by_left * effect * effect * mean
            a.persistence[f] += both * effect * effect * variance_slope + by_mean * mean_slope
