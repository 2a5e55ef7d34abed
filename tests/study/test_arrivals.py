"""Evidence that arrives after the study was written."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import (
    EvidenceKind,
    accept_arrivals,
    resolve_judgments,
    resolve_observations,
    resolve_resolutions,
    with_arrivals,
)
from forecast.study.arriving.arrivals import MAX_ARRIVALS
from tests.living import living_study

TODAY = date(2020, 6, 15)
OBSERVATIONS, JUDGMENTS, RESOLUTIONS = EvidenceKind


def accept(kind: EvidenceKind, *rows: dict[str, Any], today: date = TODAY) -> Any:
    return accept_arrivals(living_study(), kind, rows, today)


def counts(*rows: dict[str, Any], as_of: str = "2020-06-15", indicator: str = "incidents") -> dict[str, int]:
    """Value by month of the study with these rows."""
    study = with_arrivals(living_study(as_of=as_of), accept(OBSERVATIONS, *rows))
    return {f"{item.period:%Y-%m}": item.value for item in resolve_observations(study)[indicator]}


def observed(period: str, value: int | None, indicator: str = "incidents", **changes: Any) -> dict[str, Any]:
    return {"indicator": indicator, "period": period, "value": value, **changes}


def test_a_new_month_joins_those_of_the_document() -> None:
    assert counts(observed("2020-03", 9)) == {"2020-01": 4, "2020-02": 6, "2020-03": 9}


def test_without_arrivals_the_study_is_the_document_itself() -> None:
    study = living_study()
    assert with_arrivals(study, ()) is study


def test_what_is_not_said_to_be_known_earlier_became_known_today() -> None:
    (arrival,) = accept(OBSERVATIONS, observed("2020-03", 9))
    assert arrival.known_at == TODAY
    assert counts(observed("2020-03", 9), as_of="2020-06-14") == {"2020-01": 4, "2020-02": 6}
    assert counts(observed("2020-03", 9, known_at="2020-04-02"), as_of="2020-06-14")["2020-03"] == 9


def test_a_correction_holds_from_the_day_it_became_known() -> None:
    rows = observed("2020-02", 16, known_at="2020-05-01"), observed("2020-02", 15, known_at="2020-06-01")
    assert [counts(*rows, as_of=day)["2020-02"] for day in ("2020-04-30", "2020-05-01", "2020-06-01")] == [6, 16, 15]


def test_a_row_known_when_the_documents_own_was_takes_its_place() -> None:
    """A blank known_at of the document's table is the end of the period."""
    assert counts(observed("2020-02", 7, known_at="2020-02-29"))["2020-02"] == 7
    assert counts(observed("2020-02-14", 7, known_at="2020-02-29"))["2020-02"] == 7


def test_a_blank_takes_a_count_back_and_zero_does_not() -> None:
    assert counts(observed("2020-02", None)) == {"2020-01": 4}
    assert counts(observed("2020-02", 0)) == {"2020-01": 4, "2020-02": 0}


def test_of_two_rows_in_one_slot_the_one_that_arrived_later_holds() -> None:
    first, second = (accept(OBSERVATIONS, observed("2020-03", value, known_at="2020-04-01")) for value in (3, 5))
    study = with_arrivals(living_study(as_of="2020-06-15"), [*first, *second])
    assert [item.value for item in resolve_observations(study)["incidents"]] == [4, 6, 5]


def test_rows_of_several_indicators_go_where_they_belong() -> None:
    rows = observed("2020-03", 9), observed("2020-03", 1, "meetings", exposure=0.5, source="a diary")
    assert counts(*rows) == {"2020-01": 4, "2020-02": 6, "2020-03": 9}
    assert counts(*rows, indicator="meetings") == {"2020-02": 0, "2020-03": 1}


def test_judgments_and_resolutions_join_or_make_their_tables() -> None:
    said = {"expert": "y", "outcome": "exit", "probability": 0.4, "on": "2020-05-01", "by": "2021-01-01"}
    turned_out = {"outcome": "agreement", "resolution": "yes", "on": "2020-06-01", "source": "the treaty"}
    arrivals = [*accept(JUDGMENTS, said), *accept(RESOLUTIONS, turned_out)]
    study = with_arrivals(living_study(as_of="2020-06-15"), arrivals)
    assert [(j.expert, j.probability) for j in resolve_judgments(study)] == [("x", 0.2), ("y", 0.4)]
    (resolved,) = resolve_resolutions(study)
    assert (resolved.outcome, resolved.resolution, resolved.known_at) == ("agreement", "yes", TODAY)
    assert resolve_resolutions(living_study(as_of="2020-06-15")) == ()


