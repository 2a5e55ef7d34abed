"""Cases of a categorical outcome and statements about it from their law, one by one, without the graph."""

from __future__ import annotations

import numpy as np

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from tests.categories import categorical_outcome, spoken
from tests.documents import make_study
from tests.statistical.simulators.block import Arrays, Block, Truth


def options_block() -> Block:
    """Six cases of a categorical outcome with three options, and what two experts say of it."""
    rows = [{"left": 2, "centre": 1, "right": 1} for _ in range(6)]
    said = {"left": 0.5, "centre": 0.3, "right": 0.2}
    study = make_study(
        categorical_outcome(*said, reference={"polls": 1.0}),
        reference_classes=[{"id": "polls", "outcome": "winner", "rows": rows}],
        judgments={"rows": spoken("x", said) + spoken("y", said)},
    )
    quantities = ("tau", "sigma", "class_level", "theta", "slope", "noise", "common_sd", "judged_log_chance")
    return Block("options", encode_study(study).arrays, simulate_options, quantities)


def simulate_options(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays:
    """Options of each case from its softmax; centred log ratios from normals over the root of a gamma variable.

    Of a statement over K options the errors are a Student t of 4 degrees of freedom in K - 1 dimensions, on scores with half of
    the variance of log odds.
    """
    counts = np.zeros(a.lengths["mark"])
    for tally, first in enumerate(a["tally_first"].tolist()):
        marks = np.flatnonzero(a["mark_tally"] == tally)
        assert marks[0] == first
        units = a["mark_unit"][marks]
        outcomes = a["level_outcome"][a["unit_level"][units]]
        scores = truth["class_level"][a["unit_level"][units]] + truth["sigma"][outcomes] * truth["frailty_z"][units]
        chances = np.exp(scores) / np.exp(scores).sum()
        counts[marks] = rng.multinomial(int(a["mark_count"][marks].sum()), chances)
    theta = truth["theta"]
    log_chance = theta - np.log(np.exp(theta).sum())
    common, own = rng.standard_normal(len(theta)), rng.standard_normal(a.lengths["inclination"])
    said = np.zeros(a.lengths["word"])
    for opinion, expert in enumerate(a["opinion_expert"].tolist()):
        words = np.flatnonzero(a["word_opinion"] == opinion)
        kind, choices = a["expert_kind"][expert], a["word_choice"][words]
        error = truth["common_sd"][0] * common[choices] + truth["bias_sd"][kind] * own[a["word_inclination"][words]]
        error = error + a["shared_bias_scale"][kind] * truth["choice_lean_z"][kind, choices]
        heard = truth["slope"][expert] * (log_chance[choices] + np.sqrt(0.5) * error)
        noise = truth["noise"][expert] * np.sqrt(0.5) * rng.standard_normal(len(words)) / np.sqrt(rng.gamma(2.0, 0.5))
        said[words] = heard + noise - (heard + noise).mean()
    return {"mark_count": counts, "word_log_ratio": said, "choice_common_z": common, "inclination_z": own}
