"""The pipeline: reproducible, stoppable, honest about what it cannot do."""

from __future__ import annotations

import pytest

from forecast.answer import Answer
from forecast.errors import CancelledError, DeadlineError, StudyError
from forecast.pipeline.compute import Progress, Stage, compute_forecast, resolve_seed
from forecast.study import Study
from tests.documents import binary_outcome, event_outcome, make_study

pytestmark = pytest.mark.program

QUICK = {"draws": 100, "tune": 100, "chains": 2, "target_accept": 0.8}


@pytest.fixture(scope="module")
def study() -> Study:
    return make_study(event_outcome(), binary_outcome(), sampler={**QUICK, "seed": 4})


@pytest.fixture(scope="module")
def first(study: Study) -> Answer:
    return compute_forecast(study).answer


def test_the_same_document_and_seed_give_the_same_numbers(study: Study, first: Answer) -> None:
    second = compute_forecast(study).answer
    other = compute_forecast(study, seed=5).answer
    assert first.outcomes == second.outcomes
    assert first.diagnostics.parameters == second.diagnostics.parameters
    assert first.outcomes != other.outcomes


def test_without_a_seed_one_is_derived_from_the_document() -> None:
    study = make_study(event_outcome(), sampler=QUICK)
    assert resolve_seed(study, None) == resolve_seed(make_study(event_outcome(), sampler=QUICK), None)
    assert resolve_seed(study, None) != resolve_seed(make_study(event_outcome(title="Other"), sampler=QUICK), None)
    assert resolve_seed(study, 7) == 7


def test_stages_are_reported_in_order_and_draws_grow_to_what_was_asked_for() -> None:
    seen: list[Progress] = []
    compute_forecast(make_study(event_outcome(), sampler={**QUICK, "draws": 1500}), on_progress=seen.append)
    stages = list(dict.fromkeys(progress.stage for progress in seen))
    assert stages == [Stage.LOAD, Stage.COMPILE, Stage.SAMPLE, Stage.FUTURES, Stage.DIAGNOSE, Stage.FIGURES]
    done = [progress.draws_done for progress in seen if progress.stage is Stage.SAMPLE and progress.draws_wanted]
    assert done == sorted(done)
    assert done[-1] == 2 * (1500 + 100)


@pytest.mark.parametrize("error", [CancelledError, DeadlineError])
def test_a_running_sampler_stops_when_asked_and_keeps_nothing(error: type[CancelledError | DeadlineError]) -> None:
    sampling = False

    def watch(progress: Progress) -> None:
        nonlocal sampling
        sampling = sampling or progress.stage is Stage.SAMPLE

    study = make_study(event_outcome(), sampler={"draws": 20_000, "tune": 20_000, "chains": 16})
    with pytest.raises(error):
        compute_forecast(study, on_progress=watch, should_stop=lambda: error if sampling else None)


def test_the_next_forecast_after_a_cancelled_one_is_undisturbed(study: Study, first: Answer) -> None:
    with pytest.raises(CancelledError):
        compute_forecast(study, should_stop=lambda: CancelledError)
    assert compute_forecast(study).answer.outcomes == first.outcomes


def test_a_scenario_that_is_an_outcome_has_its_probability() -> None:
    study = make_study(
        event_outcome(resolution={"criteria": "It has left.", "by": "2022-06-15"}),
        sampler=QUICK,
        scenarios=[{"id": "same", "title": "The same", "when": "exit"}],
    )
    answer = compute_forecast(study).answer
    assert answer.scenarios[0].probability == answer.outcomes[0].probability


def test_too_few_draws_are_a_verdict_and_not_a_failure() -> None:
    study = make_study(event_outcome(), sampler={"draws": 100, "tune": 100, "chains": 2})
    answer = compute_forecast(study).answer
    assert answer.verdict == "degraded"
    assert any("effective sample size" in reason for reason in answer.verdict_reasons)


def test_more_draws_than_fit_into_memory_are_refused_before_anything_is_allocated() -> None:
    rows = [{"id": str(k), "duration": 5, "event": "left"} for k in range(2000)]
    study = make_study(
        event_outcome(pooling={"case_sd": 0.5}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, "event_value": {"exit": "left"}}],
        sampler={"draws": 20_000, "chains": 16},
    )
    with pytest.raises(StudyError, match=r"sampler\.draws.*GB.*fewer draws"):
        compute_forecast(study)


