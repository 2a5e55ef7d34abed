"""Experts' shares in the statements on each question, and the centring of the sampler's variables that follows.

Nothing here changes the model; it selects the variables in which the model is sampled (`forecast.model.graph.experts`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.present import Present
from forecast.model.encoding.said import Opinions

PRIOR_WORTH: Final = {"bias": 4.0, "slope": 9.0, "noise": 10.0}
"""Number of statements of typical noise that are as informative of an expert's own quantity as its prior."""

SPREAD_WORTH: Final = 60.0
"""Experts. With few, their spread may be close to zero, where a centred variable would have no room."""


def share_arrays(opinions: Opinions, present: Present) -> dict[str, npt.ArrayLike]:
    """Groups of experts, their shares, and how far each variable is centred: n / (n + n0) after n statements."""
    experts, exercises = _places(opinions.experts), _places(opinions.exercises)
    outcomes = _places(outcome.id for outcome in present.outcomes)
    topics = {topic: place for place, topic in enumerate(opinions.topics, start=1)}
    about = np.zeros((len(outcomes), len(experts)))
    for judgment in opinions.judgments:
        if not judgment.given:
            about[outcomes[judgment.outcome], experts[judgment.expert]] += 1.0
    asked = np.zeros((len(exercises), len(experts)))
    for record in opinions.track_records:
        asked[exercises[record.question], experts[record.expert]] += 1.0
    has_classes = np.array([outcome in present.with_classes for outcome in outcomes], dtype=bool)
    # Of a group of which one must occur, levels are no log odds: statements say how they differ.
    has_classes |= np.array([outcome in present.sure_within for outcome in outcomes], dtype=bool)
    judged, recorded = Counter(j.expert for j in opinions.judgments), Counter(r.expert for r in opinions.track_records)
    counts = np.array([judged[expert] + recorded[expert] for expert in experts], dtype=float)
    groups = [(kind, expert in judged, expert in recorded) for expert, kind in opinions.experts.items()]
    leaders = np.array([groups.index(group) for group in groups], dtype=np.int64)
    known_spread = centring(np.array([groups.count(group) for group in groups], dtype=float), SPREAD_WORTH)
    return {
        "expert_leader": leaders,
        "expert_reflection": reflection(leaders),
        **{f"{name}_centring": centring(counts, worth) * known_spread for name, worth in PRIOR_WORTH.items()},
        "mu_centring": np.where(has_classes, 0.0, centring(about.sum(axis=1))),
        "exercise_centring": centring(asked.sum(axis=1)),
        "outcome_voices": _shares(about),
        "outcome_topic": np.array([topics.get((outcome, None), 0) for outcome in outcomes], dtype=np.int64),
        "exercise_voices": _shares(asked),
    }


def centring(counts: npt.NDArray[np.float64], worth: float = 1.0) -> npt.NDArray[np.float64]:
    """Share of the information that comes from statements, when the prior is worth that many statements."""
    return np.asarray(counts / (counts + worth))


def reflection(leaders: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The vector h of each group's reflection z - h (h . z), by member; groups are named by their first member.

    It exchanges the first unit vector and that of equal elements (Householder 1958, doi:10.1145/320941.320947); zero
    for a group of one.
    """
    result = np.zeros(len(leaders))
    for leader in np.unique(leaders):
        members = np.flatnonzero(leaders == leader)
        if len(members) > 1:
            along = np.full(len(members), len(members) ** -0.5)
            along[0] -= 1.0
            result[members] = along * np.sqrt(2.0 / (along @ along))
    return result


def _places(labels: Iterable[str]) -> dict[str, int]:
    return {label: place for place, label in enumerate(labels)}


def _shares(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))
