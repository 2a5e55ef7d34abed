"""Judgments, conditional ones, and track records."""

from __future__ import annotations

from typing import Any

import numpy as np

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from tests.documents import binary_outcome, event_outcome, make_study
from tests.statistical.simulators.block import Arrays, Block, Truth

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
        return log_odds(own / (own + other) * -np.expm1(-12 * (own + other)))

    odds = np.array([exit_odds(0.0), exit_odds(truth["delta"][0]), agreement])
    return stated(rng, odds, truth, a)


def stated(rng: np.random.Generator, odds: np.ndarray, truth: Truth, a: ModelArrays) -> Arrays:
    """What experts say of the judged questions with these log odds, and the error that they share on each topic."""
    error = rng.standard_normal(a.lengths["topic"])
    centre = odds + truth["common_sd"][0] * error[a["question_topic"]]
    said = state_log_odds(rng, centre[a["judgment_question"]], a["judgment_expert"], truth, a)
    return {"judgment_log_odds": said, "common_z": error}


def log_odds(probability: float) -> float:
    """Of a probability, which the model keeps this far from 0 and 1."""
    return float(np.log(probability + 1e-12) - np.log(1 - probability + 1e-12))


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


def open_block() -> Block:
    """Thirty questions of which six are answered, and every one of five experts spoke on all of them."""
    rows = [
        {"expert": name, "question": f"q{k}", "probability": 0.5, "outcome": 1 if k < 6 else None}
        for name in "abcde"
        for k in range(30)
    ]
    judged = [{"expert": "a", "outcome": "agreement", "probability": 0.5, "on": "2019-12-01"}]
    study = make_study(binary_outcome(), judgments={"rows": judged}, track_records={"rows": rows})
    quantities = (
        "theta", "shared_bias", "bias_sd", "bias", "slope_mean_z", "slope_sd_z", "slope", "noise", "common_sd",
        "exam_base", "exam_spread",
    )  # fmt: skip
    return Block("open questions", encode_study(study).arrays, simulate_records, quantities)
