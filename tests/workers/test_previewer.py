"""Answering previews: once, and in words when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forecast.errands import ErrandKind, ErrandRule
from forecast.errors import StudyError
from forecast.store import ErrandRepository, PreviewRepository, StudyRepository, utc_now
from forecast.store.tables.core import PriorPreviewRow
from forecast.study.document.canonical import canonical_json
from tests.coin import coin_study
from tests.installation import Installation, installation_in
from workers import previewer
from workers.previewer import PreviewOutcome, answer_preview

RULE = ErrandRule(pauses=(0.0, 0.0), held_seconds=120.0)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


def ask(installation: Installation) -> str:
    study = coin_study()
    with installation.database.write() as session:
        StudyRepository(session).add_document(study.digest, canonical_json(study.canonical()), utc_now())
        PreviewRepository(session).ask(study.digest, utc_now())
    return study.digest


def row_of(installation: Installation, digest: str) -> PriorPreviewRow:
    with installation.database.read() as session:
        row = PreviewRepository(session).get(digest)
        assert row is not None
        session.expunge(row)
    return row


@pytest.mark.program
def test_a_preview_is_answered_once(installation: Installation) -> None:
    digest = ask(installation)
    assert answer_preview(installation.database, digest, RULE) is PreviewOutcome.ANSWERED
    row = row_of(installation, digest)
    assert row.error is None
    assert row.answer is not None
    assert '"id":"heads"' in row.answer
    assert answer_preview(installation.database, digest, RULE) is PreviewOutcome.DROPPED
    assert answer_preview(installation.database, "nothing", RULE) is PreviewOutcome.DROPPED


@pytest.mark.parametrize("error", [StudyError([]), ValueError("nan in it")])
def test_a_failure_is_told_in_words(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(previewer, "preview_priors", fail)
    digest = ask(installation)
    assert answer_preview(installation.database, digest, RULE) is PreviewOutcome.FAILED
    row = row_of(installation, digest)
    assert row.answer is None
    assert row.error is not None
    assert "nan in it" not in row.error


def test_tries_that_never_came_back_are_given_up(installation: Installation) -> None:
    digest = ask(installation)
    with installation.database.write() as session:
        errand = ErrandRepository(session).wanted(ErrandKind.PREVIEW, "default", digest)
        assert errand is not None
        errand.attempts = 3
    assert answer_preview(installation.database, digest, RULE) is PreviewOutcome.FAILED
    assert "given up" in str(row_of(installation, digest).error)