def test_codes_of_a_column_of_the_document_alone_do_not_concern_what_arrives() -> None:
    rows = [{"period": "2020-01", "value": 4, "station": "north"}]
    indicator = {"id": "incidents", "rows": rows, "missing": {"station": ["NA"], "value": [-9]}}
    study = living_study(factors=[], indicators=[indicator])
    arrived = accept_arrivals(study, OBSERVATIONS, [observed("2020-03", 9)], TODAY)
    assert len(resolve_observations(with_arrivals(study, arrived))["incidents"]) == 1
    with pytest.raises(StudyError):
        accept_arrivals(study, OBSERVATIONS, [observed("2020-03", -5)], TODAY)


def test_a_row_sent_twice_is_one() -> None:
    assert len(accept(OBSERVATIONS, observed("2020-03", 9), observed("2020-03", 9))) == 1


JUDGED = {"expert": "y", "outcome": "exit", "probability": 0.4, "on": "2020-05-01"}
BAD: dict[str, tuple[EvidenceKind, list[dict[str, Any]], str, str]] = {
    "unknown indicator": (OBSERVATIONS, [observed("2020-03", 1, "incident")], "rows[0].indicator", "unknown"),
    "no indicator": (OBSERVATIONS, [{"period": "2020-03", "value": 1}], "rows[0].indicator", "unknown"),
    "unknown column": (OBSERVATIONS, [observed("2020-03", 1, vaule=2)], "rows[0].vaule", "unknown_column"),
    "negative": (OBSERVATIONS, [observed("2020-03", 1), observed("2020-04", -1)], "rows[1].value", "number"),
    "not whole": (OBSERVATIONS, [observed("2020-03", 1.5)], "rows[0].value", "number"),  # type: ignore[arg-type]
    "absurd": (OBSERVATIONS, [observed("2020-03", 1e300)], "rows[0].value", "number"),  # type: ignore[arg-type]
    "a list": (OBSERVATIONS, [observed("2020-03", [1])], "rows[0].value", "cell"),  # type: ignore[arg-type]
    "future": (OBSERVATIONS, [observed("2020-03", 1, known_at="2020-06-16")], "rows[0].known_at", "future"),
    "unfinished period": (OBSERVATIONS, [observed("2020-06", 1)], "rows[0].period", "not_over"),
    "period to come": (OBSERVATIONS, [observed("2020-07", 1)], "rows[0].period", "to_come"),
    "more than can be over": (
        OBSERVATIONS, [observed("2020-03", 1, known_at="2020-03-15", exposure=0.9)], "rows[0].exposure", "more_than_elapsed"
    ),
    "far away": (OBSERVATIONS, [observed("1900-03", 1)], "rows[0].period", "outside_study"),
    "no date": (OBSERVATIONS, [observed("March", 1)], "rows[0].period", "period"),
    "contradiction": (OBSERVATIONS, [observed("2020-03", 1), observed("2020-03", 2)], "rows[1]", "contradiction"),
    "probability": (JUDGMENTS, [{**JUDGED, "probability": 1.2}], "rows[0].probability", "number"),
    "no condition": (JUDGMENTS, [{**JUDGED, "given": "not not agreement"}], "rows[0].given", "given"),
    "no sign": (JUDGMENTS, [{**JUDGED, "given": "agreement and"}], "rows[0].given", "given"),
    "moving date": (JUDGMENTS, [{**JUDGED, "by": 12}], "rows[0].by", "moving"),
    "other kind": (JUDGMENTS, [{**JUDGED, "expert": "x", "kind": "robot"}], "rows[0].kind", "unknown"),
    "unknown outcome": (RESOLUTIONS, [{"outcome": "exits", "resolution": "yes", "on": "2020-05-01"}], "rows[0].outcome", "unknown"),
    "unknown resolution": (RESOLUTIONS, [{"outcome": "exit", "resolution": "maybe", "on": "2020-05-01"}], "rows[0].resolution", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "rows", "path", "code"), BAD.values(), ids=BAD)
def test_a_bad_row_is_named_by_its_place_in_the_request(
    kind: EvidenceKind, rows: list[dict[str, Any]], path: str, code: str
) -> None:
    with pytest.raises(StudyError) as caught:
        accept(kind, *rows)
    assert [(error.path, error.code) for error in caught.value.errors] == [(path, code)]


def test_nothing_and_far_too_much_are_refused() -> None:
    for rows, code in (([], "no_rows"), ([observed("2020-03", 1)] * (MAX_ARRIVALS + 1), "too_many")):
        with pytest.raises(StudyError) as caught:
            accept(OBSERVATIONS, *rows)
        assert [error.code for error in caught.value.errors] == [code]