def test_a_long_horizon_is_rolled_forward_within_its_memory() -> None:
    study = make_study(
        *[event_outcome(id=f"o{k}", prior={"distribution": "normal(-7, 0.5)"}) for k in range(20)],
        horizon=600,
        sampler={"draws": 900, "tune": 100, "chains": 2, "target_accept": 0.8, "seed": 1},
    )
    computed = compute_forecast(study)
    assert computed.draws["futures"].sizes["future"] <= 2000 * 5
    assert computed.draws["posterior"]["probability"].sizes["draw"] == 900
    exact = computed.draws["posterior"]["probability"].mean(("chain", "draw"))
    for outcome in computed.answer.outcomes:
        assert abs(outcome.probability - float(exact.sel(closed_outcome=outcome.id))) < 5 * outcome.mcse


def test_a_scenario_about_one_outcome_has_its_exact_interval() -> None:
    study = make_study(
        event_outcome(prior={"distribution": "normal(-9, 1)"}),
        sampler=QUICK,
        scenarios=[
            {"id": "same", "title": "The same", "when": "exit"},
            {"id": "not", "title": "The opposite", "when": "not by(exit, 60)"},
        ],
    )
    answer = compute_forecast(study).answer
    (outcome,), (same, opposite) = answer.outcomes, answer.scenarios
    assert same.interval == outcome.interval
    assert [1 - opposite.interval.high, 1 - opposite.interval.low] == pytest.approx(
        [same.interval.low, same.interval.high]
    )


def test_the_answer_can_be_counted_again_from_the_stored_futures() -> None:
    """Also where a date lies inside a period: times are stored as they were compared."""
    study = make_study(
        event_outcome(resolution={"criteria": "It has left.", "by": "2022-06-17"}),
        binary_outcome(resolution={"criteria": "Signed.", "by": "2023-03-11"}),
        sampler=QUICK,
    )
    computed = compute_forecast(study)
    time = computed.draws["futures"]["event_time"]
    for outcome in computed.answer.outcomes:
        limit = study.calendar.periods_until(outcome.by)
        assert float((time.sel(outcome=outcome.id) <= limit).mean()) == pytest.approx(outcome.probability)


def test_levels_of_cases_with_a_frailty_are_gated_like_all_that_is_reported() -> None:
    rows = [{"id": name, "duration": 5, "event": "left"} for name in "ab"]
    study = make_study(
        event_outcome(pooling={"case_sd": 0.5}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, "event_value": {"exit": "left"}}],
        sampler=QUICK,
    )
    parameters = {p.name: p.reported for p in compute_forecast(study).answer.diagnostics.parameters}
    assert parameters["case_level[past/a:exit]"] is True
    assert not any(name.startswith("frailty_z") for name in parameters)


def test_what_the_priors_alone_imply_is_noted() -> None:
    study = make_study(event_outcome(prior={"distribution": "normal(-4, 0.5)"}), sampler=QUICK)
    (note,) = [check for check in compute_forecast(study).answer.checks if check.name == "prior"]
    assert note.passed is None
    assert note.value == pytest.approx(0.667, abs=0.05)  # 1 - exp(-60 exp(-4))


def test_the_rate_of_a_class_is_that_of_its_mean_case_and_not_of_covariate_zero() -> None:
    """All cases have size 1 and 20 of 30 trials succeed; at size 0 the prior alone speaks, which says 5 %."""
    rows = [{"id": str(k), "successes": 2, "trials": 3, "size": 1} for k in range(10)]
    study = make_study(
        binary_outcome(covariates={"size": 1}, reference={"past": 1.0}, prior={"distribution": "normal(-3, 0.1)"}),
        covariates=[{"id": "size", "sd": 5, "standardize": False}],
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows, "covariates": ["size"]}],
        sampler=QUICK,
    )
    (group,) = compute_forecast(study).answer.outcomes[0].reference.classes
    assert group.rate_or_probability == pytest.approx(2 / 3, abs=0.1)
