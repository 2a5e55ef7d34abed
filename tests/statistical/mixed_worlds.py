"""Studies of mixed shape whose parameters come from their priors, and the data that came about under them.

Parameters and data are drawn here, by sections 3 to 8 of docs/model.md; nothing of the model's graph is used. Only what is true
of the future, given true parameters, is counted on the engine's futures, which other tests hold against enumeration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import numpy as np
from scipy import special

from tests.documents import Document, binary_outcome, document, event_outcome

HORIZON: Final = 24
DAYS: Final = {12: "2021-01-01", HORIZON: "2022-01-01"}
"""The date so many months after the as-of date."""
QUIET: Final = 12
"""Months in which what is at risk has not occurred."""
MONTHS: Final = [f"{year}-{month:02d}" for year in (2018, 2019) for month in range(1, 13)]
CENSORED_AT: Final = 36.0
CLASS_SD, CASE_SD = 0.5, 0.4


@dataclass
class Outcome:
    """One outcome, its classes, and what is true of it."""

    name: str
    kind: str
    month: int
    """Of its resolution."""
    group: int
    """Outcomes with the same number exclude one another."""
    has_frailty: bool
    way: str
    """`none`, `one`, `one_of` or `blend`: how it names its classes."""
    is_watched: bool
    """At risk for `QUIET` months, in which it has not occurred."""
    mean: float
    scale: float
    levels: list[float] = field(default_factory=list)
    """Of its two classes and of one not seen."""
    spread: float = 0.0
    own: float = 0.0
    """What the present case is above its class."""
    theta: float = 0.0

    @property
    def chances(self) -> list[float]:
        """Of the two classes and the rest."""
        return {"none": [0.0, 0.0, 1.0], "one": [1.0, 0.0, 0.0], "one_of": [0.5, 0.3, 0.2], "blend": [0.5, 0.3, 0.2]}[
            self.way
        ]

    def options(self, rate_of_quiet: float = 0.0) -> list[tuple[float, float]]:
        """Levels that the present case may have, with the chance of each after so many quiet months."""
        if self.way != "one_of":
            return [(self.theta, 1.0)]
        found = [(level + self.own, chance) for level, chance in zip(self.levels, self.chances, strict=True)]
        weights = [chance * np.exp(-rate_of_quiet * np.exp(level)) for level, chance in found]
        return [(level, float(w / sum(weights))) for (level, _), w in zip(found, weights, strict=True)]


@dataclass
class Mixed:
    """A study, and the parameters that its data came from."""

    study: Document
    theta: dict[str, float]
    gamma: dict[tuple[str, str], float]
    """By outcome and factor."""
    delta: dict[tuple[str, str], float]
    """By cause and effect."""
    persistence: float = 0.0
    last_state: float = 0.0


def draw_mixed(rng: np.random.Generator, sampler: Document) -> Mixed:
    """Two to five outcomes with all that goes with them; worlds in which something came that the study excludes are drawn
    again, all of them, so that what is kept is a draw given that it has not come."""
    shape = _shape(rng)
    while True:
        found = _World(rng, *shape).drawn(sampler)
        if found is not None:
            return found


def _shape(rng: np.random.Generator) -> tuple[list[Outcome], dict[str, bool], list[tuple[int, int]], str, list[int]]:
    """Outcomes; which of them the factor moves, if there is one; links, their base, and what experts judge."""
    count = int(rng.integers(2, 6))
    groups = list(range(count))
    if count > 2 and rng.random() < 0.4:
        groups[1] = 0
    outcomes = []
    watched = [bool(rng.random() < 0.5) for _ in groups]
    for place, group in enumerate(groups):
        is_binary = groups.count(group) == 1 and rng.random() < 0.35
        outcomes.append(
            Outcome(
                f"o{place}",
                "binary" if is_binary else "event",
                int(rng.choice([12, HORIZON])),
                group,
                bool(rng.random() < 0.5),
                str(rng.choice(["none", "one", "one_of", "blend"])),
                watched[group] and not is_binary,
                *((-0.5, 0.8) if is_binary else (-3.8, 0.7)),
            )
        )
    has_factor = rng.random() < 0.5
    moved = {o.name: bool(rng.random() < 0.6) for o in outcomes} if has_factor else {}
    links = []
    for cause, effect in product(range(count), range(count)):
        first, second = outcomes[cause], outcomes[effect]
        too_late = first.kind == "binary" and first.month >= second.month
        if cause < effect and first.group != second.group and not too_late and rng.random() < 0.4:
            links.append((cause, effect))
    still = {o.group for o in outcomes if not moved.get(o.name)} - {o.group for o in outcomes if moved.get(o.name)}
    judged = [place for place, o in enumerate(outcomes) if o.group in still and rng.random() < 0.6]
    return outcomes, moved, links, str(rng.choice(["marginal", "marginal", "none"])), judged


class _World:
    """Parameters and data of one draw of a shape."""

    def __init__(
        self,
        rng: np.random.Generator,
        outcomes: list[Outcome],
        moved: dict[str, bool],
        links: list[tuple[int, int]],
        base: str,
        judged: list[int],
    ) -> None:
        self.rng, self.outcomes, self.moved, self.links = rng, outcomes, moved, links
        self.base, self.judged = base, judged
        self.gamma: dict[str, float] = {}
        self.persistence, self.states = 0.0, [0.0] * len(MONTHS)

    def drawn(self, sampler: Document) -> Mixed | None:
        """None where something came that the study says has not."""
        for outcome in self.outcomes:
            self._draw_levels(outcome)
        signals = self._signals() if self.moved else {}
        if not all(self._stayed_quiet(outcome) for outcome in self.outcomes if outcome.is_watched):
            return None
        effects = {(name, "climate"): gamma for name, gamma in self.gamma.items()}
        deltas = {
            (self.outcomes[i].name, self.outcomes[j].name): float(self.rng.normal(0.4, 0.5)) for i, j in self.links
        }
        links = [
            {"cause": cause, "effect_on": effect, "log_ratio": "normal(0.4, 0.5)", "base": self.base, "rationale": "Drawn."}
            for cause, effect in deltas
        ]  # fmt: skip
        rows = self._judgments()
        study = document(
            *[self._stated(outcome) for outcome in self.outcomes],
            horizon=HORIZON,
            sampler=sampler,
            reference_classes=[group for outcome in self.outcomes for group in self._classes(outcome)],
            **signals,
            **({"links": links} if links else {}),
            **({"judgments": {"rows": rows}} if rows else {}),
        )
        theta = {outcome.name: outcome.theta for outcome in self.outcomes}
        return Mixed(study, theta, effects, deltas, self.persistence, self.states[-1])

    def _draw_levels(self, o: Outcome) -> None:
        rng = self.rng
        mu, tau = rng.normal(o.mean, o.scale), CLASS_SD * abs(rng.normal())
        o.levels = [float(mu + tau * rng.normal()) for _ in range(3)]
        o.spread = CASE_SD * abs(rng.normal()) if o.has_frailty else 0.0
        o.own = o.spread * float(rng.normal())
        if o.way == "one_of":
            o.theta = o.levels[rng.choice(3, p=o.chances)] + o.own
        else:
            o.theta = float(np.dot(o.chances, o.levels)) + o.own

    def _signals(self) -> Document:
        """A factor over two years, and the counts of its indicator."""
        rng = self.rng
        self.persistence = float(special.expit(rng.normal(1.593, 0.882)))
        self.gamma = {name: float(rng.normal(0.3, 0.4)) for name, is_moved in self.moved.items() if is_moved}
        self.states = [float(rng.normal())]
        for _ in MONTHS[1:]:
            shock = np.sqrt(1 - self.persistence**2) * rng.normal()
            self.states.append(float(self.persistence * self.states[-1] + shock))
        log_mean, loading, dispersion = 3 * rng.normal(), 0.7 * abs(rng.normal()), 0.7 * abs(rng.normal())
        variance = dispersion**2 + 0.001
        means = np.exp(log_mean + loading * np.array(self.states)) * rng.gamma(1 / variance, variance, len(MONTHS))
        rows = [{"period": month, "value": int(value)} for month, value in zip(MONTHS, rng.poisson(means), strict=True)]
        return {
            "factors": [{"id": "climate", "effects": dict.fromkeys(self.gamma, "normal(0.3, 0.4)")}],
            "indicators": [{"id": "incidents", "factor": "climate", "rows": rows}],
        }

    def _stayed_quiet(self, o: Outcome) -> bool:
        """Month by month of 2019, under the factor."""
        gamma = self.gamma.get(o.name, 0.0)
        drive = [gamma * state - gamma**2 / 2 for state in self.states[-QUIET:]]
        return bool(self.rng.exponential() > np.exp(o.theta + np.array(drive)).sum())

    def _stated(self, o: Outcome) -> Document:
        reference: Any = {
            "none": {}, "one": {f"{o.name}a": 1.0}, "one_of": {f"{o.name}a": 0.5, f"{o.name}b": 0.3},
            "blend": {"blend": {f"{o.name}a": 0.5, f"{o.name}b": 0.3}},
        }[o.way]  # fmt: skip
        pooling: Document = {"class_sd": CLASS_SD, "case_sd": CASE_SD if o.has_frailty else 0}
        known = {
            "id": o.name,
            "prior": {"distribution": f"normal({o.mean}, {o.scale})"},
            "resolution": {"criteria": "As seen.", "by": DAYS[o.month]},
            "reference": reference,
        }
        if o.kind == "binary":
            return binary_outcome(**known, pooling=pooling)
        pooling |= {"trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
        rivals = {"competes": f"g{o.group}"} if [x.group for x in self.outcomes].count(o.group) > 1 else {}
        watched = {"at_risk_since": "2019-01-01"} if o.is_watched else {}
        return event_outcome(**known, pooling=pooling, **rivals, **watched)

    def _classes(self, o: Outcome) -> list[Document]:
        """Twelve spells, or five trials of each of eight cases, of each class that it names."""
        named = {"none": [], "one": ["a"]}.get(o.way, ["a", "b"])
        found = []
        for level, label in zip(o.levels, named, strict=False):
            cases = level + o.spread * self.rng.standard_normal(12 if o.kind == "event" else 8)
            rows: list[Document] = []
            for k, case in enumerate(cases):
                if o.kind == "binary":
                    yes = int(self.rng.binomial(5, special.expit(case)))
                    rows.append({"id": str(k), "successes": yes, "trials": 5})
                else:
                    life = float(self.rng.exponential(np.exp(-case)))
                    seen = max(min(life, CENSORED_AT), 1e-6)
                    rows.append({"id": str(k), "duration": seen, "event": int(life <= CENSORED_AT)})
            found.append({"id": o.name + label, "outcome": o.name, "rows": rows})
        return found

    def _judgments(self) -> list[Document]:
        """What two experts say, whose errors are drawn as well."""
        rng = self.rng
        shared, bias_sd, common_sd = 0.3 * rng.normal(), 0.3 * abs(rng.normal()), 0.5 * abs(rng.normal())
        slope_mean, slope_sd = 0.4 * rng.normal(), 0.2 * abs(rng.normal())
        noise_mean, noise_spread = np.log(0.6 * abs(rng.normal())), 0.3 * abs(rng.normal())
        odds = {
            self.outcomes[place].name: self._judged(self.outcomes[place]) + common_sd * rng.normal()
            for place in self.judged
        }
        rows = []
        for expert in "xy":
            bias, slope = shared + bias_sd * rng.normal(), np.exp(slope_mean + slope_sd * rng.normal())
            noise = np.sqrt(0.01 + np.exp(2 * (noise_mean + noise_spread * rng.normal())))
            for name, log_odds in odds.items():
                said = special.expit(slope * (log_odds + bias) + noise * rng.standard_t(4))
                rows.append({"expert": expert, "outcome": name, "probability": float(said), "on": "2020-01-01"})
        return rows

    def _judged(self, o: Outcome) -> float:
        """Log odds of the average over what the case may be, after what it has shown."""
        rivals = [x for x in self.outcomes if x.group == o.group]
        place = rivals.index(o)
        total = 0.0
        for chosen in product(*(x.options(QUIET if x.is_watched else 0.0) for x in rivals)):
            weight = float(np.prod([chance for _, chance in chosen]))
            if o.kind == "binary":
                total += weight * float(special.expit(chosen[place][0]))
            else:
                rates = np.exp([level for level, _ in chosen])
                total += weight * float(rates[place] / rates.sum() * -np.expm1(-o.month * rates.sum()))
        return float(special.logit(total))
