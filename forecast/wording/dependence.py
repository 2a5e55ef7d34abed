"""How it is said that a correlation is still what it was beforehand."""

from __future__ import annotations

from typing import Final

from forecast.answer import ResidualCorrelation
from forecast.wording import numbers

NEAR: Final = 0.9
"""Posterior over prior standard deviation, above which cases have hardly spoken."""


def near_prior(pair: ResidualCorrelation) -> str:
    """Why a correlation stayed near its prior; empty where it did not."""
    if pair.correlation.sd <= NEAR * pair.prior_sd:
        return ""
    if not pair.shared_cases:
        return "Near its prior: no case carries both outcomes."
    if pair.yes_no_cases == pair.shared_cases:
        return "Near its prior: the cases that carry both are yes or no, which says little of how far both go together."
    return f"Near its prior, for all that {numbers.plural(pair.shared_cases, 'case')} with both outcomes could say."
