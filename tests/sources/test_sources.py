"""Sources: fetched when they are due, by any process, and what is new in them becomes evidence once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forecast.sources.fetching import FetchOutcome
from forecast.sources.sources import SourceStatus, request_due, request_fetch, store_sources
from forecast.store import (
    NotStoredError,
    SourceRepository,
    StudyRepository,
    unpack_copy,
)
from forecast.timeline.knowledge import known_study
from tests.installation import Installation
from tests.living import living_study
from tests.local_server import Answer, LocalServer
from tests.sources.small import START, TABLE, ask, evidence, standing, store, want


def test_what_is_new_becomes_evidence_once(open_installation: Installation, server: LocalServer) -> None:
    server.answers["/t.csv"] = Answer(TABLE, headers={"ETag": '"one"'})
    store(open_installation, server.url("/t.csv"))
    assert standing(open_installation).status is SourceStatus.WAITING
    assert ask(open_installation) is FetchOutcome.STORED
    ((cells, origin),) = evidence(open_installation)
    assert '"value":9' in cells
    assert origin == "source:counts"
    assert ask(open_installation) is FetchOutcome.DROPPED, "it is not wanted any more"
    want(open_installation)
    assert ask(open_installation, START + timedelta(days=1)) is FetchOutcome.STORED
    assert server.asked[-1].headers["if-none-match"] == '"one"'
    assert len(evidence(open_installation)) == 1
    found = standing(open_installation)
    assert (found.status, found.rows, found.added, found.failures) == (SourceStatus.WORKING, 2, 0, 0)
    with open_installation.database.read() as session:
        row = SourceRepository(session).get("small", "counts", with_copy=True)
        assert row is not None
        assert unpack_copy(row) == TABLE


def test_an_unchanged_table_is_read_again_when_its_last_month_is_over(
    open_installation: Installation, server: LocalServer
) -> None:
    server.answers["/t.csv"] = Answer(TABLE + b"2020-04,3\n", headers={"ETag": '"two"'})
    store(open_installation, server.url("/t.csv"))
    ask(open_installation)
    assert len(evidence(open_installation)) == 1
    want(open_installation)
    assert ask(open_installation, datetime(2020, 5, 1, 1, tzinfo=UTC)) is FetchOutcome.STORED
    assert len(evidence(open_installation)) == 2


def test_the_forecast_of_a_day_knows_what_the_source_had_said_by_then(
    open_installation: Installation, server: LocalServer
) -> None:
    server.answers["/t.csv"] = Answer(TABLE)
    store(open_installation, server.url("/t.csv"))
    ask(open_installation)
    server.answers["/t.csv"] = Answer(TABLE.replace(b",9", b",90"))
    want(open_installation)
    ask(open_installation, START + timedelta(days=3))

    def last_count(day: int) -> object:
        with open_installation.database.read() as session:
            row = StudyRepository(session).get("small")
            assert row is not None
            as_of = START.date().replace(day=day)
            known = known_study(session, row, START + timedelta(days=9), as_of=as_of)
        rows = known.study.document["indicators"][0]["rows"]
        return {row["period"]: row["value"] for row in rows}.get("2020-03")

    assert [last_count(day) for day in (19, 20, 22, 23)] == [None, 9, 9, 90]


def test_files_of_the_folder_and_no_others(open_installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "tables" / "a.csv").write_bytes(TABLE)
    (tmp_path / "secret.csv").write_bytes(TABLE)
    (tmp_path / "tables" / "link.csv").symlink_to(tmp_path / "secret.csv")
    store(open_installation, "file:a.csv")
    assert ask(open_installation) is FetchOutcome.STORED
    assert len(evidence(open_installation)) == 1
    outside = ("file:../secret.csv", f"file://{tmp_path}/secret.csv", "file:link.csv", "file:%2e%2e/secret.csv")
    for url in outside:
        store(open_installation, url)
        assert ask(open_installation) is FetchOutcome.FAILED
        assert (standing(open_installation).error_code, len(evidence(open_installation))) == ("url_refused", 1)
    store(open_installation, "file:none.csv")
    assert ask(open_installation) is FetchOutcome.FAILED
    assert standing(open_installation).error_code == "fetch_failed"


@pytest.mark.both_databases
def test_a_source_is_wanted_when_it_is_due_and_once(open_installation: Installation, server: LocalServer) -> None:
    server.answers["/t.csv"] = Answer(TABLE)
    store(open_installation, server.url("/t.csv"), cron="0 5 * * *")
    ask(open_installation)
    assert request_due(open_installation.database, START + timedelta(hours=16)) == []
    assert request_due(open_installation.database, START + timedelta(hours=17)) == ["default/small/counts"]
    assert request_due(open_installation.database, START + timedelta(hours=17)) == []
    assert standing(open_installation).fetch_wanted
    # A month of standstill: one fetch, not thirty.
    assert request_due(open_installation.database, START + timedelta(days=30)) == ["default/small/counts"]
    assert standing(open_installation).next_due == datetime(2020, 5, 21, 5, tzinfo=UTC)


def test_a_source_that_the_study_drops_is_not_asked(open_installation: Installation, server: LocalServer) -> None:
    server.answers["/t.csv"] = Answer(TABLE)
    store(open_installation, server.url("/t.csv"))
    without = living_study()
    with open_installation.database.write() as session:
        store_sources(session, without, START)
    assert ask(open_installation) is FetchOutcome.DROPPED
    assert request_due(open_installation.database, START + timedelta(days=9)) == []
    with open_installation.database.write() as session, pytest.raises(NotStoredError):
        request_fetch(session, "small", "counts", START)
    store(open_installation, server.url("/t.csv"))
    assert standing(open_installation).fetch_wanted


def test_not_modified_says_nothing_about_the_kind_of_table(
    open_installation: Installation, server: LocalServer
) -> None:
    body = b'[{"Month": "2020-03", "Count": 9}]'
    server.answers["/t"] = Answer(body, headers={"Content-Type": "application/json", "ETag": '"j"'})
    store(open_installation, server.url("/t"))
    assert ask(open_installation) is FetchOutcome.STORED
    server.answers["/t"] = Answer(body, headers={"Content-Type": "text/csv", "ETag": '"j"'})
    want(open_installation)
    assert ask(open_installation) is FetchOutcome.STORED
    assert server.asked[-1].headers["if-none-match"] == '"j"'
