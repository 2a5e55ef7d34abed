"""Outcomes of which one must happen by a day: everything is conditioned on that.

With S(t) the probability that none of a group has happened by t, counted from the beginning of its risk, quiet time until
the as-of date a has the probability (S(a) - S(H)) / (1 - S(H)) where one of them happens by H, and the event at t has its
density over 1 - S(H). Beside the likelihood of hazards S(a), that is

    log(1 - exp(-A)) - log(1 - exp(-B - A)),   A and B the expected events of the group from a to H, and before a,

and only the second term where one of them happened. Levels of a group are then known by their differences; what they have in
common says how soon it happens, and is hardly learned.

References
----------
Truncated survival times: Klein and Moeschberger (2003), Survival Analysis, section 3.4, doi:10.1007/b97377.
"""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt

from forecast.model.constants import LEAST_TOTAL, MAX_LOG_RATE


def sure_to_happen(x: dict[str, Any], level: Any, shape: Any) -> Any:
    """What is added to the log likelihood of what was shown; dims (variant)."""
    log_rate = level[x["stretch_variant"]] + shape[x["stretch_band"]]
    expected = x["stretch_exposure"] * pt.exp(pt.minimum(log_rate, MAX_LOG_RATE))
    none = pt.zeros(x["race_variant"].shape)
    whole = none[x["stretch_race"]].inc(expected)
    ahead = none[x["stretch_race"]].inc(expected * x["stretch_is_ahead"])
    term = x["race_is_open"] * pt.log(LEAST_TOTAL - pt.expm1(-ahead)) - pt.log(LEAST_TOTAL - pt.expm1(-whole))
    return pt.zeros_like(level)[x["race_variant"]].inc(term)
