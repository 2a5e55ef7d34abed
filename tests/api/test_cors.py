"""Pages of other origins: only those that are listed, with a key, never with a cookie."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from forecast.runtime.setting_words import SettingsError
from forecast.runtime.settings import get_settings
from tests.coin import coin_document
from tests.installation import Installation, installation_in

DESK = "https://desk.example"


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation_in(tmp_path_factory.mktemp("listed") / "home", cors_origins=(DESK,)) as made:
        yield made


@pytest.fixture(scope="module")
def desk(listed: Installation) -> TestClient:
    return TestClient(create_app(listed.settings), base_url="http://127.0.0.1")


def asking(method: str, origin: str = DESK) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_listed_origin_may_ask_with_a_key(desk: TestClient, method: str) -> None:
    answer = desk.options("/v1/jobs", headers=asking(method))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == DESK
    assert "access-control-allow-credentials" not in answer.headers


def test_what_a_listed_origin_gets_is_marked_for_it(desk: TestClient, listed: Installation) -> None:
    headers = {"Origin": DESK, "Authorization": f"Bearer {listed.key}", "Sec-Fetch-Site": "cross-site"}
    made = desk.post("/v1/jobs", json={"document": coin_document()}, headers=headers)
    assert made.status_code == 202
    assert made.headers["access-control-allow-origin"] == DESK
    assert "Location" in made.headers["access-control-expose-headers"]
    refused = desk.get("/v1/jobs", headers={"Origin": DESK})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, DESK)


def test_any_other_origin_gets_nothing(desk: TestClient, client: TestClient) -> None:
    assert desk.options("/v1/jobs", headers=asking("GET", "https://other.example")).status_code == 400
    for one in (desk, client):
        answer = one.get("/healthz", headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in client.options("/v1/jobs", headers=asking("GET")).headers


def test_an_origin_is_compared_as_browsers_send_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECAST_CORS_ORIGINS", "https://Desk.example/, http://[::1]:3000")
    get_settings.cache_clear()
    assert get_settings().cors_origins == ("https://desk.example", "http://[::1]:3000")


@pytest.mark.parametrize(
    "value", ["*", "desk.example", "https://desk.example/a", "https://", "null", "ftp://a.example", "https://a:b:c"]
)
def test_what_is_no_origin_is_refused_in_a_sentence(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECAST_CORS_ORIGINS", f"https://a.example,{value}")
    get_settings.cache_clear()
    with pytest.raises(SettingsError, match="is no origin; write the scheme"):
        get_settings()


@pytest.mark.parametrize("value", ["/a//b", "/a?b", "/a/../b", "https://host/a", "/ä", "/a b"])
def test_what_is_no_path_is_refused_in_a_sentence(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECAST_ROOT_PATH", value)
    get_settings.cache_clear()
    with pytest.raises(SettingsError, match="expected a path of letters"):
        get_settings()


@pytest.mark.parametrize(
    ("value", "path"),
    [("", ""), ("/", ""), ("/forecasts/", "/forecasts"), ("forecasts", "/forecasts"), ("/a/b", "/a/b")],
)
def test_a_path_has_no_slash_at_its_end(value: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECAST_ROOT_PATH", value)
    get_settings.cache_clear()
    assert get_settings().root_path == path
