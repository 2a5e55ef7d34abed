"""Standard normals in plain NumPy: distribution function, and points that fill many dims evenly.

References
----------
Lattice rules with randomly shifted points, and their construction component by component: Sloan and Joe (1994), Lattice
Methods for Multiple Integration; Sloan and Reztsov (2002), doi:10.1090/S0025-5718-02-01420-5.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

FEW, SEVERAL, MANY, MOST = 1024, 4096, 16_384, 65_536
"""Numbers of points that there are rules for."""

_GENERATORS: Final = {
    FEW: (
        1, 275, 167, 403, 317, 495, 481, 193, 451, 381, 507, 293, 155, 423, 229, 371, 223, 463, 133, 15, 343, 37, 117,
        413, 425, 65, 113, 29, 103, 331, 491, 135, 417, 471, 395, 421, 477, 243, 367, 27, 45, 95, 49, 261, 279, 51,
        457, 449, 131, 435, 411, 239, 503, 323, 359, 349, 259, 89, 143, 79, 19, 85, 153, 209,
    ),
    SEVERAL: (
        1, 1557, 1741, 1449, 1873, 269, 1301, 339, 639, 497, 1351, 59, 1769, 719, 1805, 309, 1313, 893, 1973, 1543,
        1679, 1957, 603, 1511, 1223, 1669, 1911, 1579, 1037, 1487, 707, 1731, 475, 1993, 285, 829, 1481, 373, 509,
        1575, 591, 1379, 235, 1191, 2003, 671, 1105, 817, 139, 693, 1421, 395, 465, 1855, 795, 433, 457, 1749, 421,
        51, 1777, 647, 661, 853,
    ),
    MANY: (
        1, 6915, 5581, 887, 2097, 5005, 8023, 7293, 1189, 4157, 251, 517, 1483, 2573, 3193, 4955, 7877, 3419, 5719,
        7421, 163, 4297, 6783, 6171, 343, 5981, 1235, 7011, 6363, 6075, 6715, 7589, 2357, 4743, 7199, 2165, 6341,
        6737, 3733, 2889, 4271, 7365, 3469, 7453, 4583, 3665, 237, 5441, 5339, 5837, 6693, 1263, 2031, 6261, 2207,
        3239, 3837, 6981, 4797, 3991, 1529, 6863, 6035, 4975,
    ),
    MOST: (
        1, 28557, 19509, 11379, 14683, 9167, 5965, 26827, 26173, 32177, 5271, 8983, 17245, 13015, 16571, 14577, 18113,
        9897, 2307, 12177, 10265, 29921, 17643, 7451, 7709, 1905, 9829, 11049, 6761, 19097, 1795, 24449, 28301, 17115,
        20043, 6051, 7273, 31159, 25013, 1417, 17519, 8375, 5251, 16459, 927, 19279, 4015, 26309, 21523, 203, 8097,
        11821, 32541, 30553, 28769, 13211, 10375, 13705, 2005, 5771, 29829, 20235, 3157, 1591,
    ),
}  # fmt: skip
"""Built component by component with the kernel 2 pi^2 B_2 and the weights 1 / 2d."""

_SEED: Final = 1729
_EDGE: Final = 9.0
_STEPS: Final = 256
"""Of the table of the distribution function: places on a unit."""


def cdf(x: FloatArray) -> FloatArray:
    """Distribution function of the standard normal, right to 1e-12: cubic Hermite interpolation in a table."""
    table, slope = _table()
    at = np.clip((np.nan_to_num(x, posinf=_EDGE, neginf=-_EDGE) + _EDGE) * _STEPS, 0.0, len(table) - 1.001)
    place = at.astype(np.int64)
    t = at - place
    rest = 1.0 - t
    found: FloatArray = rest * rest * ((1.0 + 2.0 * t) * table[place] + t * slope[place]) + t * t * (
        (3.0 - 2.0 * t) * table[place + 1] - rest * slope[place + 1]
    )
    return found


def density(x: FloatArray) -> FloatArray:
    """Density of the standard normal."""
    return np.asarray(np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi))


def quantile(probability: float) -> float:
    """Standard normal quantile; probabilities are kept away from 0 and 1, where it is infinite."""
    return NormalDist().inv_cdf(min(max(probability, 1e-12), 1.0 - 1e-12))


def normals(dims: int, points: int) -> FloatArray:
    """Points of independent standard normals, the same at every call; dims (dim, point).

    A shifted lattice rule: each dim holds the middles of equally likely steps, each once. Beyond the last component of
    the rule they are permuted at random.
    """
    generator, middles = _GENERATORS[points], _middles(points)
    rng, places = np.random.default_rng(_SEED), np.arange(points)
    found = np.empty((dims, points))
    for dim in range(dims):
        if dim < len(generator):
            found[dim] = middles[(places * generator[dim] + rng.integers(points)) % points]
        else:
            found[dim] = middles[rng.permutation(points)]
    return found


@cache
def _middles(points: int) -> FloatArray:
    return np.array([quantile((step + 0.5) / points) for step in range(points)])


@cache
def _table() -> tuple[FloatArray, FloatArray]:
    """Distribution function at even places, and its slope for one step."""
    places = np.arange(-_EDGE * _STEPS, _EDGE * _STEPS + 1) / _STEPS
    values = np.array([0.5 * math.erfc(-place / math.sqrt(2.0)) for place in places])
    return values, density(places) / _STEPS
