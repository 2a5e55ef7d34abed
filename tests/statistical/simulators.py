"""Blocks of the model as small studies with a generative law of their own: data from parameters, without the graph.

Each simulator takes one prior draw of the named quantities and returns the arrays that hold its data. Errors that it
draws itself, where the model has variables for them, it returns as deviations under the names of those variables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from forecast.study import Study
from tests.documents import NO_POOLING, binary_outcome, event_outcome, make_study

Truth = dict[str, np.ndarray]
Arrays = dict[str, Any]
Simulate = Callable[[np.random.Generator, Truth, ModelArrays], Arrays | None]


@dataclass(frozen=True)
class Block:
    """A study, how its data come about, and the quantities whose ranks are looked at."""

    name: str
    arrays: ModelArrays
    simulate: Simulate
    """None means that the world came out in a way that the study excludes: the draw is thrown away."""
    quantities: tuple[str, ...]
    acceptance: float = 1.0
    """At least this share of prior draws is kept."""
    picks: dict[str, Any] = field(default_factory=dict)
    """Index into a quantity, where not all of it is looked at."""

    def with_simulator(self, simulate: Simulate) -> Block:
        return replace(self, simulate=simulate)


# --- reference classes, covariates, frailty, hazards by age -----------------------------------------------------------

CENSORED_AT, BAND_EDGE = 40.0, 12.0


def classes_block() -> Block:
    """Spells of ten cases in two classes, and trials of eight cases in two others."""
    spells = [{"id": str(k), "duration": 5, "event": "left", "size": (-1) ** k} for k in range(5)]
    trials = [{"id": str(k), "successes": 1, "trials": 10, "size": (-1) ** k} for k in range(4)]
    left = {"outcome": "exit", "rows": spells, "event_value": {"exit": "left"}, "covariates": ["size"]}
    talks = {"outcome": "agreement", "rows": trials, "covariates": ["size"]}
    shape = {"class_sd": 0.5, "case_sd": 0.6, "trend_sd": 0.5, "wiggle_sd": 0.3, "age_bands": [0, BAND_EDGE]}
    study = make_study(
        event_outcome(pooling=shape, reference={"early": 0.5, "late": 0.3}, covariates={"size": 0.5}),
        binary_outcome(pooling={"class_sd": 0.7, "case_sd": 0.8}, reference={"old": 1.0}, covariates={"size": -0.5}),
        covariates=[{"id": "size", "sd": 0.5, "standardize": False}],
        reference_classes=[
            {"id": "early", **left},
            {"id": "late", **left},
            {"id": "old", **talks},
            {"id": "new", **talks},
        ],
    )
    quantities = ("mu", "tau", "sigma", "beta", "class_level", "trend", "wiggle", "theta")
    return Block("classes", encode_study(study).arrays, simulate_cases, quantities)


def simulate_cases(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays:
    """Exits from the hazard by inverting its integral; successes from their probability."""
    cells: list[tuple[float, ...]] = []
    trials = dict(zip(a["trial_unit"].tolist(), a["trial_n"].tolist(), strict=True))
    successes = dict.fromkeys(trials, 0)
    for unit, level in enumerate(a["unit_level"]):
        outcome = a["level_outcome"][level]
        own = truth["class_level"][level] + a["unit_covariates"][unit] @ truth["beta"]
        own += truth["sigma"][outcome] * truth["frailty_z"][unit]  # one frailty per unit, in the same order
        if unit in trials:
            successes[unit] = rng.binomial(int(trials[unit]), 1 / (1 + np.exp(-own)))
            continue
        young, old = np.exp(own + truth["log_hazard_shape"][:2])
        hazard = rng.exponential()
        life = hazard / young if hazard < young * BAND_EDGE else BAND_EDGE + (hazard - young * BAND_EDGE) / old
        seen, left = min(life, CENSORED_AT), life <= CENSORED_AT
        cells.append((unit, 0, left and seen <= BAND_EDGE, min(seen, BAND_EDGE)))
        if seen > BAND_EDGE:
            cells.append((unit, 1, left, seen - BAND_EDGE))
    names = ("cell_unit", "cell_band", "cell_events", "cell_exposure")
    columns = {name: [row[column] for row in cells] for column, name in enumerate(names)}
    columns["cell_stage"] = [0] * len(cells)
    return columns | {"trial_yes": [successes[unit] for unit in a["trial_unit"].tolist()]}


# --- residual correlation ---------------------------------------------------------------------------------------------


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
    """Events ~ Poisson; the frailties of a case by numpy's own Cholesky factor of R."""
    correlation = np.eye(3)
    for row, column, value in zip(a["pair_row"], a["pair_column"], truth["correlation"], strict=True):
        correlation[row, column] = correlation[column, row] = value
    frailty = truth["frailty_z"].reshape(-1, 3) @ np.linalg.cholesky(correlation).T
    rate = np.exp(truth["mu"] + truth["sigma"] * frailty).ravel()  # units are case by case, a, b, c
    return {"cell_events": rng.poisson(a["cell_exposure"] * rate[a["cell_unit"]])}


