"""Many questions that only teach about experts: what they cost, and what they teach."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from forecast.study import study_from_document
from tests.statistical.panels import Law, Panel, make_panel
from tests.suite.sizes import FULL_SIZE, sized

if TYPE_CHECKING:
    from forecast.answer import Answer

pytestmark = [pytest.mark.statistical, pytest.mark.program, pytest.mark.slow]

QUESTIONS = sized(500, 80)


def answer_of(panel: Panel) -> tuple[Answer, float]:
    """The answer, and the CPU time that it took in a process that has its program."""
    from forecast.pipeline.compute import compute_forecast, warm_up

    warm_up()
    began = time.process_time()
    answer = compute_forecast(study_from_document(panel.study)).answer
    return answer, time.process_time() - began


@pytest.mark.parametrize("answered", [1.0, 0.5, pytest.param(0.1, marks=pytest.mark.soak)])
def test_hundreds_of_questions_beside_the_outcomes_are_published_within_a_minute(answered: float) -> None:
    """On two cores, so within two minutes of their time; open questions too. Nine in ten intervals of 90 % hold."""
    panel = make_panel(Law(QUESTIONS, answered), seed=1)
    answer, seconds = answer_of(panel)
    assert seconds < 120.0 or not FULL_SIZE
    assert answer.verdict == "published", answer.verdict_reasons
    assert [expert.track_records for expert in answer.experts] == [QUESTIONS] * 10
    held = [
        getattr(expert, name).interval.low <= true <= getattr(expert, name).interval.high
        for name, of in (("slope", panel.slope), ("bias", panel.bias))
        for expert, true in zip(answer.experts, of, strict=True)
    ]
    assert sum(held) >= (14 if FULL_SIZE else 13)  # of 20 that share what is common to all


@pytest.mark.parametrize("spread", [0.1, 0.8])
def test_what_goes_through_all_answers_of_an_expert_is_learned_as_one_error(spread: float) -> None:
    """The errors of one expert on different questions are correlated by bias_sd^2 over their variance, small or large."""
    panel = make_panel(Law(QUESTIONS, shared_bias=0.0, bias_sd=spread), seed=3)
    answer, _ = answer_of(panel)
    (learned,) = (found for found in answer.diagnostics.parameters if found.name == "bias_sd[person]")
    assert learned.mean is not None
    assert learned.sd is not None
    assert abs(learned.mean - panel.bias.std(ddof=1)) < 2.0 * learned.sd
    held = [
        expert.bias.interval.low <= true <= expert.bias.interval.high
        for expert, true in zip(answer.experts, panel.bias, strict=True)
    ]
    assert sum(held) >= 7
