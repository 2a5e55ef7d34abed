"""Questions that suppose what other outcomes do by their date: P(effect by t | cause by t), or | a and not b.

Masses of worlds go from turn to turn (`forecast.kernel.contests`). Log odds are log J - log N, with J the mass of worlds of
condition and effect, and N of those of the condition alone. Definition and sources: `forecast.model.graph.conditionals`. The
masses at the start of each turn are kept; the backward pass runs through the turns in reverse with their adjoints.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.contests import in_time, in_time_back, on_date, on_date_back
from forecast.kernel.drift import log_drift, log_drift_back
from forecast.model.constants import LEAST_MASS, MAX_LOG_RATE, TINY


@block
def forward(x: Any, v: Any) -> None:
    """Log probabilities behind the conditional readings, factors not yet in those about binary outcomes."""
    for stake in range(x.stake_length.size):
        j = x.variant_outcome[x.stake_variant[stake]]
        log_rate = v.present_level[x.stake_variant[stake]] + v.log_hazard_shape[x.stake_band[stake]]
        log_rate += log_drift(x, v, j, x.stake_step[stake], v.stake_kept, stake)
        v.stake_rate[stake] = x.stake_length[stake] * exp(min(log_rate, MAX_LOG_RATE))
        v.stake_slope[stake] = v.stake_rate[stake] if log_rate < MAX_LOG_RATE else 0.0
    for move in range(x.move_from.size):
        v.move_push[move] = 0.0
        for pull in range(x.pull_start[move], x.pull_start[move + 1]):
            v.move_push[move] += v.delta[x.pull_link[pull]]
        v.move_ratio[move] = exp(v.move_push[move])
    for n in range(x.condition_reading.size):
        chain(x, v, n)


@block
def chain(x: Any, v: Any, n: int) -> None:
    """One reading: its turns, and the masses after them."""
    worlds, r = x.condition_begins.shape[1], x.condition_reading[n]
    for world in range(worlds):
        v.end_mass[n, world] = x.condition_begins[n, world]
    for turn in range(x.condition_start[n], x.condition_start[n + 1]):
        for world in range(worlds):
            v.turn_mass[turn, world] = v.end_mass[n, world]
        if x.turn_variant[turn] > 0:
            on_date(x, v, n, turn)
        else:
            in_time(x, v, n, turn)
    joint, rest = 0.0, 0.0
    for world in range(worlds):
        joint += x.condition_joint[n, world] * v.end_mass[n, world]
        rest += x.condition_rest[n, world] * v.end_mass[n, world]
    least = TINY * (joint + rest) + LEAST_MASS
    v.joint_mass[n], v.rest_mass[n] = joint, rest
    v.reading_yes[r], v.reading_no[r] = log(joint + least), log(rest + least)
    v.reading_level[r] = v.reading_yes[r] - v.reading_no[r]
    v.reading_whole[r] = log(joint + rest + 2.0 * least)


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From the log probabilities of the conditional readings; those about binary outcomes without factors."""
    for n in range(x.condition_reading.size):
        chain_back(x, v, a, n)
    for stake in range(x.stake_length.size):
        j, by_rate = x.variant_outcome[x.stake_variant[stake]], a.stake_rate[stake] * v.stake_slope[stake]
        a.present_level[x.stake_variant[stake]] += by_rate
        a.log_hazard_shape[x.stake_band[stake]] += by_rate
        log_drift_back(x, v, a, j, x.stake_step[stake], v.stake_kept, stake, by_rate)
    for move in range(x.move_from.size):
        by_push = a.move_push[move] + a.move_ratio[move] * v.move_ratio[move]
        for pull in range(x.pull_start[move], x.pull_start[move + 1]):
            a.delta[x.pull_link[pull]] += by_push


@block
def chain_back(x: Any, v: Any, a: Any, n: int) -> None:
    """One reading: its turns in reverse."""
    r, joint, rest = x.condition_reading[n], v.joint_mass[n], v.rest_mass[n]
    least = TINY * (joint + rest) + LEAST_MASS
    by_yes, by_no = a.reading_yes[r], a.reading_no[r]
    if x.question_is_binary[x.reading_question[r]] > 0.0:
        by_yes, by_no = a.reading_level[r], -a.reading_level[r]
        by_whole = a.reading_whole[r] / (joint + rest + 2.0 * least)
    else:
        by_whole = 0.0
    by_yes, by_no = by_yes / (joint + least) + by_whole, by_no / (rest + least) + by_whole
    by_joint, by_rest = by_yes + TINY * (by_yes + by_no), by_no + TINY * (by_yes + by_no)
    for world in range(x.condition_begins.shape[1]):
        a.end_mass[n, world] = x.condition_joint[n, world] * by_joint + x.condition_rest[n, world] * by_rest
    for turn in range(x.condition_start[n + 1] - 1, x.condition_start[n] - 1, -1):
        if x.turn_variant[turn] > 0:
            on_date_back(x, v, a, n, turn)
        else:
            in_time_back(x, v, a, n, turn)
