"""Worlds of outcomes that act on one another, and what is true in them, by a Markov chain of their own.

Nothing here is taken from `forecast`: hazards and links are those of section 10 of docs/model.md. A state of the chain
is the set of outcomes that have occurred, as bits of a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import optimize, special, stats

HORIZON: Final = 24
"""Periods ahead."""
PATHS: Final = 2048
"""Paths of a factor, by a quasi-random rule."""
TINY: Final = 1e-300
LEAST, MOST = 0.04, 0.93
"""Worlds in which a marginal or a conditional lies outside are not used: statements are cut off at .005 and .995."""

Array = np.ndarray
Meaning = Literal["base", "marginal"]
"""Of a level: without any cause, or the mean of those still at risk, with the causes in it."""


@dataclass(frozen=True)
class Factor:
    """What drives several outcomes at once, as it is known on the as-of date."""

    effects: tuple[float, ...]
    persistence: float
    state: float


@dataclass(frozen=True)
class World:
    """What is true: levels on the scale, links and perhaps a factor."""

    kinds: tuple[str, ...]
    groups: tuple[int, ...]
    """Outcomes with the same number exclude one another."""
    dates: tuple[int, ...]
    """In periods: when a binary outcome is decided, and the horizon for an event."""
    levels: tuple[float, ...]
    links: dict[tuple[int, int], float]
    """Effect by cause and what it acts on."""
    factor: Factor | None = None
    idle_factor: bool = False
    """The study names a factor as well that drives nothing observed; in the world there is none."""

    @property
    def names(self) -> tuple[str, ...]:
        """Ids in a study."""
        return tuple(f"o{place}" for place in range(len(self.kinds)))

    @property
    def acts_back(self) -> bool:
        """Whether a way of links, or from an outcome to its competitor, leads from an effect to its cause."""
        of = range(len(self.kinds))
        way = np.equal.outer(self.groups, self.groups)
        for cause, effect in self.links:
            way[cause, effect] = True
        for between in of:
            way |= np.outer(way[:, between], way[between])
        return any(way[effect, cause] for cause, effect in self.links)


@dataclass(frozen=True)
class Truth:
    """What is true of a world."""

    marginals: Array
    """Probability of each outcome by its date."""
    conditionals: dict[tuple[int, int], float]
    """P(j by the date of j | i by the date of j), by (i, j)."""


class Chain:
    """The law of who has occurred, in each of several draws of levels, links and paths; dims (draw, state)."""

    def __init__(self, world: World, levels: Array, deltas: Array, path: Array | None = None) -> None:
        """Levels have the dims (draw, outcome), deltas (draw, link), a path (draw, period)."""
        self.world, self.levels, self.deltas, self.path = world, levels, deltas, path
        self.count, self.states = len(world.kinds), np.arange(2 ** len(world.kinds))
        self.law = np.zeros((len(levels), len(self.states)))
        self.law[:, 0] = 1
        self.open = [self._open(k) for k in range(self.count)]
        self.pressed = [np.exp(self._pressure(k)[:, self.open[k]]) for k in range(self.count)]

    def has(self, outcome: int) -> Array:
        """Which states have it."""
        return (self.states >> outcome & 1).astype(bool)

    def _open(self, outcome: int) -> Array:
        """States in which it can still occur: neither it nor a competitor has."""
        rivals = [k for k, group in enumerate(self.world.groups) if group == self.world.groups[outcome]]
        return self.states[~np.any([self.has(k) for k in rivals], axis=0)]

    def _pressure(self, outcome: int) -> Array:
        """What links add to its level in each state; dims (draw, state)."""
        acting = [(cause, link) for link, (cause, effect) in enumerate(self.world.links) if effect == outcome]
        found = np.zeros((len(self.levels), len(self.states)))
        for cause, link in acting:
            found += self.deltas[:, link, None] * self.has(cause)
        return found

    def settle(self, outcome: int) -> None:
        """It has occurred before the as-of date."""
        self.law = np.zeros_like(self.law)
        self.law[:, 1 << outcome] = 1

    def run(self, meaning: Meaning, parts: int) -> dict[int, Array]:
        """The law on each date of an outcome, after all that is decided on it."""
        found = {}
        for period in range(1, HORIZON + 1):
            for _ in range(parts):
                self._step(period, 1 / parts, meaning)
            for outcome, date in enumerate(self.world.dates):
                if date == period and self.world.kinds[outcome] == "binary":
                    self._decide(outcome, period, meaning)
            if period in self.world.dates:
                found[period] = self.law
        return found

    def _step(self, period: int, length: float, meaning: Meaning) -> None:
        """One step of the fourth-order Runge-Kutta method."""
        one = self._change(self.law, period, meaning)
        two = self._change(self.law + length / 2 * one, period, meaning)
        three = self._change(self.law + length / 2 * two, period, meaning)
        four = self._change(self.law + length * three, period, meaning)
        self.law = self.law + length / 6 * (one + 2 * two + 2 * three + four)

    def _change(self, law: Array, period: int, meaning: Meaning) -> Array:
        change = np.zeros_like(law)
        for outcome in range(self.count):
            if self.world.kinds[outcome] != "event":
                continue
            at_risk, pressed = law[:, self.open[outcome]], self.pressed[outcome]
            hazard = np.exp(self._driven(outcome, slice(period - 1, period)))[:, None] * pressed
            if meaning == "marginal":
                mean = (at_risk * pressed).sum(axis=1) / np.maximum(at_risk.sum(axis=1), TINY)
                hazard = hazard / np.maximum(mean, TINY)[:, None]
            flow = at_risk * hazard
            change[:, self.open[outcome]] -= flow
            change[:, self.open[outcome] | 1 << outcome] += flow
        return change

    def _driven(self, outcome: int, periods: slice) -> Array:
        """The level with what the factor adds; dims (draw)."""
        if self.world.factor is None or self.path is None:
            return np.asarray(self.levels[:, outcome])
        return np.asarray(self.levels[:, outcome] + self.world.factor.effects[outcome] * self.path[:, periods].mean(1))

    def _decide(self, outcome: int, period: int, meaning: Meaning) -> None:
        """A binary outcome is yes or no."""
        undecided = self.open[outcome]
        log_odds = self._driven(outcome, slice(0, period))[:, None] + np.log(self.pressed[outcome])
        if meaning == "marginal":
            log_odds = log_odds + self._odds_offset(outcome, log_odds)[:, None]
        yes = special.expit(log_odds) * self.law[:, undecided]
        self.law = self.law.copy()
        self.law[:, undecided] -= yes
        self.law[:, undecided | 1 << outcome] += yes

    def _odds_offset(self, outcome: int, log_odds: Array) -> Array:
        """What keeps the mean probability at that of the level."""
        weights, aims = self.law[:, self.open[outcome]], special.expit(self.levels[:, outcome])

        def root(draw: int) -> float:
            def left(offset: float) -> float:
                return float(weights[draw] @ special.expit(log_odds[draw] + offset) - aims[draw])

            return float(optimize.brentq(left, -60, 60))

        return np.array([root(draw) for draw in range(len(log_odds))])


def occurs(law: Array, *outcomes: int) -> Array:
    """Probability that all of them have occurred; dims (draw)."""
    states = np.arange(law.shape[1])
    return np.asarray(law[:, np.all([states >> k & 1 for k in outcomes], axis=0)].sum(axis=1))


def truth(world: World, meaning: Meaning = "base") -> Truth:
    """What is true of the world; exact but for the paths of a factor, which are many."""
    draws = 1 if world.factor is None else PATHS
    levels, deltas = (np.tile(values, (draws, 1)) for values in (world.levels, list(world.links.values())))
    chain = Chain(world, levels, deltas, None if world.factor is None else paths(world.factor))
    laws = chain.run(meaning, parts=8 if world.factor is None else 2)
    of = range(len(world.kinds))
    marginals = np.array([occurs(laws[world.dates[k]], k).mean() for k in of])
    conditionals = {
        (i, j): float(occurs(laws[world.dates[j]], i, j).mean() / occurs(laws[world.dates[j]], i).mean())
        for i, j in world.links
    }
    return Truth(marginals, conditionals)


def paths(factor: Factor) -> Array:
    """Of the factor from its known state on, dims (path, period)."""
    shocks = normals(PATHS, HORIZON, seed=1)
    state, found = np.full(PATHS, factor.state), []
    for shock in shocks.T:
        state = factor.persistence * state + np.sqrt(1 - factor.persistence**2) * shock
        found.append(state)
    return np.array(found).T


def normals(count: int, dimensions: int, seed: int) -> Array:
    """Standard normals by a scrambled Sobol sequence; `count` is a power of two."""
    return np.asarray(stats.norm.ppf(stats.qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(count)))


def draw_world(rng: np.random.Generator, meaning: Meaning = "base") -> World:
    """Two to six outcomes, some competing, some binary, with links; in a third of the worlds a factor."""
    while True:
        world = _draw(rng)
        found = truth(world, meaning)
        stated = [*found.marginals, *found.conditionals.values()]
        if world.links and min(stated) > LEAST and max(stated) < MOST:
            return world


def _draw(rng: np.random.Generator) -> World:
    count = int(rng.integers(2, 7))
    groups = list(range(count))
    if count > 2 and rng.random() < 0.5:
        groups[1] = 0
    if count > 4 and rng.random() < 0.5:
        groups[4] = 3
    alone = [groups.count(group) == 1 for group in groups]
    kinds = ["binary" if alone[k] and rng.random() < 0.3 else "event" for k in range(count)]
    dates = [int(rng.choice([HORIZON // 2, HORIZON])) if kind == "binary" else HORIZON for kind in kinds]
    chances = [rng.uniform(0.05, 0.75) / groups.count(group) for group in groups]
    levels = [
        float(special.logit(p) if kind == "binary" else np.log(-np.log1p(-p) / HORIZON))
        for p, kind in zip(chances, kinds, strict=True)
    ]
    links: dict[tuple[int, int], float] = {}
    for cause in range(count):
        for effect in range(count):
            both_binary = kinds[cause] == kinds[effect] == "binary"
            at_end = kinds[cause] == "binary" and kinds[effect] == "event" and dates[cause] == HORIZON
            too_late = at_end or (both_binary and (dates[cause], cause) >= (dates[effect], effect))
            if groups[cause] != groups[effect] and not too_late and rng.random() < 0.3:
                links[cause, effect] = float(rng.normal())
    kind_of_factor = rng.choice(["none", "observed", "idle"], p=[0.7, 0.2, 0.1])
    effects = tuple(float(e) for e in rng.normal(0, 0.5, count) * (rng.random(count) < 0.6))
    factor = (
        Factor(effects, float(rng.uniform(0.6, 0.95)), float(rng.normal())) if kind_of_factor == "observed" else None
    )
    idle = bool(kind_of_factor == "idle")
    return World(tuple(kinds), tuple(groups), tuple(dates), tuple(levels), links, factor, idle)
