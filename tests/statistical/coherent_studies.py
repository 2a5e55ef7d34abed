"""What experts who know a world state about it, as a study."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from forecast.pipeline.compute import compute_forecast
from forecast.study import study_from_document
from tests.documents import Document, binary_outcome, document, event_outcome
from tests.statistical.coherent_worlds import HORIZON, Factor, Truth, World

DAYS: Final = {HORIZON // 2: "2021-01-01", HORIZON: "2022-01-01"}
"""The date so many months after the as-of date."""
EXACT_EXPERTS: Final = {
    "shared_bias_sd": 0.02, "bias_sd": 0.02, "slope_mean_sd": 0.02, "slope_sd": 0.02,
    "error_sd": 0.02, "error_spread": 0.02, "common_error_sd": 0.02,
}  # fmt: skip
"""Who say what they know. What remains of an expert's own error is 0.1 on the log odds."""

Answer = dict[str, tuple[float, float]]
"""Probability and Monte Carlo standard error by outcome."""


def answer(study: Document, seed: int) -> Answer:
    """Of a whole run, as it is stored."""
    found = compute_forecast(study_from_document(study), seed=seed).answer
    return {outcome.id: (outcome.probability, outcome.mcse) for outcome in found.outcomes}


def coherent(world: World, known: Truth, sampler: Document, seed: int, *, alone: bool, conditionals: bool) -> Document:
    """A study of the marginals alone, or with links, factors and perhaps conditionals."""
    more = {} if alone else {"links": links(world, 0.05, "marginal"), **factors(world, seed)}
    return document(
        *outcomes(world),
        horizon=HORIZON,
        experts=EXACT_EXPERTS,
        sampler=sampler,
        judgments={"rows": rows(world, known, conditionals=conditionals and not alone)},
        **more,
    )


def outcomes(world: World, priors: list[Document] | None = None) -> list[Document]:
    """Those of the world, with these priors or weak ones."""
    weak = [{"distribution": "normal(0, 2)" if kind == "binary" else "normal(-4, 2)"} for kind in world.kinds]
    made = []
    for place, (kind, group, prior) in enumerate(zip(world.kinds, world.groups, priors or weak, strict=True)):
        if kind == "binary":
            by = {"criteria": "It is signed.", "by": DAYS[world.dates[place]]}
            made.append(binary_outcome(id=world.names[place], resolution=by, prior=prior))
        else:
            rivals = {"competes": f"g{group}"} if world.groups.count(group) > 1 else {}
            made.append(event_outcome(id=world.names[place], prior=prior, **rivals))
    return made


def rows(world: World, known: Truth, *, conditionals: bool) -> list[dict[str, Any]]:
    """What three experts state who all know the world."""
    names = world.names
    stated: list[dict[str, Any]] = [
        {"outcome": name, "probability": float(p)} for name, p in zip(names, known.marginals, strict=True)
    ]
    if conditionals:
        stated += [
            {"outcome": names[j], "given": names[i], "probability": p} for (i, j), p in known.conditionals.items()
        ]
    return [{"expert": f"e{k}", "on": "2020-01-01", **row} for k in range(3) for row in stated]


def links(world: World, sd: float, base: str) -> list[dict[str, str]]:
    """Those of the world, with effects that are known to within `sd`."""
    return [
        {"cause": world.names[i], "effect_on": world.names[j], "log_ratio": f"normal({delta}, {sd})", "base": base}
        | {"rationale": "Drawn."}
        for (i, j), delta in world.links.items()
    ]


def factors(world: World, seed: int) -> dict[str, Any]:
    """The world's factor with an indicator of five years, or one that drives nothing observed."""
    if world.factor is None:
        effects = dict.fromkeys(world.names, "normal(0.5, 0.5)")
        return {"factors": [{"id": "idle", "effects": effects}]} if world.idle_factor else {}
    effects = {name: f"normal({e}, 0.05)" for name, e in zip(world.names, world.factor.effects, strict=True) if e}
    return {
        "factors": [{"id": "climate", "effects": effects}],
        "indicators": [{"id": "incidents", "factor": "climate", "rows": counts(world.factor, seed)}],
    }


def counts(factor: Factor, seed: int) -> list[dict[str, Any]]:
    """Poisson counts of the months up to the as-of date; a stationary autoregression is the same run backwards."""
    rng = np.random.default_rng(seed)
    states = [factor.state]
    for _ in range(59):
        states.append(factor.persistence * states[-1] + np.sqrt(1 - factor.persistence**2) * float(rng.normal()))
    months = [f"{year}-{month:02d}" for year in range(2015, 2020) for month in range(1, 13)]
    return [
        {"period": month, "value": int(rng.poisson(np.exp(4 + 0.7 * state)))}
        for month, state in zip(months, reversed(states), strict=True)
    ]
