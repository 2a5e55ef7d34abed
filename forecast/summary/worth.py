"""What the experts who answered a question are worth: how many ordinary ones who share no error.

References
----------
Effective number of experts with a common error: Clemen and Winkler (1985), Operations Research 33(2),
doi:10.1287/opre.33.2.427.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import xarray as xr

from forecast.model.constants import FREEDOM, NOISE_FLOOR
from forecast.study import Experts, Judgment, OptionStatement

_DRAWS: Final = 100_000
_OF_T: Final = FREEDOM / (FREEDOM - 2.0)
"""Variance of a StudentT over its squared scale."""


@dataclass(frozen=True)
class Worth:
    """Joint precision of the judgments of one question."""

    shares: Mapping[str, float]
    """Share of each expert in the precision of their best weighted mean."""
    effective_number: float


def weigh_experts(common: float, own: Mapping[str, float], ordinary: float) -> Worth:
    """Joint precision of experts whose errors have one part in common.

    The best weighted mean has variance common + 1 / sum(1 / own). The effective number is how many ordinary experts would
    have that variance if none of their error were common, and never more than there are. What an ordinary expert's error is
    does not depend on what was said: so a larger error, of whatever kind, is always worth less.

    Parameters
    ----------
    common
        Variance of the error that all share, on the log odds.
    own
        Variance of each expert's own error.
    ordinary
        Variance of the whole error of an ordinary expert.
    """
    precision = {expert: 1.0 / max(variance, 1e-12) for expert, variance in own.items()}
    total = sum(precision.values())
    if not total:
        return Worth({}, 0.0)
    shares = {expert: value / total for expert, value in precision.items()}
    return Worth(shares, min(ordinary / (common + 1.0 / total), float(len(own))))


@lru_cache(maxsize=64)
def ordinary_variance(assumed: Experts) -> float:
    """Variance of the whole error of an expert as it is assumed before any statement, on the log odds.

    The scale of the own error is that of the middle expert: its mean is of the few worst, and has none under wide priors.
    """
    z = np.random.default_rng(0).standard_normal((6, _DRAWS))
    log_noise = np.log(assumed.error_sd * np.abs(z[0])) + assumed.error_spread * np.abs(z[1]) * z[2]
    tilt = assumed.slope_mean_sd * z[3] + assumed.slope_sd * np.abs(z[4]) * z[5]
    scale = float(np.median((NOISE_FLOOR**2 + np.exp(2.0 * log_noise)) / np.exp(2.0 * tilt)))
    return assumed.shared_bias_sd**2 + assumed.bias_sd**2 + assumed.common_error_sd**2 + _OF_T * scale


def question_worth(
    judgments: Sequence[Judgment | OptionStatement],
    posterior: xr.Dataset,
    assumed: Experts,
    apart: Mapping[str, float],
    *,
    has_slope: bool = True,
) -> Worth:
    """From what is known of their errors: the uncertainty left in biases, the noise, and the common error.

    Parameters
    ----------
    judgments
        Those of one question.
    apart
        By expert whose own statements contradict one another, how far each of them has to move to be possible, on the log
        odds: so much of their error is certain, and counts beside what the model makes of it.
    has_slope
        Whether slopes of experts act on what they say of it: not where one of several outcomes must occur.
    """
    own = {}
    for judgment in judgments:
        this = posterior[["bias", "slope", "noise"]].sel(expert=judgment.expert)
        slope = this["slope"] if has_slope else 1.0
        scale = float((this["noise"] ** 2 / slope**2).median())
        own[judgment.expert] = float(this["bias"].var()) + _OF_T * scale + apart.get(judgment.expert, 0.0) ** 2
    kinds = list(dict.fromkeys(judgment.kind for judgment in judgments))
    shared = float(posterior["shared_bias"].sel(kind=kinds).mean("kind").var())
    return weigh_experts(shared + float((posterior["common_sd"] ** 2).mean()), own, ordinary_variance(assumed))
