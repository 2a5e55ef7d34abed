"""Likelihoods of cases with their frailties integrated out: power times the log of an integral.

For one case with the levels c_e of its outcomes e, the integral over its standard normals v is

    I = int exp(sum_e l_e(c_e + sigma_e (L v)_e)) phi(v) dv,   l_e(x) = yes x - hazard exp(x) - n log(1 + exp(x))

plus events times the shape of the hazard; the hazard is the sum over bands, and stages of covariates, of
exposure exp(g_b + d'beta). A weight below 1 is the
power of I, and what a case survived before it was observed is an integral with a power below 0.

References
----------
Adaptive Gauss-Hermite quadrature, with nodes about the mode, scaled by the curvature there: Liu and Pierce (1994),
Biometrika 81(3), doi:10.1093/biomet/81.3.624; Naylor and Smith (1982), Applied Statistics 31(3), doi:10.2307/2347995.
Power prior on the likelihood without latent variables: Ibrahim, Chen, Gwon and Chen (2015), Statistics in Medicine
34(28), doi:10.1002/sim.6728. Late entry with frailty: van den Berg and Drepper (2016), Journal of Business and Economic
Statistics 34(1), doi:10.1080/07350015.2015.1020427.
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt
from pytensor.compile.ops import FromFunctionOp
from pytensor.gradient import disconnected_grad

from forecast.model.constants import MAX_LOG_RATE
from forecast.model.graph.quadrature import place_nodes


def add_integrals(x: dict[str, Any], centre: Any, sigma: Any, shape: Any, shift: Any, cholesky: Any) -> None:
    """Add the logs of all integrals, times their powers.

    Where the nodes lie is constant to the derivative: an exact integral does not depend on it.

    Parameters
    ----------
    centre
        Level of each unit without its frailty, dims (unit).
    shift
        What covariates add in each stage; the first one is none.
    """
    unit = x["integral_unit"]
    rows = pt.switch((unit > 0)[:, :, None], cholesky[x["integral_row"]], 0.0)
    level = pt.concatenate([pt.zeros(1), centre])[unit]
    spread = pt.concatenate([pt.zeros(1), sigma[x["level_outcome"][x["unit_level"]]]])[unit]
    span = x["span_integral"], x["span_axis"]
    beside = shape[x["span_band"]] + shift[x["span_stage"]]
    hazard = pt.zeros_like(level)[span].inc(x["span_exposure"] * pt.exp(beside))
    fixed = pt.zeros_like(level)[span].inc(x["span_events"] * beside).sum(axis=1)
    yes, n = x["integral_yes"], x["integral_n"]
    rules = pt.cast(x["integral_rule"], "int64"), x["rule_from"], x["node_place"], x["node_weight"]
    normals, log_weights = _nodes(yes, n, hazard, level, spread, rows, *rules)
    # Dims (integral, point, axis).
    at = level[:, None, :] + spread[:, None, :] * (normals[:, :, None, :] * rows[:, None, :, :]).sum(axis=3)
    value = yes[:, None, :] * at - hazard[:, None, :] * pt.exp(pt.minimum(at, MAX_LOG_RATE))
    value = log_weights + (value - n[:, None, :] * pt.softplus(at)).sum(axis=2)
    top = disconnected_grad(pt.max(value, axis=1))
    integral = fixed + top + pt.log(pt.exp(value - top[:, None]).sum(axis=1))
    pm.Potential("integrated_cases", x["integral_power"] * integral)


class _PlaceNodes(FromFunctionOp):
    """`place_nodes` in a graph; nothing is connected through it."""

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Whether each output is differentiated by each input."""
        return [[False for _ in node.outputs] for _ in node.inputs]


_nodes = _PlaceNodes(
    place_nodes,
    itypes=[*[pt.dmatrix] * 5, pt.dtensor3, pt.lvector, pt.dvector, pt.dmatrix, pt.dmatrix],
    otypes=[pt.dtensor3, pt.dmatrix],
    infer_shape=None,
)
