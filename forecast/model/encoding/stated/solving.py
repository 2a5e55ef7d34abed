"""Laws of all outcomes that exclude one another, with the spreads that leave room for them.

tests/model/test_stated_priors.py finds the stated quantiles again by a quadrature of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from forecast.model.encoding.stated.fitting import level_of_share
from forecast.model.encoding.stated.law import Law
from forecast.model.encoding.stated.rounds import Settled, Unsettled, refine, settle
from forecast.model.encoding.stated.statement import FACTORS, Group, Member, Spreads

_CLOSE: Final = 0.01
"""To the largest factor, as a share of it."""
_MARGIN: Final = 0.97
"""Of a factor, since the largest one leaves no law to be refined."""


@dataclass(frozen=True)
class Solved:
    """What the statements of a group come to."""

    laws: tuple[Law, ...]
    factor: float
    """By which the spreads that the study does not state shrink."""


@lru_cache(maxsize=512)
def solve_group(group: Group) -> Solved | Unsettled:
    """Every member's law; a member whose law is given keeps it, and its spreads."""
    found = largest_factor(group, group.shrunk)
    if isinstance(found, Unsettled):
        return found
    for attempt in range(8):
        factor = found.factor * _MARGIN**attempt
        spreads = group.shrunk(factor)
        settled = settle(group, spreads, found.laws)
        fine = refine(group, spreads, settled.laws) if isinstance(settled, Settled) else None
        if fine is not None:
            return Solved(fine.laws, factor)
    return Unsettled(group.asked[0], is_together=False)


def largest_factor(group: Group, spreads: Callable[[float], Sequence[Spreads]]) -> Solved | Unsettled:
    """The largest factor whose spreads leave room for every level's own, on coarse points.

    Parameters
    ----------
    spreads
        Of all members, by the factor.
    """
    start = [_narrow(group, member) for member in group.members]
    at_once = settle(group, spreads(1.0), start)
    if isinstance(at_once, Settled):
        return Solved(at_once.laws, 1.0)
    if list(spreads(0.5)) == list(spreads(1.0)):
        return at_once
    above, found = 1.0, _try(group, spreads, FACTORS[-1], start)
    if found is None:
        # Where the least spreads leave no law, larger ones hardly ever do.
        for factor in FACTORS[3:-1:5]:
            if (found := _try(group, spreads, factor, start)) is not None:
                break
            above = factor
        else:
            return at_once
    while above > (1.0 + _CLOSE) * found.factor:
        middle = math.sqrt(above * found.factor)
        if (better := _try(group, spreads, middle, found.laws)) is not None:
            found = better
        else:
            above = middle
    return found


def _try(
    group: Group, spreads: Callable[[float], Sequence[Spreads]], factor: float, start: Sequence[Law]
) -> Solved | None:
    settled = settle(group, spreads(factor), start)
    return Solved(settled.laws, factor) if isinstance(settled, Settled) else None


def _narrow(group: Group, member: Member) -> Law:
    """Where to begin: so that rivals leave room for one another."""
    if member.statement is None:
        return member.law
    if group.is_sure:
        return level_of_share(group, member)
    return replace(member.law, sd=0.3 * group.width(member.statement))
