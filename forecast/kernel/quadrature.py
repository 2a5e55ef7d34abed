"""What the integrals share: the log likelihood of one case at a level, and the rule for a spread.

l(x) = yes x - hazard exp(x) - n log(1 + exp(x)),   l' = yes - hazard exp(x) - n logistic(x)
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import Any, Final

from forecast.kernel.compiling import block
from forecast.model.constants import MAX_LOG_RATE

NOTHING: Final = -1e300
"""The log of a sum that holds nothing yet."""

FAR: Final = 100.0
"""On the log scale; a sum is kept over exp(top), and `top` raised when a term is so much larger."""


@block
def seen(level: float, yes: float, n: float, hazard: float) -> tuple[float, float, float, float]:
    """l(level), its slope, its curvature (at least 0), and the events expected."""
    value, slope, bend, expected = yes * level, yes, 0.0, 0.0
    if hazard > 0.0:
        expected = hazard * exp(min(level, MAX_LOG_RATE))
        value -= expected
        slope -= expected
        bend += expected
    if n > 0.0:
        e = exp(-abs(level))
        chance = 1.0 / (1.0 + e)
        bend += n * chance * e * chance
        value -= n * (max(level, 0.0) + log1p(e))
        slope -= n * (chance if level > 0.0 else e * chance)
    return value, slope, bend, expected


@block
def guess(level: float, yes: float, n: float, hazard: float) -> tuple[float, float]:
    """Slope and curvature at a level of the parabola about where the record alone would put it: a first step to the mode.

    Newton's steps alone are tens where it is far: down an exponential each is 1.
    """
    if n > 0.0:
        chance = (yes + 0.5) / (n + 1.0)
        bend, at = n * chance * (1.0 - chance), log(chance / (1.0 - chance))
    elif hazard > 0.0:
        bend = max(yes, 0.5)
        at = log(bend / hazard)
    else:
        return 0.0, 0.0
    return bend * (at - level), bend


@block
def rule_of(x: Any, m: int, spread: float) -> int:
    """The rule of an integral for a spread of cases; the next set of rules begins where rules are from 0 again."""
    rule: int = x.integral_rule[m]
    while rule + 1 < x.rule_from.size and 0.0 < x.rule_from[rule + 1] <= spread:
        rule += 1
    return rule
