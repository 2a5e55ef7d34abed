"""How a stated prior is said beside the probability that came of it: which of median and mean was stated."""

from __future__ import annotations

from forecast.answer import Interval, OutcomeForecast, StatedPrior
from forecast.wording import numbers


def stated_words(about: str) -> str:
    """Which number of the answer a statement is to be compared with."""
    if about == "typical":
        return "The median of a typical case was stated, so neither median nor mean of this one."
    return "The median was stated; the mean, which is the probability, follows from the whole statement."


def median_and_statement(outcome: OutcomeForecast) -> str:
    """One line: `Median 31 %. Stated on 10 September 2021: median 35 %, 10-80 % (90 %), by 10 September 2026. ...`."""
    if outcome.median is None:
        return ""
    found = f"Median {numbers.percent(outcome.median, outcome.mcse)}."
    return found if outcome.stated is None else f"{found} {statement(outcome.stated)} {outcome.stated.words}"


def statement(stated: StatedPrior) -> str:
    """What was stated, and when: `Stated on 10 September 2021: median 35 %, 10-80 % (90 %), by 10 September 2026.`."""
    interval = Interval(level=stated.level, low=stated.low, high=stated.high)
    return (
        f"Stated on {numbers.day(stated.on)}: median {numbers.percent(stated.median)}, {numbers.percent_range(interval)} "
        f"({numbers.level(interval)}), by {numbers.day(stated.by)}."
    )
