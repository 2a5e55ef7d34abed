"""Arrays of studies of any shape, every block filled or empty as asked."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from forecast.model.array_specs import OR_NONE
from forecast.model.arrays import ModelArrays
from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.expert_shares import reflection
from forecast.model.encoding.integrals import quadrature_rules
from forecast.model.specs import ARRAYS, DIMS
from tests.model.random_options import options_of
from tests.model.random_quantities import QUANTITIES, quantities_of
from tests.model.random_questions import OUTCOMES, conditions_of, memberships_of, parts_of, readings_of

BANDS = (AgeBands((0.0, 12.0, 40.0)), AgeBands((0.0, 24.0)), AgeBands((0.0,)))
assert len(BANDS) == OUTCOMES

CASES = {
    "level": 3,
    "unit": 8,
    "frailty": 5,
    "term": 9,
    "covariate": 2,
    "trial": 5,
    "cell": 12,
    "history": 3,
    "stage": 2,
}
INTEGRATED = {"integral": 5, "axis": 3, "span": 9}
FACTORS = {"factor": 2, "past_period": 6, "indicator": 3, "count": 11, "effect": 3, "floor": 4}
COURSES = {"pattern": 3, "wave": 5, "motif": 4, "mixture": 2}
EXPERTS = {"kind": 2, "expert": 4, "panel": 1}
JUDGED = {**EXPERTS, "topic": 3, "question": 4, "segment": 3, "judgment": 9, "condition": 2}
RECORDS = {**EXPERTS, "exam": 1, "exercise": 5, "record": 11, "answer": 5}
FULL = {
    **CASES,
    "membership": 2,
    **INTEGRATED,
    **FACTORS,
    **JUDGED,
    **RECORDS,
    "pair": 3,
    "link": 2,
    "verdict": 2,
    "press": 3,
    "race": 2,
    "stretch": 7,
}
OPTIONS = {"tally": 3, "ruling": 2}
POLLED = {**OPTIONS, **EXPERTS, "poll": 2}
FULL |= OPTIONS | POLLED
WAVES = {"pattern": 2, "wave": 4, "motif": 3}
EVERY = {**FULL, **COURSES, **QUANTITIES}
"""Every block. What has `FULL` alone is taken at the points at which it was before there were courses of counts."""
NEWER = (
    "membership",
    "variant",
    "option",
    "reading",
    "share",
    "condition",
    "contest",
    "turn",
    "stake",
    "move",
    "pull",
    "verdict",
    "press",
)
"""Dims of blocks whose numbers come from a stream of their own."""
NEWEST = (
    "floor_indicator",
    "floor_period",
    "floor_value",
    "segment_in_shares",
    "stage_covariates",
    "cell_stage",
    "span_stage",
    "question_is_sure",
    *(name for name, spec in ARRAYS.items() if spec.dims[0] in ("race", "stretch")),
)
"""Arrays whose numbers come from a third one; those of blocks of `COURSES` from a fourth."""

SHAPES: dict[str, dict[str, int]] = {
    "full": FULL,
    "no trials": {**FULL, "trial": 0},
    "no hazards": {**FULL, "cell": 0, "history": 0},
    "plain cases": {**CASES, "covariate": 0, "frailty": 0, "term": 0},
    "cases with correlated frailties": {**CASES, "pair": 2},
    "integrated cases alone": {**CASES, **INTEGRATED, "frailty": 0, "term": 0, "trial": 0, "cell": 0, "pair": 3},
    "integrated cases of one outcome": {**CASES, **INTEGRATED, "axis": 1},
    "integrated cases of two, in all but the last": {**CASES, **INTEGRATED, "integral": 2, "axis": 2, "pair": 2},
    "no integrated case": {**FULL, **dict.fromkeys(INTEGRATED, 0)},
    "history only": {"history": 2},
    "history and factors": {"history": 5, **FACTORS},
    "indicators without factors": {"past_period": 4, "indicator": 2, "count": 7},
    "lower bounds alone": {"past_period": 4, "indicator": 2, "floor": 3},
    "courses without factors": {"past_period": 5, "indicator": 2, "count": 9, **WAVES},
    "mixtures without courses": {**FACTORS, "mixture": 2},
    "lower bounds of mixtures alone": {"past_period": 4, "indicator": 2, "floor": 3, "mixture": 2, **WAVES},
    "patterns without waves": {**FACTORS, "pattern": 2},
    "factors without counts": {"factor": 2, "past_period": 3, "effect": 2},
    "factors before any period": {"factor": 1, "effect": 2},
    "a single month": {"factor": 1, "past_period": 1, "indicator": 1, "count": 1},
    "links only": {"link": 2},
    "one class or another": {**CASES, "membership": 2, "verdict": 2},
    "judgments of one class or another": {**JUDGED, **FACTORS, "link": 2, "membership": 2, "history": 3},
    "causes that occurred": {"history": 3, "verdict": 2, "link": 2, "press": 5},
    "one of them must happen": {**CASES, "membership": 2, "race": 3, "stretch": 8},
    "judgments alone": JUDGED,
    "judgments and links": {**JUDGED, "link": 2},
    "judgments and factors": {**JUDGED, **FACTORS},
    "binary judgments alone": {**JUDGED, "segment": 0},
    "track records alone": RECORDS,
    "a panel with nothing to say": EXPERTS,
    "no judgments": {**FULL, **dict.fromkeys(JUDGED, 0), **RECORDS},
    "no track records": {**FULL, **dict.fromkeys(RECORDS, 0), **JUDGED},
    "options alone": {**CASES, **OPTIONS},
    "options of one class or another": {**CASES, **POLLED, "membership": 2},
    "options and factors": {**POLLED, **FACTORS},
    "statements about options alone": {**EXPERTS, "poll": 1},
    "quantities alone": QUANTITIES,
    "quantities with a prior alone": {"quantity": 1, "grade": 1},
    "prior only": {},
    "every block": EVERY,
}


def random_arrays(seed: int, **sizes: int) -> ModelArrays:
    """A study of three outcomes: two with age bands and one without."""
    rng = np.random.default_rng(seed)
    n = dict.fromkeys(DIMS, 0) | {"outcome": OUTCOMES, "band": 6, "step": 3} | sizes
    is_binary = rng.integers(0, 2, n["question"]) if n["segment"] else np.ones(n["question"])
    # A stream of their own: the other blocks stay as they are.
    other, third, fourth = (np.random.default_rng([seed, stream]) for stream in (1, 2, 3))
    members = memberships_of(other, n)
    parts = readings_of(other, parts_of(rng, n, is_binary), members)
    n["part"] = len(parts["part_reading"])
    supposed = conditions_of(other, n)
    options = options_of(np.random.default_rng([seed, 3]), n) | quantities_of(np.random.default_rng([seed, 4]), n)
    first_rules, rules = quadrature_rules(range(1, n["axis"] + 1) if n["integral"] else ())
    n["rule"], n["node"] = np.shape(rules["node_place"])
    values: dict[str, Any] = {}
    for name, spec in ARRAYS.items():
        shape = [n[dim] for dim in spec.dims]
        if name in ("mu_skew", "present_change") or name in options:
            continue  # given below
        own = other if spec.dims[0] in NEWER or name in ("history_events", "answer_exercise") else rng
        own = third if name in NEWEST else own
        own = fourth if spec.dims[0] in COURSES or name == "indicator_mixture" else own
        if spec.indexes is not None:
            into = n[spec.indexes.removesuffix(OR_NONE)] + spec.indexes.endswith(OR_NONE)
            values[name] = own.integers(0, max(into, 1), shape)
        else:
            values[name] = own.normal(0, 1, shape) if spec.minimum is None else own.uniform(0.2, 1.2, shape)
    walk = np.zeros((6, 3))
    walk[:3, :2], walk[3:5, 2:] = BANDS[0].walk, BANDS[1].walk
    weights = rng.dirichlet(np.ones(n["level"] + 1), size=OUTCOMES)[:, :-1]
    weights = np.vstack([weights, other.dirichlet(np.ones(n["level"] + 1), size=n["variant"] - OUTCOMES)[:, :-1]])
    trials = rng.integers(1, 20, n["trial"])
    # Groups lie within kinds, as their members' spreads are one.
    kinds = values["expert_kind"].tolist()
    leaders = np.array([kinds.index(kind) for kind in kinds], dtype=int)
    pairs = [(1, 0), (2, 0), (2, 1)]
    chosen = sorted(rng.choice(len(pairs), n["pair"], replace=False))
    every = list(itertools.product(range(OUTCOMES), range(n["factor"])))
    effects = [every[k] for k in rng.choice(len(every), n["effect"], replace=False)] if every else []
    values |= parts
    values |= members
    values |= supposed
    values |= options
    values |= {
        "mu_loc": rng.normal(-1, 0.5, OUTCOMES),
        # To either side, small ones too, and none. Larger ones lead where integrals by hand have no digits left.
        "mu_skew": [0.2, -1e-9, 0.0] if seed % 2 else [0.0, 1e-4, -0.5],
        # Downwards: near a chance of 1, derivatives have no digits left (`CERTAIN` in tests/kernel/test_density.py).
        "present_change": [-0.4, 0.0, -0.7],
        "sigma_scale": [0.7, 0.0, 0.4],
        "trend_scale": [0.5, 0.0, 0.0],
        "trial_yes": rng.binomial(trials, 0.3),
        "trial_n": trials,
        "band_outcome": [0, 0, 0, 1, 1, 2],
        "band_log_age": np.concatenate([bands.log_ages for bands in BANDS]),
        "walk": walk,
        "cell_events": rng.integers(0, 2, n["cell"]) * 0.5,
        "present_weights": weights,
        "present_new": 1 - weights.sum(axis=1),
        "pair_row": [pairs[k][0] for k in chosen],
        "pair_column": [pairs[k][1] for k in chosen],
        "spike_share_most": fourth.uniform(0.05, 0.4, n["mixture"]),
        "idle_share_most": fourth.uniform(0.05, 0.4, n["mixture"]),
        "is_first": np.arange(n["past_period"]) == 0,
        "loading_scale": rng.choice([-0.7, 0.7], n["indicator"]),
        "count_value": rng.poisson(4, n["count"]),
        "floor_value": third.integers(1, 30, n["floor"]),
        "effect_outcome": [j for j, _ in effects],
        "effect_factor": [f for _, f in effects],
        "question_is_binary": is_binary,
        "question_steps": rng.integers(1, 30, n["question"]),
        "segment_in_shares": third.uniform(0.0, 1.0, (n["question"], n["segment"])),
        "question_is_sure": third.integers(0, 2, n["question"]) * _may_be_sure(n, parts, members, supposed),
        "stretch_is_ahead": third.integers(0, 2, n["stretch"]),
        **{
            f"{name}_centring": rng.choice([0.0, 0.5, 0.9, 1.0], n[dim])
            for name, dim in (("bias", "expert"), ("slope", "expert"), ("noise", "expert"), ("mu", "outcome"))
        },
        "exercise_centring": rng.choice([0.0, 0.5, 0.9, 1.0], n["exercise"]),
        # Slopes multiply what is said: at the constants' size of 0.2 or 0.3, no further.
        "slope_scale": rng.uniform(0.1, 0.3, n["kind"]),
        "slope_mean_scale": rng.uniform(0.1, 0.3, n["kind"]),
        "expert_leader": leaders,
        "expert_reflection": reflection(leaders),
        # Two outcomes whose levels are turned; the first is none of them.
        "outcome_leader": [0, 1, 1],
        "outcome_reflection": np.sqrt(2.0) * np.array([0.0, 0.28, 0.96]),
        "answer_yes": rng.integers(0, 2, n["answer"]),
    }
    if n["integral"]:
        values |= rules | _integrals(rng, n, first_rules)
    return ModelArrays(values, frailties=n["frailty"])


def _may_be_sure(
    n: dict[str, int], parts: dict[str, Any], members: dict[str, Any], supposed: dict[str, Any]
) -> np.ndarray:
    """1 for questions about an event with a rival, none of whose readings is a condition's."""
    found, of = np.zeros(n["question"], dtype=int), np.asarray(members["reading_question"], dtype=int)
    found[of[np.asarray(parts["part_reading"], dtype=int)[np.equal(parts["part_own"], 0)]]] = 1
    found[of[np.asarray(supposed["condition_reading"], dtype=int)]] = 0
    return found


def _integrals(rng: np.random.Generator, n: dict[str, int], first_rules: dict[int, int]) -> dict[str, Any]:
    """Every integral has one to all of the axes, of different outcomes; trials on some, spans on others."""
    shape = n["integral"], n["axis"]
    axes = rng.integers(1, n["axis"] + 1, n["integral"])
    there = np.arange(n["axis"]) < axes[:, None]
    trials = rng.integers(0, 2, shape) * rng.integers(0, 20, shape)
    of = rng.integers(0, n["integral"], n["span"])
    return {
        "integral_rule": np.array([first_rules[number] for number in axes.tolist()], dtype=int),
        "integral_power": rng.choice([1.0, 0.3, 0.05, -1.0, -0.4], n["integral"]),
        "integral_unit": np.where(there, rng.integers(1, n["unit"] + 1, shape), 0),
        "integral_row": np.array([rng.permutation(OUTCOMES)[: n["axis"]] for _ in range(n["integral"])]),
        "integral_yes": np.where(there, rng.binomial(trials, 0.4) + rng.integers(0, 2, shape), 0),
        "integral_n": np.where(there, trials + 1, 0),
        "span_integral": of,
        "span_axis": rng.integers(0, axes[of]),
    }
