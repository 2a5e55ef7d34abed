"""Numbers at a date: historical values and experts' quantiles, from the law of `forecast.model.graph.quantities`."""

from __future__ import annotations

from typing import Final

import numpy as np

from forecast.model.arrays import ModelArrays, empty_arrays
from tests.statistical.simulators.block import Arrays, Block, Truth

PLACES: Final = np.array([-1.2815515655446004, 0.0, 1.2815515655446004, 0.6744897501960817])
"""Of the quantiles .1, .5, .9 and .75."""
FREEDOM: Final = 4


def quantities_block() -> Block:
    """Two quantities: one of two classes or one not seen, with six cases each; one of its prior and experts alone."""
    arrays = empty_arrays(outcome=1, variant=1, quantity=2, grade=4, sample=12, estimator=3, estimate=6) | {
        "mu_scale": np.ones(1),
        "present_new": np.ones(1),
        "quantity_share_scale": np.ones(2),
        "quantity_between": np.full(2, 0.5),
        "grade_quantity": np.array([0, 0, 0, 1]),
        "grade_weight": np.array([0.5, 0.3, 0.2, 1.0]),
        "sample_grade": np.repeat([0, 1], 6),
        "sample_weight": np.ones(12),
        "estimator_quantity": np.array([0, 1, 1]),
        "estimator_scale": np.full(3, 0.3),
        "estimate_estimator": np.array([0, 0, 1, 1, 2, 2]),
        "estimate_place": PLACES[[1, 2, 0, 1, 1, 3]],
        "estimate_scale": np.full(6, 0.15),
    }
    return Block("quantities", ModelArrays(arrays, frailties=0), simulate_numbers, ("grade_level", "quantity_spread"))


def simulate_numbers(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays:
    """Values within their class; quantiles of the mixture over classes, by its mean and standard deviation."""
    of, weight, level, within = (a["grade_quantity"], a["grade_weight"], truth["grade_level"], truth["quantity_spread"])
    mean = np.bincount(of, weight * level)
    sd = np.sqrt(within**2 + np.bincount(of, weight * (level - mean[of]) ** 2))
    grade, estimator = a["sample_grade"], a["estimate_estimator"]
    quantity = a["estimator_quantity"][estimator]
    error = (a["estimator_scale"] * truth["estimator_z"])[estimator]
    said = mean[quantity] + error + sd[quantity] * a["estimate_place"]
    return {
        "sample_value": level[grade] + within[of[grade]] * rng.standard_normal(len(grade)),
        "estimate_value": said + a["estimate_scale"] * rng.standard_t(FREEDOM, len(said)),
    }
