"""Numbers of the model that its graph and the computations from its draws share."""

from __future__ import annotations

import math
from typing import Final

FREEDOM: Final = 4.0
"""Degrees of freedom of the StudentT of experts' statements."""

NOISE_FLOOR: Final = 0.1
"""On the log odds: stated probabilities are rounded to a few percent. Without it, equal statements would be exact."""

TINY: Final = 1e-12
"""Probabilities closer than this to 0 or 1 are treated as equal to it."""

LOGISTIC_NORMAL: Final = math.pi / 8.0
"""The mean logistic of a normal variable of mean x and variance v is about that of x / sqrt(1 + pi v / 8), within .005 for
v up to 1: MacKay (1992), Neural Computation 4(5), doi:10.1162/neco.1992.4.5.720."""

LEAST_TOTAL: Final = 1e-30
"""Keeps (1 - exp(-H)) / H finite on a stretch without hazard."""

LEAST_MASS: Final = 1e-300
"""Keeps shares among those at risk finite when hardly any are left."""

STRAIGHT_FROM: Final = 3.0
"""Skew times deviation from which a skewed level goes on in a straight line, so that rates stay finite where chains begin.
At the largest skew it is two standard deviations out."""

MAX_LOG_RATE: Final = 50.0
"""Rates on the way to a judged date grow no further: their exponentials stay finite."""

LEAST_VARIANCE: Final = 1e-3
"""Of counts beyond the Poisson's, in squares of the mean: keeps the negative binomial's shape at most 1000, where its
log gammas still subtract well."""

SHARE_FALL: Final = 4.0
"""Shares of spikes and of idle periods are the largest one times exp(-4 d), d half-normal: half of them below 7 % of the
largest. Their density falls almost as 1 / share, so that counts without a spike put their share near 0, and one spike in n
counts puts it near 1 / n."""

NEWTON_STEPS: Final = 50
"""To the mode of an integrand, at most: from wherever a chain starts it is some tens of steps away."""

LONGEST_STEP: Final = 1.0
"""Of a level, on the way to the mode: an exponential is no parabola."""

SHORTEST_STEP: Final = 1e-10
"""Of a standard normal; then the mode is found."""

OPTION_SHARE = 0.5
"""Of a variance of log odds, that of the score of each option: the log odds of two options are the difference of scores."""
