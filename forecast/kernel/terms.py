"""The likelihood term by term: what explanations leave out or weigh.

    integrals: power log I;   statements: log StudentT(r) - log noise;   answers: yes x - log(1 + exp(x))

as `integrals`, `judgments`, `track_records` and `options` add them up.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

from forecast.kernel import integrals, options
from forecast.kernel.compiling import block
from forecast.kernel.elementary import softplus, statement
from forecast.model.constants import FREEDOM, TINY


@block
def write(x: Any, v: Any, a: Any, into: Any, at: int) -> None:
    """Terms of integrals, judgments, records, answers and statements about options, from a place on; values are those of a forward pass."""
    integrals.likelihood(x, v, a)
    for m in range(x.integral_power.size):
        into[at + m] = x.integral_power[m] * v.integral_log[m]
    at += x.integral_power.size
    for q in range(x.question_topic.size):
        v.question_centre[q] = v.judged_log_odds[q] + v.common[x.question_topic[q]]
    write_statements(
        v,
        x.judgment_log_odds,
        x.judgment_expert,
        x.judgment_question,
        x.judgment_is_sloped,
        v.question_centre,
        into,
        at,
    )
    at += x.judgment_log_odds.size
    write_statements(
        v, x.record_log_odds, x.record_expert, x.record_exercise, x.record_is_sloped, v.exercise_log_odds, into, at
    )
    at += x.record_log_odds.size
    for n in range(x.answer_yes.size):
        y = x.answer_exercise[n]
        i = x.exercise_exam[y]
        truth, error = v.truth_variance[i], v.error_variance[i]
        rest = sqrt(truth * error / (truth + error) + TINY)
        log_odds = v.exam_base[i] + v.exercise_deviation[y] * truth / (truth + error) + rest * v.truth_z[n]
        into[at + n] = x.answer_yes[n] * log_odds - softplus(log_odds)
    at += x.answer_yes.size
    for m in range(x.opinion_expert.size):
        into[at + m] = options.statement(x, v, m)


@block
def write_statements(
    v: Any, said: Any, expert: Any, about: Any, is_sloped: Any, centre: Any, into: Any, at: int
) -> None:
    """Log densities of statements."""
    for m in range(said.size):
        e = expert[m]
        acting = v.slope[e] if is_sloped[m] > 0.0 else 1.0
        residual = (said[m] - acting * (centre[about[m]] + v.offset[e])) * v.precision[e]
        factor, _ = statement(residual)
        into[at + m] = -v.log_scatter[e] - 0.5 * (FREEDOM + 1.0) * log(factor)
