"""Outcomes of which one must happen by a day: what quiet time is worth among them.

    log(1 - exp(-A)) - log(1 - exp(-B - A)),   A = sum of exposure exp(level + g) ahead, B the same behind

is added to the log likelihood of the quiet time B; of a race that is decided only the second term. It goes to one variant
of the option under which the race is run, and so to the option (`forecast.kernel.membership`). Definition and sources:
`forecast.model.graph.races`.
"""

from __future__ import annotations

from math import exp, expm1, log
from typing import Any

from forecast.kernel.compiling import block
from forecast.model.constants import LEAST_TOTAL, MAX_LOG_RATE


@block
def forward(x: Any, v: Any) -> None:
    """Adds to what was shown."""
    for race in range(x.race_variant.size):
        v.race_ahead[race] = 0.0
        v.race_whole[race] = 0.0
    for stretch in range(x.stretch_exposure.size):
        log_rate = v.present_level[x.stretch_variant[stretch]] + v.log_hazard_shape[x.stretch_band[stretch]]
        expected = x.stretch_exposure[stretch] * exp(min(log_rate, MAX_LOG_RATE))
        v.stretch_expected[stretch] = expected if log_rate < MAX_LOG_RATE else 0.0
        v.race_ahead[x.stretch_race[stretch]] += expected * x.stretch_is_ahead[stretch]
        v.race_whole[x.stretch_race[stretch]] += expected
    for race in range(x.race_variant.size):
        v.shown[x.race_variant[race]] += x.race_is_open[race] * log(LEAST_TOTAL - expm1(-v.race_ahead[race]))
        v.shown[x.race_variant[race]] -= log(LEAST_TOTAL - expm1(-v.race_whole[race]))


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """To levels and shapes."""
    for stretch in range(x.stretch_exposure.size):
        race, variant = x.stretch_race[stretch], x.stretch_variant[stretch]
        by_ahead = x.race_is_open[race] * slope(v.race_ahead[race])
        by_expected = by_ahead * x.stretch_is_ahead[stretch] - slope(v.race_whole[race])
        adjoint = a.shown[x.race_variant[race]] * by_expected * v.stretch_expected[stretch]
        a.present_level[variant] += adjoint
        a.log_hazard_shape[x.stretch_band[stretch]] += adjoint


@block
def slope(total: float) -> float:
    """Derivative of log(1 - exp(-total))."""
    found: float = exp(-total) / (LEAST_TOTAL - expm1(-total))
    return found
