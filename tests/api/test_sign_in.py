"""Browsers: a key becomes a session, and no other site can use it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.callers import cookie_name
from forecast.access import Scope
from forecast.store import KeyRepository
from tests.api.access_helpers import bearer, key_with, sign_in
from tests.api.shared import Shared
from tests.coin import coin_document
from tests.installation import Installation


class TestBrowsers:
    def test_a_key_is_exchanged_for_a_cookie_that_no_script_reads(
        self, keyless: TestClient, installation: Installation
    ) -> None:
        key = key_with(installation, Scope.READ)
        answer = keyless.post(
            "/sign-in", data={"key": f" {key}\n", "next": "/studies/coin?a=b"}, headers={"Origin": "http://127.0.0.1"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/studies/coin?a=b")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie, "this service has no certificate"
        assert key not in cookie
        assert keyless.get("/").status_code == 200
        assert "a key" in keyless.get("/access").text

    def test_behind_https_the_cookie_is_for_https_alone(self, app: FastAPI, installation: Installation) -> None:
        key = key_with(installation, Scope.READ)
        with TestClient(app, base_url="https://127.0.0.1", follow_redirects=False) as client:
            answer = client.post("/sign-in", data={"key": key}, headers={"Origin": "https://127.0.0.1"})
            assert "secure" in answer.headers["set-cookie"].lower()

    def test_a_wrong_key_is_refused_on_the_page(self, keyless: TestClient) -> None:
        answer = keyless.post("/sign-in", data={"key": "fc_x"}, headers={"Origin": "http://127.0.0.1"})
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
        self, shared: Shared, shared_keyless: TestClient, headers: dict[str, str]
    ) -> None:
        keyless = shared_keyless
        sign_in(keyless, key_with(shared.installation, Scope.ADMIN))
        assert keyless.put("/v1/studies/coin", json=coin_document(), headers=headers).status_code == 401
        assert keyless.post("/v1/keys", json={"name": "x", "scopes": ["read"]}, headers=headers).status_code == 401
        for path in ("/sign-in", "/sign-out"):
            assert keyless.post(path, data={}, headers=headers).status_code == 401
        assert keyless.get("/v1/studies", headers=headers).status_code == 200, "reading changes nothing"
        for own in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1"}):
            assert keyless.put("/v1/studies/coin", json=coin_document(), headers=own).status_code in (200, 201)

    def test_a_header_goes_before_a_cookie(self, keyless: TestClient, installation: Installation) -> None:
        sign_in(keyless, key_with(installation, Scope.READ))
        assert keyless.get("/v1/jobs", headers=bearer("fc_wrong")).status_code == 401

    def test_signing_out_ends_the_session_for_good(self, keyless: TestClient, installation: Installation) -> None:
        token = sign_in(keyless, key_with(installation, Scope.READ))
        answer = keyless.post("/sign-out", headers={"Origin": "http://127.0.0.1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        keyless.cookies.set("forecast_session_http", token)
        assert keyless.get("/v1/jobs").status_code == 401

    def test_revoking_a_key_signs_its_browsers_out_at_once(
        self, keyless: TestClient, installation: Installation
    ) -> None:
        key = key_with(installation, Scope.READ)
        sign_in(keyless, key)
        assert keyless.get("/v1/jobs").status_code == 200
        answer = keyless.request("DELETE", f"/v1/keys/{key.split('_')[1]}", headers=bearer(installation.key))
        assert answer.status_code == 204
        assert keyless.get("/v1/jobs").status_code == 401
        with installation.database.read() as session:
            events = [row.event for row in KeyRepository(session).events()]
        assert [event for event in events if event != "key_created"] == ["signed_in", "key_revoked"]

    def test_a_session_ends_with_its_time_and_with_its_key(
        self, keyless: TestClient, installation: Installation, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = tmp_path / "clock"
        clock.write_text("0")
        monkeypatch.setenv("FORECAST_CLOCK_FILE", str(clock))
        sign_in(keyless, key_with(installation, Scope.READ))
        clock.write_text(str(167 * 3600))
        assert keyless.get("/v1/jobs").status_code == 200
        clock.write_text(str(169 * 3600))
        assert keyless.get("/v1/jobs").status_code == 401
        clock.write_text("0")
        sign_in(keyless, key_with(installation, Scope.READ, days=1))
        clock.write_text(str(25 * 3600))
        assert keyless.get("/v1/jobs").status_code == 401

    def test_a_link_signs_in_once_and_soon(
        self, keyless: TestClient, installation: Installation, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = tmp_path / "clock"
        clock.write_text("0")
        monkeypatch.setenv("FORECAST_CLOCK_FILE", str(clock))

        def link() -> str:
            address = keyless.post("/v1/sign-in-links", headers=bearer(installation.key)).json()["address"]
            assert address.startswith("/sign-in#")
            return str(address.partition("#")[2])

        word = link()
        sign_in(keyless, "", link=word)
        assert keyless.get("/access").status_code == 200
        keyless.cookies.clear()
        here = {"Origin": "http://127.0.0.1"}
        assert keyless.post("/sign-in", data={"link": word}, headers=here).status_code == 401, "it was used"
        late = link()
        clock.write_text("601")
        assert keyless.post("/sign-in", data={"link": late}, headers=here).status_code == 401, "it is too old"

    @pytest.mark.parametrize(
        "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\r\nX: y"]
    )
    def test_signing_in_leads_nowhere_else(self, shared: Shared, shared_keyless: TestClient, path: str) -> None:
        key = key_with(shared.installation, Scope.READ)
        answer = shared_keyless.post(
            "/sign-in", data={"key": key, "next": path}, headers={"Origin": "http://127.0.0.1"}
        )
        assert answer.headers["location"] == "/"

    def test_services_on_other_ports_have_cookies_of_their_own(self) -> None:
        class Asked:
            def __init__(self, port: int | None) -> None:
                self.url = type("Url", (), {"port": port, "scheme": "http"})

        names = {cookie_name(Asked(port)) for port in (None, 8000, 8001)}  # type: ignore[arg-type]
        assert len(names) == 3
