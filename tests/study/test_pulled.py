"""Tables from elsewhere: what of them is news, and what cannot be used."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import PullSource, Study, news_of, read_table, study_from_document, with_arrivals
from tests.living import living_document, living_study

TODAY = date(2020, 4, 20)
COUNTS = {"id": "counts", "url": "https://example.org/counts.csv", "values": {"indicator": "incidents"}}
CSV = b"Month,Count,Region\n2020-01,4,x\n2020-02,6,x\n2020-03,9,x\n2020-04,2,x\n"
COLUMNS = {"period": "Month", "value": "Count"}


def source(**changes: Any) -> PullSource:
    study = living_study(sources=[{**COUNTS, "columns": COLUMNS, **changes}])
    return study.sources[0]


def pulled(study: Study, body: bytes, today: date = TODAY, media_type: str = "text/csv", **changes: Any) -> list[Any]:
    """Period and value of the news, with the day it became known."""
    mine = source(**changes)
    news = news_of(study, mine, read_table(mine, body, media_type), today)
    return [(arrival.cells["period"], arrival.cells["value"], arrival.known_at) for arrival in news.arrivals]


def test_what_is_known_already_is_no_news_and_a_month_that_goes_on_is_left_for_later() -> None:
    study, mine = living_study(), source()
    news = news_of(study, mine, read_table(mine, CSV, "text/csv"), TODAY)
    assert [(arrival.subject, arrival.cells["period"], arrival.cells["value"]) for arrival in news.arrivals] == [
        ("incidents", "2020-03", 9)
    ]
    assert (news.rows, news.early) == (4, 1)
    later = with_arrivals(study, news.arrivals)
    assert pulled(later, CSV) == []
    assert pulled(later, CSV, date(2020, 4, 30)) == [], "its last day is not over either"
    # The same table in May: April is over now.
    assert pulled(later, CSV, date(2020, 5, 1)) == [("2020-04", 2, date(2020, 5, 1))]


def test_another_value_is_a_correction_known_today_and_back_again_is_another() -> None:
    study = living_study()
    first = news_of(study, source(), read_table(source(), b"Month,Count\n2020-02,7\n", "text/csv"), TODAY)
    assert [(arrival.cells["value"], arrival.known_at) for arrival in first.arrivals] == [(7, TODAY)]
    corrected = with_arrivals(study, first.arrivals)
    assert pulled(corrected, b"Month,Count\n2020-02,7\n", date(2020, 4, 21)) == []
    assert pulled(corrected, b"Month,Count\n2020-02,6\n", date(2020, 4, 21)) == [("2020-02", 6, date(2020, 4, 21))]


def test_a_table_with_its_own_days_gives_each_statement_once() -> None:
    table = b"period,value,known_at\n2020-01,5,2020-03-01\n2020-01,8,2020-04-01\n"
    study = living_study()
    expected = [("2020-01", 5, date(2020, 3, 1)), ("2020-01", 8, date(2020, 4, 1))]
    assert pulled(study, table, columns={}) == expected
    mine = source(columns={})
    news = news_of(study, mine, read_table(mine, table, "text/csv"), TODAY)
    assert pulled(with_arrivals(study, news.arrivals), table, columns={}) == []


def test_a_blank_is_not_zero() -> None:
    study = living_study()
    assert pulled(study, b"Month,Count\n2020-03,\n") == [("2020-03", None, TODAY)]
    assert pulled(study, b"Month,Count\n2020-03,0\n") == [("2020-03", 0, TODAY)]


def test_json_tables_with_records_below() -> None:
    body = json.dumps({"data": {"items": [{"Month": "2020-03", "Count": 9, "more": [1]}]}}).encode()
    found = pulled(living_study(), body, media_type="application/json", records="data.items")
    assert found == [("2020-03", 9, TODAY)]
    by_name = pulled(living_study(), body, media_type="", records="data.items", url="https://example.org/a.json?x=1")
    assert by_name == found


def test_judgments_and_resolutions() -> None:
    study = living_study()
    judgments = PullSource.model_validate({"id": "crowd", "url": "https://example.org/a.csv", "kind": "judgments"})
    table = b"expert,outcome,probability,on\nx,exit,0.2,2020-03-01\ny,exit,0.3,2020-04-02\n"
    news = news_of(study, judgments, read_table(judgments, table, "text/csv"), TODAY)
    assert [arrival.cells["expert"] for arrival in news.arrivals] == ["y"]
    resolutions = PullSource.model_validate({"id": "r", "url": "https://example.org/a.csv", "kind": "resolutions"})
    table = b"outcome,resolution,on\nexit,yes,2020-04-02\n"
    news = news_of(study, resolutions, read_table(resolutions, table, "text/csv"), TODAY)
    known = with_arrivals(study, news.arrivals)
    assert news_of(known, resolutions, read_table(resolutions, table, "text/csv"), date(2020, 6, 1)).arrivals == ()


def test_more_rows_than_one_request_may_have() -> None:
    crowd = PullSource.model_validate({"id": "crowd", "url": "https://example.org/a.csv", "kind": "judgments"})
    said = "".join(f"expert-{number},exit,0.2,2020-03-01\n" for number in range(6000))
    table = f"expert,outcome,probability,on\n{said}".encode()
    assert len(news_of(living_study(), crowd, read_table(crowd, table, "text/csv"), TODAY).arrivals) == 6000


def test_a_table_without_rows_says_nothing_yet() -> None:
    assert pulled(living_study(), b"Month,Count\n") == []
    assert pulled(living_study(), b"[]", media_type="application/json") == []


def test_a_block_that_is_blank_in_the_document_is_no_obstacle() -> None:
    study = living_study(judgments=None, resolutions=None)
    crowd = PullSource.model_validate({"id": "crowd", "url": "https://example.org/a.csv", "kind": "judgments"})
    table = b"expert,outcome,probability,on\nx,exit,0.2,2020-03-01\n"
    news = news_of(study, crowd, read_table(crowd, table, "text/csv"), TODAY)
    assert len(news.arrivals) == 1
    assert (
        news_of(with_arrivals(study, news.arrivals), crowd, read_table(crowd, table, "text/csv"), TODAY).arrivals == ()
    )


BAD_TABLES = {
    "no such column": (b"Month,Number\n2020-03,9\n", {}, "columns.value", "did you mean|it has"),
    "unknown indicator": (b"Month,Count,indicator\n2020-03,9,oops\n", {"values": {}}, "rows[0].indicator", "oops"),
    "no number": (b"Month,Count\n2020-03,many\n", {}, "rows[0].value", "many"),
    "the future": (b"Month,Count,known_at\n2020-03,9,2020-05-01\n", {}, "rows[0].known_at", "after today"),
    "a page": (b"<html>\n<body>Sign in</body></html>", {}, "columns.period", "no column"),
    "not UTF-8": (b"Month,Count\n2020-03,\x81\n", {}, "counts", "UTF-8"),
    "no JSON list": (b'{"a": 1}', {"url": "https://example.org/a.json"}, "records", "list of objects"),
    "no such records": (b'{"a": 1}', {"url": "https://example.org/a.json", "records": "b"}, "records", "no 'b'"),
    "nested cells": (
        b'[{"Month": "2020-03", "Count": [9]}]',
        {"url": "https://example.org/a.json"},
        "rows[0].value",
        "a list in a cell",
    ),
    "too many rows": (b"Month,Count\n" + b"2020-03,9\n" * 20_001, {}, "counts", "20,000"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_table_that_cannot_be_used_gives_nothing(name: str) -> None:
    body, changes, path, words = BAD_TABLES[name]
    with pytest.raises(StudyError) as caught:
        pulled(living_study(), body, media_type="", **changes)  # type: ignore[arg-type]
    assert path in str(caught.value.errors[0].path)
    assert any(word in str(caught.value) for word in words.split("|"))


BAD_SOURCES = {
    "scheme": ({"url": "ftp://example.org/a.csv"}, "url"),
    "no scheme": ({"url": "example.org/a.csv"}, "url"),
    "no host": ({"url": "https:///a.csv"}, "url"),
    "password": ({"url": "https://me:secret@example.org/a.csv"}, "url"),
    "spaces": ({"url": "https://example.org/a b.csv"}, "url"),
    "other machine": ({"url": "file://other/a.csv"}, "url"),
    "bracket": ({"url": "https://[::1/a.csv"}, "url"),
    "cron": ({"cron": "every day"}, "cron"),
    "never": ({"cron": "0 0 30 2 *"}, "cron"),
    "zone": ({"timezone": "Mars/Olympus"}, "timezone"),
    "kind": ({"kind": "cases"}, "kind"),
    "our column": ({"columns": {"valu": "Count"}}, "columns.valu"),
    "cell": ({"values": {"indicator": [1]}}, "values.indicator"),
    "indicator": ({"values": {"indicator": "oops"}}, "values.indicator"),
    "twice": ({"columns": {"indicator": "I"}}, "columns.indicator"),
    "unknown key": ({"uri": "x"}, "uri"),
}


@pytest.mark.parametrize("name", BAD_SOURCES)
def test_a_source_that_cannot_be_asked_is_refused_with_its_document(name: str) -> None:
    changes, path = BAD_SOURCES[name]
    with pytest.raises(StudyError) as caught:
        study_from_document(living_document(sources=[{**COUNTS, **changes}]))
    assert [error.path for error in caught.value.errors] == [f"sources[0].{path}"]
    assert "secret" not in str(caught.value)


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(StudyError, match="different ids"):
        living_study(sources=[COUNTS, COUNTS])
