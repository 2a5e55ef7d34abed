"""Updates from the draws of the last forecast: the same probabilities as a new run, or a new run where they are not."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from forecast.answer import OutcomeForecast, Verdict
from forecast.pipeline import compute_forecast
from forecast.study import EvidenceKind, Study, accept_arrivals, load_study, with_arrivals
from forecast.updating import LastForecast, compute_update
from priors import study_path
from tests.documents import binary_outcome, event_outcome, make_study

pytestmark = [pytest.mark.statistical]

OCTOBER = date(2021, 10, 10)
LIMIT = 3.0
"""Combined standard errors."""


def karabakh() -> Study:
    return load_study(study_path("karabakh-2021"))


@pytest.fixture(scope="module")
def last(tmp_path_factory: pytest.TempPathFactory) -> LastForecast:
    return forecast_of(karabakh(), tmp_path_factory.mktemp("last"))


def forecast_of(study: Study, folder: Path) -> LastForecast:
    computed = compute_forecast(study, seed=1)
    computed.write_draws(folder / "draws.nc")
    return LastForecast("the-last-one", study, computed.answer, folder / "draws.nc")


def observed(study: Study, **values: int) -> Study:
    """A month later, with counts of September."""
    later = study.with_as_of(OCTOBER)
    rows = [
        {"indicator": indicator, "period": "2021-09", "value": value, "known_at": "2021-10-05"}
        for indicator, value in values.items()
    ]
    return with_arrivals(later, accept_arrivals(later, EvidenceKind.OBSERVATIONS, rows, OCTOBER))


def z_scores(one: tuple[OutcomeForecast, ...], two: tuple[OutcomeForecast, ...]) -> dict[str, float]:
    """Difference of each probability in combined Monte Carlo standard errors."""
    return {a.id: (a.probability - b.probability) / math.hypot(a.mcse, b.mcse) for a, b in zip(one, two, strict=True)}


def test_one_new_observation_is_weighed_and_agrees_with_a_new_run(last: LastForecast) -> None:
    after = observed(karabakh(), clash_days=4)
    updated, refitted = (
        compute_update(after, last=last, seed=2).answer,
        compute_forecast(after, seed=3).answer,
    )
    assert updated.update is not None
    assert (updated.update.way, updated.update.previous) == ("reweighted", "the-last-one")
    assert updated.update.pareto_k is not None
    assert updated.update.pareto_k <= 0.7
    assert updated.verdict.value == "published"
    assert {check.name for check in updated.checks} >= {"pareto_k", "rhat"}
    scores = z_scores(updated.outcomes, refitted.outcomes)
    assert max(map(abs, scores.values())) < LIMIT, scores
    # The state of the new month was not sampled before; it is labelled and moved by its count.
    assert updated.factors[0].states[-1].period == refitted.factors[0].states[-1].period == date(2021, 9, 1)


def test_a_count_that_contradicts_the_last_posterior_is_fitted_anew(last: LastForecast) -> None:
    after = observed(karabakh(), recognition_gestures=60)
    found = compute_update(after, last=last, seed=2).answer
    assert found.update is not None
    assert found.update.way == "refitted"
    assert found.update.previous == "the-last-one"
    assert "Pareto k" in found.update.reason or "effective" in found.update.reason
    assert found.verdict is not Verdict.REFUSED


def test_the_same_seed_gives_the_same_update(last: LastForecast) -> None:
    after = observed(karabakh(), clash_days=4)
    one, two = (compute_update(after, last=last, seed=5).answer.outcomes for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda last: None, "no earlier forecast"),
        (lambda last: _with_answer(last, method_version="0"), "method 0"),
        (lambda last: _with_answer(last, verdict=Verdict.DEGRADED), "is degraded"),
    ],
)
def test_draws_that_say_nothing_about_the_study_are_not_used(tmp_path: Path, change: Any, reason: str) -> None:
    study = make_study(event_outcome()).with_sampler(draws=500, tune=300)
    found = compute_update(study, last=change(forecast_of(study, tmp_path)), seed=2).answer
    assert found.update is not None
    assert (found.update.way, found.update.pareto_k) == ("refitted", None)
    assert reason in found.update.reason
    again = compute_forecast(study, seed=2).answer
    assert found.outcomes == again.outcomes


def test_another_prior_is_another_study(tmp_path: Path) -> None:
    study = make_study(event_outcome()).with_sampler(draws=500, tune=300)
    other = make_study(event_outcome(prior={"distribution": "normal(-2, 1)"})).with_sampler(draws=500, tune=300)
    found = compute_update(other, last=forecast_of(study, tmp_path), seed=2).answer
    assert found.update is not None
    assert "the study itself changed" in found.update.reason


def test_a_new_expert_and_new_trials_are_weighed(tmp_path: Path) -> None:
    """What is sampled in other axes once somebody else speaks: the level of the outcome, the experts' own variables."""
    said = {"expert": "ann", "outcome": "agreement", "probability": 0.25, "on": "2019-12-01", "by": "2024-01-01"}
    base = {"judgments": {"rows": [said]}, "sampler": {"draws": 2000, "tune": 1000, "chains": 4}}
    before = make_study(binary_outcome(), **base)
    after = make_study(
        binary_outcome(), **{**base, "judgments": {"rows": [said, {**said, "expert": "ben", "probability": 0.35}]}}
    )
    updated = compute_update(after, last=forecast_of(before, tmp_path), seed=2).answer
    assert updated.update is not None
    assert updated.update.way == "reweighted"
    scores = z_scores(updated.outcomes, compute_forecast(after, seed=3).answer.outcomes)
    assert abs(scores["agreement"]) < LIMIT
    assert [expert.id for expert in updated.experts] == ["ann", "ben"]


def _with_answer(last: LastForecast, **changes: Any) -> LastForecast:
    return replace(last, answer=last.answer.model_copy(update=changes))
