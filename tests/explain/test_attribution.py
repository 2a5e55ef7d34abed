"""The waterfall: flat without evidence, the forecast's own numbers at its end."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.errors import CancelledError
from forecast.explain import compute_attribution
from forecast.inference.engine.program import compilation_count
from forecast.pipeline.compute import compute_forecast
from forecast.pipeline.explain import explainer_of
from forecast.progress import Progress, Stage
from tests.documents import event_outcome, make_study
from tests.explain.studies import QUICK, QUICK_DRAWS, opinions_study, trials_study

pytestmark = [pytest.mark.statistical, pytest.mark.program, pytest.mark.sized]

BLOCKS = ["prior", "reference_classes", "history", "indicators", "judgments", "links"]


def test_a_study_with_only_a_prior_is_flat_and_is_run_once() -> None:
    seen: list[Progress] = []
    found = compute_attribution(make_study(event_outcome(), sampler=QUICK), seed=1, on_progress=seen.append)
    assert [step.block for step in found.steps] == BLOCKS
    first, *others = (step.outcomes["exit"] for step in found.steps)
    x = np.linspace(-8, 8, 2001)
    exact = np.average(1 - np.exp(-60 * np.exp(x - 3)), weights=np.exp(-(x**2) / 2))
    assert abs(first.probability - exact) < 4 * first.mcse
    assert all(step == first for step in others)
    assert (first.change, first.change_mcse) == (0.0, 0.0)
    assert max(progress.draws_wanted for progress in seen) == QUICK_DRAWS


def test_the_last_step_is_the_forecast_to_the_last_digit_and_every_run_counts() -> None:
    both_come = {"id": "both", "title": "Both", "when": "exit and agreement"}
    study = opinions_study(scenarios=[both_come], sampler={**QUICK, "draws": 150, "tune": 150})
    seen: list[Progress] = []
    found = compute_attribution(study, seed=7, on_progress=seen.append)
    answer = compute_forecast(study, seed=7).answer
    last = found.steps[-1]
    assert {o.id: (o.probability, o.mcse) for o in answer.outcomes} == {
        name: (step.probability, step.mcse) for name, step in last.outcomes.items()
    }
    (both,) = answer.scenarios
    assert (last.scenarios["both"].probability, last.scenarios["both"].mcse) == (both.probability, both.mcse)
    done = [p.draws_done for p in seen if p.stage is Stage.SAMPLE]
    assert done == sorted(done)
    assert seen[-1].draws_done == seen[-1].draws_wanted == 3 * 2 * (150 + 150)  # prior, judgments, links
    for step, before in zip(found.steps[1:], found.steps, strict=False):
        for name, now in step.outcomes.items():
            assert now.change == pytest.approx(now.log_odds - before.outcomes[name].log_odds)
    assert compilation_count() == 1


def test_a_forecast_that_chose_its_own_draws_is_explained_with_as_many() -> None:
    study = trials_study((3, 22), (1, 5), sampler={"chains": 2, "target_mcse": 0.003})
    answer = compute_forecast(study, seed=7).answer
    used = answer.provenance.sampler
    assert used["draws"] in (2000, 4000, 8000)
    explain = explainer_of("attribution", used)
    last = explain(study, seed=7).steps[-1]  # type: ignore[union-attr]
    assert {o.id: (o.probability, o.mcse) for o in answer.outcomes} == {
        name: (step.probability, step.mcse) for name, step in last.outcomes.items()
    }
    fewer = compute_attribution(study, seed=7).steps[-1]
    assert fewer.outcomes["agreement"].mcse > last.outcomes["agreement"].mcse


def test_the_cases_of_a_class_move_it_from_prior_to_data() -> None:
    found = compute_attribution(trials_study((90, 100)), seed=1)
    prior, classes = found.steps[0].outcomes["agreement"], found.steps[1].outcomes["agreement"]
    assert prior.probability == pytest.approx(0.303, abs=5 * prior.mcse)  # mean of 1 / (1 + exp(-x)), x normal(-1, 1)
    assert classes.probability == pytest.approx(0.88, abs=0.02)
    assert classes.change > 20 * classes.change_mcse > 0


def test_it_stops_when_asked() -> None:
    with pytest.raises(CancelledError):
        compute_attribution(trials_study((1, 2)), seed=1, should_stop=lambda: CancelledError)
