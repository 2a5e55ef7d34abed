"""Studies of any shape share one compiled program: the promise that everything else is fast because of."""

from __future__ import annotations

from forecast.inference.program import compilation_count
from forecast.pipeline import compute_forecast
from forecast.study import Study, load_study
from priors import study_path

QUICK = {"draws": 200, "tune": 300, "chains": 2}


def quick(name: str) -> Study:
    return load_study(study_path(name)).with_sampler(**QUICK)


def test_four_studies_of_different_shapes_cause_one_compilation() -> None:
    answers = [
        compute_forecast(quick(name)).answer for name in ("rat-tumors", "seeds", "conflict-recurrence", "baseball")
    ]
    assert [answer.diagnostics.compilations for answer in answers] == [1, 1, 1, 1]
    assert compilation_count() == 1
    shapes = {(len(a.outcomes), len(a.covariates), len(a.diagnostics.parameters)) for a in answers}
    assert len(shapes) == 4
