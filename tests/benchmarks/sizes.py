"""Studies of three sizes, made up by a seed: what speed is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from forecast.study import Study
from tests.documents import Document, make_study


@dataclass(frozen=True)
class Size:
    """How much of everything a study has."""

    outcomes: int
    cases: int
    """Over all outcomes."""
    classes: int = 1
    """Of each outcome."""
    indicators: int = 0
    months: int = 0
    judgments: int = 0


SMALL = Size(outcomes=1, cases=20)
MIDDLE = Size(outcomes=6, cases=120, classes=2, indicators=6, months=24, judgments=40)
LARGE = Size(outcomes=12, cases=2000, classes=3, indicators=12, months=120, judgments=400)

POOLING = {"class_sd": 0.5, "case_sd": 0.5, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}


def sized_study(size: Size, **changes: Any) -> Study:
    """Event outcomes with spells that end or do not, a factor for each three indicators, and statements about all."""
    rng = np.random.default_rng(1)
    names = [f"o{place}" for place in range(size.outcomes)]
    classes = [(name, f"{name}-c{number}") for name in names for number in range(size.classes)]
    outcomes = [
        {
            "id": name,
            "title": f"Outcome {name}",
            "kind": "event",
            "resolution": {"criteria": "It has happened."},
            "prior": {"distribution": "normal(-4, 1)"},
            "pooling": POOLING,
            "reference": {own: 0.8 / size.classes for of, own in classes if of == name},
        }
        for name in names
    ]
    levels = {own: rng.normal(-3.5, 0.8) for _, own in classes}
    rows: dict[str, list[Document]] = {own: [] for _, own in classes}
    for number in range(size.cases):
        _, own = classes[number % len(classes)]
        time, until = rng.exponential(np.exp(-levels[own] - 0.5 * rng.normal())), rng.uniform(5, 60)
        ended = time <= until
        rows[own].append(
            {"id": f"case-{number}", "months": round(float(min(time, until)), 1) + 0.1, "ended": int(ended)}
        )
    columns = {"duration": "months", "event": "ended"}
    groups = [{"id": own, "title": own, "outcome": of, "columns": columns, "rows": rows[own]} for of, own in classes]
    return make_study(
        *outcomes,
        study="sized",
        sampler={"seed": 1},
        horizon=24,
        reference_classes=groups,
        **_signals(size, names, rng),
        **({"judgments": {"rows": _statements(size, names, rng)}} if size.judgments else {}),
        **changes,
    )


def _signals(size: Size, names: list[str], rng: np.random.Generator) -> Document:
    if not size.indicators:
        return {}
    factors = [f"f{number}" for number in range(-(-size.indicators // 3))]
    states = {factor: np.zeros(size.months) for factor in factors}
    for state in states.values():
        for month in range(1, size.months):
            state[month] = 0.8 * state[month - 1] + 0.6 * rng.normal()
    first = date(2020, 1, 1).year * 12 - size.months
    indicators = []
    for number in range(size.indicators):
        factor = factors[number // 3]
        counts = rng.poisson(np.exp(1.5 + 0.5 * states[factor]) * rng.gamma(4, 0.25, size.months))
        indicators.append(
            {
                "id": f"i{number}",
                "factor": factor,
                "rows": [
                    {"period": f"{(first + month) // 12}-{(first + month) % 12 + 1:02d}", "value": int(count)}
                    for month, count in enumerate(counts)
                ],
            }
        )
    effects = [
        {"id": factor, "effects": dict.fromkeys(names[place :: len(factors)], "normal(0.3, 0.3)")}
        for place, factor in enumerate(factors)
    ]
    return {"factors": effects, "indicators": indicators}


def _statements(size: Size, names: list[str], rng: np.random.Generator) -> list[Document]:
    experts = max(size.judgments // 10, 4)
    return [
        {
            "expert": f"e{number % experts}",
            "outcome": names[(number // experts) % len(names)],
            "by": ("2020-12-31", "2021-12-31")[number // (experts * len(names)) % 2],
            "probability": round(float(np.clip(rng.beta(2, 5), 0.02, 0.98)), 2),
            "on": "2019-12-15",
        }
        for number in range(size.judgments)
    ]
