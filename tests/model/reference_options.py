"""The part of the reference density that is about categorical outcomes: cases, the present case, and what experts say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from forecast.model.arrays import ModelArrays
from tests.model.reference_experts import Panel
from tests.model.reference_opinions import moved_by

if TYPE_CHECKING:
    from tests.model.reference_density import Point


def spreads(z: dict[str, np.ndarray], a: ModelArrays) -> tuple[np.ndarray, np.ndarray]:
    """Spreads of classes and of cases, dims (outcome): an own scale, and the draw of the outcome whose spreads they are."""
    of = a["spread_outcome"]
    tau = [a["tau_scale"][j] * np.exp(z["tau_z"][first]) for j, first in enumerate(of)]
    sigma = [a["sigma_scale"][j] * np.exp(z["sigma_z"][first]) for j, first in enumerate(of)]
    return np.array(tau), np.array(sigma)


def tally_density(case_levels: Sequence[float], a: ModelArrays) -> float:
    """Multinomial log likelihood of cases, less its coefficient, from the level of each unit."""
    total = 0.0
    for tally in range(a.lengths["tally"]):
        marks = np.flatnonzero(a["mark_tally"] == tally)
        levels = [case_levels[a["mark_unit"][m]] for m in marks]
        for m, level in zip(marks, levels, strict=True):
            total += float(a["mark_count"][m] * (level - special.logsumexp(levels)))
    return total


def ruling_logs(level: np.ndarray, a: ModelArrays) -> list[tuple[int, float]]:
    """Of each option that turned out true: its variant, and the log of the probability that it had among its ballot's.

    Parameters
    ----------
    level
        Of the present case, dims (variant).
    """
    found = []
    for ruled in a["ruling_candidate"]:
        variants = a["candidate_variant"][a["candidate_ballot"] == a["candidate_ballot"][ruled]]
        own = int(a["candidate_variant"][ruled])
        found.append((own, float(level[own] - special.logsumexp(level[variants]))))
    return found


def statement_density(present: Point, panel: Panel, a: ModelArrays) -> float:
    """Student t in one dimension less than there are options, of their log ratios to the first; less its constant."""
    total = 0.0
    log_chance = choice_log_chances(present, a)
    for opinion, e in enumerate(a["opinion_expert"]):
        words = np.flatnonzero(a["word_opinion"] == opinion)
        meant = np.array([log_chance[a["word_choice"][w]] + leaning(int(w), int(e), present, a, panel) for w in words])
        residual = a["word_log_ratio"][words] - panel.slope[e] * meant
        ratios, free = residual[1:] - residual[0], len(words) - 1
        # Errors of options are independent, each with half the variance of the error of a log ratio.
        shape = (np.eye(free) + np.ones((free, free))) / 2
        law, unit = (stats.multivariate_t(np.zeros(free), scale**2 * shape, df=4) for scale in (panel.noise[e], 1.0))
        total += float(law.logpdf(ratios) - unit.logpdf(np.zeros(free)))
    return total


def leaning(w: int, e: int, present: Point, a: ModelArrays, panel: Panel) -> float:
    """Of a word: errors about its choice of all experts, of those of the expert's kind, and of the expert's own."""
    choice, kind, own = a["word_choice"][w], a["expert_kind"][e], a["word_inclination"][w]
    own_kind = a["expert_kind"][a["inclination_expert"][own]]
    lean = present.z["choice_lean_z"].reshape(a.lengths["kind"], a.lengths["choice"])
    common = panel.common_sd[a["poll_panel"][a["choice_poll"][choice]]] * present.z["choice_common_z"][choice]
    shared = a["shared_bias_scale"][kind] * lean[kind, choice]
    bias_sd = a["bias_scale"][own_kind] * np.exp(present.z["bias_sd_z"][own_kind])
    return float(common + shared + bias_sd * present.z["inclination_z"][own]) / float(np.sqrt(2))


def choice_log_chances(present: Point, a: ModelArrays) -> np.ndarray:
    """Log of the mean over the ballots on a choice, by the shares of their options of memberships; dims (choice)."""
    chance = np.zeros(a.lengths["choice"])
    for ballot, option in enumerate(a["ballot_option"]):
        share = np.exp(present.log_share[option - 1]) if option else 1.0
        candidates = np.flatnonzero(a["candidate_ballot"] == ballot)
        judged = [int(c) for c in candidates if a["candidate_choice"][c]]
        weights = [1.0 / sum(np.exp(-log_odds_between(c, other, present, a)) for other in candidates) for c in judged]
        for c, weight in zip(judged, weights, strict=True):
            chance[a["candidate_choice"][c] - 1] += share * weight / sum(weights)
    return np.log(chance)


def log_odds_between(c: int, other: int, present: Point, a: ModelArrays) -> float:
    """Of a candidate against another, as of a binary outcome whose level and effects are the differences."""
    one, two = a["candidate_variant"][c], a["candidate_variant"][other]
    gamma = present.gamma[a["variant_outcome"][one]] - present.gamma[a["variant_outcome"][two]]
    steps = int(a["poll_steps"][a["choice_poll"][a["candidate_choice"][c] - 1]])
    return moved_by(gamma, steps, present.level[one] - present.level[two], present)
