"""Stein's identities: what the gradient of a log density is on average, in worlds that come from that density.

In worlds whose parameters u and data come from the joint law that a log density f(u; data) states, the gradient g of f
has mean zero, and u g' has mean minus the identity: by parts, since the density vanishes far out. A world costs one
gradient instead of a posterior, so that thousands are looked at.

References
----------
Stein (1972), Proceedings of the Sixth Berkeley Symposium 2. Tests of samples against a density by such means: Gorham
and Mackey (2015), arXiv:1506.03039.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]


def identity_errors(points: FloatArray, gradients: FloatArray) -> FloatArray:
    """How many standard errors each mean is off; arguments have dims (world, parameter).

    Returns
    -------
    Dims (parameter whose gradient it is, 1 + parameter): first the gradient itself, then its products with points.
    """
    worlds, parameters = points.shape
    means, squares = np.zeros((2, parameters, 1 + parameters))
    for point, gradient in zip(points, gradients, strict=True):
        term = np.outer(gradient, [1.0, *point])
        term[:, 1:] += np.eye(parameters)
        means += term / worlds
        squares += term**2 / worlds
    variance = (squares - means**2) * worlds / (worlds - 1)
    return means / np.sqrt(np.where(variance > 0, variance, 1.0) / worlds)


def p_value(errors: FloatArray) -> float:
    """Of the largest of them, by Bonferroni and the normal distribution."""
    return float(min(1.0, errors.size * 2 * stats.norm.sf(np.abs(errors).max())))
