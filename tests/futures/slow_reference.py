"""A slow simulation written another way: from one occurrence to the next, drawing afresh each time, in plain Python.

Gillespie's direct method (1977, doi:10.1021/j100540a008) between the dates on which anything is decided. It shares
nothing with `forecast.futures` but the present case, of which it reads the first draw, and the offsets of marginals
(tests/futures/test_offsets.py).
"""

from __future__ import annotations

import math

import numpy as np

from forecast.futures.offsets import marginal_offsets
from forecast.futures.present import Offsets, PresentCase


def simulate_slowly(present: PresentCase, futures: int, seed: int, forced: dict[int, float]) -> np.ndarray:
    """Times of all outcomes, dims (future, outcome)."""
    rng = np.random.default_rng(seed)
    offsets = marginal_offsets(present).plus(present.correction)
    return np.array([_Future(present, rng, forced, offsets).run() for _ in range(futures)])


class _Future:
    def __init__(
        self, present: PresentCase, rng: np.random.Generator, forced: dict[int, float], offsets: Offsets
    ) -> None:
        self.present, self.rng, self.forced = present, rng, forced
        self.outcomes = range(len(present.outcomes))
        self.times = [math.inf for _ in self.outcomes]
        self.state = [self._path(f) for f in range(present.factors.state.shape[1])]
        self.reached = self._threshold_times()
        self.offsets = offsets

    def _path(self, factor: int) -> list[float]:
        state, persistence = (
            float(a[0, factor]) for a in (self.present.factors.state, self.present.factors.persistence)
        )
        path = [state]
        for _ in range(self.present.horizon):
            path.append(persistence * path[-1] + math.sqrt(1 - persistence**2) * self.rng.standard_normal())
        return path

    def _threshold_times(self) -> dict[int, float]:
        streams, asked, result = self.present.streams, self.present.thresholds, {}
        for stream in range(streams.log_mean.shape[1]):
            log_mean, loading, dispersion = (
                float(a[0, stream]) for a in (streams.log_mean, streams.loading, streams.dispersion)
            )
            size, factor, counts = 1 / (dispersion**2 + 1e-3), streams.factor[stream], []
            for h in range(1, self.present.horizon + 1):
                mean = math.exp(log_mean + (loading * self.state[factor][h] if factor >= 0 else 0.0))
                counts.append(self.rng.negative_binomial(size, size / (size + mean)))
            for outcome in np.flatnonzero(asked.streams[:, stream]):
                # Every single count has its moment; that of the last one needed is when the number is reached.
                needed = math.ceil(asked.number[outcome])
                moments = [
                    sorted(self.rng.random(count))[needed - 1] + h for h, count in enumerate(counts) if count >= needed
                ]
                result[int(outcome)] = float(moments[0]) if moments else math.inf
        return result

    def linked(self, outcome: int, now: float) -> float:
        links = self.present.links
        rows = zip(links.cause, links.effect_on, links.delta[0], strict=True)
        return sum(float(delta) for cause, effect, delta in rows if effect == outcome and self.times[cause] <= now)

    def driven(self, outcome: int, periods: range) -> float:
        factors = self.present.factors
        rows = zip(factors.effect_outcome, factors.effect_factor, factors.gamma[0], strict=True)
        return sum(float(g) * float(np.mean([self.state[f][h] for h in periods])) for o, f, g in rows if o == outcome)

    def rate(self, outcome: int, now: float, period: int) -> float:
        rivals = [o for o in self.outcomes if self.present.groups[o] == self.present.groups[outcome]]
        ended = any(math.isfinite(self.times[o]) or math.isfinite(self.forced.get(o, math.inf)) for o in rivals)
        if self.present.kinds[outcome] != "event" or outcome in self.forced or ended:
            return 0.0
        shift = self.linked(outcome, now) + self.driven(outcome, range(period, period + 1))
        if outcome in self.offsets.log_hazard:
            shift += float(self.offsets.log_hazard[outcome][0, period - 1])
        return float(self.present.rates[0, outcome, period - 1]) * math.exp(shift)

    def decide(self, now: float) -> None:
        """What is decided on a date: forced outcomes, then thresholds, then binary outcomes in the study's order."""
        for outcome, at in {**self.reached, **self.forced}.items():
            if at == now:
                self.times[outcome] = at
        for outcome in self.outcomes:
            due = self.present.kinds[outcome] == "binary" and self.present.resolves[outcome] == now
            if due and outcome not in self.forced:
                odds = self.present.level[0, outcome] + self.linked(outcome, now)
                odds += self.driven(outcome, range(1, math.ceil(now) + 1))
                odds += float(self.offsets.log_odds.get(outcome, np.zeros(1))[0])
                if self.rng.random() < 1 / (1 + math.exp(-odds)):
                    self.times[outcome] = now

    def run(self) -> list[float]:
        dates = {float(h) for h in range(self.present.horizon + 1)} | set(self.present.resolves.tolist())
        dates |= {at for at in self.reached.values() if math.isfinite(at)}
        now = 0.0
        for date in sorted(dates | {at for at in self.forced.values() if math.isfinite(at)}):
            while now < date:
                rates = [self.rate(outcome, now, math.ceil(date)) for outcome in self.outcomes]
                wait = self.rng.exponential(1 / sum(rates)) if sum(rates) > 0 else math.inf
                if now + wait > date:
                    break
                now += wait
                self.times[self.rng.choice(len(rates), p=np.array(rates) / sum(rates))] = now
            now = date
            self.decide(date)
        return self.times
