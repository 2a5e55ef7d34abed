"""Hostile values in every place that takes one: a problem that says what was wrong, or text that stays text."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from forecast.store.repositories.pages import encode_cursor
from tests.api.asked_sample import store_asked
from tests.api.living_sample import store_living_sample
from tests.api.shared import Shared
from tests.coin import coin_document

both_databases = pytest.mark.both_databases
"""Where the value itself reaches the database."""

UNKNOWN = "01980000-0000-7000-8000-000000000001"
HOSTILE_TEXTS = (
    "'; DROP TABLE study; --",
    '" OR "1"="1',
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} ${7*7}",
    "\u202eevil\u202c",
    "\U0001f4a9" * 20,
    "a%00b",
    "../../etc/passwd",
    "\ufeffbom",
    "x" * 190,
)
NO_IDS = (
    UNKNOWN,
    "1",
    "no-uuid",
    UNKNOWN.upper() + "x",
    "%00",
    "%2e%2e%2fetc",
    "' OR 1=1",
    "é" * 40,
    "9" * 5000,
    "%ff%fe",
)


@pytest.fixture
def client(shared: Shared) -> TestClient:
    return shared.client


def refused(answer: Any, *statuses: int) -> dict[str, Any]:
    assert answer.status_code in statuses, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert "sqlalchemy" not in answer.text.lower()
    found: dict[str, Any] = answer.json()
    return found


@both_databases
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_text_is_stored_as_text_and_comes_back_as_it_was(client: TestClient, text: str) -> None:
    study = f"coin-{HOSTILE_TEXTS.index(text)}"
    stored = client.put(f"/v1/studies/{study}", json=coin_document(study=study, title=text))
    assert stored.status_code == 201, stored.text
    assert client.get(f"/v1/studies/{study}").json()["title"] == text
    page = client.get(f"/studies/{study}", headers={"Accept": "text/html"}).text
    assert "<script>alert(1)" not in page
    made = client.post("/v1/schedules", json={"study": study, "cron": "0 6 1 * *", "title": text})
    assert made.status_code == 201, made.text
    assert client.get(f"/v1/schedules/{made.json()['id']}").json()["title"] == text


@both_databases
@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs/{id}",
        "/v1/forecasts/{id}",
        "/v1/forecasts/{id}/draws.nc",
        "/v1/forecasts/{id}/diagnostics",
        "/v1/forecasts/{id}/plots",
        "/v1/forecasts/{id}/plots/horizon.json",
        "/v1/forecasts/{id}/plots/horizon.png",
        "/v1/schedules/{id}",
        "/v1/schedules/{id}/runs",
        "/v1/subscriptions/{id}",
        "/v1/alerts/{id}",
        "/v1/studies/{id}",
        "/v1/studies/{id}/evidence",
        "/v1/studies/{id}/ledger",
        "/v1/previews/{id}",
        "/jobs/{id}",
        "/forecasts/{id}",
        "/studies/{id}",
    ],
)
def test_ids_that_are_none_are_all_the_same_404(client: TestClient, path: str) -> None:
    for identifier in NO_IDS:
        answer = client.get(path.format(id=identifier), headers={"Accept": "application/json"})
        assert answer.status_code in (404, 422), (identifier[:50], answer.status_code, answer.text[:200])
        assert "Traceback" not in answer.text


@both_databases
@pytest.mark.parametrize(
    ("path", "cursor"),
    [
        ("/v1/jobs", encode_cursor("jobs::", "\x00")),
        ("/v1/jobs", encode_cursor("studies", "x")),
        ("/v1/jobs", "e30"),
        ("/v1/studies/coin/evidence", encode_cursor("evidence", "9" * 40)),
        ("/v1/studies/coin/evidence", encode_cursor("evidence", "-1")),
        ("/v1/studies/coin/evidence", encode_cursor("evidence", "\u0663")),
        ("/v1/studies/coin/forecasts", encode_cursor("forecasts:coin", "no day")),
        ("/v1/schedules/{schedule}/runs", "runs"),
    ],
)
def test_a_handwritten_cursor_finds_nothing_and_breaks_nothing(shared: Shared, path: str, cursor: str) -> None:
    client = shared.client
    study = shared.once(store_living_sample)
    schedule = client.get("/v1/schedules", params={"study": study}).json()["items"][0]["id"]
    if cursor == "runs":
        cursor = encode_cursor(f"runs:{schedule}", "no moment")
    answer = client.get(path.format(schedule=schedule), params={"cursor": cursor})
    assert answer.status_code in (200, 400, 422), answer.text
    if answer.status_code == 200:
        assert answer.json()["items"] == []


@pytest.mark.parametrize(
    "rule",
    [
        {"cron": "* * * * * *"},
        {"every_seconds": 0},
        {"every_seconds": -5},
        {"every_seconds": 1e-9},
        {"every_seconds": 1e300},
        {"cron": "0 0 31 2 *"},
        {"cron": "0 6 1 * *", "timezone": "Mars/Base"},
        {"cron": "0 6 1 * *", "timezone": "../../etc/localtime"},
        {"cron": "0 6 1 * *", "every_seconds": 3600},
        {},
        {"cron": ""},
        {"cron": "x" * 10_000},
        {"cron": "0 6 1 * *", "enabled": "perhaps"},
        {"cron": "0 6 1 * *", "next_due": "2020-01-01"},
        {"cron": "0 6 1 * *", "sampler": {"draws": -1}},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(client: TestClient, rule: dict[str, Any]) -> None:
    client.put("/v1/studies/plain", json=coin_document(study="plain"))
    before = client.get("/v1/schedules").json()
    answer = client.post("/v1/schedules", json={"study": "plain", **rule})
    refused(answer, 422)
    assert client.get("/v1/schedules").json() == before


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://user@example.org/",
        "https://user:pass@example.org/",
        "https://elsewhere.test/",
        "https://",
        "//example.org",
        "javascript:alert(1)",
        "https://example.org/\r\nX-Evil: 1",
        "https://" + "a" * 3000,
        "",
    ],
)
def test_a_webhook_to_a_forbidden_address_is_refused(client: TestClient, url: str) -> None:
    client.put("/v1/studies/plain", json=coin_document(study="plain"))
    before = client.get("/v1/subscriptions").json()
    found = refused(client.post("/v1/subscriptions", json={"study": "plain", "kind": "verdict", "url": url}), 422)
    assert [error["path"] for error in found["errors"]] == ["url"], found
    assert client.get("/v1/subscriptions").json() == before


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('id')",
        "lambda: 0",
        "heads.__class__",
        "exec('1')",
        "(" * 5000 + "heads" + ")" * 5000,
        "not " * 5000 + "heads",
        "heads and " * 3000 + "heads",
        "heads\x00",
        "",
        "x" * 100_000,
        "heads; tails",
        "${heads}",
        "by(heads, '9999-99-99')",
    ],
)
def test_an_expression_is_read_by_its_grammar_or_not_at_all(shared: Shared, expression: str) -> None:
    client, forecast_id = shared.client, shared.once(store_asked)
    refused(client.post(f"/v1/forecasts/{forecast_id}/query", json={"expression": expression}), 400, 422)
    document = coin_document(scenarios=[{"id": "s", "title": "S", "when": expression}])
    refused(client.put("/v1/studies/coin", json=document), 400, 422)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "7", True, float("1e3"), None])
def test_a_seed_is_a_whole_number_that_fits(client: TestClient, seed: object) -> None:
    answer = client.post("/v1/jobs", json={"document": coin_document(sampler={"seed": seed})})
    if answer.status_code == 202:
        assert seed in (None, 1000.0), "no seed is as good as none, and 1e3 is a whole number"
    else:
        refused(answer, 422)


@both_databases
def test_a_filter_by_a_name_that_can_be_none_is_refused_or_finds_nothing(client: TestClient) -> None:
    answer = client.get("/v1/jobs?study=%00")
    assert answer.status_code == 422 or (answer.status_code, answer.json()["items"]) == (200, []), answer.text


@pytest.mark.parametrize(
    ("method", "path", "options", "statuses"),
    [
        ("TRACE", "/v1/jobs", {}, (405,)),
        ("PROPFIND", "/v1/jobs", {}, (405,)),
        (
            "POST",
            "/v1/jobs",
            {"content": b"\xef\xbb\xbf{}", "headers": {"Content-Type": "application/json"}},
            (400, 422),
        ),
        (
            "POST",
            "/v1/jobs",
            {"content": b'{"study": "coin"} trailing', "headers": {"Content-Type": "application/json"}},
            (400,),
        ),
        (
            "POST",
            "/v1/jobs",
            {"content": b"study=coin", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            (415,),
        ),
        ("GET", "/v1/jobs?limit=1000000000", {}, (422,)),
        ("GET", "/v1/jobs?limit=-1", {}, (422,)),
        ("GET", "/v1/jobs?nothing=1", {}, (422,)),
        ("GET", "/v1/jobs?study=" + "x" * 65, {}, (422,)),
    ],
)
def test_odd_requests_are_refused(
    client: TestClient, method: str, path: str, options: dict[str, Any], statuses: tuple[int, ...]
) -> None:
    refused(client.request(method, path, **options), *statuses)


@pytest.mark.parametrize("kind", ["observations", "judgments", "resolutions"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"indicator,period,value\n",
        b"indicator,period,value\nincidents,2020-01\n",
        b"indicator,period,value\nincidents,2020-01,1,2,3\n",
        b"indicator,indicator,value\na,b,1\n",
        "indicator,period,value\nincidents,2020-01,1\n".encode("utf-16"),
        b"indicator,period,value\nincidents,2020-01,\xff\xfe\n",
        b"indicator,period,value\nincidents,2020-02-30,1\n",
        b"indicator,period,value\nincidents,9999-01,1\n",
        b"indicator,period,value\nincidents,2020-01,NaN\n",
        b"indicator,period,value\nincidents,2020-01,1e999\n",
        b"indicator,period,value\nincidents,2020-01,=cmd|'/c calc'!A0\n",
        b"indicator,period,value\n" + b"incidents,2020-01,\0\n",
        b'indicator,period,value\n"incidents,2020-01,1\n',
        b"," * 100_000,
    ],
)
def test_a_table_of_evidence_that_makes_no_sense_adds_nothing(shared: Shared, kind: str, body: bytes) -> None:
    client = shared.client
    shared.once(store_living_sample)
    before = client.get("/v1/studies/coin/evidence").json()["items"]
    answer = client.post(f"/v1/studies/coin/{kind}", content=body, headers={"Content-Type": "text/csv"})
    refused(answer, 400, 413, 422)
    assert client.get("/v1/studies/coin/evidence").json()["items"] == before
