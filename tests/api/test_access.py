"""Which callers are admitted, and what each may do."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.testclient import TestClient

from api.app import create_app
from forecast.access import Scope, revoke_key
from forecast.store import utc_now
from tests.api.access_helpers import BODIES, OPEN, bearer, key_with, routes_of, sign_in
from tests.installation import Installation

READ = {
    ("POST", "/v1/check"),
    ("POST", "/v1/forecasts/{forecast_id}/query"),
    ("POST", "/v1/sign-in-links"),
}
"""Requests that change nothing of the workspace's though they are no GET."""

ADMIN = {("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/{key_id}")}
METRICS = {("GET", "/metrics")}


def scopes_of(dependant: Dependant) -> set[Scope]:
    """What a route says that it is for."""
    own = {dependant.call.scope} if hasattr(dependant.call, "scope") else set()
    return own.union(*(scopes_of(inner) for inner in dependant.dependencies))


def expected_scope(method: str, path: str) -> Scope:
    if (method, path) in ADMIN:
        return Scope.ADMIN
    if (method, path) in METRICS:
        return Scope.METRICS
    return Scope.READ if method == "GET" or (method, path) in READ else Scope.SUBMIT


def test_every_route_says_what_it_is_for_or_is_one_of_the_few_that_are_open(app: FastAPI) -> None:
    routes = routes_of(app)
    assert len(routes) > 50
    for (method, path), route in routes.items():
        expected = set() if (method, path) in OPEN else {expected_scope(method, path)}
        assert scopes_of(route.dependant) == expected, (method, path)


def test_without_a_key_nothing_is_answered_but_what_is_open(app: FastAPI, keyless: TestClient) -> None:
    for method, path in routes_of(app):
        address = re.sub(r"{\w+}", "x", path)
        answer = keyless.request(method, address)
        if (method, path) in OPEN:
            assert answer.status_code != 401 or address == "/sign-in" or method == "POST", (method, path)
        elif path.startswith(("/v1/", "/metrics")):
            assert answer.status_code == 401, (method, path)
            assert answer.json()["code"] == "not_signed_in"
            assert answer.headers["www-authenticate"].startswith("Bearer")
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/sign-in?next="), (method, path)


def test_a_key_does_what_its_scopes_say_on_every_route(
    app: FastAPI, keyless: TestClient, installation: Installation
) -> None:
    held = {
        Scope.READ: {Scope.READ},
        Scope.SUBMIT: {Scope.READ, Scope.SUBMIT},
        Scope.ADMIN: {Scope.READ, Scope.SUBMIT, Scope.ADMIN},
        Scope.METRICS: {Scope.METRICS},
    }
    for scope, allowed in held.items():
        key = key_with(installation, scope)
        for method, path in routes_of(app):
            if (method, path) in OPEN or path.endswith("/events"):
                continue
            address = re.sub(r"{\w+}", "x", path)
            answer = keyless.request(method, address, headers=bearer(key), json=BODIES.get(f"{method} {path}", {}))
            is_refused = answer.status_code == 403
            assert is_refused == (expected_scope(method, path) not in allowed), (scope, method, path, answer.text)


def test_keys_that_do_not_hold_all_get_the_same_answer(keyless: TestClient, installation: Installation) -> None:
    revoked, expired = key_with(installation, Scope.READ), key_with(installation, Scope.READ, days=1e-9)
    assert keyless.get("/v1/jobs", headers=bearer(revoked)).status_code == 200
    with installation.database.write() as session:
        revoke_key(session, revoked.split("_")[1], utc_now())
    good = key_with(installation, Scope.READ)
    wrong = good[:-1] + ("a" if good[-1] != "a" else "b")
    unknown = "fc_aaaaaaaa_" + good.split("_", 2)[2]
    tries = [revoked, expired, wrong, unknown, "", "fc_", good + "x", "é" * 40]
    headers = [{b"Authorization": f"Bearer {key}".encode()} for key in tries]
    headers += [{b"Authorization": f"Basic {good}".encode()}, {b"Authorization": good.encode()}, {}]
    answers = [keyless.get("/v1/jobs", headers=header) for header in headers]  # type: ignore[arg-type]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert keyless.get("/v1/jobs", headers=bearer(good)).status_code == 200


def test_no_raw_key_or_session_is_in_the_database(
    keyless: TestClient, installation: Installation, database_kind: str
) -> None:
    key = key_with(installation, Scope.READ)
    token = sign_in(keyless, key)
    link = keyless.post("/v1/sign-in-links", headers=bearer(key)).json()["address"].partition("#")[2]
    if database_kind == "sqlite":
        with closing(sqlite3.connect(installation.settings.home / "forecast.db")) as connection:
            held = "\n".join(connection.iterdump())
        assert key.split("_")[1] in held
        for secret in (key, key.split("_", 2)[2], installation.key, token, link):
            assert secret not in held
    file = installation.settings.key_file
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() == installation.key


class TestRates:
    def test_who_asks_too_often_waits(self, installation: Installation) -> None:
        settings = installation.settings.model_copy(update={"requests_per_minute": 5})
        with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
            headers, others = bearer(installation.key), bearer(key_with(installation, Scope.READ))
            codes = [client.get("/v1/access", headers=headers).status_code for _ in range(6)]
            assert codes == [200] * 5 + [429]
            answer = client.get("/v1/access", headers=headers)
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert answer.json()["retry_after"] == int(answer.headers["retry-after"])
            assert client.get("/v1/access", headers=others).status_code == 200, "others are not held up"

    def test_who_tries_keys_waits(self, installation: Installation) -> None:
        settings = installation.settings.model_copy(update={"refused_per_minute": 3})
        with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
            codes = [client.get("/v1/access", headers=bearer("fc_x")).status_code for _ in range(4)]
            assert codes == [401, 401, 401, 429]
            assert client.get("/v1/access", headers=bearer(installation.key)).status_code == 200
