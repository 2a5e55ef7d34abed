"""Indicators, factors and the history that a factor moves, as arrays worked out by hand. The as-of date is 2020-01-01."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.selection import Selection
from forecast.study import Study
from tests.documents import binary_outcome, event_outcome, make_study

BANDS = {"class_sd": 0, "case_sd": 0, "trend_sd": 0.5, "wiggle_sd": 0.3, "age_bands": [0, 12, 36]}
FRICTION = {"id": "friction", "effects": {"exit": "normal(0.5, 0.25)"}}
COUNTS = [
    {"period": "2019-08", "value": 3},
    {"period": "2019-10", "value": 0, "exposure": 0.5},
    {"period": "2019-11", "value": None},
    {"period": "2019-12", "value": 7},
]


def indicator(name: str = "incidents", rows: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    return {"id": name, "rows": COUNTS if rows is None else rows, **changes}


def study_with(*indicators: dict[str, Any], **changes: Any) -> Study:
    outcome = event_outcome(pooling=BANDS, at_risk_since="2018-10-15")
    return make_study(outcome, indicators=list(indicators), **{"factors": [FRICTION], **changes})


def test_counts_lie_in_their_months_and_a_quiet_month_is_not_an_absent_one() -> None:
    encoded = encode_study(study_with(indicator(factor="friction")))
    assert encoded.past_periods == tuple(date(2019, month, 1) for month in (8, 9, 10, 11, 12))
    assert encoded.coords["past_period"] == [day.isoformat() for day in encoded.past_periods]
    arrays = encoded.arrays
    assert arrays["count_period"].tolist() == [0, 2, 4]
    assert arrays["count_value"].tolist() == [3, 0, 7]
    assert np.exp(arrays["count_log_exposure"]) == pytest.approx([1, 0.5, 1])
    assert arrays["count_indicator"].tolist() == [0, 0, 0]
    assert arrays["is_first"].tolist() == [1, 0, 0, 0, 0]
    assert arrays["observed_share"] == pytest.approx(np.array([[1, 0, 1, 0, 1]]) / 3)


def test_the_last_past_period_is_the_last_complete_one_whatever_was_observed() -> None:
    early = indicator(rows=[{"period": "2019-09", "value": 1}], factor="friction")
    assert encode_study(study_with(early)).coords["past_period"] == [f"2019-{m}-01" for m in ("09", "10", "11", "12")]
    at_month_end = study_with(early, as_of="2020-01-31")
    assert encode_study(at_month_end).coords["past_period"][-1] == "2020-01-01"


def test_a_running_period_with_a_count_has_a_state_and_a_part_without_a_share_is_a_bound() -> None:
    rows = [{**row, "exposure": row.get("exposure"), "known_at": None} for row in COUNTS]
    part = {"period": "2020-01", "value": 4, "exposure": 0.25, "known_at": None}
    bound = {"period": "2020-01", "value": 4, "exposure": None, "known_at": "2020-01-08"}
    study = study_with(
        indicator(factor="friction", rows=[*rows, part]), indicator("visits", rows=[*rows, bound]), indicator("rain"),
        as_of="2020-01-09",
    )  # fmt: skip
    encoded = encode_study(study)
    assert encoded.coords["past_period"][-1] == "2020-01-01"
    arrays = encoded.arrays
    places = list(zip(arrays["count_indicator"].tolist(), arrays["count_period"].tolist(), strict=True))
    assert places == [(0, 0), (0, 2), (0, 4), (0, 5), (1, 0), (1, 2), (1, 4), (2, 0), (2, 2), (2, 4)]
    assert np.exp(arrays["count_log_exposure"][3]) == pytest.approx(0.25)
    assert [arrays[name].tolist() for name in ("floor_indicator", "floor_period", "floor_value")] == [[1], [5], [4]]
    assert encoded.evidence_counts["observations"] == 11


def test_a_window_of_the_past_has_the_states_of_its_periods() -> None:
    """Of an indicator that a factor drives, so that counts that were not observed can be drawn."""
    outcome = {
        "id": "many", "title": "Many", "kind": "threshold", "indicator": "incidents", "at_least": 9,
        "window": {"since": "2019-06-01"}, "resolution": {"criteria": "As counted."},
    }  # fmt: skip
    for factor, first in (("friction", "2019-06-01"), (None, "2019-08-01")):
        study = make_study(
            event_outcome(pooling=BANDS), outcome, indicators=[indicator(factor=factor)], factors=[FRICTION]
        )
        assert encode_study(study).coords["past_period"][0] == first


def test_the_sign_of_a_loading_is_the_direction_and_no_factor_is_no_loading() -> None:
    encoded = encode_study(
        study_with(
            indicator("complaints", factor="friction"),
            indicator("visits", factor="friction", direction=-1),
            indicator("rain"),
        )
    )
    assert encoded.indicators == ("complaints", "visits", "rain")
    assert encoded.arrays["loading_scale"].tolist() == [0.7, -0.7, 0.0]
    assert encoded.arrays["indicator_factor"].tolist() == [1, 1, 0]
    assert encoded.arrays["count_indicator"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_effects_are_labelled_by_outcome_and_factor() -> None:
    factors = [
        {"id": "unwatched", "effects": {"exit": "normal(9, 1)"}},
        {"id": "engagement", "effects": {"agreement": "normal(0.4, 0.2)"}},
        {"id": "friction", "effects": {"agreement": "normal(-0.3, 0.1)", "exit": "normal(0.5, 0.25)"}},
    ]
    study = make_study(
        event_outcome(),
        binary_outcome(),
        factors=factors,
        indicators=[indicator("a", factor="friction"), indicator("b", factor="engagement")],
    )
    encoded = encode_study(study)
    assert encoded.factors == ("engagement", "friction")
    assert encoded.coords["effect"] == ["agreement<-engagement", "exit<-friction", "agreement<-friction"]
    arrays = encoded.arrays
    assert arrays["effect_outcome"].tolist() == [1, 0, 1]
    assert arrays["effect_factor"].tolist() == [0, 1, 1]
    assert arrays["effect_loc"].tolist() == [0.4, 0.5, -0.3]
    assert arrays["effect_scale"].tolist() == [0.2, 0.25, 0.1]
    assert arrays["indicator_factor"].tolist() == [2, 1]


def test_the_history_of_an_outcome_that_a_factor_moves_is_split_by_past_period_too() -> None:
    """At risk since 15 October 2018; 30 September 2019 is 11.5 months later, 31 December 14 + 16/31, 1 January 14 + 17/31.

    From 1 October to the as-of date: what is before the first past period has no factor; the new year's first day has
    December's state; the anniversary at 12 months, in October, is the edge of an age band.
    """
    encoded = encode_study(study_with(indicator(rows=[{"period": "2019-10", "value": 1}], factor="friction")))
    arrays = encoded.arrays
    assert arrays["history_variant"].tolist() == [0] * 5
    assert arrays["history_period"].tolist() == [0, 1, 1, 2, 3]
    assert arrays["history_band"].tolist() == [0, 0, 1, 1, 1]
    ends = [11 + 15 / 30, 12, 12 + 16 / 31, 13 + 15 / 30, 14 + 17 / 31]
    assert arrays["history_exposure"] == pytest.approx(np.diff([0, *ends]))


def test_without_a_factor_the_history_is_whole() -> None:
    quiet = encode_study(study_with(indicator(), factors=[])).arrays
    assert quiet["history_period"].tolist() == [0, 0]
    assert quiet["history_exposure"] == pytest.approx([12, 2 + 17 / 31])


def test_time_at_risk_that_begins_after_the_first_past_period_has_none_before_it() -> None:
    study = make_study(
        event_outcome(at_risk_since="2019-11-20"),
        factors=[FRICTION],
        indicators=[indicator(factor="friction")],
    )
    arrays = encode_study(study).arrays
    assert arrays["history_period"].tolist() == [4, 5]
    assert arrays["history_exposure"] == pytest.approx([10 / 30, 1 + 12 / 31 - 10 / 30])


@pytest.mark.parametrize(
    "rows",
    [[{"period": "2019-10", "value": None}, {"period": "2019-11", "value": None}], [{"period": "2020-01", "value": 4}]],
    ids=["blank", "not over yet"],
)
def test_a_study_whose_observations_are_all_absent_is_the_study_without_the_block(rows: list[dict[str, Any]]) -> None:
    blank = encode_study(study_with(indicator(rows=rows, factor="friction"), indicator("rain", rows=rows)))
    without = encode_study(study_with(factors=[]))
    assert_same(blank, without)
    assert_same(encode_study(study_with(indicator(factor="friction")), Selection(indicators=False)), without)


def assert_same(first: Any, second: Any) -> None:
    assert first.arrays.lengths == second.arrays.lengths
    for name, value in first.arrays.items():
        assert np.array_equal(value, second.arrays[name]), name
    assert first.coords == second.coords


def test_a_blank_indicator_beside_an_observed_one_is_left_out() -> None:
    blank = indicator("blank", rows=[{"period": "2019-01", "value": None}], factor="friction")
    assert_same(
        encode_study(study_with(blank, indicator(factor="friction"))),
        encode_study(study_with(indicator(factor="friction"))),
    )
