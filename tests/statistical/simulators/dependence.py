"""Cases that carry several outcomes: the residual correlation."""

from __future__ import annotations

from typing import Any

import numpy as np

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from forecast.study import Study
from tests.documents import NO_POOLING, binary_outcome, event_outcome, make_study
from tests.statistical.simulators.block import Arrays, Block, Truth
from tests.statistical.simulators.cases import CENSORED_AT


def correlation_block() -> Block:
    """Ten cases that each carry three outcomes, with repeated events: 40 periods of exposure to each."""
    pooling = {**NO_POOLING, "case_sd": 0.8}
    prior = {"distribution": "normal(-2, 0.7)"}
    names = ("a", "b", "c")
    study = make_study(
        *[event_outcome(id=name, pooling=pooling, prior=prior, reference={"past": 1.0}) for name in names],
        dependence={"eta": 1.5},
        reference_classes=[
            {
                "id": "past",
                "outcome": list(names),
                "rows": [{"id": str(k), "duration": 40, "event": "stayed"} for k in range(10)],
                "event_value": {name: name for name in names},
            }
        ],
    )
    return Block(
        "correlation", encode_study(study).arrays, simulate_correlated_counts, ("correlation", "sigma", "mu", "theta")
    )


def simulate_correlated_counts(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays:
    """Events ~ Poisson."""
    rate = np.exp(truth["mu"] + truth["sigma"] * frailties(truth, a)).ravel()  # units are case by case, a, b, c
    return {"cell_events": rng.poisson(a["cell_exposure"] * rate[a["cell_unit"]])}


def frailties(truth: Truth, a: ModelArrays, seen: np.ndarray | None = None) -> np.ndarray:
    """Of each case, by numpy's own Cholesky factor of R; dims (case, outcome).

    Only the last outcomes of a case may be unseen.
    """
    outcomes = len(truth["mu"])
    correlation = np.eye(outcomes)
    for row, column, value in zip(a["pair_row"], a["pair_column"], truth["correlation"], strict=True):
        correlation[row, column] = correlation[column, row] = value
    seen = np.ones((len(truth["frailty_z"]) // outcomes, outcomes), dtype=bool) if seen is None else seen
    own = np.zeros(seen.shape)
    own[seen] = truth["frailty_z"]
    return np.asarray(own @ np.linalg.cholesky(correlation).T)


def shared_block() -> Block:
    """Ten cases that each carry a spell, which may end in an event, and the trials of two binary outcomes."""
    rows = [{"id": str(k), "duration": 5, "event": 1, "a": 3, "b": 4, "trials": 10} for k in range(10)]
    return shared_cases(rows, event_outcome(pooling={**NO_POOLING, "case_sd": 0.8}))


def columns_block() -> Block:
    """Twelve cases that each carry the trials of three binary outcomes, one of which some of them leave blank."""
    names = ("a", "b", "c")
    rows = [{"id": str(k), "a": 3, "b": 4, "c": 2 if k % 3 else None, "trials": 20} for k in range(12)]
    pooling = {"class_sd": 0, "case_sd": 0.8}
    study = make_study(
        *[binary_outcome(id=name, pooling=pooling, reference={"past": 1.0}) for name in names],
        dependence={"eta": 1.5},
        reference_classes=[{"id": "past", "outcome": list(names), "rows": rows}],
    )
    return Block("columns", encode_study(study).arrays, simulate_columns, ("correlation", "sigma", "mu", "theta"))


def simulate_columns(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays:
    """Successes by the frailties of each case; the last outcome's of every third case are not there."""
    seen = np.ones((12, 3), dtype=bool)
    seen[::3, 2] = False
    levels = truth["mu"] + truth["sigma"] * frailties(truth, a, seen)
    return {"trial_yes": rng.binomial(20, 1 / (1 + np.exp(-levels[seen])))}


def shared_cases(rows: list[dict[str, Any]], *others: dict[str, Any], spread: float = 0.8) -> Block:
    """Cases of two binary outcomes `a` and `b`, and of others in the same class."""
    arrays = encode_study(shared_study(rows, *others, spread=spread)).arrays
    return Block("shared cases", arrays, simulate_shared, ("correlation", "sigma", "mu", "theta"))


def shared_study(rows: list[dict[str, Any]], *others: dict[str, Any], spread: float = 0.8, **changes: Any) -> Study:
    """The study of these cases."""
    pooling = {"class_sd": 0, "case_sd": spread}
    binary = [binary_outcome(id=name, pooling=pooling, reference={"past": 1.0}) for name in ("a", "b")]
    names = [outcome["id"] for outcome in (*others, *binary)]
    classes = [{"id": "past", "outcome": names, "rows": rows}]
    return make_study(*others, *binary, dependence={}, reference_classes=classes, **changes)


def simulate_shared(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays:
    """Successes and lengths of spells, of which the longest are censored, by the frailties of each case."""
    level = (truth["mu"] + truth["sigma"] * frailties(truth, a)).ravel()  # units are case by case
    lives = rng.exponential(np.exp(-level[a["cell_unit"]]))
    return {
        "cell_events": lives <= CENSORED_AT,
        "cell_exposure": np.minimum(lives, CENSORED_AT),
        "trial_yes": rng.binomial(a["trial_n"].astype(int), 1 / (1 + np.exp(-level[a["trial_unit"]]))),
    }
