"""Who gets in, what he may do there, and that nobody sees what is another workspace's."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute

from api.app import create_app
from api.callers import cookie_name
from forecast.access import Scope, create_key, revoke_key
from forecast.jobs.alerting import raise_alerts
from forecast.store import AlertRepository, KeyRepository, ScheduleRepository, StudyRepository, utc_now
from tests.api.living_sample import store_living_sample
from tests.api.stored_sample import store_sample
from tests.coin import coin_document, coin_study
from tests.installation import Installation

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/version"),
    ("GET", "/problems/{code}"),
    ("GET", "/v1/schema"),
    ("GET", "/v1/examples"),
    ("GET", "/v1/examples/{name}"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
}
"""What everybody may ask. A route that is neither here nor says what it is for fails the first test."""

READ = {
    ("POST", "/v1/check"),
    ("POST", "/v1/forecasts/{forecast_id}/query"),
    ("POST", "/v1/sign-in-links"),
}
"""Requests that change nothing of the workspace's though they are no GET."""

ADMIN = {("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/{key_id}")}
METRICS = {("GET", "/metrics")}
OF_NOBODY = {"name", "code"}
"""Path parameters that are no id of anything stored."""

BODIES: dict[str, Any] = {
    "PUT /v1/studies/{study_id}": coin_document(),
    "POST /v1/jobs": {"document": coin_document()},
    "POST /v1/previews": {"document": coin_document()},
    "POST /v1/forecasts/{forecast_id}/query": {"expression": "withdrawal"},
    "POST /v1/studies/{study_id}/observations": {"rows": []},
    "POST /v1/studies/{study_id}/judgments": {"rows": []},
    "POST /v1/studies/{study_id}/resolutions": {"rows": []},
    "POST /v1/schedules": {"study": "coin", "cron": "0 6 1 * *"},
    "PATCH /v1/schedules/{schedule_id}": {"title": "x"},
    "POST /v1/subscriptions": {"study": "coin", "kind": "verdict"},
    "PATCH /v1/subscriptions/{subscription_id}": {"title": "x"},
}


def routes_of(app: FastAPI) -> dict[tuple[str, str], APIRoute]:
    """Every route by method and path."""
    return {
        (method, route.path): route for route in found_in(app.routes) for method in (route.methods or set()) - {"HEAD"}
    }


