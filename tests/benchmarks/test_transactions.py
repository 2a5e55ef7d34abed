"""How much of what a large request takes is spent while all other writers wait; printed by `make bench`.

The promise: of storing the largest study, of the largest batch of evidence and of the largest fetched table, at most a third
of the CPU time lies inside a write transaction. CPU time of the thread, so that it holds on a busy machine.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forecast.errands import ErrandKind, ErrandRule
from forecast.jobs.submit import submit_job
from forecast.outgoing import Fetched
from forecast.sources.fetching import FetchOutcome, fetch_source
from forecast.sources.sources import store_sources
from forecast.store import EvidenceRepository, StudyRepository
from forecast.store.database import WRITE_BEGINS, WRITE_ENDS
from forecast.study import EvidenceKind, Study, accept_arrivals, study_from_document
from forecast.timeline.appending import append_checked
from tests.coin import coin_document
from tests.installation import LIMITS, Installation, installation_in

NOW = datetime(2021, 6, 1, tzinfo=UTC)
MOST = 1 / 3


class Clock(threading.local):
    """CPU time of this thread inside write transactions."""

    began = 0.0
    longest = 0.0
    total = 0.0


clock = Clock()


def listen(event: str, _arguments: tuple[Any, ...]) -> None:
    if event == WRITE_BEGINS:
        clock.began = time.thread_time()
    elif event == WRITE_ENDS:
        spent = time.thread_time() - clock.began
        clock.total += spent
        clock.longest = max(clock.longest, spent)


def measure(name: str, work: Callable[[], Any]) -> float:
    """The share of its CPU time that a piece of work spends inside write transactions."""
    clock.longest = clock.total = 0.0
    began = time.thread_time()
    work()
    whole = time.thread_time() - began
    print(
        f"\n{name}: {whole:.2f} s of CPU, {clock.total:.3f} s while others wait, {clock.longest:.3f} s at once", end=""
    )
    return clock.total / whole


def large_document() -> dict[str, Any]:
    rows = [{"id": f"c{k}", "successes": 1, "trials": 3, **{f"x{n}": k / 7 for n in range(8)}} for k in range(20_000)]
    document = coin_document(
        reference_classes=[{"id": "t", "title": "T", "outcome": "heads", "rows": rows}],
        indicators=[{"id": "i", "rows": [{"period": "2020-01", "value": 3}]}],
        sources=[{"id": "s", "url": "https://example.org/t.csv", "values": {"indicator": "i"}, "cron": "0 5 * * *"}],
    )
    document["outcomes"][0] |= {"reference": {"t": 0.5}, "pooling": {"case_sd": 0}}
    return document


@pytest.fixture
def installation(tmp_path: Path) -> Any:
    sys.addaudithook(listen)
    with installation_in(tmp_path / "home") as made:
        yield made


def put(installation: Installation, study: Study) -> None:
    with installation.database.write() as session:
        StudyRepository(session).put("coin", study.title, study.digest, study.canonical_json, NOW)
        store_sources(session, study, NOW)


def test_little_is_done_while_others_wait(installation: Installation) -> None:
    document = large_document()

    def store() -> None:
        study = study_from_document(document)
        assert study.digest
        put(installation, study)

    def submit() -> None:
        study = study_from_document(document)
        assert study.digest
        with installation.database.write() as session:
            submit_job(session, study, LIMITS)

    said = [
        {"expert": f"e{k}", "outcome": "heads", "probability": 0.5, "on": "2020-06-01", "by": "2021-12-01"}
        for k in range(1_000)
    ]

    def append() -> None:
        append_checked(
            installation.database,
            "coin",
            lambda base: base.check(lambda study: accept_arrivals(study, EvidenceKind.JUDGMENTS, said, NOW.date())),
            lambda session, arrivals: EvidenceRepository(session).append("coin", arrivals, "test", NOW),
        )

    months = [f"{year}-{month:02d}" for year in range(1990, 2020) for month in range(1, 13)]
    table = ("period,value\n" + "".join(f"{month},{k % 9}\n" for k, month in enumerate(months))).encode()

    def fetch() -> None:
        answer = Fetched(table, "text/csv", None, None)
        rule = ErrandRule.of(ErrandKind.FETCH, installation.settings)
        outcome = fetch_source(installation.database, lambda *_: answer, "coin", "s", rule, lambda: NOW)
        assert outcome is FetchOutcome.STORED

    shares = {work.__name__: measure(work.__name__, work) for work in (store, submit, append, fetch)}
    assert all(share < MOST for share in shares.values()), shares
