"""Updates from the draws of the last forecast: the same probabilities as a new run, or a new run where they are not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from forecast.answer import OutcomeForecast, Verdict
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.pipeline.update import LastForecast, compute_update
from forecast.study import EvidenceKind, Study, accept_arrivals, load_study, with_arrivals, with_as_of, with_sampler
from forecast.summary.archive import LATENT
from priors import study_path
from tests.documents import binary_outcome, event_outcome, make_study
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

LIMIT = 3.0
"""Combined standard errors."""
QUICK = {"draws": 200, "tune": 200, "chains": 2}
"""For runs of which only the way that was taken matters."""


def small() -> Study:
    """What karabakh-2021 has, in small and but for experts, of whom there is a test below."""
    counts = {"incidents": (6, 4, 9, 5, 7, 3, 8, 6), "meetings": (2, 3, 1, 2, 4, 2, 1, 3)}
    rows = {
        name: [{"period": f"2019-{month:02d}", "value": value} for month, value in enumerate(values, 5)]
        for name, values in counts.items()
    }
    return make_study(
        event_outcome(at_risk_since="2019-05-01"),
        binary_outcome(),
        factors=[{"id": "friction", "effects": {"exit": "normal(0.5, 0.2)"}}],
        indicators=[
            {"id": "incidents", "factor": "friction", "rows": rows["incidents"]},
            {"id": "meetings", "factor": "friction", "direction": -1, "rows": rows["meetings"]},
        ],
        links=[{"cause": "exit", "effect_on": "agreement", "log_ratio": "normal(0.4, 0.4)"}],
        sampler={"draws": 1500, "tune": 400, "chains": 2, "target_accept": 0.8, "seed": 1},
    )


@dataclass(frozen=True)
class Case:
    """A study, and counts of the month after its last."""

    study: Study
    as_of: date
    month: date
    known_at: str
    usual: dict[str, int]
    absurd: dict[str, int]

    def observed(self, values: dict[str, int]) -> Study:
        """A month later, with these counts."""
        later, period = with_as_of(self.study, self.as_of), f"{self.month:%Y-%m}"
        rows = [
            {"indicator": indicator, "period": period, "value": value, "known_at": self.known_at}
            for indicator, value in values.items()
        ]
        return with_arrivals(later, accept_arrivals(later, EvidenceKind.OBSERVATIONS, rows, self.as_of))


CASES: dict[str, Callable[[], Case]] = {
    "small": lambda: Case(
        small(), date(2020, 2, 10), date(2020, 1, 1), "2020-02-05", {"incidents": 7}, {"incidents": 45}
    ),
    "karabakh": lambda: Case(
        load_study(study_path("karabakh-2021")), date(2021, 10, 10), date(2021, 9, 1), "2021-10-05",
        {"clash_days": 4}, {"recognition_gestures": 60},
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=["small", pytest.param("karabakh", marks=pytest.mark.soak)])
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]()


@pytest.fixture(scope="module")
def last(case: Case, tmp_path_factory: pytest.TempPathFactory) -> LastForecast:
    return forecast_of(case.study, tmp_path_factory.mktemp("last"))


@pytest.fixture(scope="module")
def only_a_prior(tmp_path_factory: pytest.TempPathFactory) -> LastForecast:
    """Of the least of studies."""
    study = with_sampler(make_study(event_outcome()), draws=500, tune=300)
    return forecast_of(study, tmp_path_factory.mktemp("last"))


@pytest.fixture(scope="module")
def again(only_a_prior: LastForecast) -> ComputedForecast:
    """The same study from nothing, in few draws."""
    return compute_forecast(with_sampler(only_a_prior.study, **QUICK), seed=2)


def forecast_of(study: Study, folder: Path) -> LastForecast:
    computed = compute_forecast(study, seed=1)
    computed.write_draws(folder / "draws.nc")
    return LastForecast("the-last-one", study, computed.answer, folder / "draws.nc")


def z_scores(one: tuple[OutcomeForecast, ...], two: tuple[OutcomeForecast, ...]) -> dict[str, float]:
    """Difference of each probability in combined Monte Carlo standard errors."""
    return {a.id: (a.probability - b.probability) / math.hypot(a.mcse, b.mcse) for a, b in zip(one, two, strict=True)}


def test_one_new_observation_is_weighed_and_agrees_with_a_new_run(case: Case, last: LastForecast) -> None:
    after = case.observed(case.usual)
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
    assert updated.factors[0].states[-1].period == refitted.factors[0].states[-1].period == case.month


def test_a_count_that_contradicts_the_last_posterior_is_fitted_anew(case: Case, last: LastForecast) -> None:
    after = case.observed(case.absurd)
    found = compute_update(after, last=last, seed=2).answer
    assert found.update is not None
    assert found.update.way == "refitted"
    assert found.update.previous == "the-last-one"
    assert "Pareto k" in found.update.reason or "effective" in found.update.reason
    assert found.verdict is not Verdict.REFUSED


def test_the_same_seed_gives_the_same_update(case: Case, last: LastForecast) -> None:
    after = case.observed(case.usual)
    one, two = (compute_update(after, last=last, seed=5).answer for _ in range(2))
    assert one.update is not None
    assert one.update.way == "reweighted"
    assert one.outcomes == two.outcomes


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda last: None, "no earlier forecast"),
        (lambda last: _with_answer(last, method_version="0"), "method 0"),
        (lambda last: _with_answer(last, verdict=Verdict.DEGRADED), "is degraded"),
    ],
)
def test_draws_that_say_nothing_about_the_study_are_not_used(
    only_a_prior: LastForecast, again: ComputedForecast, change: Any, reason: str
) -> None:
    assert only_a_prior.answer.verdict is Verdict.PUBLISHED
    study = with_sampler(only_a_prior.study, **QUICK)
    found = compute_update(study, last=change(only_a_prior), seed=2).answer
    assert found.update is not None
    assert (found.update.way, found.update.pareto_k) == ("refitted", None)
    assert reason in found.update.reason
    assert found.outcomes == again.answer.outcomes


def test_draws_that_are_not_those_of_their_study_are_fitted_anew(only_a_prior: LastForecast, tmp_path: Path) -> None:
    """A file that lacks what the study's draws have: a reason, not the end of the job."""
    latent = xr.load_dataset(only_a_prior.draws, group=LATENT)
    latent.assign_coords(outcome=["another"]).to_netcdf(tmp_path / "draws.nc", group=LATENT)
    study = with_sampler(only_a_prior.study, **QUICK)
    found = compute_update(study, last=replace(only_a_prior, draws=tmp_path / "draws.nc"), seed=2).answer
    assert found.update is not None
    assert found.update.way == "refitted"
    assert "are not those of its study" in found.update.reason


