"""Studies of any shape share one compiled program: the promise that everything else is fast because of."""

from __future__ import annotations

import pytest

from forecast.inference.engine.program import compilation_count
from forecast.pipeline.compute import compute_forecast
from forecast.study import Study, load_study, with_sampler
from priors import study_path
from tests.documents import binary_outcome, make_study

pytestmark = pytest.mark.program

QUICK = {"draws": 100, "tune": 100, "chains": 2, "target_accept": 0.8}


def quick(name: str) -> Study:
    return with_sampler(load_study(study_path(name)), **QUICK)


def judgments_alone() -> Study:
    """No prior, no case, no indicator: two experts and a market."""
    rows = [
        {"expert": name, "kind": kind, "outcome": "agreement", "probability": p, "on": "2019-12-01"}
        for name, kind, p in (("x", "person", 0.2), ("y", "person", 0.4), ("m", "market", 0.3))
    ]
    outcome = {key: value for key, value in binary_outcome().items() if key != "prior"}
    return with_sampler(make_study(outcome, judgments={"rows": rows}), **QUICK)


def test_studies_of_different_shapes_and_blocks_cause_one_compilation() -> None:
    """Base rates, frailty, covariates, counts with exposure, experts, and all of it with factors and links at once."""
    names = ("rat-tumors", "seeds", "conflict-recurrence", "baseball", "pumps", "karabakh-2021")
    studies = [*map(quick, names), judgments_alone()]
    answers = [compute_forecast(study).answer for study in studies]
    assert [answer.diagnostics.compilations for answer in answers] == [1] * len(studies)
    assert compilation_count() == 1
    shapes = {
        tuple(len(block) for block in (a.outcomes, a.covariates, a.indicators, a.experts, a.links)) for a in answers
    }
    assert len(shapes) >= 4
    assert all(any(shape[block] for shape in shapes) for block in range(5))
    assert len({len(answer.diagnostics.parameters) for answer in answers}) == len(studies)
