"""A study with one source, stored, fetched and looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from forecast.errands import ErrandRule
from forecast.sources.fetching import FetchOutcome, asker, fetch_source
from forecast.sources.sources import SourceView, request_fetch, store_sources, view_source
from forecast.store import (
    EvidenceRepository,
    SourceRepository,
    StudyRepository,
)
from forecast.study import Study
from forecast.study.document.canonical import canonical_json
from tests.installation import Installation
from tests.living import living_study

START = datetime(2020, 4, 20, 12, tzinfo=UTC)
RULE = ErrandRule(pauses=(0.0, 60.0), held_seconds=90.0)
TABLE = b"Month,Count\n2020-02,6\n2020-03,9\n"


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
