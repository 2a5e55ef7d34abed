"""Reference classes: covariates, frailties, hazards by age."""

from __future__ import annotations

import numpy as np

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from tests.documents import NO_POOLING, binary_outcome, event_outcome, make_study
from tests.statistical.simulators.block import Arrays, Block, Truth

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


# --- covariates that vary in time -------------------------------------------------------------------------------------


def stages_block() -> Block:
    """Spells of twenty cases whose covariate changes its sign at the age of a year."""
    rows = [
        {"id": str(k), "entry": entry, "duration": until, "event": "no", "size": sign * (-1) ** k}
        for k in range(20)
        for entry, until, sign in ((0, BAND_EDGE, 1), (BAND_EDGE, CENSORED_AT, -1))
    ]
    group = {"id": "past", "outcome": "exit", "rows": rows, "event_value": {"exit": "left"}, "covariates": ["size"]}
    study = make_study(
        event_outcome(pooling={**NO_POOLING, "case_sd": 0.6}, reference={"past": 1.0}, covariates={"size": 0.5}),
        covariates=[{"id": "size", "sd": 0.7, "standardize": False}],
        reference_classes=[group],
    )
    return Block("stages", encode_study(study).arrays, simulate_stages, ("mu", "sigma", "beta", "theta"))


def simulate_stages(rng: np.random.Generator, truth: Truth, a: ModelArrays, *, turns: bool = True) -> Arrays:
    """Exits from one hazard up to the change and another one after it."""
    own = truth["mu"][0] + truth["sigma"][0] * truth["frailty_z"]
    effect = truth["beta"][0] * (-1.0) ** np.arange(20)
    young, old = np.exp(own + effect), np.exp(own - effect if turns else own + effect)
    hazard = rng.exponential(size=20)
    early = hazard < young * BAND_EDGE
    life = np.where(early, hazard / young, BAND_EDGE + (hazard - young * BAND_EDGE) / old)
    left = life <= CENSORED_AT
    events = np.column_stack([left & early, left & ~early])
    exposure = np.column_stack(
        [np.minimum(life, BAND_EDGE), np.clip(np.minimum(life, CENSORED_AT) - BAND_EDGE, 0.0, None)]
    )
    return {"cell_events": events.ravel().astype(float), "cell_exposure": exposure.ravel()}
