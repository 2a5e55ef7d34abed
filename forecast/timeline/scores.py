"""Proper scoring rules for probabilities of outcomes that have been resolved.

References
----------
Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; here for one of two outcomes, so between 0 and 1.
Logarithmic score: Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x. Averages over the days that a question was open:
Mellers et al. (2014), doi:10.1177/0956797614524255.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Final

FLOOR: Final = 1e-4
"""A simulated share of 0 is no certainty: the logarithmic score takes probabilities as at least this far from 0 and 1."""


def brier(probability: float, *, happened: bool) -> float:
    """The squared error of a probability: 0 is best, 1 is worst."""
    return (probability - happened) ** 2


def log_score(probability: float, *, happened: bool) -> float:
    """Minus the natural logarithm of the probability of what came true: 0 is best."""
    inside = min(max(probability, FLOOR), 1.0 - FLOOR)
    return -math.log(inside if happened else 1.0 - inside)


def time_averaged_brier(said: Sequence[tuple[date, float]], end: date, *, happened: bool) -> float | None:
    """The mean Brier score over days, each with the probability that was the latest on it.

    Parameters
    ----------
    said
        Days and the probabilities that held from them on, in order of time.
    end
        The first day that no longer counts: the question was resolved, or its date had come.

    Returns
    -------
    None when nothing was said before the end.
    """
    total, days = 0.0, 0
    for place, (since, probability) in enumerate(said):
        until = min(said[place + 1][0] if place + 1 < len(said) else end, end)
        length = max(0, (until - since).days)
        total += length * brier(probability, happened=happened)
        days += length
    return total / days if days else None
