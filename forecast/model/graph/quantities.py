"""Quantities: numbers at a date, on the scale w on which the stated prior of the present one is standard normal.

With phi the share of the variance that is left within a class, b how much of the rest is between classes, and standard normals
c, z, e, the level of grade l (one class as quantity q sees it) and the present value are

    m_l = sqrt(1 - phi_q) (sqrt(1 - b_q) c_q + sqrt(b_q) z_l),   w = m_l + sqrt(phi_q) e

so that w is standard normal whatever phi: the stated prior comes back exactly, while cases teach phi. A case is
Normal(m_l, phi). An expert's p-quantile is a StudentT(4) around C + u + S Phi^-1(p), with C and S the mean and the standard
deviation of the present value given the draw (exact for one grade, by two moments for several) and u an error in all that
the expert says of the quantity.
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt

from forecast.model.constants import FREEDOM
from forecast.model.graph.latents import latent


def add_quantities(x: dict[str, Any]) -> None:
    """All of it; it depends on nothing else of the model."""
    share = pt.sigmoid(x["quantity_share_loc"] + x["quantity_share_scale"] * latent("quantity_within_z"))
    centre, of, between = latent("quantity_centre_z"), x["grade_quantity"], x["quantity_between"]
    apart = pt.sqrt(1.0 - between)[of] * centre[of] + pt.sqrt(between)[of] * latent("grade_z")
    level = pm.Deterministic("grade_level", pt.sqrt(1.0 - share)[of] * apart, dims="grade")
    pm.Deterministic("quantity_spread", pt.sqrt(share), dims="quantity")
    _add_cases(x, level, share)
    _add_estimates(x, level, share)


def _add_cases(x: dict[str, Any], level: Any, share: Any) -> None:
    grade = x["sample_grade"]
    variance = share[x["grade_quantity"][grade]]
    density = -0.5 * ((x["sample_value"] - level[grade]) ** 2 / variance + pt.log(variance))
    pm.Potential("quantity_cases", (x["sample_weight"] * density).sum())


def _add_estimates(x: dict[str, Any], level: Any, share: Any) -> None:
    of, weight = x["grade_quantity"], x["grade_weight"]
    mean = pt.zeros_like(share)[of].inc(weight * level)
    variance = share[of].inc(weight * (level - mean[of]) ** 2)
    estimator = x["estimate_estimator"]
    error = x["estimator_scale"] * latent("estimator_z")
    quantity = x["estimator_quantity"][estimator]
    said = mean[quantity] + error[estimator] + pt.sqrt(variance)[quantity] * x["estimate_place"]
    residual = (x["estimate_value"] - said) / x["estimate_scale"]
    density = -pt.log(x["estimate_scale"]) - 0.5 * (FREEDOM + 1.0) * pt.log1p(residual**2 / FREEDOM)
    pm.Potential("estimates", density)
