"""What is true of worlds whose first outcome has effects that fade or begin later, on a fine grid of the time since it.

Nothing here is taken from `forecast`. Masses have the dims (cohort, state): a cohort are those in whom the first outcome
occurred at one time, the last one those in whom it has not; a state is the set of other outcomes that have occurred, as bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from scipy import optimize, special

from tests.futures.time_since_cause import share
from tests.statistical.coherent_worlds import HORIZON, TINY, Array, Meaning, World

FINE: Final = 12
"""Steps of a period."""


@dataclass(frozen=True)
class Fading:
    """In periods; by default an effect begins at once and stays."""

    half_life: float = inf
    delay: float = 0.0

    def on_hazards(self, ages: Array) -> Array:
        """Share of the effect on a log rate."""
        return np.asarray(share(ages, self.half_life, self.delay))

    def on_odds(self, ages: Array) -> Array:
        """Share of the effect on log odds that are asked for at these ages."""
        acting = ages - self.delay
        gone = np.ceil(10 * self.half_life) if np.isfinite(self.half_life) else inf
        return np.where((acting < 0) | (acting >= gone), 0.0, 2.0 ** (-np.maximum(acting, 0.0) / self.half_life))


class Cohorts:
    """The law of one world; its first outcome is an event that nothing acts on, and alone in having effects that fade."""

    def __init__(
        self, world: World, fading: Mapping[int, Fading], meaning: Meaning, since: float | None = None
    ) -> None:
        """`fading` is by effect of the first outcome; `since` are the periods since it, if it has occurred."""
        self.world, self.fading, self.meaning = world, fading, meaning
        self.states, self.steps = np.arange(2 ** (len(world.kinds) - 1)), HORIZON * FINE
        self.masses = np.zeros((self.steps + 2, len(self.states)))
        self.masses[-1 if since is None else 0, 0] = 1.0
        self._events = [k for k, kind in enumerate(world.kinds) if k and kind == "event"]
        self.times = np.append(np.arange(self.steps + 1) / FINE - (since or 0.0), inf)

    def has(self, outcome: int) -> Array:
        """Which states have it; any but the first."""
        return (self.states >> (outcome - 1) & 1).astype(bool)

    def run(self) -> list[float]:
        """Probability of each outcome by its date, then of each but the first together with that."""
        count = len(self.world.kinds)
        alone, together = [0.0] * count, [0.0] * count
        for step in range(self.steps):
            # Half of the occurrences count as of the beginning of the step, the others as of its end.
            self._begin(step)
            raised = {k: np.exp(self._pressure(k, (step + 0.5) / FINE)) for k in self._events}
            middle = self.masses + 0.5 / FINE * self._change(self.masses, raised)
            self.masses = self.masses + self._change(middle, raised) / FINE
            self._begin(step + 1)
            for outcome, date in enumerate(self.world.dates):
                if step + 1 == date * FINE:
                    if self.world.kinds[outcome] == "binary":
                        self._decide(outcome, float(date))
                    states = self.has(outcome) if outcome else self.states >= 0
                    together[outcome] = float(self.masses[:-1, states].sum())
                    alone[outcome] = together[outcome] + float(self.masses[-1, states].sum() if outcome else 0.0)
        return [*alone, *together[1:]]

    def _begin(self, cohort: int) -> None:
        leaving = self.masses[-1] * -np.expm1(-np.exp(self.world.levels[0]) / (2 * FINE))
        self.masses[cohort] += leaving
        self.masses[-1] -= leaving

    def _pressure(self, outcome: int, time: float) -> Array:
        """What acts on its level, dims (cohort, state)."""
        is_event = self.world.kinds[outcome] == "event"
        found = np.zeros(self.masses.shape)
        for (cause, effect), delta in self.world.links.items():
            if effect == outcome and cause > 0:
                found += delta * self.has(cause)
            elif effect == outcome:
                ages = np.where(self.times <= time, time - self.times, -1.0)
                own = self.fading[effect]
                found += delta * (own.on_hazards(ages) if is_event else own.on_odds(ages))[:, None]
        return found

    def _open(self, outcome: int) -> Array:
        rivals = [k for k, group in enumerate(self.world.groups) if group == self.world.groups[outcome]]
        return ~np.any([self.has(k) for k in rivals], axis=0)

    def _change(self, masses: Array, raised: Mapping[int, Array]) -> Array:
        """Of the masses in a period, at what is multiplied with each hazard in each of them."""
        change = np.zeros_like(masses)
        for outcome, own in raised.items():
            is_open = self._open(outcome)
            at_risk = masses * is_open
            mean = (at_risk * own).sum() / max(at_risk.sum(), TINY) if self.meaning == "marginal" else 1.0
            flow = at_risk * own * (np.exp(self.world.levels[outcome]) / mean)
            change -= flow
            change[:, self.states[is_open] | 1 << (outcome - 1)] += flow[:, is_open]
        return change

    def _decide(self, outcome: int, time: float) -> None:
        """A binary outcome, which has no rivals, is yes or no."""
        log_odds = self.world.levels[outcome] + self._pressure(outcome, time)
        if self.meaning == "marginal":
            aim = special.expit(self.world.levels[outcome]) * self.masses.sum()
            log_odds = log_odds + optimize.brentq(
                lambda offset: float((self.masses * special.expit(log_odds + offset)).sum() - aim), -60, 60
            )
        yes, is_open = self.masses * special.expit(log_odds), self._open(outcome)
        self.masses = self.masses.copy()
        self.masses[:, is_open] -= yes[:, is_open]
        self.masses[:, self.states[is_open] | 1 << (outcome - 1)] += yes[:, is_open]
