"""Times of outcomes of which one must occur by a date: drawn from the law that this leaves, and never rejected.

The cumulative hazard R(T) at which the first of a group occurs is exponential, cut off at R(H): with u uniform it is
-log(1 - u (1 - exp(-R(H)))). Which one it is has the probability of its share of the hazard at that time. Nothing comes into
such a group from outside, so that hazards are those of the draw alone (`forecast.study.checks.exhaustive`).

References
----------
Inversion of a truncated law: Devroye (1986), Non-Uniform Random Variate Generation, section II.2, doi:10.1007/978-1-4613-8643-8.
"""

from __future__ import annotations

import numpy as np

from forecast.futures.paths import HazardPath
from forecast.futures.present import FloatArray, IntArray, PresentCase


def sure_times(
    present: PresentCase, members: IntArray, open_members: IntArray, owner: IntArray, clock: FloatArray
) -> FloatArray:
    """When each open member occurs, dims (open member, future), in periods; infinite for all but one.

    Parameters
    ----------
    members
        Places of the group; the clocks of its first two are the random numbers, whichever are open.
    open_members
        Those that may occur; one of them does.
    clock
        Unit exponentials, dims (outcome, future).
    """
    rates = present.sure_rates[:, open_members, :]
    total = rates.sum(axis=1)
    reached = np.cumsum(total, axis=1)
    horizon, draws = present.horizon, present.draws
    table = np.full(((1 << horizon.bit_length()) - 1, draws), np.inf)
    table[:horizon] = reached.T
    u, v = -np.expm1(-clock[members[:2]])
    passed = -np.log1p(u * np.expm1(-reached[owner, -1]))
    deadline = present.deadline(int(members[0]))
    when = HazardPath(table, owner, horizon).first_passage(
        np.arange(len(owner)), np.minimum(passed, reached[owner, -1])
    )
    period = np.clip(np.ceil(when).astype(np.int64) - 1, 0, horizon - 1)
    # Where the deadline lies inside a period, all of its hazard lies before that.
    when = np.minimum(period + (when - period) * np.clip(deadline - period, 0.0, 1.0), deadline)
    shares = np.cumsum(rates[owner, :, period], axis=1)
    first = (shares <= v[:, None] * shares[:, -1:]).sum(axis=1)
    winner = np.minimum(first, len(open_members) - 1)
    return np.where(np.arange(len(open_members))[:, None] == winner, when, np.inf)
