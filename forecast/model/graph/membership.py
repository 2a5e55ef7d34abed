"""Which class the present case belongs to, where it is one of several: weighed by what happened, and integrated out.

With w the prior weight of an option and H the likelihood of what the present case has shown under it, the likelihood is
sum of w H, and the share of an option is w H over that sum. Judgments see the average over options with these shares
(`forecast.model.graph.opinions`): what experts say does not choose a class. The level that a draw's futures have is that
of one option, chosen with its share by a normal variable of its own.

References
----------
Finite mixtures with the label summed out: McLachlan and Peel (2000), Finite Mixture Models, doi:10.1002/0471721182.
Likelihoods that leave a part of the model out of what informs another ("cut"): Plummer (2015), Statistics and Computing 25(1),
doi:10.1007/s11222-014-9503-z.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from forecast.model.graph.latents import latent


def add_memberships(x: dict[str, Any], level: Any, shown: Any) -> Any:
    """The likelihood of what was shown, and the levels of the drawn options.

    Parameters
    ----------
    level
        Of the present case, dims (variant).
    shown
        Log likelihood of what happened, dims (variant).

    Returns
    -------
    Any
        Log share of each option, dims (option).
    """
    of, option = x["option_membership"], x["variant_option"]
    by_option = pt.zeros(of.shape[0] + 1)[option].inc(shown)
    weighed = x["option_log_weight"] + by_option[1:]
    chooses = latent("membership_z")
    total = log_sum_exp(weighed, of, chooses)
    pm.Potential("case_history", by_option[0] + total.sum())
    log_share = weighed - total[of]
    share = pm.Deterministic("option_share", pt.exp(log_share), dims="option")
    order = pt.arange(of.shape[0])
    is_before = pt.eq(of[:, None], of[None, :]) & pt.lt(order[:, None], order[None, :])
    before = pt.where(is_before, share[:, None], 0.0).sum(axis=0)
    is_last = pt.eq(pt.cast(is_before, "int64").sum(axis=1), 0)
    place = 0.5 * (1.0 + pt.erf(chooses[of] / np.sqrt(2.0)))
    is_chosen = pt.ge(place, before) & (pt.lt(place, before + share) | is_last)
    chosen = pt.concatenate([pt.ones(1), pt.cast(is_chosen, "float64")])[option]
    pm.Deterministic("theta", pt.zeros(x["mu_loc"].shape)[x["variant_outcome"]].inc(chosen * level), dims="outcome")
    return log_share


def log_sum_exp(values: Any, group: Any, groups: Any) -> Any:
    """Log of the sum of exp over the values of each group; `groups` has their number as its length."""
    place = pt.arange(groups.shape[0])
    table = pt.where(pt.eq(place[:, None], group[None, :]), values[None, :], -1e300)
    table = pt.concatenate([table, pt.full((groups.shape[0], 1), -1e300)], axis=1)
    largest = table.max(axis=1, keepdims=True)
    return largest[:, 0] + pt.log(pt.exp(table - largest).sum(axis=1))
