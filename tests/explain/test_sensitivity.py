"""Power-scaling where prior or data rule, and the lean on effects whose absence has a closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecast.answer import Lean, SensitivityReport
from forecast.explain import compute_sensitivity
from forecast.explain.leans import LEAN_REPLICATES
from forecast.explain.runs import Runs
from forecast.inference.engine.program import compilation_count
from forecast.study import Study, study_from_document
from tests.documents import binary_outcome, event_outcome, make_study
from tests.explain.studies import MORE, QUICK, opinions_study, trials_study

pytestmark = [pytest.mark.statistical, pytest.mark.program, pytest.mark.sized]


def scaling(report: SensitivityReport, component: str, outcome: str) -> float:
    (found,) = [row for row in report.scaling if (row.component, row.outcome) == (component, outcome)]
    return found.sensitivity


def lean(report: SensitivityReport, effect: str, outcome: str) -> Lean:
    (found,) = [row for row in report.leans if (row.effect, row.outcome) == (effect, outcome)]
    return found


def test_where_the_prior_rules_it_shows_and_where_the_data_rule_they_do() -> None:
    ruled_by_prior = compute_sensitivity(trials_study((1, 3), sampler=MORE), seed=1)
    ruled_by_data = compute_sensitivity(trials_study((120, 400), sampler=MORE), seed=1)
    level = "level of agreement"
    assert scaling(ruled_by_prior, level, "agreement") > 0.05
    assert scaling(ruled_by_data, level, "agreement") < 0.05
    assert scaling(ruled_by_data, "data", "agreement") > 0.05
    assert {row.component for row in ruled_by_data.scaling} == {level, "data"}


def test_the_prior_alone_answers_as_a_normal_whose_precision_is_scaled() -> None:
    """The level is Normal(-3, 1); to the power a it is Normal(-3, 1 / a), whose distance is integrated here.

    One run is off by a fifteenth (twelve seeds), however many draws it has; the mean of three by a twenty-fifth.
    """
    reports = [compute_sensitivity(make_study(event_outcome(), sampler=QUICK), seed=seed) for seed in (1, 2, 3)]
    x = np.linspace(-9, 3, 40_001)
    probability = 1 - np.exp(-60 * np.exp(x))
    width = np.diff(probability)
    normal = [np.cumsum(d / d.sum())[:-1] for d in (np.exp(-0.5 * a * (x + 3) ** 2) for a in (1.0, 0.8, 1.25))]

    def one_way(p: np.ndarray, q: np.ndarray) -> float:
        """Cumulative Jensen-Shannon distance of two distribution functions; 0 log 0 is 0."""
        p, q = np.clip(p, 1e-300, 1), np.clip(q, 1e-300, 1)
        m = (p + q) / 2
        total = width @ (p * np.log2(p / m) + q * np.log2(q / m))
        return float(np.sqrt(total / (width @ (p + q))))

    distances = [max(one_way(normal[0], other), one_way(1 - normal[0], 1 - other)) for other in normal[1:]]
    expected = np.mean([distances[0] / -np.log2(0.8), distances[1] / np.log2(1.25)])
    found = np.mean([scaling(report, "level of exit", "exit") for report in reports])
    assert found == pytest.approx(expected, rel=0.15)
    assert {row.component for report in reports for row in report.scaling} == {"level of exit"}


def linked(base: str = "none", **changes: Any) -> Study:
    """`exit` is all but certain at once and adds 1 to the log odds of `agreement`, which is known to be even."""
    return make_study(
        event_outcome(prior={"distribution": "normal(3, 0.1)"}),
        binary_outcome(prior={"distribution": "normal(0, 0.01)"}),
        links=[{"cause": "exit", "effect_on": "agreement", "log_ratio": "normal(1, 0.5)", "base": base}],
        **{"sampler": MORE, **changes},
    )


def test_a_link_that_nothing_speaks_of_leans_as_its_prior_says() -> None:
    found = lean(compute_sensitivity(linked(), seed=1), "exit -> agreement", "agreement")
    z = np.random.default_rng(0).standard_normal(200_000)

    def expected(mean: float, sd: float) -> float:
        return float(np.mean(1 / (1 + np.exp(-(mean + sd * z)))))

    error = 4 * np.sqrt(0.25 / (4000 * LEAN_REPLICATES))
    assert found.probability == pytest.approx(expected(1, 0.5), abs=error)
    assert found.without == pytest.approx(0.5, abs=error)
    assert (found.low, found.high) == pytest.approx((expected(0.5, 0.5), expected(1.5, 0.5)), abs=error)
    assert found.pareto_k is None


def test_a_link_inside_the_marginal_does_not_move_it() -> None:
    found = lean(compute_sensitivity(linked("marginal"), seed=1), "exit -> agreement", "agreement")
    error = 4 * np.sqrt(0.25 / (4000 * LEAN_REPLICATES))
    assert (found.probability, found.without, found.low, found.high) == pytest.approx((0.5,) * 4, abs=error)


def test_an_effect_that_experts_speak_of_is_removed_as_by_a_run_without_it() -> None:
    """And without what is said of it, which alone would move the effect."""
    study = opinions_study(sampler=MORE)
    report = compute_sensitivity(study, seed=1)
    found = lean(report, "exit -> agreement", "agreement")
    assert found.pareto_k is not None
    said = study.document["judgments"]["rows"][:2]
    runs = Runs(study_from_document({**study.document, "links": [], "judgments": {"rows": said}}), 5, None, None)
    encoded = runs.encode()
    probabilities = runs.fit(encoded).probabilities[:, 1]
    error = 4 * np.sqrt(2 * 0.25 / (4000 * LEAN_REPLICATES) + 2 * probabilities.var() / 800)
    assert found.without == pytest.approx(float(probabilities.mean()), abs=error)
    assert "experts" in {row.component for row in report.scaling}
    assert compilation_count() == 1
