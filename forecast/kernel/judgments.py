"""What experts say about the outcomes: StudentT(4) around slope (L + common error + offset), L the log odds of the question.

Binary outcome, n periods ahead: L = theta_j + link + sum of gamma_jf s_f m_f, with the mean of the factor's mean path
m = rho (1 - rho^n) / (n (1 - rho)). Event outcome: the way to the date is cut into segments of constant hazard; with
h = length exp(theta + g + link + sum of gamma s rho^step) of each rival, H = sum of h, and c = H summed over the
segments before,

    yes = sum of exp(-c) (1 - exp(-H)) own / H,   no = exp(-c_end) + sum of exp(-c) (1 - exp(-H)) (H - own) / H

and L = log yes - log no: Prentice et al. (1978), doi:10.2307/2530374. The backward pass runs through the segments in
reverse with the adjoint of c.
"""

from __future__ import annotations

from math import exp, expm1, log
from typing import Any, Final

from forecast.kernel.compiling import block
from forecast.kernel.experts import statements
from forecast.model.constants import MAX_LOG_RATE, TINY

LEAST_TOTAL: Final = 1e-30
"""Keeps (1 - exp(-H)) / H finite in a segment without hazard."""


@block
def forward(x: Any, v: Any) -> None:
    """Log odds of the judged questions."""
    questions, segments, factors, last = (
        x.question_outcome.size, x.segment_step.shape[1], x.persistence_loc.size, x.is_first.size - 1,
    )  # fmt: skip
    total, own = v.segment_total, v.segment_own
    for q in range(questions):
        for s in range(segments):
            total[q, s] = 0.0
            own[q, s] = 0.0
    for part in range(x.part_length.size):
        q, s, j, link = x.part_question[part], x.part_segment[part], x.part_outcome[part], x.part_link[part]
        log_rate = v.theta[j] + v.log_hazard_shape[x.part_band[part]]
        if link > 0:
            log_rate += v.delta[link - 1]
        if last >= 0:
            for f in range(factors):
                if x.is_moved[j, f]:
                    v.part_kept[part, f] = exp(x.segment_step[q, s] * v.log_persistence[f])
                    log_rate += v.effect[j, f] * v.state[last, f] * v.part_kept[part, f]
        hazard = x.part_length[part] * exp(min(log_rate, MAX_LOG_RATE))
        v.part_rate[part] = hazard if log_rate < MAX_LOG_RATE else 0.0
        total[q, s] += hazard
        own[q, s] += hazard * x.part_own[part]
    for q in range(questions):
        if x.question_is_binary[q] > 0.0:
            v.judged_log_odds[q] = binary_log_odds(x, v, q, last)
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
def binary_log_odds(x: Any, v: Any, q: int, last: int) -> float:
    """Log odds of a judged binary outcome."""
    j, n, link = x.question_outcome[q], x.question_steps[q], x.question_link[q]
    log_odds: float = v.theta[j]
    if link > 0:
        log_odds += v.delta[link - 1]
    if last >= 0:
        for f in range(x.persistence_loc.size):
            rho = v.persistence[f]
            log_odds += (
                v.effect[j, f] * v.state[last, f] * rho * (1.0 - exp(n * v.log_persistence[f])) / (n * (1.0 - rho))
            )
    return log_odds


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
    segments, factors, last = x.segment_step.shape[1], x.persistence_loc.size, x.is_first.size - 1
    total, own, total_adjoint, own_adjoint = v.segment_total, v.segment_own, a.segment_total, a.segment_own
    for q in range(x.question_outcome.size):
        if x.question_is_binary[q] > 0.0:
            binary_backward(x, v, a, q, last)
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
        if last >= 0:
            for f in range(factors):
                effect, now, step = v.effect[j, f], v.state[last, f], x.segment_step[q, s]
                if x.is_moved[j, f]:
                    kept = v.part_kept[part, f]
                    a.effect[j, f] += by_rate * now * kept
                    a.state[last, f] += by_rate * effect * kept
                    a.persistence[f] += by_rate * effect * now * step * kept / v.persistence[f]


@block
def binary_backward(x: Any, v: Any, a: Any, q: int, last: int) -> None:
    """From the log odds of a judged binary outcome."""
    j, n, link, adjoint = x.question_outcome[q], x.question_steps[q], x.question_link[q], a.judged_log_odds[q]
    a.theta[j] += adjoint
    if link > 0:
        a.delta[link - 1] += adjoint
    if last < 0:
        return
    for f in range(x.persistence_loc.size):
        rho, effect, now = v.persistence[f], v.effect[j, f], v.state[last, f]
        left, kept = n * (1.0 - rho), exp(n * v.log_persistence[f])
        mean = rho * (1.0 - kept) / left
        a.effect[j, f] += adjoint * now * mean
        a.state[last, f] += adjoint * effect * mean
        by_rho = (1.0 - kept - n * kept) / left + rho * (1.0 - kept) * n / (left * left)
        a.persistence[f] += adjoint * effect * now * by_rho
