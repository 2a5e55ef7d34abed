"""Several rows of one id: one case whose covariates vary in time, and what is wrong with rows that are none."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Case, Spell, Stage, resolve_cases, study_from_document, with_as_of
from tests.documents import document, event_outcome

LEFT = {"exit": ["left"]}


def timed(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    group = {
        "id": "past",
        "outcome": "exit",
        "event_value": LEFT,
        "covariates": ["size"],
        "rows": list(rows),
        **changes,
    }
    return document(
        event_outcome(reference={"past": 1.0}, covariates={"size": 1.0}),
        reference_classes=[group],
        covariates=[{"id": "size", "standardize": False}],
    )


def row(entry: float, duration: float, size: float, event: str = "no", **more: Any) -> dict[str, Any]:
    return {"id": "a", "entry": entry, "duration": duration, "size": size, "event": event, **more}


def cases(found: dict[str, Any]) -> list[Case]:
    return list(resolve_cases(study_from_document(found)))


def problems(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(StudyError) as caught:
        study_from_document(found)
    return [(error.path, error.code, error.message) for error in caught.value.errors]


def test_rows_in_any_order_are_one_case_with_a_stage_each() -> None:
    (found,) = cases(timed(row(20, 30, 0.0, "left"), row(5, 10, 3.0, source="a book"), row(10, 20, 1.5)))
    assert found.data == Spell(5.0, 30.0, "exit")
    assert found.stages == (
        Stage(5.0, 10.0, {"size": 3.0}), Stage(10.0, 20.0, {"size": 1.5}), Stage(20.0, 30.0, {"size": 0.0}),
    )  # fmt: skip
    assert found.covariates == {"size": pytest.approx((5 * 3 + 10 * 1.5) / 25)}
    assert (found.source, found.observed) == ("a book", 25.0)


def test_rows_that_go_on_with_the_same_covariates_are_one_spell() -> None:
    (found,) = cases(timed(row(0, 10, 2.0), row(10, 30, 2.0, "left")))
    assert found == cases(timed(row(0, 30, 2.0, "left")))[0]


def test_a_gap_is_not_at_risk() -> None:
    (found,) = cases(timed(row(0, 10, 2.0), row(15, 30, 2.0)))
    assert [(stage.entry, stage.exit) for stage in found.stages] == [(0.0, 10.0), (15.0, 30.0)]
    assert found.observed == 25.0


DATED = [
    {"id": "a", "entered": "2018-01-01", "exited": "2018-07-01", "event": "no", "size": 1},
    {"id": "a", "entered": "2018-07-01", "exited": "2019-03-01", "event": "left", "size": 2, "known_at": "2019-06-01"},
    {"id": "b", "entered": "2018-02-01", "exited": None, "event": "no", "size": 0},
]


def test_days_count_from_the_first_entry_and_what_is_not_known_yet_is_censored() -> None:
    study = study_from_document(timed(*DATED))
    a, b = study.cases
    assert a.data == Spell(0.0, 14.0, "exit", date(2018, 1, 1), date(2019, 3, 1))
    assert [(stage.entry, stage.exit) for stage in a.stages] == [(0.0, 6.0), (6.0, 14.0)]
    assert not b.stages
    earlier = with_as_of(study, date(2019, 5, 1)).cases[0]
    # The second row had begun, and was not known to have ended.
    assert earlier.data == Spell(0.0, 16.0, None, date(2018, 1, 1), date(2019, 5, 1))
    assert [(stage.entry, stage.exit) for stage in earlier.stages] == [(0.0, 6.0), (6.0, 16.0)]
    within = with_as_of(study, date(2018, 4, 1)).cases[0]
    assert within.data == Spell(0.0, 3.0, None, date(2018, 1, 1), date(2018, 4, 1))


def test_a_row_that_became_known_after_one_that_follows_it_is_left_out() -> None:
    """As of 2020 the first row, or the middle one, was not known; what follows was, with its event."""
    days = ["2010-01-01", "2012-01-01", "2015-01-01", "2018-01-01"]
    rows = [
        {"id": "a", "entered": entered, "exited": exited, "event": "no", "size": size}
        for size, (entered, exited) in enumerate(itertools.pairwise(days))
    ]
    rows[2]["event"] = "left"
    for unknown, stages in ((0, [(24, 60), (60, 96)]), (1, [(0, 24), (60, 96)])):
        told = [
            {**row, "known_at": "2021-01-01" if place == unknown else "2018-06-01"} for place, row in enumerate(rows)
        ]
        (found,) = cases(timed(*told))
        assert isinstance(found.data, Spell)
        assert (found.data.event, found.data.exit) == ("exit", 96.0)
        assert [(stage.entry, stage.exit) for stage in found.stages] == stages


def test_one_row_may_state_the_origin_of_all() -> None:
    rows = [{**DATED[0], "origin": None}, {**DATED[1], "origin": "2017-01-01"}]
    (found,) = cases(timed(*rows))
    assert [(stage.entry, stage.exit) for stage in found.stages] == [(12.0, 18.0), (18.0, 26.0)]


@pytest.mark.parametrize(
    ("rows", "place", "code", "words"),
    [
        ([row(0, 10, 1.0), row(9, 20, 2.0)], 1, "overlap", "'a' enters at age 9, before reference_classes[0].rows[0]"),
        ([row(0, 10, 1.0), row(0, 10, 1.0)], 1, "overlap", "rename one if they are two cases"),
        ([row(0, 10, 1.0, "left"), row(10, 20, 2.0)], 1, "event_not_last", "goes on here after its event 'exit' in"),
        ([row(0, 10, 1.0, "left"), row(10, 20, 2.0, "left")], 1, "event_not_last", "in its last row alone"),
        ([row(0, 10, 1.0, weight=1), row(10, 20, 2.0, weight=0.5)], 1, "weights", "weight 0.5 here and 1 in"),
    ],
)
def test_rows_that_are_no_one_case_are_refused(rows: list[Any], place: int, code: str, words: str) -> None:
    ((path, found, message),) = problems(timed(*rows))
    assert (path, found) == (f"reference_classes[0].rows[{place}].id", code)
    assert words in message


def test_one_clock_for_a_case() -> None:
    rows = [{**DATED[0], "origin": "2017-01-01"}, {**DATED[1], "origin": "2016-01-01"}]
    ((path, code, message),) = problems(timed(*rows))
    assert (path, code) == ("reference_classes[0].rows[1].id", "origin")
    assert "has the origins 2017-01-01 and 2016-01-01" in message
    late = [{**DATED[0], "origin": None}, {**DATED[1], "origin": "2018-03-01"}]
    ((path, code, _),) = problems(timed(*late))
    assert (path, code) == ("reference_classes[0].rows[0].id", "date_order")


def test_a_bad_row_is_the_only_error_of_its_case() -> None:
    ((path, _, _),) = problems(timed(row(0, 10, 1.0, "left"), row(10, 20, "much")))
    assert path == "reference_classes[0].rows[1].size"


def test_counts_still_have_one_row_for_an_id() -> None:
    rows = [{"id": "a", "exposure": 10, "events": 1, "size": 1}, {"id": "a", "exposure": 20, "events": 1, "size": 2}]
    ((_, code, message),) = problems(timed(*rows, event_value={}))
    assert code == "duplicate_id"
    assert "expected one case per id" in message
