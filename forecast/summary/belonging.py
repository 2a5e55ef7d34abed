"""Probability that the present case belongs to each of its reference classes."""

from __future__ import annotations

import xarray as xr

from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.membership import NEW
from forecast.study import Outcome


def membership_of(encoded: EncodedStudy, posterior: xr.Dataset, outcome: Outcome, name: str) -> float | None:
    """Probability of one class, `NEW` for one not seen; without several to choose from its weight."""
    if outcome.is_blend:
        return None
    memberships = encoded.memberships
    if outcome.id not in memberships.of:
        only = max(outcome.class_weights, key=lambda known: outcome.class_weights[known], default=NEW)
        return float(name == (only if outcome.class_weights.get(only, 0.0) > 0.0 else NEW))
    labels = [
        encoded.coords["option"][option - 1]
        for option in memberships.options_of(memberships.of[outcome.id])
        if memberships.options[option - 1][1] == name
    ]
    return float(posterior["option_share"].sel(option=labels).mean(("chain", "draw")).sum())
