"""Exact probabilities of each draw, for outcomes that nothing but their own hazard and their competitors' moves.

Within one future period the hazard is constant: its average over the ages that the present case passes through. In the
period in which an event becomes possible, all of its hazard lies after that.
`PresentCase.closed` says for which outcomes the numbers hold. Where one of a group must occur by a date, probabilities are
over that of the group until then. Light: NumPy alone.

References
----------
Cumulative incidence under cause-specific hazards: Prentice et al. (1978), Biometrics 34(4), doi:10.2307/2530374.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from forecast.futures.present import FloatArray, IntArray, PresentCase

LAST_HAZARD = 36.0
"""In the period by whose end one must have occurred: none is left but for e^-36."""


def cumulative_incidence(present: PresentCase) -> FloatArray:
    """Probability of each outcome by the end of each future period, exact for each draw.

    Returns
    -------
    Dims (draw, outcome, horizon). A binary outcome, or an option, steps from 0 to its probability in the period that holds its
    resolution date.
    """
    rates, horizon = present.sure_rates, present.horizon
    result = np.zeros_like(rates)
    for group in np.unique(present.groups):
        members = np.flatnonzero(present.groups == group)
        total = rates[:, members, :].sum(axis=1)
        reached = np.cumsum(total, axis=1)
        at_start = np.exp(-(reached - total))
        share = np.divide(
            rates[:, members, :],
            total[:, None, :],
            out=np.zeros_like(rates[:, members, :]),
            where=total[:, None, :] > 0,
        )
        gains = at_start[:, None, :] * -np.expm1(-total)[:, None, :] * share
        for period in _uneven_periods(present, members):
            gains[:, :, period] = at_start[:, None, period] * _happened_within(present, members, period, 1.0)
        result[:, members, :] = np.cumsum(gains, axis=2)
        if present.is_sure[members].any():
            result[:, members, :] /= _of_sure(reached[:, -1])[:, None, None]
    ends = np.arange(1, horizon + 1)
    for position in np.flatnonzero(present.is_dated):
        result[:, position, :] = present.yes[:, position, None] * (ends >= np.ceil(present.resolves[position]))
    return result


def probability_by_resolution(present: PresentCase, incidence: FloatArray) -> FloatArray:
    """Probability of each outcome by its own resolution date, exact for each draw; dims (draw, outcome).

    A date inside a period takes the part of the period before it, at the period's constant hazard.
    """
    found = np.zeros((present.draws, len(present.outcomes)))
    for position, time in enumerate(present.resolves):
        found[:, position] = probability_by(present, incidence, position, time)
    return found


def probability_by(present: PresentCase, incidence: FloatArray, position: int, time: float) -> FloatArray:
    """Probability of one outcome by a time (periods from the as-of date), exact for each draw; dims (draw)."""
    if present.is_dated[position]:
        return np.asarray(present.yes[:, position] * (present.resolves[position] <= time))
    time = min(time, present.deadline(position))
    whole = int(np.floor(time))
    before = incidence[:, position, whole - 1] if whole else np.zeros(incidence.shape[0])
    if time > whole:
        before = before + _within_period(present, position, whole, time - whole)
    return np.asarray(before)


def _within_period(present: PresentCase, position: int, whole: int, fraction: float) -> FloatArray:
    """Probability that the outcome happens in the first part of the period after `whole` periods."""
    members = np.flatnonzero(present.groups == present.groups[position])
    sure = _of_sure(present.sure_rates[:, members, :].sum(axis=(1, 2))) if present.is_sure[position] else 1.0
    left = np.exp(-present.rates[:, members, :whole].sum(axis=(1, 2)))
    happened = _happened_within(present, members, whole, fraction)[:, members.tolist().index(position)]
    return np.asarray(left * happened / sure)


def _uneven_periods(present: PresentCase, members: IntArray) -> list[int]:
    """Periods within which the hazard of one of a group sets in."""
    begins = {present.begins_at(int(member)) for member in members}
    return sorted({int(time) for time in begins if time % 1.0 > 0.0 and time < present.horizon})


def _happened_within(present: PresentCase, members: IntArray, period: int, fraction: float) -> FloatArray:
    """Probability that each of a group happens in the first part of a period, of those at its start; dims (draw, member)."""
    late = np.clip([present.begins_at(int(member)) - period for member in members], 0.0, 1.0)
    rates = present.rates[:, members, period]
    found, reached = np.zeros_like(rates), np.zeros(rates.shape[0])
    edges = sorted({0.0, fraction, *(float(time) for time in late if time < fraction)})
    for start, end in pairwise(edges):
        # Of a hazard that sets in within the period, what is left of the period has all of it.
        own = rates * np.where(late <= start, (end - start) / np.maximum(1.0 - late, 1e-12), 0.0)
        total = own.sum(axis=1)
        share = np.divide(own, total[:, None], out=np.zeros_like(own), where=total[:, None] > 0)
        found += (np.exp(-reached) * -np.expm1(-total))[:, None] * share
        reached += total
    return found


def sure_hazards(present: PresentCase, outcome: int) -> FloatArray:
    """Hazard of an outcome, given that one of its group occurs in time: events per period at risk, dims (draw, horizon).

    With S the probability that none has occurred, that of the group is log of (S(t) - S(H)) / (S(t + 1) - S(H)): it grows
    beyond bounds towards H, where `LAST_HAZARD` stands for that.
    """
    members = np.flatnonzero(present.groups == present.groups[outcome])
    total = present.sure_rates[:, members, :].sum(axis=1)
    ahead = total[:, ::-1].cumsum(axis=1)[:, ::-1]
    happens = -np.expm1(-total) / _of_sure(ahead)
    group = -np.log(np.maximum(1.0 - happens, np.exp(-LAST_HAZARD)))
    own = present.sure_rates[:, outcome, :]
    return np.asarray(group * np.divide(own, total, out=np.zeros_like(own), where=total > 0))


def _of_sure(expected: FloatArray) -> FloatArray:
    """Probability that one of a group occurs at all; never 0, so that what is over it stays finite."""
    return np.asarray(np.maximum(-np.expm1(-expected), 1e-300))
