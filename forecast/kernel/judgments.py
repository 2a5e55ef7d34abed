"""What experts say about the outcomes: StudentT(4) around slope (L + common error + offset), L the log odds of the question.

Binary outcome, n periods ahead: L = (l w + sum of gamma_jf s_f c_f) / d, with l the level of the question,
w^2 = 1 + k sum of gamma^2 V, d^2 = 1 + k sum of gamma^2 (V - c^2), k = pi / 8, and mean c and stationary variance V of a
factor's mean path (`forecast.model.graph.signals.moved_log_odds`). Event outcome: the way to the date is cut into segments of
constant hazard; with h = length exp(theta + g + link + drift) of each rival, H = sum of h, and c = H summed over the
segments before,

    yes = sum of exp(-c) (1 - exp(-H)) own / H,   no = exp(-c_end) + sum of exp(-c) (1 - exp(-H)) (H - own) / H

and L = log yes - log no: Prentice et al. (1978), doi:10.2307/2530374. Where one of the rivals must happen the way goes on to
the day by which it does, `no` has no exp(-c_end), and a reading has the weight of its option over 1 - exp(-H ahead). A question has a reading for each combination of options
of the memberships that it depends on; yes and no are means over them, by the options' shares on the day of the statement: the
quiet time since then, which is on the way to the date, is taken out of them. The backward pass runs through the segments in
reverse with the adjoint of c. Questions that suppose a linked cause come from `forecast.kernel.conditionals`.
"""

from __future__ import annotations

from math import exp, expm1, log, sqrt
from typing import Any

from forecast.kernel import conditionals
from forecast.kernel.compiling import block
from forecast.kernel.drift import log_drift, log_drift_back
from forecast.kernel.elementary import logistic, softplus
from forecast.kernel.experts import statements
from forecast.kernel.races import slope
from forecast.model.constants import LEAST_TOTAL, LOGISTIC_NORMAL, MAX_LOG_RATE, TINY


@block
def forward(x: Any, v: Any) -> None:
    """Log odds of the judged questions."""
    conditionals.forward(x, v)
    readings, segments = x.reading_question.size, x.segment_step.shape[1]
    total, own = v.segment_total, v.segment_own
    for r in range(readings):
        v.reading_weight[r] = 0.0
        v.reading_ahead[r] = 0.0
        for s in range(segments):
            total[r, s] = 0.0
            own[r, s] = 0.0
    for share in range(x.share_option.size):
        v.reading_weight[x.share_reading[share]] += v.option_log_share[x.share_option[share]]
    for part in range(x.part_length.size):
        r, s, link = x.part_reading[part], x.part_segment[part], x.part_link[part]
        variant, step = x.part_variant[part], x.segment_step[x.reading_question[r], s]
        log_rate = (
            v.present_level[variant]
            + v.log_hazard_shape[x.part_band[part]]
            + log_drift(x, v, x.variant_outcome[variant], step, v.part_kept, part)
        )
        if link > 0:
            log_rate += v.delta[link - 1]
        hazard = x.part_length[part] * exp(min(log_rate, MAX_LOG_RATE))
        v.part_rate[part] = hazard if log_rate < MAX_LOG_RATE else 0.0
        total[r, s] += hazard
        own[r, s] += hazard * x.part_own[part]
        in_shares = x.segment_in_shares[x.reading_question[r], s]
        v.reading_weight[r] += hazard * in_shares
        v.reading_ahead[r] += hazard * (1.0 - in_shares)
    for r in range(readings):
        supposed, q = x.reading_condition[r] > 0, x.reading_question[r]
        if x.question_is_binary[q] > 0.0:
            if not supposed:
                v.reading_whole[r] = 0.0
                v.reading_level[r] = v.present_level[x.reading_variant[r]] + link_of(x, v, q)
            v.reading_moved[r] = moved(x, v, r)
            v.reading_yes[r] = v.reading_whole[r] - softplus(-v.reading_moved[r])
            v.reading_no[r] = v.reading_whole[r] - softplus(v.reading_moved[r])
        elif not supposed:
            event_odds(x, v, r)
    for q in range(x.question_outcome.size):
        v.question_yes[q] = mean_log(x, v, q, v.reading_yes)
        v.question_no[q] = mean_log(x, v, q, v.reading_no)
        v.judged_log_odds[q] = v.question_yes[q] - v.question_no[q]


@block
def event_odds(x: Any, v: Any, r: int) -> None:
    """Log probabilities of a reading about an event, from the hazards of its segments."""
    total, own, least = v.segment_total, v.segment_own, TINY
    before, yes, no = 0.0, 0.0, 0.0
    for s in range(x.segment_step.shape[1]):
        happens = exp(-before) * -expm1(-total[r, s]) / (total[r, s] + LEAST_TOTAL)
        yes += happens * own[r, s]
        no += happens * (total[r, s] - own[r, s])
        v.segment_before[r, s] = before
        before += total[r, s]
    if x.question_is_sure[x.reading_question[r]] > 0.0:
        least *= -expm1(-before)
        v.reading_weight[r] -= log(LEAST_TOTAL - expm1(-v.reading_ahead[r]))
    else:
        no += exp(-before)
    v.yes[r], v.no[r] = yes + least, no + least
    v.reading_yes[r], v.reading_no[r] = log(v.yes[r]), log(v.no[r])


@block
def link_of(x: Any, v: Any, q: int) -> float:
    """Effect of the link that a question supposes to act at once; 0 without one."""
    found: float = v.delta[x.question_link[q] - 1] if x.question_link[q] > 0 else 0.0
    return found


