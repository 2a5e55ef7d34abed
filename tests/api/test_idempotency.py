"""Requests that make something: each makes it once under its key, whatever becomes of the answer."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from api.app import create_app
from api.idempotency import read_key
from forecast.access import Scope
from forecast.alerts.raising import add_alert
from forecast.alerts.rules import Finding
from forecast.alerts.subscriptions import AlertKind
from forecast.jobs.retention import ANSWERS_KEPT, Retention, make_room
from forecast.store import AlertRepository, utc_now
from forecast.store.backup.dump import tables
from forecast.store.repositories.keyed_answers import KeyedAnswerRow
from tests.api.access_helpers import OPEN, bearer, key_with, routes_of
from tests.api.living_sample import store_living_sample
from tests.api.shared import Shared, client_of
from tests.coin import coin_document
from tests.installation import Installation

pytestmark = pytest.mark.both_databases

MAKE_NOTHING = {
    "/v1/check",
    "/v1/forecasts/{forecast_id}/query",
    # It ends something, and ends it once.
    "/v1/jobs/{job_id}/cancel",
}
SCHEDULE = {"study": "coin", "cron": "0 6 1 * *"}


def takes_key(dependant: Dependant) -> bool:
    return dependant.call is read_key or any(takes_key(inner) for inner in dependant.dependencies)


def test_every_post_that_makes_something_takes_a_key(app: FastAPI) -> None:
    posts = {path: route for (method, path), route in routes_of(app).items() if method == "POST"}
    missing = {
        path
        for path, route in posts.items()
        if ("POST", path) not in OPEN and path not in MAKE_NOTHING and not takes_key(route.dependant)
    }
    assert not missing, "let these take `Keyed`, and store what they make with `Once.store`"
    assert len(posts) > 12


def prepare(installation: Installation) -> dict[str, Any]:
    """What is asked of each route, by its template: an address and a body."""
    study = store_living_sample(installation)
    today = utc_now().date()
    later = coin_document(study="later", as_of=today.isoformat())
    later["outcomes"][0]["resolution"]["by"] = (today + timedelta(days=200)).isoformat()
    with client_of(installation) as client:
        assert client.put("/v1/studies/later", json=later).status_code == 201
        schedule = client.post("/v1/schedules", json={**SCHEDULE, "study": "later"}).json()["id"]
    with installation.database.write() as session:
        row = AlertRepository(session).subscriptions(1).items[0]
        row.url, subscription = "https://example.org/", row.id
        alert = add_alert(session, row, Finding("one", "one", {}), utc_now(), AlertKind.TEST.value)
    return {
        "/v1/jobs": ("/v1/jobs", {"document": coin_document()}),
        "/v1/previews": ("/v1/previews", {"document": coin_document()}),
        "/v1/schedules": ("/v1/schedules", {"study": study, "cron": "0 6 1 * *"}),
        "/v1/schedules/{schedule_id}/run": (f"/v1/schedules/{schedule}/run", None),
        "/v1/subscriptions": ("/v1/subscriptions", {"study": study, "kind": "verdict"}),
        "/v1/subscriptions/{subscription_id}/test": (f"/v1/subscriptions/{subscription}/test", None),
        "/v1/alerts/{alert_id}/replay": (f"/v1/alerts/{alert}/replay", None),
        "/v1/keys": ("/v1/keys", {"name": "Desk three", "scopes": ["read"]}),
        "/v1/sign-in-links": ("/v1/sign-in-links", None),
        "/v1/studies/{study_id}/sources/{source_id}/fetch": (f"/v1/studies/{study}/sources/counts/fetch", None),
    }


def counts_of(installation: Installation) -> dict[str, int]:
    """Rows of each table, but for what is known of the keys themselves."""
    with installation.database.read() as session:
        connection = session.connection()
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables()
            if table.name not in {"counter", "keyed_answer"}
        }


def said(answer: Response) -> tuple[int, bytes, str | None]:
    return answer.status_code, answer.content, answer.headers.get("location")


def post(client: TestClient, address: str, body: Any, key: str, **headers: str) -> Response:
    options = {} if body is None else {"json": body}
    return client.post(address, headers={"Idempotency-Key": key, **headers}, **options)


@pytest.fixture
def asked(shared: Shared) -> dict[str, Any]:
    return shared.once(prepare)


@pytest.mark.parametrize(
    "route",
    [
        "/v1/jobs",
        "/v1/previews",
        "/v1/schedules",
        "/v1/schedules/{schedule_id}/run",
        "/v1/subscriptions",
        "/v1/subscriptions/{subscription_id}/test",
        "/v1/alerts/{alert_id}/replay",
        "/v1/keys",
        "/v1/sign-in-links",
        "/v1/studies/{study_id}/sources/{source_id}/fetch",
    ],
)
def test_a_repeated_request_gets_its_answer_and_makes_nothing_more(
    shared: Shared, asked: dict[str, Any], route: str
) -> None:
    address, body = asked[route]
    first = post(shared.client, address, body, f"once {route}")
    assert first.status_code in (200, 201, 202), first.text
    before = counts_of(shared.installation)
    again = post(shared.client, address, body, f"once {route}")
    assert said(again) == said(first)
    assert counts_of(shared.installation) == before
    for other_address, other_body in (
        (address, {"document": coin_document(title="Another")}),
        ("/v1/schedules", {**SCHEDULE, "title": "Another"}),
    ):
        if body is None and other_address == address:
            continue
        refused = post(shared.client, other_address, other_body, f"once {route}")
        assert refused.status_code == 422, refused.text
        if other_address != address:
            assert refused.json()["code"] == "idempotency_mismatch"
    assert counts_of(shared.installation) == before


def test_another_body_is_refused_and_so_is_another_address_of_one_route(shared: Shared, asked: dict[str, Any]) -> None:
    client = shared.client
    assert post(client, "/v1/schedules", SCHEDULE, "body").status_code == 201
    mixed_up = dict(reversed(SCHEDULE.items()))
    assert post(client, "/v1/schedules", mixed_up, "body").status_code == 201, "the same in another order"
    answer = post(client, "/v1/schedules", {**SCHEDULE, "title": "x"}, "body")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert "POST /v1/schedules" in answer.json()["detail"]
    address, _ = asked["/v1/subscriptions/{subscription_id}/test"]
    assert post(client, address, None, "address").status_code == 202
    other = address.replace(address.split("/")[3], "01900000-0000-7000-8000-000000000000")
    assert post(client, other, None, "address").json()["code"] == "idempotency_mismatch"


def test_rows_of_evidence_are_added_once_and_told_of_as_they_were(client: TestClient) -> None:
    document = coin_document()
    assert client.put("/v1/studies/coin", json=document).status_code == 201
    row = resolution()
    first = post(client, "/v1/studies/coin/resolutions", row, "rows")
    assert (first.status_code, first.json()["added"]) == (201, 1), first.text
    assert said(post(client, "/v1/studies/coin/resolutions", row, "rows")) == said(first)
    plain = client.post("/v1/studies/coin/resolutions", json=row)
    assert (plain.status_code, plain.json()["duplicates"]) == (200, 1), "without the key it is sent a second time"
    other = {**row, "on": "2021-02-03"}
    assert post(client, "/v1/studies/coin/resolutions", other, "rows").json()["code"] == "idempotency_mismatch"


def test_what_was_refused_leaves_its_key_free(client: TestClient) -> None:
    assert post(client, "/v1/schedules", SCHEDULE, "free").status_code == 404
    client.put("/v1/studies/coin", json=coin_document())
    assert post(client, "/v1/schedules", {**SCHEDULE, "study": "coin"}, "free").status_code == 201


def test_a_secret_is_sealed_and_given_again_to_its_own_key_only(
    shared: Shared, asked: dict[str, Any], shared_keyless: TestClient
) -> None:
    address, body = asked["/v1/keys"]
    first = post(shared.client, address, body, "secret")
    secret = first.json()["key"]
    with shared.installation.database.read() as session:
        row = session.scalar(select(KeyedAnswerRow).where(KeyedAnswerRow.key == "secret"))
        assert row is not None
        assert row.body.startswith(b"sealed:")
        assert secret.encode() not in row.body
        others = session.scalars(select(KeyedAnswerRow).where(KeyedAnswerRow.key != "secret")).all()
    for row in others:
        if not row.body.startswith(b"sealed:"):
            assert b'"key":"fc_' not in gzip.decompress(row.body)
    again = post(shared.client, address, body, "secret")
    assert (again.json()["key"], again.headers["cache-control"]) == (secret, "no-store")
    other = bearer(key_with(shared.installation, Scope.ADMIN))
    assert post(shared_keyless, address, body, "secret", **other).json()["code"] == "idempotency_mismatch"


def test_an_answer_that_no_key_opens_is_said_to_be_there(client: TestClient, installation: Installation) -> None:
    body = {"name": "Desk three", "scopes": ["read"]}
    assert post(client, "/v1/keys", body, "sealed").status_code == 201
    installation.settings.secret_file.unlink()
    answer = post(client, "/v1/keys", body, "sealed")
    assert (answer.status_code, answer.json()["code"]) == (409, "answer_sealed")


def test_a_key_of_one_workspace_is_free_in_another(shared: Shared, shared_keyless: TestClient) -> None:
    other = bearer(shared.installation.of("other").key)
    body = {"name": "Desk three", "scopes": ["read"]}
    mine = post(shared.client, "/v1/keys", body, "both")
    theirs = post(shared_keyless, "/v1/keys", {**body, "name": "Another"}, "both", **other)
    assert (mine.status_code, theirs.status_code) == (201, 201)


def resolution() -> dict[str, str]:
    return {"outcome": "heads", "resolution": "yes", "on": "2021-03-01"}


@pytest.fixture
def two(installation: Installation) -> Iterator[tuple[TestClient, TestClient]]:
    """Two applications over one database, as two web processes are."""
    headers = bearer(installation.key)
    with (
        TestClient(create_app(installation.settings), base_url="http://127.0.0.1", headers=headers) as one,
        TestClient(create_app(installation.settings), base_url="http://127.0.0.1", headers=headers) as other,
    ):
        yield one, other


def test_two_that_come_at_once_get_one_answer(two: tuple[TestClient, TestClient], installation: Installation) -> None:
    two[0].put("/v1/studies/coin", json=coin_document())
    row = resolution()
    for address, body in (
        ("/v1/schedules", {**SCHEDULE, "study": "coin"}),
        ("/v1/keys", {"name": "Desk three", "scopes": ["read"]}),
        ("/v1/jobs", {"document": coin_document()}),
        ("/v1/previews", {"document": coin_document()}),
        ("/v1/studies/coin/resolutions", row),
    ):
        barrier, found = threading.Barrier(8), list[Response]()

        def ask(
            client: TestClient,
            address: str = address,
            body: Any = body,
            barrier: threading.Barrier = barrier,
            found: list[Response] = found,
        ) -> None:
            barrier.wait()
            found.append(post(client, address, body, f"at once {address}"))

        threads = [threading.Thread(target=ask, args=(two[number % 2],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({said(answer) for answer in found}) == 1, [answer.text for answer in found]
        assert found[0].status_code in (201, 202)
    counts = counts_of(installation)
    assert (counts["schedule"], counts["job"], counts["evidence"], counts["prior_preview"]) == (1, 1, 1, 1)


def test_what_is_made_and_its_answer_are_stored_both_or_neither(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the process died between the two, and its transaction with it."""
    with client_of(installation) as client:
        client.put("/v1/studies/coin", json=coin_document())
        before = counts_of(installation)

        def die(point: str) -> None:
            if point == "answer_kept":
                raise OperationalError("INSERT", {}, Exception("database is locked"))

        body = {**SCHEDULE, "study": "coin"}
        with monkeypatch.context() as patch:
            patch.setattr("api.idempotency.crash_point", die)
            assert post(client, "/v1/schedules", body, "dies").status_code == 503
            assert counts_of(installation) == before
        made = post(client, "/v1/schedules", body, "dies")
        assert made.status_code == 201
        assert len(client.get("/v1/schedules").json()["items"]) == 1


def test_answers_are_kept_for_more_than_a_day_and_then_removed(client: TestClient, installation: Installation) -> None:
    assert timedelta(hours=24) <= ANSWERS_KEPT
    first = post(client, "/v1/jobs", {"document": coin_document()}, "old")
    database = installation.database.of("default")
    database.workspace = None
    soon, late = utc_now() + timedelta(hours=24), utc_now() + ANSWERS_KEPT + timedelta(minutes=1)
    assert make_room(database, installation.artifacts, Retention(), soon).answers == 0
    assert make_room(database, installation.artifacts, Retention(), late).answers == 1
    assert post(client, "/v1/jobs", {"document": coin_document()}, "old").json()["id"] == first.json()["id"], (
        "a job remembers its key for as long as it is there"
    )
