"""Previews of priors as they are asked for, while a worker answers them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.routes import previews as previews_route
from forecast.errands import ErrandKind
from forecast.jobs.previews import PriorAnswer
from forecast.store import ErrandRepository, PreviewRepository, utc_now
from tests.coin import coin_document, coin_study
from tests.installation import Installation


def test_a_preview_waits_for_a_worker_and_is_then_there(client: TestClient, installation: Installation) -> None:
    asked = client.post("/v1/previews", json={"document": coin_document()})
    digest = coin_study().digest
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert asked.headers["location"] == f"/v1/previews/{digest}"
    with installation.database.write() as session:
        row = PreviewRepository(session).get(digest)
        assert row is not None
        row.answer = PriorAnswer(outcomes=(), figure={"data": []}, draws=10).model_dump_json()
        row.made_at = utc_now()
    shown = client.get(f"/v1/previews/{digest}").json()
    assert (shown["state"], shown["answer"]["draws"]) == ("ready", 10)
    again = client.post("/v1/previews", json={"document": coin_document()})
    assert (again.status_code, again.json()["state"]) == (200, "ready")


def test_one_that_failed_can_be_asked_for_again(client: TestClient, installation: Installation) -> None:
    client.post("/v1/previews", json={"document": coin_document()})
    digest = coin_study().digest
    with installation.database.write() as session:
        row = PreviewRepository(session).get(digest)
        assert row is not None
        row.error, row.made_at = "no such thing", utc_now()
        errand = ErrandRepository(session).wanted(ErrandKind.PREVIEW, "default", digest)
        assert errand is not None
        errand.attempts = 3
        ErrandRepository(session).finish(errand, utc_now(), given_up=True)
    assert client.get(f"/v1/previews/{digest}").json()["error"] == "no such thing"
    assert client.post("/v1/previews", json={"document": coin_document()}).json()["state"] == "waiting"
    with installation.database.read() as session:
        row = PreviewRepository(session).get(digest)
        errand = ErrandRepository(session).wanted(ErrandKind.PREVIEW, "default", digest)
        assert row is not None
        assert errand is not None
        assert (errand.attempts, row.error, errand.published_at) == (0, None, None)


def test_the_queue_is_told_of_those_that_wait(client: TestClient, installation: Installation) -> None:
    client.post("/v1/previews", json={"document": coin_document()})
    now = utc_now()
    with installation.database.read() as session:
        previews, due = PreviewRepository(session), ErrandRepository(session).due(ErrandKind.PREVIEW, now, now)
        assert previews.next_due(due, now, 10) == (("default", coin_study().digest),)
        assert previews.next_due(due, now + timedelta(hours=2), 10) == (), "no client waits any more"


def test_one_without_an_answer_for_an_hour_is_begun_again(client: TestClient, installation: Installation) -> None:
    client.post("/v1/previews", json={"document": coin_document()})
    with installation.database.write() as session:
        row = PreviewRepository(session).get(coin_study().digest)
        assert row is not None
        errand = ErrandRepository(session).wanted(ErrandKind.PREVIEW, "default", row.digest)
        assert errand is not None
        row.asked_at = errand.published_at = utc_now() - timedelta(hours=3)
        errand.attempts = 2
    assert client.post("/v1/previews", json={"document": coin_document()}).json()["state"] == "waiting"
    with installation.database.read() as session:
        now, errands = utc_now(), ErrandRepository(session)
        due = errands.due(ErrandKind.PREVIEW, now, now)
        assert PreviewRepository(session).next_due(due, now, 10) == (("default", coin_study().digest),)
        errand = errands.wanted(ErrandKind.PREVIEW, "default", coin_study().digest)
        assert errand is not None
        assert (errand.attempts, errand.published_at) == (0, None)


def test_what_no_caller_waits_for_any_more_does_not_look_like_a_lost_message(
    client: TestClient, installation: Installation
) -> None:
    """A worker that went by it would end itself again and again."""
    client.post("/v1/previews", json={"document": coin_document()})
    digest, long_ago = coin_study().digest, utc_now() - timedelta(hours=3)
    with installation.database.write() as session:
        row, errands = PreviewRepository(session).get(digest), ErrandRepository(session)
        errand = errands.wanted(ErrandKind.PREVIEW, "default", digest)
        assert row is not None
        assert errand is not None
        row.asked_at = errand.wanted_at = errand.not_before = errand.published_at = long_ago
    with installation.database.write() as session:
        previews, errands = PreviewRepository(session), ErrandRepository(session)
        assert errands.count_unclaimed([ErrandKind.PREVIEW], utc_now()) == 1
        assert previews.has_unwaited(utc_now())
        previews.end_unwaited(utc_now())
        assert not previews.has_unwaited(utc_now())
        assert errands.count_unclaimed([ErrandKind.PREVIEW], utc_now()) == 0
        assert errands.count_by_kind() == {}
    assert client.post("/v1/previews", json={"document": coin_document()}).json()["state"] == "waiting"
    with installation.database.write() as session:
        assert not PreviewRepository(session).has_unwaited(utc_now())
        PreviewRepository(session).remove_older(utc_now() + timedelta(seconds=1))
        assert PreviewRepository(session).has_unwaited(utc_now()), "its row is gone"


def test_too_many_that_wait_are_refused_and_old_ones_forgotten(
    client: TestClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews_route, "MOST_WAITING", 1)
    client.post("/v1/previews", json={"document": coin_document()})
    refused = client.post("/v1/previews", json={"document": coin_document(horizon=13)})
    assert (refused.status_code, refused.json()["code"]) == (503, "backlog_full")
    assert client.post("/v1/previews", json={"document": coin_document()}).status_code == 202, "it waits already"
    with installation.database.write() as session:
        assert PreviewRepository(session).remove_older(utc_now() + timedelta(seconds=1)) == 1


def test_bad_documents_bodies_and_digests_are_refused(client: TestClient) -> None:
    wrong = client.post("/v1/previews", json={"document": {"study": "x"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "study_invalid")
    for body in ({}, {"document": {}, "draws": 3}, {"study": "coin"}):
        assert client.post("/v1/previews", json=body).status_code == 422
    for digest in ("nothing", "%00", "x" * 300):
        assert client.get(f"/v1/previews/{digest}").status_code == 404