def found_in(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """Routes within routes. What is no route of ours is one of two: the description of the interface, and files."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from found_in(router.routes)
        else:
            assert getattr(route, "path", None) in {"/openapi.json", "/static"}, route


def scopes_of(dependant: Dependant) -> set[Scope]:
    """What a route says that it is for."""
    own = {dependant.call.scope} if hasattr(dependant.call, "scope") else set()
    return own.union(*(scopes_of(inner) for inner in dependant.dependencies))


@pytest.fixture
def app(installation: Installation) -> FastAPI:
    return create_app(installation.settings)


@pytest.fixture
def anybody(app: FastAPI) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as made:
        yield made


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def key_with(installation: Installation, *scopes: Scope, **options: Any) -> str:
    with installation.database.write() as session:
        return create_key(session, installation.workspace, "a key", scopes, utc_now(), **options).text


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


def test_without_a_key_nothing_is_answered_but_what_is_open(app: FastAPI, anybody: TestClient) -> None:
    for method, path in routes_of(app):
        address = re.sub(r"{\w+}", "x", path)
        answer = anybody.request(method, address)
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
    app: FastAPI, anybody: TestClient, installation: Installation
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
            answer = anybody.request(method, address, headers=bearer(key), json=BODIES.get(f"{method} {path}", {}))
            is_refused = answer.status_code == 403
            assert is_refused == (expected_scope(method, path) not in allowed), (scope, method, path, answer.text)


def test_keys_that_do_not_hold_all_get_the_same_answer(anybody: TestClient, installation: Installation) -> None:
    revoked, expired = key_with(installation, Scope.READ), key_with(installation, Scope.READ, days=1e-9)
    assert anybody.get("/v1/jobs", headers=bearer(revoked)).status_code == 200
    with installation.database.write() as session:
        revoke_key(session, revoked.split("_")[1], utc_now())
    good = key_with(installation, Scope.READ)
    wrong = good[:-1] + ("a" if good[-1] != "a" else "b")
    unknown = "fc_aaaaaaaa_" + good.split("_", 2)[2]
    tries = [revoked, expired, wrong, unknown, "", "fc_", good + "x", "é" * 40]
    headers = [{b"Authorization": f"Bearer {key}".encode()} for key in tries]
    headers += [{b"Authorization": f"Basic {good}".encode()}, {b"Authorization": good.encode()}, {}]
    answers = [anybody.get("/v1/jobs", headers=header) for header in headers]  # type: ignore[arg-type]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert anybody.get("/v1/jobs", headers=bearer(good)).status_code == 200


def test_no_raw_key_or_session_is_in_the_database(
    anybody: TestClient, installation: Installation, database_kind: str
) -> None:
    key = key_with(installation, Scope.READ)
    token = sign_in(anybody, key)
    link = anybody.post("/v1/sign-in-links", headers=bearer(key)).json()["address"].partition("#")[2]
    if database_kind == "sqlite":
        with closing(sqlite3.connect(installation.settings.home / "forecast.db")) as connection:
            held = "\n".join(connection.iterdump())
        assert key.split("_")[1] in held
        for secret in (key, key.split("_", 2)[2], installation.key, token, link):
            assert secret not in held
    file = installation.settings.key_file
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() == installation.key


class TestWorkspaces:
    """One workspace full of everything, and another that must see none of it."""

    @pytest.fixture
    def ids(self, installation: Installation) -> dict[str, str]:
        """An id of each kind, all of the first workspace."""
        study = store_living_sample(installation)
        forecast_id, job_id = store_sample(installation)
        raise_alerts(installation.database, utc_now() + timedelta(days=400))
        with installation.database.write() as session:
            alerts = AlertRepository(session)
            found = {
                "schedule_id": ScheduleRepository(session).page(1).items[0].id,
                "subscription_id": alerts.subscriptions(1).items[0].id,
                "alert_id": alerts.page(1).items[0].id,
            }
        return {
            "study_id": study,
            "forecast_id": forecast_id,
            "job_id": job_id,
            "digest": coin_study().digest,
            "source_id": "counts",
            "key_id": installation.key.split("_")[1],
            **found,
        }

    @pytest.fixture
    def other(self, installation: Installation) -> Installation:
        return installation.of("other")

    def test_every_route_with_an_id_says_404_for_what_is_another_workspaces(
        self, app: FastAPI, client: TestClient, anybody: TestClient, ids: dict[str, str], other: Installation
    ) -> None:
        assert client.post("/v1/previews", json={"document": coin_document()}).status_code == 202
        asked = 0
        for method, path in routes_of(app):
            names = set(re.findall(r"{(\w+)}", path)) - OF_NOBODY
            if (method, path) in OPEN or not names or (method, path) == ("PUT", "/v1/studies/{study_id}"):
                continue
            assert names <= set(ids), f"{path} has an id that this test does not know: add it to `ids`"
            address = path.format_map({**ids, "name": "horizon"})
            body = BODIES.get(f"{method} {path}", {})
            answer = anybody.request(method, address, headers=bearer(other.key), json=body)
            assert answer.status_code == 404, (method, address, answer.text[:300])
            told = [value for value in ids.values() if value not in address and value in answer.text]
            assert not told, (method, address)
            asked += 1
        assert asked > 35

    def test_ids_of_another_workspace_in_a_body_or_a_query_are_as_good_as_unknown(
        self, anybody: TestClient, ids: dict[str, str], other: Installation
    ) -> None:
        headers = bearer(other.key)
        for body in (
            {"study": "coin"},
            {"kind": "influence", "forecast": ids["forecast_id"]},
            {"kind": "influence", "study": "coin"},
        ):
            assert anybody.post("/v1/jobs", json=body, headers=headers).status_code == 404, body
        for path, body in (
            ("/v1/schedules", BODIES["POST /v1/schedules"]),
            ("/v1/subscriptions", BODIES["POST /v1/subscriptions"]),
        ):
            assert anybody.post(path, json=body, headers=headers).status_code == 404, path
        two = f"before={ids['forecast_id']}&after={ids['forecast_id']}"
        for path in (f"/v1/compare?{two}", f"/compare?{two}", "/new?study=coin"):
            assert anybody.get(path, headers=headers).status_code == 404, path

    def test_lists_and_pages_show_nothing_of_another_workspace(
        self, app: FastAPI, anybody: TestClient, client: TestClient, ids: dict[str, str], other: Installation
    ) -> None:
        secrets = {*ids.values(), "Does the coin show heads?", "Karabakh after"} - {"counts", "coin"}
        looked = 0
        for method, path in routes_of(app):
            if method != "GET" or "{" in path or (method, path) in OPEN or path in ("/v1/compare", "/compare"):
                continue
            answer = anybody.get(path, headers=bearer(other.key))
            assert answer.status_code == 200, path
            assert not [secret for secret in secrets if secret in answer.text], path
            looked += 1
        assert looked >= 8
        listed = [client.get(path).text for path in ("/v1/jobs", "/v1/studies", "/v1/schedules", "/v1/alerts", "/")]
        assert all(any(secret in text for secret in {*secrets, "coin"}) for text in listed), "its own sees it"

    def test_two_workspaces_have_studies_and_keys_of_one_name_for_themselves(
        self, anybody: TestClient, installation: Installation, other: Installation
    ) -> None:
        mine, theirs = bearer(installation.key), bearer(other.key)
        for headers, title in ((mine, "Mine"), (theirs, "Theirs")):
            body = coin_document(title=title)
            assert anybody.put("/v1/studies/coin", json=body, headers=headers).status_code == 201
        assert anybody.get("/v1/studies/coin", headers=mine).json()["title"] == "Mine"
        assert anybody.get("/v1/studies/coin", headers=theirs).json()["title"] == "Theirs"
        jobs = [
            anybody.post("/v1/jobs", json={"study": "coin"}, headers={**headers, "Idempotency-Key": "one"}).json()
            for headers in (mine, theirs)
        ]
        assert [job["title"] for job in jobs] == ["Mine", "Theirs"]
        with installation.database.read() as session:
            assert [row.workspace for row in [StudyRepository(session).get("coin")] if row] == ["default"]


def sign_in(client: TestClient, key: str, path: str = "/", **form: str) -> str:
    """What the browser was given to keep."""
    answer = client.post("/sign-in", data={"key": key, "next": path, **form}, headers={"Origin": "http://127.0.0.1"})
    assert answer.status_code == 303, answer.text
    return client.cookies["forecast_session_http"]


class TestBrowsers:
    def test_a_key_is_exchanged_for_a_cookie_that_no_script_reads(
        self, anybody: TestClient, installation: Installation
    ) -> None:
        key = key_with(installation, Scope.READ)
        answer = anybody.post(
            "/sign-in", data={"key": f" {key}\n", "next": "/studies/coin?a=b"}, headers={"Origin": "http://127.0.0.1"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/studies/coin?a=b")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie, "this service has no certificate"
        assert key not in cookie
        assert anybody.get("/").status_code == 200
        assert "a key" in anybody.get("/access").text

    def test_behind_https_the_cookie_is_for_https_alone(self, app: FastAPI, installation: Installation) -> None:
        key = key_with(installation, Scope.READ)
        with TestClient(app, base_url="https://127.0.0.1", follow_redirects=False) as client:
            answer = client.post("/sign-in", data={"key": key}, headers={"Origin": "https://127.0.0.1"})
            assert "secure" in answer.headers["set-cookie"].lower()

    def test_a_wrong_key_is_refused_on_the_page(self, anybody: TestClient) -> None:
        answer = anybody.post("/sign-in", data={"key": "fc_x"}, headers={"Origin": "http://127.0.0.1"})
        assert answer.status_code == 401
        assert "no key of this installation" in answer.text
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"},
            {"Origin": "http://127.0.0.1:9999"},
        ],
    )
    def test_another_page_cannot_make_a_signed_in_browser_change_anything(
        self, anybody: TestClient, installation: Installation, headers: dict[str, str]
    ) -> None:
        sign_in(anybody, key_with(installation, Scope.ADMIN))
        assert anybody.put("/v1/studies/coin", json=coin_document(), headers=headers).status_code == 401
        assert anybody.post("/v1/keys", json={"name": "x", "scopes": ["read"]}, headers=headers).status_code == 401
        for path in ("/sign-in", "/sign-out"):
            assert anybody.post(path, data={}, headers=headers).status_code == 401
        assert anybody.get("/v1/studies", headers=headers).status_code == 200, "reading changes nothing"
        for own in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1"}):
            assert anybody.put("/v1/studies/coin", json=coin_document(), headers=own).status_code in (200, 201)

    def test_a_header_goes_before_a_cookie(self, anybody: TestClient, installation: Installation) -> None:
        sign_in(anybody, key_with(installation, Scope.READ))
        assert anybody.get("/v1/jobs", headers=bearer("fc_wrong")).status_code == 401

    def test_signing_out_ends_the_session_for_good(self, anybody: TestClient, installation: Installation) -> None:
        token = sign_in(anybody, key_with(installation, Scope.READ))
        answer = anybody.post("/sign-out", headers={"Origin": "http://127.0.0.1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        anybody.cookies.set("forecast_session_http", token)
        assert anybody.get("/v1/jobs").status_code == 401

    def test_revoking_a_key_signs_its_browsers_out_at_once(
        self, anybody: TestClient, installation: Installation
    ) -> None:
        key = key_with(installation, Scope.READ)
        sign_in(anybody, key)
        assert anybody.get("/v1/jobs").status_code == 200
        answer = anybody.request("DELETE", f"/v1/keys/{key.split('_')[1]}", headers=bearer(installation.key))
        assert answer.status_code == 204
        assert anybody.get("/v1/jobs").status_code == 401
        with installation.database.read() as session:
            events = [row.event for row in KeyRepository(session).events()]
        assert [event for event in events if event != "key_created"] == ["signed_in", "key_revoked"]

    def test_a_session_ends_with_its_time_and_with_its_key(
        self, anybody: TestClient, installation: Installation, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = tmp_path / "clock"
        clock.write_text("0")
        monkeypatch.setenv("FORECAST_CLOCK_FILE", str(clock))
        sign_in(anybody, key_with(installation, Scope.READ))
        clock.write_text(str(167 * 3600))
        assert anybody.get("/v1/jobs").status_code == 200
        clock.write_text(str(169 * 3600))
        assert anybody.get("/v1/jobs").status_code == 401
        clock.write_text("0")
        sign_in(anybody, key_with(installation, Scope.READ, days=1))
        clock.write_text(str(25 * 3600))
        assert anybody.get("/v1/jobs").status_code == 401

    def test_a_link_signs_in_once_and_soon(
        self, anybody: TestClient, installation: Installation, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = tmp_path / "clock"
        clock.write_text("0")
        monkeypatch.setenv("FORECAST_CLOCK_FILE", str(clock))

        def link() -> str:
            address = anybody.post("/v1/sign-in-links", headers=bearer(installation.key)).json()["address"]
            assert address.startswith("/sign-in#")
            return str(address.partition("#")[2])

        word = link()
        sign_in(anybody, "", link=word)
        assert anybody.get("/access").status_code == 200
        anybody.cookies.clear()
        here = {"Origin": "http://127.0.0.1"}
        assert anybody.post("/sign-in", data={"link": word}, headers=here).status_code == 401, "it was used"
        late = link()
        clock.write_text("601")
        assert anybody.post("/sign-in", data={"link": late}, headers=here).status_code == 401, "it is too old"

    @pytest.mark.parametrize(
        "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\r\nX: y"]
    )
    def test_signing_in_leads_nowhere_else(self, anybody: TestClient, installation: Installation, path: str) -> None:
        key = key_with(installation, Scope.READ)
        answer = anybody.post("/sign-in", data={"key": key, "next": path}, headers={"Origin": "http://127.0.0.1"})
        assert answer.headers["location"] == "/"

    def test_services_on_other_ports_have_cookies_of_their_own(self) -> None:
        class Asked:
            def __init__(self, port: int | None) -> None:
                self.url = type("Url", (), {"port": port, "scheme": "http"})

        names = {cookie_name(Asked(port)) for port in (None, 8000, 8001)}  # type: ignore[arg-type]
        assert len(names) == 3


class TestKeysOverHttp:
    def test_an_admin_makes_lists_and_revokes_keys_of_his_workspace(
        self, client: TestClient, anybody: TestClient, installation: Installation
    ) -> None:
        made = client.post("/v1/keys", json={"name": "Desk three", "scopes": ["submit"], "days": 30})
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        key = made.json()["key"]
        mine = anybody.get("/v1/access", headers=bearer(key)).json()
        assert (mine["workspace"], mine["name"], mine["scopes"]) == ("default", "Desk three", ["read", "submit"])
        listed = client.get("/v1/keys")
        assert "Desk three" in [row["name"] for row in listed.json()["items"]]
        assert key not in listed.text
        assert client.delete(f"/v1/keys/{made.json()['id']}").status_code == 204
        assert anybody.get("/v1/access", headers=bearer(key)).status_code == 401

    def test_nobody_gives_what_he_has_not(self, anybody: TestClient, installation: Installation) -> None:
        admin = key_with(installation, Scope.ADMIN)
        body = {"name": "x", "scopes": ["metrics"]}
        answer = anybody.post("/v1/keys", json=body, headers=bearer(admin))
        assert (answer.status_code, answer.json()["code"]) == (422, "key_invalid")

    @pytest.mark.parametrize(
        "body",
        [
            {"name": "", "scopes": ["read"]},
            {"name": "x\n", "scopes": ["read"]},
            {"name": "x" * 201, "scopes": ["read"]},
            {"name": "x", "scopes": []},
            {"name": "x", "scopes": ["all"]},
            {"name": "x", "scopes": ["read"], "days": 0},
            {"name": "x", "scopes": ["read"], "days": 1e9},
            {"name": "x", "scopes": ["read"], "workspace": "other"},
            {"name": "x", "scopes": ["read"], "hash": "0"},
        ],
    )
    def test_a_key_that_makes_no_sense_is_refused(self, client: TestClient, body: dict[str, Any]) -> None:
        assert client.post("/v1/keys", json=body).status_code == 422


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