def shared_block() -> Block:
    """Ten cases that each carry a spell, which may end in an event, and the trials of two binary outcomes."""
    rows = [{"id": str(k), "duration": 5, "event": 1, "a": 3, "b": 4, "trials": 10} for k in range(10)]
    return shared_cases(rows, event_outcome(pooling={**NO_POOLING, "case_sd": 0.8}))


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
    outcomes = len(truth["mu"])
    correlation = np.eye(outcomes)
    for row, column, value in zip(a["pair_row"], a["pair_column"], truth["correlation"], strict=True):
        correlation[row, column] = correlation[column, row] = value
    frailty = truth["frailty_z"].reshape(-1, outcomes) @ np.linalg.cholesky(correlation).T
    level = (truth["mu"] + truth["sigma"] * frailty).ravel()  # units are case by case
    lives = rng.exponential(np.exp(-level[a["cell_unit"]]))
    return {
        "cell_events": lives <= CENSORED_AT,
        "cell_exposure": np.minimum(lives, CENSORED_AT),
        "trial_yes": rng.binomial(a["trial_n"].astype(int), 1 / (1 + np.exp(-level[a["trial_unit"]]))),
    }


# --- indicators and factors -------------------------------------------------------------------------------------------


def indicators_block() -> Block:
    """Two years of three indicators: one rises with the factor, one falls, one has none; half months, absent months."""
    months = [f"{year}-{month:02d}" for year in (2018, 2019) for month in range(1, 13)]
    halved = [{"period": m, "value": 1, "exposure": 0.5 if k % 3 == 0 else 1} for k, m in enumerate(months) if k % 4]
    every = [{"period": m, "value": 1} for m in months]
    study = make_study(
        event_outcome(),
        factors=[{"id": "friction", "effects": {}}],
        indicators=[
            {"id": "complaints", "factor": "friction", "rows": every},
            {"id": "visits", "factor": "friction", "direction": -1, "rows": halved},
            {"id": "rain", "rows": every[:12]},
        ],
    )
    return Block(
        "indicators",
        encode_study(study).arrays,
        simulate_counts,
        ("persistence", "state", "log_mean", "loading", "dispersion"),
        picks={"state": ([0, 12, 23], 0)},
    )


def simulate_counts(rng: np.random.Generator, truth: Truth, a: ModelArrays, *, dispersion: float = 1.0) -> Arrays:
    """A gamma mixture of Poissons: variance mean + mean^2 (dispersion^2 + 0.001)."""
    values = []
    for i, t, log_exposure in zip(a["count_indicator"], a["count_period"], a["count_log_exposure"], strict=True):
        factor = a["indicator_factor"][i]
        drive = truth["state"][t, factor - 1] if factor else 0.0
        mean = np.exp(log_exposure + truth["log_mean"][i] + truth["loading"][i] * drive)
        variance = (dispersion * truth["dispersion"][i]) ** 2 + 0.001
        values.append(rng.poisson(mean * rng.gamma(1 / variance, variance)))
    return {"count_value": values}


# --- the history, through which a factor's effect is learned ----------------------------------------------------------


def history_block() -> Block:
    """Twenty months without the event, of which a factor is watched for the last twelve.

    Data that are "nothing happened" have no other values to draw: worlds in which the event came are thrown away, so
    that the parameters of those that are kept are draws from the joint law given survival, which is what is fitted.
    """
    rows = [{"period": f"2019-{month:02d}", "value": 1} for month in range(1, 13)]
    study = make_study(
        event_outcome(at_risk_since="2018-05-01", prior={"distribution": "normal(-2.5, 1)"}),
        factors=[{"id": "friction", "effects": {"exit": "normal(0.5, 1)"}}],
        indicators=[{"id": "complaints", "factor": "friction", "rows": rows}],
    )
    return Block(
        "history",
        encode_study(study).arrays,
        simulate_survivors,
        ("theta", "gamma", "persistence", "state", "log_mean", "loading"),
        acceptance=0.1,
        picks={"state": ([0, 11], 0)},
    )


