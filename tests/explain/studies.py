"""Small studies for explanations, and draws of them made without sampling."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.explain.runs import Fit
from forecast.inference.engine.program import get_program
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import Study
from tests.documents import binary_outcome, event_outcome, make_study
from tests.suite.sizes import sized

QUICK = {"draws": sized(1000, 500), "tune": sized(500, 300), "chains": 2, "target_accept": 0.8, "seed": 1}
QUICK_DRAWS = QUICK["chains"] * (QUICK["draws"] + QUICK["tune"])
MORE = {**QUICK, "draws": 1000}
"""Where four standard errors of so few draws would hide what matters."""


def prior_fit(encoded: EncodedStudy, draws: int, seed: int = 3) -> Fit:
    """Prior draws of every named quantity, by the program, as one chain."""
    return fit_from(encoded, get_program().draw_prior(encoded.arrays, draws, seed))


def fit_from(encoded: EncodedStudy, named: dict[str, np.ndarray]) -> Fit:
    """Draws of every named quantity, dims (draw, ...), as one chain."""
    program = get_program()
    variables = {
        name: ((CHAIN, DRAW, *dims), named[name][None])
        for name, dims in zip(program.names, program.dims, strict=True)
        if named[name].size
    }
    coords = {dim: labels for dim, labels in encoded.coords.items() if labels}
    return Fit(encoded, xr.Dataset(variables, coords=coords), seed=1)


def trials_study(*trials: tuple[int, int], prior: str = "normal(-1, 1)", **changes: Any) -> Study:
    """A binary outcome whose present case is of a class with these (successes, trials): logit-normal and binomial."""
    rows = [{"id": f"c{k}", "successes": s, "trials": n} for k, (s, n) in enumerate(trials)]
    return make_study(
        binary_outcome(reference={"past": 1.0}, prior={"distribution": prior}),
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
        **{"sampler": QUICK, **changes},
    )


def opinions_study(**changes: Any) -> Study:
    """Judgments of three people on two outcomes, one given the other, and track records: `a` alone answered q2, `c` alone q3.

    `q0`, of which `a` alone spoke, is open.
    """
    said = {"outcome": "exit", "by": "2022-01-01", "on": "2019-06-01"}
    given = {"outcome": "agreement", "given": "exit", "by": "2024-01-01", "on": "2019-06-01"}
    about = {"outcome": 1, "on": "2018-01-01"}
    return make_study(
        event_outcome(),
        binary_outcome(),
        links=[{"cause": "exit", "effect_on": "agreement", "log_ratio": "normal(0.4, 0.5)"}],
        judgments={
            "rows": [
                {**said, "expert": "a", "probability": 0.7},
                {**said, "expert": "b", "probability": 0.8},
                {**given, "expert": "a", "probability": 0.4},
            ]
        },
        track_records={
            "rows": [
                {**about, "expert": "a", "question": "q0", "probability": 0.4, "outcome": None},
                {**about, "expert": "a", "question": "q1", "probability": 0.9},
                {**about, "expert": "c", "question": "q1", "probability": 0.6},
                {**about, "expert": "a", "question": "q2", "probability": 0.2, "outcome": 0},
                {**about, "expert": "c", "question": "q3", "probability": 0.3, "outcome": 0},
            ]
        },
        **{"sampler": QUICK, **changes},
    )
