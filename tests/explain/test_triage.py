"""Why a forecast differs from the one before it: shares that add up, and each cause seen where it acts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from forecast.answer import Answer
from forecast.explain import Previous, compute_triage
from forecast.pipeline.compute import compute_forecast
from forecast.study import Study, study_from_document, with_sampler
from tests.documents import event_outcome
from tests.living import living_study

pytestmark = [pytest.mark.statistical, pytest.mark.program]

ANSWERS: dict[tuple[str, int], Answer] = {}
MARCH = {"period": "2020-03", "value": 9, "known_at": "2020-04-02"}


def study(as_of: str, *rows: dict[str, Any], **changes: Any) -> Study:
    document = living_study(outcomes=[event_outcome(prior={"distribution": "normal(-4, 0.7)"})]).canonical()
    document["as_of"] = as_of
    document["indicators"][0]["rows"] = [*document["indicators"][0]["rows"], *rows]
    return with_sampler(study_from_document({**document, **changes}), draws=100, tune=150, chains=2, target_accept=0.8)


def answer_of(study: Study, seed: int) -> Answer:
    """Computed once for each document and seed."""
    key = study.digest, seed
    if key not in ANSWERS:
        ANSWERS[key] = compute_forecast(study, seed=seed).answer
    return ANSWERS[key]


def triage_of(before: Study, after: Study) -> tuple[Any, Any, Any]:
    first, second = answer_of(before, 1), answer_of(after, 2)
    found = compute_triage(after, seed=2, answer=second, previous=Previous("before", before, first))
    return found, first, second


def test_shares_add_up_to_the_whole_change() -> None:
    before = study("2020-03-15")
    after = study("2020-05-01", MARCH, outcomes=[event_outcome(prior={"distribution": "normal(-3, 0.7)"})])
    found, first, second = triage_of(before, after)
    assert found.previous == "before"
    assert [step.cause for step in found.steps] == ["method", "clock", "data", "world"]
    shares = {step.cause: step.outcomes["exit"] for step in found.steps}
    total = shares["world"].log_odds - _log_odds(first.outcomes[0].probability)
    assert sum(share.change for share in shares.values()) == pytest.approx(total, abs=1e-9)
    assert shares["world"].probability == second.outcomes[0].probability
    assert shares["method"].change > 0.5
    assert shares["data"].change == 0.0


def test_only_what_changed_has_a_share() -> None:
    """Nothing at all; then only time: the same document a month later, with nothing to run again."""
    before = study("2020-03-15")
    found, *_ = triage_of(before, before)
    assert not any(step.changed for step in found.steps)
    assert {step.outcomes["exit"].change for step in found.steps} == {0.0}
    found, _, second = triage_of(before, study("2020-05-01"))
    assert [step.cause for step in found.steps if step.changed] == ["clock"]
    assert found.steps[1].outcomes["exit"].probability == second.outcomes[0].probability


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))
