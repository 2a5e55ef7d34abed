"""Arrays of quantities for studies of any shape: grades of each, whose weights add up to 1, cases and stated quantiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

QUANTITIES = {"quantity": 2, "grade": 5, "sample": 6, "estimator": 3, "estimate": 7}


def quantities_of(rng: np.random.Generator, n: Mapping[str, int]) -> dict[str, Any]:
    """Every array of `forecast.model.quantity_specs`; each quantity has a grade."""
    more = rng.integers(0, max(n["quantity"], 1), n["grade"] - n["quantity"])
    of = np.sort(np.concatenate([np.arange(n["quantity"]), more])).astype(int)
    weight = rng.uniform(0.1, 1.0, n["grade"])
    total = np.bincount(of, weight, minlength=n["quantity"]) if n["grade"] else np.zeros(0)
    return {
        "quantity_share_loc": rng.normal(0.0, 1.0, n["quantity"]),
        "quantity_share_scale": rng.uniform(0.3, 1.0, n["quantity"]),
        "quantity_between": rng.choice([0.0, 0.4, 1.0], n["quantity"]),
        "grade_quantity": of,
        "grade_weight": weight / total[of] if n["grade"] else weight,
        "sample_grade": rng.integers(0, max(n["grade"], 1), n["sample"]),
        "sample_value": rng.normal(0.0, 1.0, n["sample"]),
        "sample_weight": rng.uniform(0.05, 1.0, n["sample"]),
        "estimator_quantity": rng.integers(0, max(n["quantity"], 1), n["estimator"]),
        "estimator_scale": rng.uniform(0.1, 0.6, n["estimator"]),
        "estimate_estimator": rng.integers(0, max(n["estimator"], 1), n["estimate"]),
        "estimate_place": rng.choice([-1.28, 0.0, 0.7, 1.64], n["estimate"]),
        "estimate_value": rng.normal(0.0, 1.0, n["estimate"]),
        "estimate_scale": rng.uniform(0.1, 0.6, n["estimate"]),
    }