def simulate_survivors(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays | None:
    """Counts of a world in which the event has not come, month by month."""
    for period, exposure in zip(a["history_period"], a["history_exposure"], strict=True):
        gamma = truth["gamma"][0]
        # The level is the mean over the stationary law.
        drive = gamma * truth["state"][period - 1, 0] - gamma**2 / 2 if period else 0.0
        if rng.random() > np.exp(-exposure * np.exp(truth["theta"][0] + drive)):
            return None
    return simulate_counts(rng, truth, a)


# --- judgments, conditional ones, and track records -------------------------------------------------------------------

EXPERTS = {"x": "person", "y": "person", "z": "person", "m": "market"}


def judgments_block() -> Block:
    """Three experts on one of two competing events by a year's end, the same given an agreement, and the agreement."""
    rows: list[dict[str, Any]] = []
    for name in ("x", "y", "z"):
        said = {"expert": name, "probability": 0.5, "on": "2019-12-01"}
        rows += [
            {**said, "outcome": "exit", "by": "2021-01-01"},
            {**said, "outcome": "exit", "by": "2021-01-01", "given": "agreement"},
            {**said, "outcome": "agreement"},
        ]
    study = make_study(
        event_outcome(id="exit", competes="end"),
        event_outcome(id="conversion", competes="end"),
        binary_outcome(),
        # Of a level without the agreement: what is supposed acts at once.
        links=[{"cause": "agreement", "effect_on": "exit", "log_ratio": "normal(0.5, 1)", "base": "none"}],
        judgments={"rows": rows},
    )
    quantities = ("theta", "delta", "shared_bias", "bias", "slope", "noise", "common_sd", "judged_log_odds")
    return Block("judgments", encode_study(study).arrays, simulate_judgments, quantities)


def simulate_judgments(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays:
    """The truth by the closed form of two competing constant hazards over the twelve months from the as-of date."""
    log_rate, log_other, agreement = truth["theta"]

    def exit_odds(effect: float) -> float:
        own, other = np.exp(log_rate + effect), np.exp(log_other)
        p = own / (own + other) * -np.expm1(-12 * (own + other))
        return float(np.log(p / (1 - p)))

    odds = np.array([exit_odds(0.0), exit_odds(truth["delta"][0]), agreement])
    error = rng.standard_normal(3)
    centre = odds + truth["common_sd"][0] * error  # each is a topic of its own
    said = state_log_odds(rng, centre[a["judgment_question"]], a["judgment_expert"], truth, a)
    return {"judgment_log_odds": said, "common_z": error[a["question_topic"].argsort()]}


def state_log_odds(
    rng: np.random.Generator, centre: np.ndarray, expert: np.ndarray, truth: Truth, a: ModelArrays
) -> np.ndarray:
    """What experts say about questions with these log odds, the shared error included."""
    offset = truth["shared_bias"][a["expert_kind"][expert]] + truth["bias"][expert]
    return np.asarray(
        truth["slope"][expert] * (centre + offset) + truth["noise"][expert] * rng.standard_t(4, len(expert))
    )


def records_block() -> Block:
    """Sixteen questions, twelve of them answered, of which each expert spoke on three in four; a judgment of the present."""
    rows = [
        {"expert": name, "kind": kind, "question": f"q{k}", "probability": 0.5, "outcome": 1 if k < 12 else None}
        for place, (name, kind) in enumerate(EXPERTS.items())
        for k in range(16)
        if (k + place) % 4
    ]
    judged = [{"expert": "x", "outcome": "agreement", "probability": 0.5, "on": "2019-12-01"}]
    study = make_study(binary_outcome(), judgments={"rows": judged}, track_records={"rows": rows})
    quantities = ("theta", "shared_bias", "bias", "slope", "noise", "common_sd", "exam_base", "exam_spread")
    return Block("track records", encode_study(study).arrays, simulate_records, quantities)


def simulate_records(rng: np.random.Generator, truth: Truth, a: ModelArrays, *, slope_power: float = 1.0) -> Arrays:
    """Every question's truth and the experts' shared error about it, drawn one by one."""
    truth = {**truth, "slope": truth["slope"] ** slope_power}
    count, common, base, spread = (
        a.lengths["exercise"], *(truth[name][0] for name in ("common_sd", "exam_base", "exam_spread"))
    )  # fmt: skip
    odds = rng.normal(base, spread, count)
    centre = odds + rng.normal(0, common, count)
    errors = rng.standard_normal(a.lengths["topic"])
    present = truth["theta"][a["question_outcome"]] + common * errors
    # The model has the sum of truth and error in its place, and the truth given the sum.
    both = np.hypot(spread, common)
    given = odds - base - (centre - base) * (spread / both) ** 2
    return {
        "common_z": errors,
        "exercise_z": (centre - base) / both,
        "truth_z": (given / (spread * common / both))[a["answer_exercise"]],
        "answer_yes": rng.random(a.lengths["answer"]) < 1 / (1 + np.exp(-odds[a["answer_exercise"]])),
        "record_log_odds": state_log_odds(rng, centre[a["record_exercise"]], a["record_expert"], truth, a),
        "judgment_log_odds": state_log_odds(rng, present[a["judgment_question"]], a["judgment_expert"], truth, a),
    }


BLOCKS: dict[str, Callable[[], Block]] = {
    "classes": classes_block,
    "correlation": correlation_block,
    "shared cases": shared_block,
    "indicators": indicators_block,
    "history": history_block,
    "judgments": judgments_block,
    "track records": records_block,
}
