"""Categorical outcomes: softmax of the scores of options, of historical cases and of the present one, and what experts say of it.

    tallies:    sum of count (level - log sum of exp level)           derivative count - n softmax
    chances:    level - log sum of exp level over a ballot; a ruling adds that of the option that turned out true. Where factors
                move a judged option, -log sum of exp(-L) stands for the level, with L its log odds against each other one
    statements: -d log noise - (4 + d) / 2 log(1 + Q / 4),  d = options - 1,  Q = sum of r^2 / (noise^2 / 2),
                r = centred (log ratio - slope (log chance + common error + shared bias + own bias))

The log chance of a choice is that of the mean over ballots by the shares of their options of membership. By r the derivative of a
statement is -2 (4 + d) r / (noise^2 (4 + Q)). Definition and sources: `forecast.model.graph.options`.
"""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.judgments import mean_path
from forecast.model.constants import FREEDOM, LOGISTIC_NORMAL, OPTION_SHARE


@block
def tallies(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the cases; adds to the adjoints of the levels of their units."""
    logp, unit, count, case, adjoint = 0.0, x.mark_unit, x.mark_count, v.case, a.case
    for t in range(x.tally_first.size):
        start = x.tally_first[t]
        stop = x.tally_first[t + 1] if t + 1 < x.tally_first.size else unit.size
        largest, total, n = -1e300, 0.0, 0.0
        for m in range(start, stop):
            largest = max(largest, case[unit[m]])
        for m in range(start, stop):
            total += exp(case[unit[m]] - largest)
            n += count[m]
        whole = largest + log(total)
        for m in range(start, stop):
            logp += count[m] * (case[unit[m]] - whole)
            adjoint[unit[m]] += count[m] - n * exp(case[unit[m]] - whole)
    return logp


@block
def forward(x: Any, v: Any) -> None:
    """Log chances of candidates; rulings are added to what was shown."""
    for b in range(x.ballot_option.size):
        start, stop = x.candidate_start[b], x.candidate_start[b + 1]
        largest, total = -1e300, 0.0
        for c in range(start, stop):
            v.candidate_score[c] = score_of(x, v, c, start, stop)
            largest = max(largest, v.candidate_score[c])
        for c in range(start, stop):
            total += exp(v.candidate_score[c] - largest)
        for c in range(start, stop):
            v.candidate_log[c] = v.candidate_score[c] - largest - log(total)
    for r in range(x.ruling_candidate.size):
        c = x.ruling_candidate[r]
        v.shown[x.candidate_variant[c]] += v.candidate_log[c]


@block
def score_of(x: Any, v: Any, c: int, start: int, stop: int) -> float:
    """Minus the log of the sum of exp(-L) over a ballot: of a candidate that no factor moves, its level up to a constant."""
    if not is_moved(x, c):
        level: float = v.present_level[x.candidate_variant[c]]
        return level
    largest, total = -1e300, 0.0
    for d in range(start, stop):
        largest = max(largest, -against(x, v, c, d))
    for d in range(start, stop):
        total += exp(-against(x, v, c, d) - largest)
    found: float = -(largest + log(total))
    return found


@block
def is_moved(x: Any, c: int) -> bool:
    """Whether a candidate is judged in a study with factors over past periods."""
    found: bool = x.candidate_choice[c] > 0 and x.persistence_loc.size > 0 and x.is_first.size > 0
    return found


@block
def against(x: Any, v: Any, c: int, d: int) -> float:
    """Log odds of a judged candidate against another, given the last state of the factors."""
    j, k = x.variant_outcome[x.candidate_variant[c]], x.variant_outcome[x.candidate_variant[d]]
    shift, stationary, left, last = 0.0, 0.0, 0.0, x.is_first.size - 1
    steps = x.poll_steps[x.choice_poll[x.candidate_choice[c] - 1]]
    for f in range(x.persistence_loc.size):
        effect = v.effect[j, f] - v.effect[k, f]
        if effect != 0.0:
            mean, variance, _, _ = mean_path(v.persistence[f], v.log_persistence[f], steps)
            shift += effect * v.state[last, f] * mean
            stationary += effect * effect * variance
            left += effect * effect * (variance - mean * mean)
    apart = v.present_level[x.candidate_variant[c]] - v.present_level[x.candidate_variant[d]]
    found: float = (apart * sqrt(1.0 + LOGISTIC_NORMAL * stationary) + shift) / sqrt(1.0 + LOGISTIC_NORMAL * left)
    return found


@block
def against_back(x: Any, v: Any, a: Any, c: int, d: int, adjoint: float) -> None:
    """From the log odds of two candidates to their levels, effects and the factors."""
    j, k = x.variant_outcome[x.candidate_variant[c]], x.variant_outcome[x.candidate_variant[d]]
    shift, stationary, left, last = 0.0, 0.0, 0.0, x.is_first.size - 1
    steps = x.poll_steps[x.choice_poll[x.candidate_choice[c] - 1]]
    for f in range(x.persistence_loc.size):
        mean, variance, _, _ = mean_path(v.persistence[f], v.log_persistence[f], steps)
        effect = v.effect[j, f] - v.effect[k, f]
        shift += effect * v.state[last, f] * mean
        stationary += effect * effect * variance
        left += effect * effect * (variance - mean * mean)
    widening, narrowing = sqrt(1.0 + LOGISTIC_NORMAL * stationary), sqrt(1.0 + LOGISTIC_NORMAL * left)
    apart = v.present_level[x.candidate_variant[c]] - v.present_level[x.candidate_variant[d]]
    moved = (apart * widening + shift) / narrowing
    a.present_level[x.candidate_variant[c]] += adjoint * widening / narrowing
    a.present_level[x.candidate_variant[d]] -= adjoint * widening / narrowing
    by_stationary = adjoint * LOGISTIC_NORMAL * apart / (2.0 * widening * narrowing)
    by_left, by_shift = -adjoint * LOGISTIC_NORMAL * moved / (2.0 * narrowing * narrowing), adjoint / narrowing
    for f in range(x.persistence_loc.size):
        mean, variance, mean_slope, variance_slope = mean_path(v.persistence[f], v.log_persistence[f], steps)
        effect, now, both = v.effect[j, f] - v.effect[k, f], v.state[last, f], by_stationary + by_left
        by_effect = 2.0 * effect * (both * variance - by_left * mean * mean) + by_shift * now * mean
        a.effect[j, f] += by_effect
        a.effect[k, f] -= by_effect
        a.state[last, f] += by_shift * effect * mean
        by_mean = by_shift * effect * now - 2.0 * by_left * effect * effect * mean
        a.persistence[f] += both * effect * effect * variance_slope + by_mean * mean_slope


@block
def share_of(x: Any, v: Any, c: int) -> float:
    """Log share of the option of membership that the ballot of a candidate supposes."""
    option = x.ballot_option[x.candidate_ballot[c]]
    found: float = v.option_log_share[option - 1] if option > 0 else 0.0
    return found


@block
def judged(x: Any, v: Any) -> None:
    """Log chances of the choices: means over ballots; and what experts see of them."""
    root = sqrt(OPTION_SHARE)
    for k in range(x.choice_poll.size):
        v.choice_largest[k] = -1e300
        v.choice_total[k] = 0.0
    for c in range(x.candidate_choice.size):
        k = x.candidate_choice[c] - 1
        if k >= 0:
            v.choice_largest[k] = max(v.choice_largest[k], v.candidate_log[c] + share_of(x, v, c))
    for c in range(x.candidate_choice.size):
        k = x.candidate_choice[c] - 1
        if k >= 0:
            v.choice_total[k] += exp(v.candidate_log[c] + share_of(x, v, c) - v.choice_largest[k])
    for k in range(x.choice_poll.size):
        v.judged_log_chance[k] = v.choice_largest[k] + log(v.choice_total[k])
        p = x.poll_panel[x.choice_poll[k]]
        v.choice_centre[k] = v.judged_log_chance[k] + root * v.common_sd[p] * v.choice_common_z[k]


@block
def statement(x: Any, v: Any, m: int) -> float:
    """Log density of one opinion; leaves what its expert sees, and the centred residuals, at its words."""
    root, e = sqrt(OPTION_SHARE), x.opinion_expert[m]
    kind, start, stop = x.expert_kind[e], x.word_start[m], x.word_start[m + 1]
    mean, squares, freedom = 0.0, 0.0, stop - start - 1.0
    for w in range(start, stop):
        k = x.word_choice[w]
        lean = x.shared_bias_scale[kind] * v.choice_lean_z[kind, k]
        own = v.bias_sd[kind] * v.inclination_z[x.word_inclination[w]]
        v.word_heard[w] = v.choice_centre[k] + root * (lean + own)
        v.word_apart[w] = x.word_log_ratio[w] - v.slope[e] * v.word_heard[w]
        mean += v.word_apart[w] / (stop - start)
    for w in range(start, stop):
        v.word_apart[w] -= mean
        squares += v.word_apart[w] * v.word_apart[w]
    v.opinion_distance[m] = squares * v.precision[e] * v.precision[e] / OPTION_SHARE
    found: float = -freedom * v.log_scatter[e] - 0.5 * (FREEDOM + freedom) * log1p(v.opinion_distance[m] / FREEDOM)
    return found


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log density of the opinions; adds to the adjoints of choices and experts."""
    logp, root = 0.0, sqrt(OPTION_SHARE)
    for m in range(x.opinion_expert.size):
        logp += statement(x, v, m)
        e, distance = x.opinion_expert[m], v.opinion_distance[m]
        kind, start, stop = x.expert_kind[e], x.word_start[m], x.word_start[m + 1]
        freedom = stop - start - 1.0
        pull = (FREEDOM + freedom) / (FREEDOM + distance)
        a.noise[e] += (pull * distance - freedom) * v.precision[e]
        for w in range(start, stop):
            k, n = x.word_choice[w], x.word_inclination[w]
            heard = pull * v.word_apart[w] * v.precision[e] * v.precision[e] / OPTION_SHARE * v.slope[e]
            a.log_slope[e] += heard * v.word_heard[w]
            a.choice_centre[k] += heard
            a.choice_lean_z[kind, k] += heard * root * x.shared_bias_scale[kind]
            a.bias_sd[kind] += heard * root * v.inclination_z[n]
            a.inclination_z[n] += heard * root * v.bias_sd[kind]
    return logp


@block
def judged_back(x: Any, v: Any, a: Any) -> None:
    """From what experts see of the choices to candidates, shares and common errors."""
    root = sqrt(OPTION_SHARE)
    for k in range(x.choice_poll.size):
        p = x.poll_panel[x.choice_poll[k]]
        a.common_sd[p] += a.choice_centre[k] * root * v.choice_common_z[k]
        a.choice_common_z[k] += a.choice_centre[k] * root * v.common_sd[p]
    for c in range(x.candidate_choice.size):
        k, option = x.candidate_choice[c] - 1, x.ballot_option[x.candidate_ballot[c]]
        if k >= 0:
            part = a.choice_centre[k] * exp(v.candidate_log[c] + share_of(x, v, c) - v.judged_log_chance[k])
            a.candidate_log[c] += part
            if option > 0:
                a.option_log_share[option - 1] += part


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From what was shown, and from candidates, to levels of the present case."""
    for r in range(x.ruling_candidate.size):
        c = x.ruling_candidate[r]
        a.candidate_log[c] += a.shown[x.candidate_variant[c]]
    for b in range(x.ballot_option.size):
        total = 0.0
        for c in range(x.candidate_start[b], x.candidate_start[b + 1]):
            total += a.candidate_log[c]
        for c in range(x.candidate_start[b], x.candidate_start[b + 1]):
            by_score = a.candidate_log[c] - total * exp(v.candidate_log[c])
            if not is_moved(x, c):
                a.present_level[x.candidate_variant[c]] += by_score
                continue
            for d in range(x.candidate_start[b], x.candidate_start[b + 1]):
                if d != c:
                    by_odds = by_score * exp(v.candidate_score[c] - against(x, v, c, d))
                    against_back(x, v, a, c, d, by_odds)
