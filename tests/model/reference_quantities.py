"""Cases and stated quantiles of quantities, case by case and statement by statement, without the constants that the model leaves out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from forecast.model.arrays import ModelArrays

AT_ZERO_NORMAL = stats.norm.logpdf(0.0)
AT_ZERO_STUDENT = stats.t.logpdf(0.0, 4)


def quantity_density(z: dict[str, np.ndarray], a: ModelArrays) -> float:
    """Of levels of grades m = sqrt(1 - phi) (sqrt(1 - b) c + sqrt(b) z), cases N(m, phi), and quantiles of the mixture."""
    total = 0.0
    share = [
        1.0 / (1.0 + np.exp(-(loc + scale * own)))
        for loc, scale, own in zip(
            a["quantity_share_loc"], a["quantity_share_scale"], z["quantity_within_z"], strict=True
        )
    ]
    level = []
    for grade, quantity in enumerate(a["grade_quantity"]):
        between = a["quantity_between"][quantity]
        apart = np.sqrt(1.0 - between) * z["quantity_centre_z"][quantity] + np.sqrt(between) * z["grade_z"][grade]
        level.append(np.sqrt(1.0 - share[quantity]) * apart)
    for grade, value, weight in zip(a["sample_grade"], a["sample_value"], a["sample_weight"], strict=True):
        sd = np.sqrt(share[a["grade_quantity"][grade]])
        total += weight * (stats.norm.logpdf(value, level[grade], sd) - AT_ZERO_NORMAL)
    for n, estimator in enumerate(a["estimate_estimator"]):
        quantity = a["estimator_quantity"][estimator]
        own = [grade for grade, of in enumerate(a["grade_quantity"]) if of == quantity]
        mean = sum(a["grade_weight"][grade] * level[grade] for grade in own)
        between = sum(a["grade_weight"][grade] * (level[grade] - mean) ** 2 for grade in own)
        error = a["estimator_scale"][estimator] * z["estimator_z"][estimator]
        said = mean + error + np.sqrt(share[quantity] + between) * a["estimate_place"][n]
        total += stats.t.logpdf(a["estimate_value"][n], 4, said, a["estimate_scale"][n]) - AT_ZERO_STUDENT
    return float(total)
