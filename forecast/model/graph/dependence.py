"""Outcomes that depend on one another: the residual correlation R, and links.

References
----------
R ~ LKJ(eta) by canonical partial correlations, which are independent beta variables: Lewandowski, Kurowicka and Joe
(2009), Journal of Multivariate Analysis 100(9), doi:10.1016/j.jmva.2009.04.008, section 2.4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from forecast.model.graph.latents import latent


def residual_cholesky(x: dict[str, Any]) -> Any:
    """Cholesky factor of R, dims (outcome, outcome); the identity where no pair is free.

    With partial correlations p_ik below the diagonal, L_ik = p_ik prod_{m<k} sqrt(1 - p_im^2), and the diagonal is what
    is left of 1. A partial correlation p has density (1 - p^2)^(shape - 1) on (-1, 1); its inverse hyperbolic tangent y
    then has density cosh(y)^(-2 shape).
    """
    partial = latent("partial_z")
    pm.Potential("lkj", -2.0 * (x["pair_shape"] * _log_cosh(partial)).sum())
    count = x["mu_loc"].shape[0]
    place = x["pair_row"], x["pair_column"]
    value = pt.zeros((count, count))[place].set(pt.tanh(partial))
    log_rest = pt.zeros((count, count))[place].set(-2.0 * _log_cosh(partial))
    before = pt.exp(0.5 * (pt.cumsum(log_rest, axis=1) - log_rest))
    cholesky = before * (value + pt.eye(count))
    pairs = (cholesky[x["pair_row"]] * cholesky[x["pair_column"]]).sum(axis=1)
    pm.Deterministic("correlation", pairs, dims="pair")
    return cholesky


def _log_cosh(y: Any) -> Any:
    # Not pt.log(2.0): the constant would be taken in single precision.
    return pt.softplus(2.0 * y) - y - np.log(2.0)


def add_links(x: dict[str, Any]) -> Any:
    """Effect of each link on the log rate or log odds of its outcome, dims (link)."""
    return pm.Deterministic("delta", x["link_loc"] + x["link_scale"] * latent("delta_z"), dims="link")
