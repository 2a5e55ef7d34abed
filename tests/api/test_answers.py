"""What every answer keeps to: HEAD, conditions, ranges, preferences."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api.answers import has
from api.requests import wait_seconds
from tests.api.stored_sample import store_sample
from tests.installation import Installation


@pytest.fixture
def forecast_id(installation: Installation) -> str:
    return store_sample(installation)[0]


def test_head_is_get_without_a_body(client: TestClient, forecast_id: str) -> None:
    for path in ("/", "/healthz", "/readyz", "/v1/studies", "/v1/jobs", f"/v1/forecasts/{forecast_id}"):
        got, head = client.get(path), client.head(path)
        assert head.status_code == got.status_code == 200, path
        assert head.content == b""
        assert head.headers["content-type"] == got.headers["content-type"]
    assert client.head("/v1/forecasts/nothing").status_code == 404


def test_what_a_client_has_is_not_sent_again(client: TestClient, forecast_id: str) -> None:
    for path in (f"/v1/forecasts/{forecast_id}/draws.nc", f"/v1/forecasts/{forecast_id}"):
        etag = client.get(path).headers["etag"]
        again = client.get(path, headers={"If-None-Match": f'"other", {etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("known", "etag", "expected"),
    [
        ('"a"', '"a"', True),
        ('W/"a"', '"a"', True),
        ('"b", W/"a"', 'W/"a"', True),
        ("*", '"a"', True),
        ('"ab"', '"a"', False),
        ('"a', '"a"', False),
        ("", '"a"', False),
        ("*", None, False),
    ],
)
def test_tags_are_compared_whole(known: str, etag: str | None, *, expected: bool) -> None:
    assert has(known, etag) is expected


def test_a_range_that_is_not_there_is_a_problem(client: TestClient, forecast_id: str) -> None:
    path = f"/v1/forecasts/{forecast_id}/draws.nc"
    whole = client.get(path).content
    part = client.get(path, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, whole[:10])
    beyond = client.get(path, headers={"Range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_invalid")
    assert beyond.headers["content-range"] == f"bytes */{len(whole)}"
    assert client.get(path, headers={"Range": "bytes=x"}).json()["status"] == 400


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=10", 10),
        ('wait = "10"', 10),
        ("respond-async, wait=10", 10),
        ("wait=10; strict, wait=20", 10),
        ('handling="wait=10"', 0),
        ("await=10", 0),
        ("wait=1000", 60),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_preferences_are_read_by_their_grammar(prefer: str | None, seconds: float) -> None:
    assert wait_seconds(prefer) == seconds
