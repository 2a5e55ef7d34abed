"""Lower bounds of counts: what has been counted of a period, where the share that it covers is unknown.

With the shape r and the log mean of the whole period as of a count, P(N >= y) is the regularized incomplete beta function
I_p(y, r) at p = mean / (mean + r) (NIST Digital Library of Mathematical Functions, 8.17(i), https://dlmf.nist.gov/8.17).
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt


def add_floors(x: dict[str, Any], log_expected: Any, shape: Any) -> None:
    """The likelihood of lower bounds; the other arguments have the dim (floor)."""
    chance = pt.sigmoid(log_expected - pt.log(shape))
    pm.Potential("floors", pt.log(pt.betainc(x["floor_value"], shape, chance)).sum())
