"""What is left out by weighing agrees with running without it, and with quadrature."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from forecast.answer import InfluenceReport
from forecast.errors import CancelledError
from forecast.explain import compute_influence
from forecast.explain.estimates import outcome_means
from forecast.explain.runs import Runs
from forecast.inference.engine.program import compilation_count, get_program
from forecast.model.encoding.selection import Selection
from forecast.progress import Progress, Stage
from forecast.study import Study
from tests.documents import event_outcome, make_study
from tests.explain.studies import QUICK, opinions_study, trials_study

pytestmark = [pytest.mark.statistical, pytest.mark.program, pytest.mark.sized]


def exact(successes: int, trials: int) -> float:
    """Mean of 1 / (1 + exp(-x)) with x ~ Normal(-1, 1) and binomial trials."""
    x = np.linspace(-9, 7, 20_001)
    weight = stats.norm.pdf(x, -1, 1) * np.exp(successes * x - trials * np.logaddexp(0, x))
    return float((weight / (1 + np.exp(-x))).sum() / weight.sum())


def by_id(report: InfluenceReport) -> dict[str, tuple[float, float, float, bool]]:
    """Probability, its error, Pareto k and whether it was run, of the first outcome by what is left out."""
    return {
        item.id: (step.probability, step.mcse, item.pareto_k or 0.0, item.refitted)
        for item in report.items
        for step in [next(iter(item.outcomes.values()))]
    }


def test_every_case_left_out_gives_the_integral_without_it() -> None:
    trials = [(3, 20), (5, 20), (4, 20), (2, 10)]
    report = compute_influence(trials_study(*trials), seed=1)
    found = by_id(report)
    assert list(found) == [item.id for item in report.items]
    for place, (s, n) in enumerate(trials):
        probability, mcse, _, refitted = found[f"past/c{place}"]
        assert not refitted
        assert abs(probability - exact(14 - s, 70 - n)) < 4 * mcse
    moves = [max(abs(step.change) for step in item.outcomes.values()) for item in report.items]
    assert moves == sorted(moves, reverse=True)
    assert report.refits == 0


def test_a_case_that_weights_cannot_remove_is_run_without() -> None:
    report = compute_influence(trials_study((190, 200), (0, 1)), seed=1)
    probability, mcse, k, refitted = by_id(report)["past/c0"]
    assert refitted
    assert k > 0.7
    assert report.refits == 1
    assert report.items[0].reliable
    assert abs(probability - exact(0, 1)) < 4 * mcse


def test_cases_with_correlated_frailties_are_removed_as_by_a_run_without_them() -> None:
    pooling = {"class_sd": 0.5, "case_sd": 0.7, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
    ends = [("a", 5, "left"), ("b", 40, "stayed"), ("c", 12, "converted"), ("d", 8, "left"), ("e", 60, "stayed")]
    events = {"exit": "left", "conversion": "converted"}
    rows = [{"id": id, "duration": duration, "event": event} for id, duration, event in ends]
    study = make_study(
        *[event_outcome(id=id, pooling=pooling, competes="end", reference={"past": 0.6}) for id in events],
        dependence={"eta": 2},
        reference_classes=[{"id": "past", "outcome": list(events), "rows": rows, "event_value": events}],
        sampler=QUICK,
    )
    report = compute_influence(study, seed=1)
    assert not any(item.refitted for item in report.items)
    assert_agrees_with_run(study, report, "past/b", Selection(without_case=("past", "b")))


def test_experts_are_removed_as_by_runs_without_them() -> None:
    """Enough draws for errors to be known: slopes of experts mix slowly."""
    study = opinions_study(sampler={"draws": 1000, "tune": 500, "chains": 4})
    report = compute_influence(study, seed=1)
    assert {item.id for item in report.items} == {"a", "b", "c"}
    for expert in ("b", "c"):
        assert_agrees_with_run(study, report, expert, Selection(without_expert=expert))


def assert_agrees_with_run(study: Study, report: InfluenceReport, id: str, without: Selection) -> None:
    """Within four standard errors of the difference, for all outcomes."""
    item = next(item for item in report.items if item.id == id)
    assert item.reliable
    runs = Runs(study, 99, None, None)
    for name, mean in outcome_means(runs.fit(runs.encode(without)), None).items():
        step, other = item.outcomes[name], mean.estimated
        assert abs(step.probability - other.probability) < 4 * np.hypot(step.mcse, other.mcse)


def test_cases_of_weight_zero_are_not_evidence_and_twins_are_equal() -> None:
    rows = [{"id": str(k), "duration": 5, "event": "left"} for k in range(3)]
    rows.append({"id": "unused", "duration": 9, "event": "left", "weight": 0})
    study = make_study(
        event_outcome(reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, "event_value": {"exit": "left"}}],
        sampler=QUICK,
    )
    report = compute_influence(study, seed=1)
    assert {item.id for item in report.items} == {"past/0", "past/1", "past/2"}
    assert len({item.model_dump_json(include={"outcomes"}) for item in report.items}) == 1
    assert compilation_count() == 1


def test_it_stops_at_the_first_chance_after_it_is_asked_to() -> None:
    """Nothing is reported any more, and the chains are not waited for: on a busy machine these too take longer."""
    get_program()
    study = trials_study(*[(k % 7, 20) for k in range(60)], sampler={"draws": 20_000, "tune": 20_000, "chains": 4})
    asked: list[tuple[float, Progress]] = []
    began = time.monotonic()

    def watch(progress: Progress) -> None:
        if asked or (progress.stage is Stage.SAMPLE and progress.draws_done):
            asked.append((time.monotonic(), progress))

    with pytest.raises(CancelledError):
        compute_influence(study, seed=1, on_progress=watch, should_stop=lambda: CancelledError if asked else None)
    ((then, seen),) = asked
    assert seen.draws_done < seen.draws_wanted
    all_draws = (then - began) * seen.draws_wanted / seen.draws_done
    assert time.monotonic() - then < all_draws / 4
