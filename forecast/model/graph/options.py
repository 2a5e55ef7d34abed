"""Categorical outcomes: scores of options, whose softmax is the law of the one that turns out true.

A case of such an outcome has a unit for each option, and its log likelihood is that of a multinomial law with the softmax of
their levels. What experts say of all options together is a Student t law of their centred log ratios, with the errors of
judgments (`forecast.model.graph.opinions`): each score has a common error, a shared bias and an own bias whose variances are
half of those of log odds, and the squared distance is doubled, so that two options are a binary outcome.

References
----------
Multinomial logit: McFadden (1974), Frontiers in Econometrics. Centred log ratios: Aitchison (1982), doi:10.1111/j.2517-6161.1982.tb01195.x.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from forecast.model.constants import FREEDOM, OPTION_SHARE
from forecast.model.graph.experts import Experts
from forecast.model.graph.latents import latent
from forecast.model.graph.membership import log_sum_exp
from forecast.model.graph.signals import Signals, moved_apart


def add_tallies(x: dict[str, Any], case: Any) -> None:
    """The likelihood of cases of categorical outcomes, from the levels of their units."""
    log_chance = _log_softmax(case[x["mark_unit"]], x["mark_tally"], x["tally_first"])
    pm.Potential("tallies", (x["mark_count"] * log_chance).sum())


def candidate_chances(x: dict[str, Any], level: Any, signals: Signals) -> Any:
    """Log probability of each option of the present case on its ballot; dims (candidate).

    Where it is judged, given the last state of the factors: the log odds of any two options move as those of a binary
    outcome whose effects are the differences of theirs (`forecast.model.graph.signals.moved_log_odds`), and with L_kj of
    option k against option j its probability is 1 / sum over j of exp(-L_kj), up to a common factor.
    """
    ballot, choice = x["candidate_ballot"], x["candidate_choice"]
    own = level[x["candidate_variant"]]
    gamma = pt.gt(choice, 0)[:, None] * signals.gamma[x["variant_outcome"][x["candidate_variant"]]]
    steps = pt.concatenate([pt.ones(1), x["poll_steps"][x["choice_poll"]]])[choice]
    against = moved_apart(
        signals, gamma[:, None, :] - gamma[None, :, :], steps[:, None, None], own[:, None] - own[None, :]
    )
    table = pt.where(pt.eq(ballot[:, None], ballot[None, :]), -against, -1e300)
    largest = pt.concatenate([table, pt.full((table.shape[0], 1), -1e300)], axis=1).max(axis=1, keepdims=True)
    score = -(largest[:, 0] + pt.log(pt.exp(table - largest).sum(axis=1)))
    return score - log_sum_exp(score, ballot, x["ballot_option"])[ballot]


def _log_softmax(values: Any, group: Any, groups: Any) -> Any:
    return values - log_sum_exp(values, group, groups)[group]


def add_option_statements(x: dict[str, Any], chances: Any, log_share: Any, experts: Experts) -> None:
    """The likelihood of what experts say of all options; probabilities are means over ballots by their shares."""
    shares = pt.concatenate([pt.zeros(1), log_share])[x["ballot_option"]]
    log_chance = log_sum_exp(chances + shares[x["candidate_ballot"]], x["candidate_choice"] - 1, x["choice_poll"])
    log_chance = pm.Deterministic("judged_log_chance", log_chance, dims="choice")
    root = np.sqrt(OPTION_SHARE)
    common = root * experts.common_sd[x["poll_panel"]][x["choice_poll"]] * latent("choice_common_z")
    of, choice = x["word_opinion"], x["word_choice"]
    expert = x["opinion_expert"][of]
    kind = x["expert_kind"][expert]
    lean = root * x["shared_bias_scale"][kind] * latent("choice_lean_z")[kind, choice]
    own = root * experts.bias_sd[kind] * latent("inclination_z")[x["word_inclination"]]
    apart = x["word_log_ratio"] - experts.slope[expert] * ((log_chance + common)[choice] + lean + own)
    none = pt.zeros(x["opinion_expert"].shape)
    options = none[of].inc(1.0)
    apart = apart - (none[of].inc(apart) / options)[of]
    noise, freedom = experts.noise[x["opinion_expert"]], options - 1.0
    distance = none[of].inc(apart**2) / (OPTION_SHARE * noise**2)
    said = -freedom * pt.log(noise) - 0.5 * (FREEDOM + freedom) * pt.log1p(distance / FREEDOM)
    pm.Potential("option_statements", said)
