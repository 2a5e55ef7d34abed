"""Lower bounds of counts: what has been counted of a period, where the share that it covers is unknown.

With the shape r and the log mean of the whole period as of a count, P(N >= y) is the regularized incomplete beta function
I_p(y, r) at p = mean / (mean + r) (NIST Digital Library of Mathematical Functions, 8.17(i), https://dlmf.nist.gov/8.17). An
idle period does not reach a bound; a spike does with the same function at r = 1, its own p to the power of y.
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt

from forecast.model.graph.mixtures import Mixtures


def add_floors(x: dict[str, Any], log_expected: Any, shape: Any, mixtures: Mixtures) -> None:
    """The likelihood of lower bounds; log means and shapes have the dim (floor)."""
    bound, chance = x["floor_value"], pt.sigmoid(log_expected - pt.log(shape))
    usual = pt.log(pt.betainc(bound, shape, chance))
    pm.Potential("floors", mixtures.tails(x["floor_indicator"], bound, usual, log_expected).sum())