def test_another_prior_is_another_study(only_a_prior: LastForecast) -> None:
    other = with_sampler(make_study(event_outcome(prior={"distribution": "normal(-2, 1)"})), **QUICK)
    found = compute_update(other, last=only_a_prior, seed=2).answer
    assert found.update is not None
    assert "the study itself changed" in found.update.reason


def test_a_new_expert_and_new_trials_are_weighed(tmp_path: Path) -> None:
    """What is sampled in other axes once another expert makes a statement: the level of the outcome, the experts' own
    variables."""
    said = {"expert": "ann", "outcome": "agreement", "probability": 0.25, "on": "2019-12-01", "by": "2024-01-01"}
    sampler = sized(
        {"draws": 2000, "tune": 1000, "chains": 4}, {"draws": 1000, "tune": 300, "chains": 4, "target_accept": 0.9}
    )
    base = {"judgments": {"rows": [said]}, "sampler": {**sampler, "seed": 1}}
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


def test_a_conditional_judgment_that_arrives_brings_the_link_that_it_needs(tmp_path: Path) -> None:
    study = with_sampler(make_study(event_outcome(id="war"), binary_outcome()), **QUICK)
    row = {"expert": "x", "outcome": "agreement", "given": "not war", "probability": 0.4, "on": "2020-01-01"}
    rows = accept_arrivals(study, EvidenceKind.JUDGMENTS, [row], study.as_of)
    answer = compute_update(with_arrivals(study, rows), last=forecast_of(study, tmp_path), seed=2).answer
    assert [(link.cause, link.effect_on, link.prior_sd, link.made) for link in answer.links] == [
        ("war", "agreement", 1.5, True)
    ]
    assert [note.message.partition("?")[0] for note in answer.checks if note.name == "made_link"] == [
        "does war act on agreement"
    ]
    assert [question.given for question in answer.questions] == ["not war"]