@block
def mean_log(x: Any, v: Any, q: int, values: Any) -> float:
    """Log of the mean of exp over the readings of a question."""
    largest, total = -1e300, 0.0
    for r in range(x.reading_start[q], x.reading_start[q + 1]):
        largest = max(largest, v.reading_weight[r] + values[r])
    for r in range(x.reading_start[q], x.reading_start[q + 1]):
        total += exp(v.reading_weight[r] + values[r] - largest)
    found: float = largest + log(total)
    return found


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
def moved(x: Any, v: Any, r: int) -> float:
    """Log odds of a judged binary outcome, with what is known of the factors."""
    q = x.reading_question[r]
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
    widened: float = v.reading_level[r] * sqrt(1.0 + LOGISTIC_NORMAL * stationary)
    return (widened + shift) / sqrt(1.0 + LOGISTIC_NORMAL * left)


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log density of the statements; adds to the adjoints of questions, topics and experts."""
    for q in range(x.question_topic.size):
        v.question_centre[q] = v.judged_log_odds[q] + v.common[x.question_topic[q]]
    logp: float = statements(
        v,
        a,
        x.judgment_log_odds,
        x.judgment_expert,
        x.judgment_question,
        x.judgment_is_sloped,
        v.question_centre,
        a.question_centre,
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
    for r in range(x.reading_question.size):
        supposed, q = x.reading_condition[r] > 0, x.reading_question[r]
        a.reading_yes[r] = a.judged_log_odds[q] * exp(v.reading_weight[r] + v.reading_yes[r] - v.question_yes[q])
        a.reading_no[r] = -a.judged_log_odds[q] * exp(v.reading_weight[r] + v.reading_no[r] - v.question_no[q])
        a.reading_weight[r] = a.reading_yes[r] + a.reading_no[r]
        if x.question_is_binary[q] > 0.0:
            a.reading_whole[r] = a.reading_weight[r]
            moved_back(x, v, a, r)
            if not supposed:
                a.present_level[x.reading_variant[r]] += a.reading_level[r]
                if x.question_link[q] > 0:
                    a.delta[x.question_link[q] - 1] += a.reading_level[r]
        elif not supposed:
            by_yes, by_no = a.reading_yes[r] / v.yes[r], a.reading_no[r] / v.no[r]
            by_before = 0.0
            if segments > 0:
                none_of_them = exp(-v.segment_before[r, segments - 1] - total[r, segments - 1])
                by_before = (
                    TINY * none_of_them * (by_yes + by_no) if x.question_is_sure[q] > 0.0 else -none_of_them * by_no
                )
            for s in range(segments - 1, -1, -1):
                hazard, mine = total[r, s], own[r, s]
                some, at_least = -expm1(-hazard), hazard + LEAST_TOTAL
                survival = exp(-v.segment_before[r, s])
                by_happens = by_yes * mine + by_no * (hazard - mine)
                happens = survival * some / at_least
                own_adjoint[r, s] = (by_yes - by_no) * happens
                by_share = survival * ((1.0 - some) - some / at_least) / at_least
                total_adjoint[r, s] = by_no * happens + by_happens * by_share + by_before
                by_before -= by_happens * happens
    for share in range(x.share_option.size):
        a.option_log_share[x.share_option[share]] += a.reading_weight[x.share_reading[share]]
    for part in range(x.part_length.size):
        r, s, link, variant = x.part_reading[part], x.part_segment[part], x.part_link[part], x.part_variant[part]
        q, in_shares = x.reading_question[r], x.segment_in_shares[x.reading_question[r], s]
        by_total = total_adjoint[r, s] + a.reading_weight[r] * in_shares
        if x.question_is_sure[q] > 0.0:
            by_total -= a.reading_weight[r] * slope(v.reading_ahead[r]) * (1.0 - in_shares)
        by_rate = v.part_rate[part] * (by_total + own_adjoint[r, s] * x.part_own[part])
        a.present_level[variant] += by_rate
        a.log_hazard_shape[x.part_band[part]] += by_rate
        if link > 0:
            a.delta[link - 1] += by_rate
        step = x.segment_step[q, s]
        log_drift_back(x, v, a, x.variant_outcome[variant], step, v.part_kept, part, by_rate)
    conditionals.backward(x, v, a)


@block
def moved_back(x: Any, v: Any, a: Any, r: int) -> None:
    """From the log probabilities of a judged binary outcome to its level and the factors."""
    q, last = x.reading_question[r], x.is_first.size - 1
    j, chance = x.question_outcome[q], logistic(v.reading_moved[r])
    adjoint = a.reading_yes[r] * logistic(-v.reading_moved[r]) - a.reading_no[r] * chance
    factors, stationary, left = x.persistence_loc.size if last >= 0 else 0, 0.0, 0.0
    for f in range(factors):
        if x.is_moved[j, f]:
            mean, variance, _, _ = mean_path(v.persistence[f], v.log_persistence[f], x.question_steps[q])
            stationary += v.effect[j, f] ** 2 * variance
            left += v.effect[j, f] ** 2 * (variance - mean * mean)
    widening, narrowing = sqrt(1.0 + LOGISTIC_NORMAL * stationary), sqrt(1.0 + LOGISTIC_NORMAL * left)
    a.reading_level[r] += adjoint * widening / narrowing
    by_stationary = adjoint * LOGISTIC_NORMAL * v.reading_level[r] / (2.0 * widening * narrowing)
    by_left = -adjoint * LOGISTIC_NORMAL * v.reading_moved[r] / (2.0 * narrowing * narrowing)
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
