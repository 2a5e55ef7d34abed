"""Residual correlation of the outcomes, as the Cholesky factor L of R.

With canonical partial correlations p_ik = tanh(y_ik) below the diagonal,

    L_ik = p_ik prod_{m<k} sech(y_im),   L_ii = prod_{m<i} sech(y_im),   log density = -2 sum shape log cosh(y)

since 1 - tanh^2 = sech^2, and R ~ LKJ(eta) has independent beta partial correlations: Lewandowski, Kurowicka and Joe
(2009), doi:10.1016/j.jmva.2009.04.008. Derivatives: dp/dy = sech^2, d log sech / dy = -p, and log sech(y_ic) adds to
the logarithm of every L_ik with k > c.
"""

from __future__ import annotations

from math import exp, log, tanh
from typing import Any, Final

from forecast.kernel.compiling import block
from forecast.kernel.elementary import softplus

LOG_2: Final = log(2.0)


@block
def forward(x: Any, z: Any, v: Any) -> float:
    """LKJ density of the partial correlations."""
    count, cholesky, before = x.mu_loc.size, v.cholesky, v.cholesky_before
    for i in range(count):
        for k in range(i):
            cholesky[i, k] = 0.0
            before[i, k] = 1.0
        cholesky[i, i] = 1.0
    if x.pair_row.size == 0:
        return 0.0
    logp = 0.0
    for n in range(x.pair_row.size):
        y = z.partial_z[n]
        log_cosh = softplus(2.0 * y) - y - LOG_2
        logp -= 2.0 * x.pair_shape[n] * log_cosh
        v.partial[n], v.partial_rest[n] = tanh(y), exp(-log_cosh)
        # For now what the pair itself is and leaves; the product along the row follows.
        cholesky[x.pair_row[n], x.pair_column[n]] = v.partial[n]
        before[x.pair_row[n], x.pair_column[n]] = v.partial_rest[n]
    for i in range(count):
        rest = 1.0
        for k in range(i):
            own = before[i, k]
            before[i, k] = rest
            cholesky[i, k] *= rest
            rest *= own
        cholesky[i, i] = rest
    return logp


@block
def report(x: Any, v: Any) -> None:
    """Correlation of each pair, the sum over k of L_ik L_jk."""
    for n in range(x.pair_row.size):
        i, j = x.pair_row[n], x.pair_column[n]
        v.correlation[n] = 0.0
        for k in range(min(i, j) + 1):
            v.correlation[n] += v.cholesky[i, k] * v.cholesky[j, k]


@block
def backward(x: Any, v: Any, a: Any, g: Any) -> None:
    """From the Cholesky factor."""
    if x.pair_row.size == 0:
        return
    cholesky, adjoint, rest = v.cholesky, a.cholesky, a.cholesky_before
    for i in range(x.mu_loc.size):
        later = adjoint[i, i] * cholesky[i, i]
        for k in range(i - 1, -1, -1):
            rest[i, k] = later
            later += adjoint[i, k] * cholesky[i, k]
    for n in range(x.pair_row.size):
        i, k, p = x.pair_row[n], x.pair_column[n], v.partial[n]
        own = adjoint[i, k] * v.cholesky_before[i, k]
        g.partial_z[n] = own * v.partial_rest[n] * v.partial_rest[n] - p * (rest[i, k] + 2.0 * x.pair_shape[n])
