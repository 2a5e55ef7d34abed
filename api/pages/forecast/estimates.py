"""Estimates with their intervals, and effects before and after the evidence, as rows of tables show them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from api.pages.shared.bars import Bar, BeforeAfter, Scale, scale_around_zero
from forecast.answer import Interval, Spread
from forecast.wording import numbers

NORMAL_90: Final = 1.6448536269514722
"""Standard normal quantile of 0.95: half the width of a 90 % interval in standard deviations."""


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval, in words and drawn."""

    text: str
    interval: str
    bar: Bar


@dataclass(frozen=True)
class Number:
    """An estimate with its interval, in words alone."""

    text: str
    interval: str


@dataclass(frozen=True)
class EffectRow:
    """An effect on a log rate or log odds, as it was stated and as it is believed after the evidence."""

    cause: str
    effect_on: str
    prior: str
    prior_interval: str
    posterior: str
    interval: str
    factor: str
    """The rate or odds are multiplied by this."""
    bar: BeforeAfter
    course: str = ""
    """From when it acts and how it fades; empty where it does neither."""
    is_made: bool = False
    """Whether the study does not state it."""


def number(spread: Spread) -> Number:
    """A quantity's posterior mean with its interval."""
    return Number(numbers.significant(spread.mean), numbers.number_range(spread.interval))


def drawn_number(spread: Spread, scale: Scale) -> Estimate:
    """The same on a scale."""
    shown = number(spread)
    label = f"{shown.text}, {numbers.level(spread.interval)} interval {shown.interval}"
    return Estimate(shown.text, shown.interval, scale.bar(spread.mean, spread.interval, label))


def prior_interval(mean: float, sd: float) -> Interval:
    """The central 90 % of a normal prior."""
    return Interval(low=mean - NORMAL_90 * sd, high=mean + NORMAL_90 * sd)


def effect_scale(effects: Iterable[tuple[float, float, Spread]]) -> Scale:
    """One scale for effects, each given by its prior's mean and standard deviation and its posterior."""
    intervals = [found for mean, sd, after in effects for found in (prior_interval(mean, sd), after.interval)]
    return scale_around_zero(intervals)


def effect_row(cause: str, effect_on: str, mean: float, sd: float, posterior: Spread, scale: Scale) -> EffectRow:
    """One effect, with its normal prior's mean and standard deviation."""
    before, after = prior_interval(mean, sd), number(posterior)
    said, spread = numbers.significant(mean), numbers.number_range(before)
    return EffectRow(
        cause=cause,
        effect_on=effect_on,
        prior=said,
        prior_interval=spread,
        posterior=after.text,
        interval=after.interval,
        factor=f"×{numbers.significant(math.exp(min(posterior.mean, 50.0)))}",
        bar=scale.before_after(
            before,
            mean,
            posterior.interval,
            posterior.mean,
            f"prior {said}, interval {spread}; posterior {after.text}, interval {after.interval}",
        ),
    )
