"""Sources: fetched when they are due, by any process, and what is new in them becomes evidence once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forecast.errands import ErrandKind, ErrandRule
from forecast.outgoing import Fetched
from forecast.sources.fetching import FetchOutcome, asker, fetch_source
from forecast.sources.sources import SourceStatus, SourceView, request_due, request_fetch, store_sources, view_source
from forecast.store import (
    ErrandRepository,
    EvidenceRepository,
    NotStoredError,
    SourceRepository,
    StudyRepository,
    unpack_copy,
)
from forecast.study import EvidenceKind, Study, accept_arrivals
from forecast.study.document.canonical import canonical_json
from forecast.timeline.knowledge import known_study
from tests.documents import event_outcome
from tests.installation import Installation, installation_in
from tests.living import living_study
from tests.local_server import Answer, LocalServer, local_server

START = datetime(2020, 4, 20, 12, tzinfo=UTC)
RULE = ErrandRule(pauses=(0.0, 60.0), held_seconds=90.0)
TABLE = b"Month,Count\n2020-02,6\n2020-03,9\n"


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture
def open_installation(tmp_path: Path) -> Iterator[Installation]:
    """One that may ask this machine, and files of one folder."""
    options: dict[str, Any] = {"outgoing_hosts": ("127.0.0.1",), "outgoing_private": True, "outgoing_plain_http": True}
    (tmp_path / "tables").mkdir()
    with installation_in(tmp_path / "home", source_dir=tmp_path / "tables", outgoing_seconds=2.0, **options) as made:
        yield made


def store(installation: Installation, url: str, now: datetime = START, outcomes: Any = None, **changes: Any) -> Study:
    others = {} if outcomes is None else {"outcomes": outcomes}
    source = {"id": "counts", "url": url, "columns": {"period": "Month", "value": "Count"}}
    study = living_study(sources=[{**source, "values": {"indicator": "incidents"}, **changes}], **others)
    with installation.database.write() as session:
        document = canonical_json(study.canonical())
        StudyRepository(session).put("small", study.title, study.digest, document, now)
        store_sources(session, study, now)
    return study


def ask(installation: Installation, now: datetime = START) -> FetchOutcome:
    return fetch_source(installation.database, asker(installation.settings), "small", "counts", RULE, lambda: now)


def want(installation: Installation, now: datetime = START) -> None:
    with installation.database.write() as session:
        request_fetch(session, "small", "counts", now)


def standing(installation: Installation) -> SourceView:
    with installation.database.read() as session:
        row = SourceRepository(session).get("small", "counts")
        assert row is not None
        return view_source(session, row)


def evidence(installation: Installation) -> list[tuple[str, str]]:
    with installation.database.read() as session:
        return [(row.cells, row.origin) for row in EvidenceRepository(session).known("small")]


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


FAILURES = {
    "a page": (Answer(b"<html>", headers={"Content-Type": "text/html"}), "fetch_failed", "page"),
    "an error": (Answer(b"no", 503), "fetch_failed", "503"),
    "elsewhere": (Answer(b"", 302, {"Location": "http://169.254.169.254/"}), "fetch_failed", "redirect"),
    "another table": (Answer(b"A,B\n1,2\n"), "study_invalid", "no column"),
    "a bad row": (Answer(TABLE + b"2020-01,many\n"), "study_invalid", "many"),
    "too large": (Answer(b"x" * 6_000_000), "fetch_failed", "more than"),
    "a key that no database takes": (
        Answer(b'[{"a\\ud800\\u0000": 1, "a\\ud800\\u0000": 2}]', headers={"Content-Type": "application/json"}),
        "study_invalid",
        "given twice",
    ),
    "a deep document": (Answer(b"[" * 100_000, headers={"Content-Type": "application/json"}), "study_invalid", "deep"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_seen_and_what_was_known_stays(
    open_installation: Installation, server: LocalServer, name: str
) -> None:
    answer, code, words = FAILURES[name]
    server.answers["/t.csv"] = Answer(TABLE)
    store(open_installation, server.url("/t.csv"))
    ask(open_installation)
    before = evidence(open_installation)
    server.answers["/t.csv"] = answer
    for failures in (1, 2):
        want(open_installation)
        assert ask(open_installation, START + timedelta(hours=failures)) is FetchOutcome.FAILED
        found = standing(open_installation)
        assert (found.status, found.failures, found.error_code) == (SourceStatus.FAILING, failures, code)
        assert words in str(found.error)
        assert found.failing_since == START + timedelta(hours=1)
        assert found.next_due == START + timedelta(hours=failures, seconds=300 * failures)
    assert evidence(open_installation) == before
    with open_installation.database.read() as session:
        row = SourceRepository(session).get("small", "counts", with_copy=True)
        assert row is not None
        assert unpack_copy(row) == TABLE
    server.answers["/t.csv"] = Answer(TABLE)
    want(open_installation)
    ask(open_installation, START + timedelta(hours=9))
    assert standing(open_installation).status is SourceStatus.WORKING


def test_an_installation_that_allows_nothing_fetches_nothing(installation: Installation, server: LocalServer) -> None:
    asked = len(server.asked)
    store(installation, server.url("/t.csv"))
    assert ask(installation) is FetchOutcome.FAILED
    store(installation, "https://127.0.0.1/t.csv")
    assert ask(installation) is FetchOutcome.FAILED
    assert "FORECAST_OUTGOING_HOSTS" in str(standing(installation).error)
    store(installation, "file:///etc/passwd")
    assert ask(installation) is FetchOutcome.FAILED
    assert "FORECAST_SOURCE_DIR" in str(standing(installation).error)
    assert standing(installation).error_code == "url_refused"
    assert len(server.asked) == asked


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


def test_a_fetch_that_found_no_place_is_told_again_even_where_the_telling_is_noted_late(
    open_installation: Installation,
) -> None:
    """The dispatcher tells the queue, the message finds no place and comes back, and only then is the telling noted."""
    store(open_installation, "http://127.0.0.1:1/table.csv")
    want(open_installation)
    errand = ErrandKind.FETCH, "default", "small/counts"
    with open_installation.database.write() as session:
        ErrandRepository(session).republish_later(*errand, START + timedelta(seconds=1))
    with open_installation.database.write() as session:
        ErrandRepository(session).mark_published(*errand, START)
    later = START + timedelta(seconds=2)
    with open_installation.database.read() as session:
        due = ErrandRepository(session).due_in_shares(ErrandKind.FETCH, later, START - timedelta(minutes=2), 9, 9)
    assert due == (("default", "small/counts"),)


@pytest.mark.both_databases
def test_a_fetch_that_kills_its_worker_each_time_is_given_up(open_installation: Installation) -> None:
    store(open_installation, "file:a.csv")
    rule = ErrandRule(pauses=(0.0, 90.0), held_seconds=60.0)

    def attempt(minutes: float) -> FetchOutcome | None:
        def die(*_: object) -> Fetched:
            raise KeyboardInterrupt  # nothing of the attempt is left but that it began

        now = START + timedelta(minutes=minutes)
        try:
            return fetch_source(open_installation.database, die, "small", "counts", rule, lambda: now)
        except KeyboardInterrupt:
            return None

    assert [attempt(minutes) for minutes in (0, 0.5, 1, 3, 3.5)] == [
        None,
        FetchOutcome.DROPPED,
        None,
        FetchOutcome.DROPPED,  # the pause after the second
        None,
    ]
    assert attempt(4.5) is FetchOutcome.FAILED
    found = standing(open_installation)
    assert (found.error_code, found.failures, found.fetch_wanted) == ("fetch_gave_up", 1, False)
    assert found.error == "given up after 3 attempts that did not end"
    assert found.next_due is not None
    assert found.next_due > START + timedelta(minutes=4.5), "it is asked again when it is due"
    assert attempt(5) is FetchOutcome.DROPPED


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


@pytest.mark.both_databases
def test_an_answer_that_comes_after_the_source_has_changed_is_dropped(open_installation: Installation) -> None:
    store(open_installation, "file:a.csv")

    def slow(source: object, etag: str | None, last_modified: str | None) -> Fetched:
        store(open_installation, "file:b.csv")
        return Fetched(TABLE, "text/csv", None, None)

    assert (
        fetch_source(open_installation.database, slow, "small", "counts", RULE, lambda: START) is FetchOutcome.DROPPED
    )
    assert evidence(open_installation) == []
    assert standing(open_installation).fetch_wanted


def test_a_defect_of_ours_is_a_failure_too(open_installation: Installation) -> None:
    store(open_installation, "file:a.csv")

    def broken(source: object, etag: str | None, last_modified: str | None) -> Fetched:
        raise ZeroDivisionError("oops")

    assert (
        fetch_source(open_installation.database, broken, "small", "counts", RULE, lambda: START) is FetchOutcome.FAILED
    )
    found = standing(open_installation)
    assert (found.error_code, found.fetch_wanted) == ("internal", False)
    assert "oops" not in str(found.error)


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


def test_a_mark_that_cannot_be_sent_back_is_not_kept(open_installation: Installation, server: LocalServer) -> None:
    server.answers["/t.csv"] = Answer(TABLE, headers={"ETag": '"caf\u00e9"'})
    store(open_installation, server.url("/t.csv"))
    for _ in range(2):
        want(open_installation)
        assert ask(open_installation) is FetchOutcome.STORED


def test_evidence_that_no_longer_fits_is_named(open_installation: Installation, server: LocalServer) -> None:
    server.answers["/t.csv"] = Answer(TABLE)
    study = store(open_installation, server.url("/t.csv"))
    row = {"expert": "y", "outcome": "agreement", "probability": 0.5, "on": "2020-04-01"}
    with open_installation.database.write() as session:
        arrived = accept_arrivals(study, EvidenceKind.JUDGMENTS, [row], START.date())
        EvidenceRepository(session).append("small", arrived, "api", START)
    store(open_installation, server.url("/t.csv"), outcomes=[event_outcome()])
    want(open_installation)
    assert ask(open_installation) is FetchOutcome.FAILED
    assert "no longer fits evidence" in str(standing(open_installation).error)
