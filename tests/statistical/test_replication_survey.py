"""Leave one project out: learn about forecasters on one project's findings, predict the other's.

The forecasters of the two projects are different people, so that only what is true of forecasters in general can carry
over: how far they exaggerate, what error they share, how much one more of them is worth. The outcomes of the project
that is predicted are used for the score and for nothing else.

References
----------
Gordon, Viganola, Dreber, Johannesson and Pfeiffer (2021), PLOS ONE 16(4), doi:10.1371/journal.pone.0248780. Brier score:
Brier (1950), Monthly Weather Review 78(1), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2. Geometric mean of odds:
Satopää et al. (2014), International Journal of Forecasting 30(2), doi:10.1016/j.ijforecast.2013.09.009.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from forecast.study import Study, load_study, study_from_document
from forecast.study.rows.judgments import CLIP
from priors import study_path
from tests.suite.sizes import FULL_SIZE

if TYPE_CHECKING:
    from forecast.answer import Answer

pytestmark = [pytest.mark.statistical, pytest.mark.slow, pytest.mark.timeout(1800)]

FOLDER = study_path("replication-survey").parent
METHODS = ("mean", "median", "geometric odds", "ours")
PRIOR_SD = 0.8
"""That of the shipped study."""
SHORT = {"draws": 300, "tune": 300, "chains": 2, "target_accept": 0.9}
"""Enough for a score: Monte Carlo errors of probabilities near 0.01 move the mean of their squares by less than 0.001.
At full size it is the sampler of the shipped study, a minute or two a direction, and the verdict has to be `published`."""


@dataclass(frozen=True)
class Project:
    """The findings of one project in the order of the table, and what was said about each."""

    name: str
    replicated: dict[str, int]
    said: dict[str, list[tuple[str, float]]]
    """Finding -> (expert, probability)."""

    @property
    def truth(self) -> np.ndarray:
        """Dims: finding."""
        return np.array(list(self.replicated.values()), dtype=float)

    def pooled(self, method: str) -> np.ndarray:
        """One probability per finding without any model; dims: finding. Odds need the clipping of 0 and 1."""
        answers = [np.array([p for _, p in self.said[finding]]) for finding in self.replicated]
        if method == "geometric odds":
            clipped = [np.clip(p, CLIP, 1.0 - CLIP) for p in answers]
            return np.array([1.0 / (1.0 + np.exp(-np.mean(np.log(p / (1.0 - p))))) for p in clipped])
        return np.array([{"mean": np.mean, "median": np.median}[method](p) for p in answers])


def read_rows(path: str) -> list[dict[str, str]]:
    with (FOLDER / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_projects() -> dict[str, Project]:
    said: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for table, column in (("judgments", "outcome"), ("track_records", "question")):
        for row in read_rows(f"opinions/{table}.csv"):
            said[row[column]].append((row["expert"], float(row["probability"])))
    findings = read_rows("findings.csv")
    return {
        name: Project(
            name, {row["finding"]: int(row["replicated"]) for row in findings if row["project"] == name}, said
        )
        for name in ("RPP", "EERP")
    }


def study_of(predicted: Project, known: Project) -> Study:
    """The shipped study with the roles of the projects as given, by the same rule for the prior."""
    shipped = load_study(study_path("replication-survey")).canonical()
    share = known.truth.mean()
    outcome: dict[str, Any] = shipped["outcomes"][0]
    prior = {**outcome["prior"], "distribution": f"normal({np.log(share / (1.0 - share)):.1f}, {PRIOR_SD})"}
    judgments = [
        {"expert": expert, "outcome": finding, "probability": p, "on": shipped["as_of"]}
        for finding in predicted.replicated
        for expert, p in predicted.said[finding]
    ]
    records = [
        {"expert": expert, "question": finding, "probability": p, "outcome": known.replicated[finding]}
        for finding in known.replicated
        for expert, p in known.said[finding]
    ]
    document = {key: value for key, value in shipped.items() if key != "scenarios"}
    return study_from_document(
        {
            **document,
            "outcomes": [
                {**outcome, "id": finding, "title": finding, "prior": prior} for finding in predicted.replicated
            ],
            "judgments": {"rows": judgments},
            "track_records": {"rows": records},
        }
    )


def predict(study: Study) -> Answer:
    from forecast.pipeline.compute import compute_forecast

    sampler = study.sampler if FULL_SIZE else study.sampler.model_copy(update=SHORT)
    return compute_forecast(study.model_copy(update={"sampler": sampler})).answer


def brier(probability: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean((probability - truth) ** 2))


def test_no_forecaster_is_in_both_projects_and_none_answered_a_finding_twice() -> None:
    projects = read_projects()
    experts = {
        name: {expert for finding in project.replicated for expert, _ in project.said[finding]}
        for name, project in projects.items()
    }
    assert {name: len(found) for name, found in experts.items()} == {"RPP": 81, "EERP": 97}
    assert not experts["RPP"] & experts["EERP"]
    for project in projects.values():
        for finding in project.replicated:
            names = [expert for expert, _ in project.said[finding]]
            assert len(names) == len(set(names)), finding


def test_the_shipped_study_is_the_one_that_learns_from_psychology_and_predicts_economics() -> None:
    projects = read_projects()
    shipped = load_study(study_path("replication-survey"))
    ours = study_of(projects["EERP"], projects["RPP"])
    assert [outcome.prior_on_scale(shipped.horizon) for outcome in shipped.outcomes] == [
        outcome.prior_on_scale(ours.horizon) for outcome in ours.outcomes
    ]
    assert len(shipped.outcomes) == 18
    assert {row["outcome"] for row in read_rows("opinions/judgments.csv")} == {o.id for o in shipped.outcomes}


@pytest.mark.program
@pytest.mark.parametrize(("predicted", "known"), [("EERP", "RPP"), pytest.param("RPP", "EERP", marks=pytest.mark.soak)])
def test_pooling_learned_on_one_project_predicts_the_other_as_well_as_the_plain_mean(
    predicted: str, known: str
) -> None:
    projects = read_projects()
    target = projects[predicted]
    answer = predict(study_of(target, projects[known]))
    assert answer.verdict == "published" or not FULL_SIZE, answer.verdict_reasons
    found = {outcome.id: outcome for outcome in answer.outcomes}
    ours = np.array([found[finding].probability for finding in target.replicated])
    assert max(outcome.mcse for outcome in found.values()) < 0.02
    scores = {method: brier(ours if method == "ours" else target.pooled(method), target.truth) for method in METHODS}
    print(f"\nBrier score, {predicted} from {known}: " + ", ".join(f"{m} {scores[m]:.4f}" for m in METHODS))
    assert scores["ours"] <= scores["mean"]
