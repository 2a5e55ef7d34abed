"""A cause and its effect on a fine grid of the time since the cause: masses carried forward in small steps.

It shares nothing with `forecast.futures` but the meaning of half-life and delay, which it writes down again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FINE = 100
"""Steps of a period."""


def share(age: np.ndarray, half_life: float, delay: float) -> np.ndarray:
    """Of the effect on a log rate; constant in whole periods of acting, nothing after ten half-lives."""
    acting = age - delay
    middle = np.floor(np.maximum(acting, 0.0)) + 0.5
    lasts = np.ceil(10 * half_life) if np.isfinite(half_life) else np.inf
    return np.where((acting < 0) | (acting >= lasts), 0.0, 2.0 ** (-middle / half_life))


@dataclass(frozen=True)
class World:
    """Probabilities by the horizon."""

    effect: float
    both: float
    effect_after_cause: float


def follow(
    cause: np.ndarray | float, effect: np.ndarray | float, delta: float, horizon: int, *,
    half_life: float = np.inf, delay: float = 0.0, keeps_marginal: bool = False, occurred: float | None = None,
) -> World:  # fmt: skip
    """Hazards are of each period; `occurred` is the time since a cause that has occurred."""
    steps = horizon * FINE
    causes, effects = (np.repeat(np.broadcast_to(h, horizon), FINE) / FINE for h in (cause, effect))
    started = 0.0 if occurred is None else occurred
    ages = started + (np.arange(steps + 1) + 0.5) / FINE  # of cohort n in step k: ages[k - n]
    ratio = np.exp(delta * share(ages, half_life, delay))
    waiting, cohorts = 1.0, np.zeros(steps + 1)
    if occurred is not None:
        waiting, cohorts[0] = 0.0, 1.0
    first, after, first_only = (
        0.0,
        0.0,
        0.0,
    )  # effect before the cause; effect after it; the first with the cause still to come
    for k in range(steps):
        multiplier = ratio[k - np.arange(k + 1)]
        left = waiting + cohorts[: k + 1].sum()
        mean = (waiting + cohorts[: k + 1] @ multiplier) / left if keeps_marginal else 1.0
        hazard = effects[k] / mean
        gone = waiting * -np.expm1(-hazard)
        first += gone
        first_only += gone * np.exp(-causes[k:].sum())
        died = cohorts[: k + 1] * -np.expm1(-hazard * multiplier)
        after += died.sum()
        cohorts[: k + 1] -= died
        waiting -= gone
        new = waiting * -np.expm1(-causes[k])
        waiting -= new
        cohorts[k + 1] = new
    return World(first + after, first - first_only + after, after)
