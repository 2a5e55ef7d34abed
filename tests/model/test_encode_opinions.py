"""Judgments and track records as arrays worked out by hand. The as-of date is 2020-01-01, the period a month."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.selection import Selection
from forecast.study import Experts
from tests.documents import NO_POOLING, binary_outcome, event_outcome, make_study

PART = ("part_segment", "part_variant", "part_band", "part_link", "part_length", "part_own")


def said(expert: str, outcome: str, probability: float = 0.2, **changes: Any) -> dict[str, Any]:
    return {"expert": expert, "outcome": outcome, "probability": probability, "on": "2020-01-01", **changes}


def encode(*judgments: dict[str, Any], records: list[dict[str, Any]] | None = None, **changes: Any) -> EncodedStudy:
    outcomes = changes.pop("outcomes", [event_outcome(), binary_outcome()])
    blocks = {"judgments": {"rows": list(judgments)}} if judgments else {}
    if records is not None:
        blocks["track_records"] = {"rows": records}
    return encode_study(make_study(*outcomes, **blocks, **changes))


def parts(encoded: EncodedStudy, question: int = 0) -> list[tuple[float, ...]]:
    """Segment, outcome, band, link, length and own of each part of a question."""
    chosen = encoded.arrays["part_reading"] == question
    return list(zip(*[encoded.arrays[name][chosen].tolist() for name in PART], strict=True))


def test_experts_questions_and_topics_are_told_apart_by_their_labels() -> None:
    encoded = encode(
        said("x", "exit", by=12),
        said("m", "exit", 0.3, by=12, kind="market"),
        said("x", "exit", 0.4, by="2022-01-01"),
        said("x", "agreement", 0.5, given="exit"),
        said("y", "agreement", 0.001),
        links=[{"cause": "exit", "effect_on": "agreement", "log_ratio": "normal(1, 0.5)"}],
    )
    assert encoded.coords["expert"] == ["x", "m", "y"]
    assert encoded.coords["kind"] == ["person", "market"]
    assert encoded.coords["topic"] == ["exit", "agreement|exit", "agreement"]
    assert encoded.coords["question"] == [
        "exit@2021-01-01", "exit@2022-01-01", "agreement@2024-01-01|exit", "agreement@2024-01-01"
    ]  # fmt: skip
    a = encoded.arrays
    assert a["expert_kind"].tolist() == [0, 1, 0]
    assert a["question_topic"].tolist() == [0, 0, 1, 2]
    assert a["question_outcome"].tolist() == [0, 0, 1, 1]
    assert a["question_is_binary"].tolist() == [0, 0, 1, 1]
    assert a["question_link"].tolist() == [0, 0, 0, 0]  # the supposed exit occurs by its date, not at once
    assert a["condition_reading"].tolist() == [2]
    assert a["question_steps"].tolist() == [12, 24, 48, 48]
    assert a["judgment_question"].tolist() == [0, 0, 1, 2, 3]
    assert a["judgment_expert"].tolist() == [0, 1, 0, 0, 2]
    odds = [0.25, 3 / 7, 2 / 3, 1.0, 0.005 / 0.995]
    assert np.exp(a["judgment_log_odds"]) == pytest.approx(odds)
    assert a.lengths["panel"] == 1
    assert a.lengths["exam"] == 0


def test_a_question_about_one_constant_hazard_is_a_single_segment() -> None:
    encoded = encode(said("x", "exit", by=12))
    assert parts(encoded) == [(0, 0, 0, 0, 12.0, 1.0)]
    assert encoded.arrays["segment_step"].tolist() == [[6.5]]  # the middle of the periods 1 to 12


def test_segments_end_where_any_rival_enters_another_age_band() -> None:
    """exit is 15 months old with a band edge at 24: in 9 months; conversion is 0 with one at 5. Asked by month 11."""
    shaped = {**NO_POOLING, "wiggle_sd": 0.3}
    outcomes = [
        event_outcome(
            id="exit", competes="end", at_risk_since="2018-10-01", pooling={**shaped, "age_bands": [0, 24, 48]}
        ),
        event_outcome(id="apart"),
        event_outcome(id="conversion", competes="end", pooling={**shaped, "age_bands": [0, 5]}),
    ]
    encoded = encode(said("x", "conversion", by=11), outcomes=outcomes)
    assert encoded.coords["band"] == ["exit@0", "exit@24", "exit@48", "apart@0", "conversion@0", "conversion@5"]
    assert parts(encoded) == [
        (0, 0, 0, 0, 5.0, 0.0),
        (0, 2, 4, 0, 5.0, 1.0),
        (1, 0, 0, 0, 4.0, 0.0),
        (1, 2, 5, 0, 4.0, 1.0),
        (2, 0, 1, 0, 2.0, 0.0),
        (2, 2, 5, 0, 2.0, 1.0),
    ]
    assert encoded.arrays["segment_step"].tolist() == [[3.0, 7.5, 10.5]]


def test_a_date_on_the_edge_of_a_band_stays_in_the_band_that_ends_there() -> None:
    outcomes = [event_outcome(pooling={**NO_POOLING, "wiggle_sd": 0.3, "age_bands": [0, 12]})]
    encoded = encode(said("x", "exit", by=12), said("x", "exit", by=13), outcomes=outcomes)
    assert parts(encoded) == [(0, 0, 0, 0, 12.0, 1.0)]
    assert parts(encoded, 1) == [(0, 0, 0, 0, 12.0, 1.0), (1, 0, 1, 0, 1.0, 1.0)]
    assert encoded.arrays["segment_step"].tolist() == [[6.5, 0.0], [6.5, 13.0]]


def test_while_a_factor_moves_a_rival_the_way_is_cut_at_periods() -> None:
    changes = {
        "outcomes": [event_outcome(id="exit", competes="end"), event_outcome(id="conversion", competes="end")],
        "factors": [{"id": "friction", "effects": {"conversion": "normal(0.5, 0.2)"}}],
        "indicators": [{"id": "incidents", "factor": "friction", "rows": [{"period": "2019-10", "value": 2}]}],
    }
    encoded = encode(said("x", "exit", by=10.5), **changes)
    by = encoded.opinions.judgments[0].by_periods
    assert encoded.arrays["segment_step"].tolist() == [[1, 2, 3, 4, 5.5, 7.5, 10]]  # at 1, 2, 3, 4, 6 and 8
    lengths = [length for _, outcome, _, _, length, _ in parts(encoded) if outcome == 0]
    assert lengths == pytest.approx([1, 1, 1, 1, 2, 2, by - 8])
    assert lengths == [length for _, outcome, _, _, length, _ in parts(encoded) if outcome == 1]


def test_a_condition_acts_on_every_rival_that_it_has_a_link_to() -> None:
    outcomes = [
        event_outcome(id="exit", competes="end"), event_outcome(id="conversion", competes="end"), binary_outcome()
    ]  # fmt: skip
    links = [
        {"cause": "agreement", "effect_on": "conversion", "log_ratio": "normal(1, 0.5)", "base": "none"},
        {"cause": "conversion", "effect_on": "agreement", "log_ratio": "normal(1, 0.5)", "base": "none"},
        {"cause": "agreement", "effect_on": "exit", "log_ratio": "normal(1, 0.5)", "base": "none"},
    ]
    rows = [said("x", "exit", by=6, given="agreement"), said("x", "exit", by=6), said("x", "agreement", given="exit")]
    encoded = encode(*rows, outcomes=outcomes, links=links)
    assert parts(encoded, 0) == [(0, 0, 0, 3, 6.0, 1.0), (0, 1, 1, 1, 6.0, 0.0)]
    assert parts(encoded, 1) == [(0, 0, 0, 0, 6.0, 1.0), (0, 1, 1, 0, 6.0, 0.0)]
    assert encoded.arrays["question_link"].tolist() == [3, 0, 0]
    assert encoded.links[3:] == (("exit", "agreement"),)  # made: a level without its causes says nothing of them
    assert encoded.arrays["condition_reading"].tolist() == [2]  # without an offset a condition acts at once


def test_a_track_record_question_counts_once_and_is_centred_the_more_the_more_was_said() -> None:
    rows = [
        {"expert": expert, "question": question, "probability": p, "outcome": yes, "kind": kind}
        for expert, question, p, yes, kind in (
            ("m", "rain", 0.9, 1, "market"),
            ("x", "rain", 0.7, 1, "person"),
            ("y", "rain", 0.6, 1, "person"),
            ("x", "hail", 0.2, None, "person"),
            ("x", "snow", 0.0, 0, "person"),
        )
    ]
    encoded = encode(records=rows)
    a = encoded.arrays
    assert encoded.coords["exercise"] == ["rain", "hail", "snow"]
    assert encoded.coords["answer"] == ["rain", "snow"]
    assert a["answer_exercise"].tolist() == [0, 2]
    assert a["answer_yes"].tolist() == [1, 0]
    assert a["exercise_centring"].tolist() == [0.75, 0.5, 0.5]
    assert a["exercise_voices"].tolist() == [[pytest.approx(1 / 3)] * 3, [0, 1, 0], [0, 1, 0]]
    assert a["record_exercise"].tolist() == [0, 0, 0, 1, 2]
    assert a["record_expert"].tolist() == [0, 1, 2, 1, 1]
    assert a["record_log_odds"][4] == pytest.approx(math.log(0.005 / 0.995))
    assert (a.lengths["exam"], a.lengths["question"], a.lengths["panel"]) == (1, 0, 1)


def test_experts_of_judgments_and_of_track_records_are_the_same_people() -> None:
    records = [{"expert": name, "question": "q", "probability": 0.5, "outcome": 1} for name in ("z", "x")]
    encoded = encode(said("x", "exit", by=12), said("y", "exit", by=12), records=records)
    assert encoded.coords["expert"] == ["x", "y", "z"]
    assert encoded.arrays["record_expert"].tolist() == [2, 0]


def test_a_study_may_be_judgments_alone() -> None:
    bare = {key: value for key, value in binary_outcome().items() if key != "prior"}
    encoded = encode(said("x", "agreement"), outcomes=[bare])
    assert encoded.arrays.lengths["judgment"] == 1
    assert {
        encoded.arrays.lengths[dim] for dim in ("level", "unit", "trial", "cell", "history", "segment", "part")
    } == {0}


def test_statements_that_are_left_out_leave_no_trace() -> None:
    rows = [said("x", "exit", by=12), said("y", "agreement")]
    records = [{"expert": "x", "question": "q", "probability": 0.5, "outcome": 1}]
    study = make_study(event_outcome(), binary_outcome(), judgments={"rows": rows}, track_records={"rows": records})
    without_x = encode_study(study, Selection(without_expert="x"))
    only_y = encode(rows[1])
    assert without_x.coords == only_y.coords
    assert all(np.array_equal(without_x.arrays[name], only_y.arrays[name]) for name in only_y.arrays)
    unjudged, bare = encode_study(study, Selection(judgments=False)), encode()
    assert unjudged.arrays.lengths == bare.arrays.lengths


def test_an_old_statement_is_about_the_time_since_as_well() -> None:
    """Said five months before the as-of date, when exit had been at risk for three and its rival for one."""
    outcomes = [
        event_outcome(id="exit", competes="end", at_risk_since="2019-10-01"),
        event_outcome(id="conversion", competes="end", at_risk_since="2019-12-01"),
    ]
    encoded = encode(said("x", "exit", by="2021-01-01", on="2019-08-01"), outcomes=outcomes)
    assert encoded.coords["question"] == ["exit@2021-01-01<2019-08-01"]
    assert [(outcome, length) for _, outcome, _, _, length, _ in parts(encoded)] == [
        (0, 2.0), (0, 1.0), (1, 1.0), (0, 12.0), (1, 12.0)
    ]  # fmt: skip


def test_a_statement_of_last_month_is_taken_as_said_today() -> None:
    fresh = encode(said("x", "exit", by="2021-01-01", on="2019-12-02"))
    assert fresh.coords["question"] == ["exit@2021-01-01"]
    assert [length for _, _, _, _, length, _ in parts(fresh)] == [12.0]


def test_a_condition_and_the_factors_act_on_what_is_to_come_alone() -> None:
    outcomes = [event_outcome(id="exit", at_risk_since="2019-01-01"), binary_outcome()]
    links = [{"cause": "agreement", "effect_on": "exit", "log_ratio": "normal(1, 0.5)", "base": "none"}]
    row = said("x", "exit", by="2020-03-01", on="2019-10-01", given="agreement")
    encoded = encode(row, outcomes=outcomes, links=links)
    assert [(link, length) for _, _, _, link, length, _ in parts(encoded)] == [(0, 3.0), (1, 2.0)]
    assert encoded.arrays["segment_step"][0, 0] > 1e5  # so far along the factors' mean path that it is zero


def test_without_links_what_is_said_under_a_condition_is_left_out() -> None:
    links = [{"cause": "exit", "effect_on": "agreement", "log_ratio": "normal(1, 0.5)"}]
    rows = [said("x", "agreement", given="exit"), said("x", "agreement")]
    study = make_study(event_outcome(), binary_outcome(), judgments={"rows": rows}, links=links)
    assert encode_study(study, Selection(links=False)).coords["question"] == ["agreement@2024-01-01"]


ASSUMED = {
    "shared_bias_sd": "shared_bias_scale",
    "bias_sd": "bias_scale",
    "slope_mean_sd": "slope_mean_scale",
    "slope_sd": "slope_scale",
    "error_sd": "noise_scale",
    "error_spread": "noise_spread_scale",
    "common_error_sd": "common_scale",
    "track_record_base_sd": "exam_base_scale",
    "track_record_spread": "exam_spread_scale",
}
"""Array by the field of a document's `experts`."""
DEFAULTS = (0.3, 0.3, 0.4, 0.2, 0.6, 0.3, 0.5, 1.0, 1.0)


def assumed_arrays(**experts: float) -> dict[str, list[float]]:
    records = [{"expert": "x", "question": "q", "probability": 0.5, "outcome": 1}]
    rows = [said("x", "agreement"), said("crowd", "agreement", kind="crowd")]
    document = {} if not experts else {"experts": experts}
    study = make_study(binary_outcome(), judgments={"rows": rows}, track_records={"rows": records}, **document)
    arrays = encode_study(study).arrays
    return {name: arrays[name].tolist() for name in ASSUMED.values()}


def test_every_assumption_about_experts_is_a_field() -> None:
    assert set(ASSUMED) == set(Experts.model_fields)
    by_default = assumed_arrays()
    assert [found[0] for found in by_default.values()] == list(DEFAULTS)
    assert by_default == assumed_arrays(**dict(zip(ASSUMED, DEFAULTS, strict=True)))


@pytest.mark.parametrize("field", ASSUMED)
def test_an_assumption_about_experts_reaches_its_array_and_no_other(field: str) -> None:
    by_default, changed = assumed_arrays(), assumed_arrays(**{field: 0.7})
    own = ASSUMED[field]
    assert set(changed[own]) == {0.7}
    assert {**changed, own: by_default[own]} == by_default
