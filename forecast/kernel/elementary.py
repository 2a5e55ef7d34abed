"""Functions that several blocks share, with their derivatives."""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import Any, Final

from forecast.kernel.compiling import block
from forecast.model.constants import FREEDOM

STIRLING_FROM: Final = 10.0
"""Above it, digamma's asymptotic series with six terms is right to 1e-15."""

LARGE: Final = 1e140
"""Products of two numbers up to it are finite: where logarithms of many factors are taken of their product."""

STEPS_BY_PRODUCT: Final = 64.0
"""Up to this many whole steps the ratio of two gamma functions is a product."""


@block
def logistic(x: float) -> float:
    """1 / (1 + exp(-x))."""
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)


@block
def softplus(x: float) -> float:
    """log(1 + exp(x)); its derivative is `logistic`."""
    return x + log1p(exp(-x)) if x > 0.0 else log1p(exp(x))


@block
def digamma(x: float) -> float:
    """Derivative of log gamma, for x > 0: upward recurrence, then the asymptotic series.

    Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 6.3.5 and 6.3.18.
    """
    below = 0.0
    while x < STIRLING_FROM:
        below -= 1.0 / x
        x += 1.0
    f = 1.0 / (x * x)
    series = f * (1 / 12 - f * (1 / 120 - f * (1 / 252 - f * (1 / 240 - f * (1 / 132 - f * (691 / 32760))))))
    return below + log(x) - 0.5 / x - series


@block
def gamma_steps(shape: float, start: float, stop: float) -> tuple[float, float]:
    """Log gamma(shape + stop) - log gamma(shape + start), and its derivative by the shape."""
    steps = int(stop - start)
    if steps > STEPS_BY_PRODUCT or start + steps != stop:
        return (
            lgamma(shape + stop) - lgamma(shape + start),
            digamma(shape + stop) - digamma(shape + start),
        )
    value, product, slope = 0.0, 1.0, 0.0
    at = shape + start
    for _ in range(steps):
        product *= at
        slope += 1.0 / at
        at += 1.0
        if product > LARGE:
            value += log(product)
            product = 1.0
    return value + log(product), slope


@block
def uncentre(sampled: float, mean: float, log_scale: float, centring: float) -> tuple[float, float, float]:
    """The standard normal deviation behind a partly centred variable, scale^-centring, and the log Jacobian.

    sampled = centring mean + scale^centring deviation: Gorinova, Moore and Hoffman (2020), arXiv:1906.03028.
    """
    if centring == 0.0:
        return sampled, 1.0, 0.0
    power = exp(-centring * log_scale)
    return (sampled - centring * mean) * power, power, -centring * log_scale


@block
def uncentre_back(adjoint: float, deviation: float, power: float, centring: float) -> tuple[float, float, float]:
    """Adjoints of the sampled variable, of the mean and of the log scale, the Jacobian's part included."""
    sampled = adjoint * power
    return sampled, -centring * sampled, -centring * (1.0 + deviation * adjoint)


@block
def statement(residual: float) -> tuple[float, float]:
    """1 + r^2 / freedom of a StudentT residual r, and the derivative of its log density -(freedom + 1) / 2 log(...)."""
    spread = FREEDOM + residual * residual
    return spread * (1.0 / FREEDOM), -(FREEDOM + 1.0) * residual / spread


@block
def weighted(shares: Any, members: Any, values: Any, start: int, stop: int) -> float:
    """Sum of shares times the values of their members."""
    total = 0.0
    for i in range(start, stop):
        total += shares[i] * values[members[i]]
    return total


@block
def spread_over(adjoint: float, shares: Any, members: Any, adjoints: Any, start: int, stop: int) -> None:
    """The adjoint of `weighted`, added to those of the members."""
    for i in range(start, stop):
        adjoints[members[i]] += shares[i] * adjoint
