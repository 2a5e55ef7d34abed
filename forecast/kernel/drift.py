"""What is known of the factors adds to a log hazard some steps ahead: sum of e s - e^2 / 2, e = gamma rho^steps.

Its definition and reason: `forecast.model.graph.signals.log_drift`. By gamma: rho^steps (s - e). By s: e. By rho:
steps e (s - e) / rho. The powers of rho are kept from one pass to the other, in a row for each hazard.
"""

from __future__ import annotations

from math import exp
from typing import Any

from forecast.kernel.compiling import block


@block
def log_drift(x: Any, v: Any, j: int, steps: float, kept: Any, row: int) -> float:
    """Of outcome j."""
    found, last = 0.0, x.is_first.size - 1
    if last >= 0:
        for f in range(x.persistence_loc.size):
            if x.is_moved[j, f]:
                kept[row, f] = exp(steps * v.log_persistence[f])
                pushed = v.effect[j, f] * kept[row, f]
                found += pushed * (v.state[last, f] - 0.5 * pushed)
    return found


@block
def log_drift_back(x: Any, v: Any, a: Any, j: int, steps: float, kept: Any, row: int, adjoint: float) -> None:
    """To effects, the last states and persistences."""
    last = x.is_first.size - 1
    if last >= 0:
        for f in range(x.persistence_loc.size):
            if x.is_moved[j, f]:
                pushed = v.effect[j, f] * kept[row, f]
                by_pushed = adjoint * (v.state[last, f] - pushed)
                a.effect[j, f] += by_pushed * kept[row, f]
                a.state[last, f] += adjoint * pushed
                a.persistence[f] += by_pushed * pushed * steps / v.persistence[f]
