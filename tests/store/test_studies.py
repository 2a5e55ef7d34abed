"""Studies and their versions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecast.store import CursorError, StudyRepository
from forecast.store.repositories.pages import encode_cursor
from tests.coin import NOW
from tests.installation import Installation

FIRST, SECOND = "1" * 64, "2" * 64


def put(installation: Installation, study: str, digest: str, minutes: int = 0) -> bool:
    with installation.database.write() as session:
        row, is_new = StudyRepository(session).put(
            study, f"Title of {study}", digest, f'{{"n":"{digest[0]}"}}', NOW + timedelta(minutes=minutes)
        )
        assert row.digest == digest
    return is_new


def test_the_same_document_again_is_the_same_version(installation: Installation) -> None:
    assert put(installation, "coin", FIRST)
    assert not put(installation, "coin", FIRST, minutes=5)
    with installation.database.read() as session:
        studies = StudyRepository(session)
        assert [row.number for row in studies.versions("coin")] == [1]
        row = studies.get("coin")
    assert row is not None
    assert row.updated_at == NOW


def test_another_document_is_the_next_version(installation: Installation) -> None:
    put(installation, "coin", FIRST)
    put(installation, "coin", SECOND, minutes=5)
    with installation.database.read() as session:
        assert [(row.number, row.digest) for row in StudyRepository(session).versions("coin")] == [
            (2, SECOND),
            (1, FIRST),
        ]


def test_going_back_to_an_earlier_document_makes_it_current_without_a_new_version(installation: Installation) -> None:
    put(installation, "coin", FIRST)
    put(installation, "coin", SECOND)
    put(installation, "coin", FIRST)
    with installation.database.read() as session:
        studies = StudyRepository(session)
        row = studies.get("coin")
        assert row is not None
        assert row.digest == FIRST
        assert len(studies.versions("coin")) == 2


def test_two_studies_may_share_a_document(installation: Installation) -> None:
    assert put(installation, "coin", FIRST)
    assert put(installation, "dice", FIRST)
    with installation.database.read() as session:
        assert StudyRepository(session).document(FIRST) == '{"n":"1"}'


def test_pages_hold_every_study_once(installation: Installation) -> None:
    names = [f"study-{number}" for number in range(7)]
    for name in names:
        put(installation, name, FIRST)
    seen: list[str] = []
    cursor = None
    while True:
        with installation.database.read() as session:
            page = StudyRepository(session).page(3, cursor)
        seen.extend(row.id for row in page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == names


@pytest.mark.parametrize("cursor", ["", "!!!", "e30", "Zm9v", encode_cursor("jobs::", "x"), "é"])
def test_a_cursor_that_is_not_ours_is_refused(installation: Installation, cursor: str) -> None:
    with installation.database.read() as session, pytest.raises(CursorError, match="first page"):
        StudyRepository(session).page(3, cursor)
