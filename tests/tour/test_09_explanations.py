"""A probability is worth little without the reasons for it: what moved it, and what it hangs on.

The numbers here were computed once for the study of the first chapter; stored.py says how. Changes are in log odds, where
evidence adds up: from 0.5 to 0.73 is as far as from 0.05 to 0.125.
"""

from __future__ import annotations

import math

import pytest

from forecast.answer import Attribution, InfluenceReport, StoredForecast
from forecast.study import study_from_document
from forecast.study.arriving.comparison import changes_between
from tests.living import living_document
from tests.tour.stored import read_stored


@pytest.fixture(scope="module")
def forecast() -> StoredForecast:
    return read_stored()


def test_evidence_is_added_block_by_block_and_the_last_step_is_the_answer(forecast: StoredForecast) -> None:
    assert isinstance(forecast.attribution, Attribution)
    steps = {step.block: step.outcomes["withdrawal"] for step in forecast.attribution.steps}
    assert steps["reference_classes"].change < 0  # most of the earlier missions were never seen to leave
    assert steps["history"].change < 0  # two quiet years
    assert steps["judgments"].change == 0  # there are none
    (withdrawal,) = forecast.outcomes
    assert steps["links"].probability == withdrawal.probability
    answer = math.log(withdrawal.probability / (1 - withdrawal.probability))
    assert steps["prior"].log_odds + sum(step.change for step in steps.values()) == pytest.approx(answer)


def test_each_case_is_left_out_in_turn(forecast: StoredForecast) -> None:
    assert isinstance(forecast.influence, InfluenceReport)
    without = {item.id: item.outcomes["withdrawal"] for item in forecast.influence.items}
    # Without the mission that has stayed for twenty years, leaving is more likely; it matters most.
    assert max(without, key=lambda case: abs(without[case].change)) == "missions/south"
    assert without["missions/south"].change > 0
    # Without one that left, it is less likely.
    assert without["missions/north"].change < 0
    assert all(item.reliable for item in forecast.influence.items)


def test_between_two_forecasts_one_thing_is_changed_at_a_time() -> None:
    before = living_document()
    after = living_document(as_of="2020-04-10")
    after["outcomes"][0]["prior"] = {"distribution": "normal(-2, 1)"}
    incidents = after["indicators"][0]["rows"]
    incidents[0]["value"] = 5  # January is corrected
    incidents.append({"period": "2020-03", "value": 9})  # March is new
    found = {
        change.cause: (change.study.as_of.month, [row["value"] for row in change.study.indicators[0].table_rows])
        for change in changes_between(study_from_document(before), study_from_document(after))
        if change.study is not None  # each is a whole study, which can be computed
    }
    assert found == {"method": (3, [4, 6]), "clock": (4, [4, 6]), "data": (4, [5, 6]), "world": (4, [5, 6, 9])}
