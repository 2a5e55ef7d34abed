"""Present cases made by hand, so that futures can be tested without sampling."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.futures.hazards import PresentCase


def make_present(
    rates: npt.ArrayLike,
    *,
    groups: list[int] | None = None,
    yes: dict[int, float] | None = None,
    resolves: list[float] | None = None,
    draws: int = 1,
    chains: int = 1,
) -> PresentCase:
    """Dims of `rates` are (outcome, horizon); every draw is the same. `yes` makes an outcome binary."""
    table = np.asarray(rates, dtype=float)
    outcomes, horizon = table.shape
    probabilities = yes or {}
    binary = np.array([position in probabilities for position in range(outcomes)])
    return PresentCase(
        outcomes=tuple(f"o{position}" for position in range(outcomes)),
        is_binary=binary,
        groups=np.array(groups if groups is not None else range(outcomes)),
        rates=np.repeat(np.where(binary[:, None], 0.0, table)[None], draws, axis=0),
        yes=np.repeat([[probabilities.get(position, 0.0) for position in range(outcomes)]], draws, axis=0),
        resolves=np.array(resolves if resolves is not None else [float(horizon)] * outcomes),
        chains=chains,
    )
