"""Priors of the latent variables on their unit scales, all at once along the flat point.

normal        z                 -z^2 / 2 - log(2 pi) / 2
half-normal   d = exp(z) > 0    -d^2 / 2 + log(2 / pi) / 2 + z, the last from the change of variables
centred       the deviation behind a variable whose mean and scale depend on others: -d^2 / 2, and the rest in the block
              that knows the mean and the scale
free          all of it in its block

`forward` fills the deviations as sampled; blocks overwrite those that are centred. `backward` comes last: to the
adjoint of each deviation it adds the prior's, and gives the gradient.
"""

from __future__ import annotations

from math import exp, log, pi
from typing import Any, Final

from forecast.kernel.compiling import block

NORMAL: Final = 0
HALF_NORMAL: Final = 1
CENTRED: Final = 2
FREE: Final = 3

LAWS: Final = {
    "normal": NORMAL,
    "half_normal": HALF_NORMAL,
    "log_mean": CENTRED,
    "partly_centred": CENTRED,
    "partial_correlation": FREE,
}

LOG_NORMAL: Final = -0.5 * log(2.0 * pi)
LOG_HALF_NORMAL: Final = 0.5 * log(2.0 / pi)


@block
def forward(x: Any, z: Any, v: Any) -> None:
    """Deviations as sampled."""
    point, deviations = z.everything, v.deviations
    for latent in range(x.latent_law.size):
        start, stop = x.latent_start[latent], x.latent_stop[latent]
        if x.latent_law[latent] == HALF_NORMAL:
            for i in range(start, stop):
                deviations[i] = exp(point[i])
        else:
            for i in range(start, stop):
                deviations[i] = point[i]


@block
def density(x: Any, z: Any, v: Any) -> float:
    """Log density of all deviations, when every block has filled its own."""
    point, deviations, logp = z.everything, v.deviations, 0.0
    for latent in range(x.latent_law.size):
        law, start, stop = x.latent_law[latent], x.latent_start[latent], x.latent_stop[latent]
        if law == FREE:
            continue
        squares = 0.0
        for i in range(start, stop):
            squares += deviations[i] * deviations[i]
        logp -= 0.5 * squares
        if law == NORMAL:
            logp += LOG_NORMAL * (stop - start)
        elif law == HALF_NORMAL:
            logp += LOG_HALF_NORMAL * (stop - start)
            for i in range(start, stop):
                logp += point[i]
    return logp


@block
def backward(x: Any, v: Any, a: Any, g: Any) -> None:
    """Gradient by the sampled variables; those that are centred or free have theirs from their block."""
    deviations, adjoints, gradient = v.deviations, a.deviations, g.everything
    for latent in range(x.latent_law.size):
        law, start, stop = x.latent_law[latent], x.latent_start[latent], x.latent_stop[latent]
        if law == NORMAL:
            for i in range(start, stop):
                gradient[i] = adjoints[i] - deviations[i]
        elif law == HALF_NORMAL:
            for i in range(start, stop):
                gradient[i] = (adjoints[i] - deviations[i]) * deviations[i] + 1.0
