"""What becomes of a source that cannot be fetched, or whose answer cannot be used: it is seen, and what was known stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecast.errands import ErrandKind, ErrandRule
from forecast.outgoing import Fetched
from forecast.sources.fetching import FetchOutcome, fetch_source
from forecast.sources.sources import SourceStatus
from forecast.store import (
    ErrandRepository,
    EvidenceRepository,
    SourceRepository,
    unpack_copy,
)
from forecast.study import EvidenceKind, accept_arrivals
from tests.documents import event_outcome
from tests.installation import Installation
from tests.local_server import Answer, LocalServer
from tests.sources.small import RULE, START, TABLE, ask, evidence, standing, store, want

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
