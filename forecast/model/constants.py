"""Numbers of the model that its graph and the computations from its draws share."""

from __future__ import annotations

from typing import Final

FREEDOM: Final = 4.0
"""Degrees of freedom of the StudentT of what experts say."""

NOISE_FLOOR: Final = 0.1
"""On the log odds: stated probabilities are rounded to a few percent. Without it, equal statements would be exact."""

TINY: Final = 1e-12
"""Probabilities closer than this to 0 or 1 are told apart no more."""
