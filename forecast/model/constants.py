"""Numbers of the model that its graph and the computations from its draws share."""

from __future__ import annotations

from typing import Final

FREEDOM: Final = 4.0
"""Degrees of freedom of the StudentT of experts' statements."""

NOISE_FLOOR: Final = 0.1
"""On the log odds: stated probabilities are rounded to a few percent. Without it, equal statements would be exact."""

TINY: Final = 1e-12
"""Probabilities closer than this to 0 or 1 are treated as equal to it."""

MAX_LOG_RATE: Final = 50.0
"""Rates on the way to a judged date grow no further: their exponentials stay finite."""

LEAST_VARIANCE: Final = 1e-3
"""Of counts beyond the Poisson's, in squares of the mean: keeps the negative binomial's shape at most 1000, where its
log gammas still subtract well."""

NEWTON_STEPS: Final = 50
"""To the mode of an integrand, at most: from wherever a chain starts it is some tens of steps away."""

LONGEST_STEP: Final = 1.0
"""Of a level, on the way to the mode: an exponential is no parabola."""

SHORTEST_STEP: Final = 1e-10
"""Of a standard normal; then the mode is found."""
