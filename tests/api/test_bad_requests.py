"""Whatever is sent, the answer is a problem that says what was wrong, and nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.middleware import host_name
from api.problems import json_pointer
from api.requests import wait_seconds
from forecast.store import JobRepository, StudyRepository
from tests.api.shared import Shared
from tests.coin import coin_document
from tests.installation import Installation

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(shared: Shared) -> TestClient:
    return shared.client


@pytest.fixture
def installation(shared: Shared) -> Installation:
    return shared.installation


@pytest.fixture(autouse=True)
def nothing_is_stored(installation: Installation) -> Iterator[None]:
    yield
    with installation.database.read() as session:
        assert JobRepository(session).page(5).items == ()
        assert StudyRepository(session).page(5).items == ()


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["status"], found["code"]) == (status, status, code), found
    assert found["type"] == f"/problems/{code}"
    assert found["title"]
    assert found["detail"]
    assert "Traceback" not in answer.text
    return found


def document(**changes: Any) -> bytes:
    return json.dumps({"document": coin_document(**changes)}).encode()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 400, "body_invalid", id="empty"),
        pytest.param(b"[]", 400, "body_invalid", id="no_object"),
        pytest.param(b'{"study": "coin",}', 400, "study_invalid", id="trailing_comma"),
        pytest.param(b'{"study": "a", "study": "b"}', 400, "study_invalid", id="duplicate_key"),
        pytest.param(b'{"study": NaN}', 422, "study_invalid", id="nan"),
        pytest.param(b'{"study": 1e999}', 422, "study_invalid", id="infinite"),
        pytest.param(b'{"study": ' + b"9" * 5000 + b"}", 422, "study_invalid", id="huge_integer"),
        pytest.param(b'{"document": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "study_invalid", id="deep"),
        pytest.param(b'{"study": "\\ud800"}', 422, "study_invalid", id="half_a_surrogate_pair"),
        pytest.param(b'{"study": "a\\u0000b"}', 422, "study_invalid", id="nul"),
        pytest.param(b"\xff\xfe{}", 400, "study_invalid", id="utf16"),
        pytest.param(b"{}", 422, "request_invalid", id="neither_study_nor_document"),
        pytest.param(b'{"study": "coin", "document": {}}', 422, "request_invalid", id="study_and_document"),
        pytest.param(b'{"study": "coin", "seed_override": 1}', 422, "request_invalid", id="unknown_key"),
        pytest.param(b'{"study": 5}', 422, "request_invalid", id="study_no_text"),
        pytest.param(b'{"study": "coin", "as_of": "30 Feb"}', 422, "request_invalid", id="no_date"),
        pytest.param(b'{"study": "nothing"}', 404, "not_found", id="unknown_study"),
        pytest.param(b'{"document": {}}', 422, "study_invalid", id="empty_document"),
    ],
)
def test_a_bad_job_request_is_refused(client: TestClient, body: bytes, status: int, code: str) -> None:
    assert_problem(client.post("/v1/jobs", content=body, headers=JSON), status, code)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        pytest.param({"titel": "x"}, "titel", id="unknown_key"),
        pytest.param({"horizon": 0}, "horizon", id="no_horizon"),
        pytest.param({"horizon": 601}, "horizon", id="long_horizon"),
        pytest.param({"sampler": {"draws": -1}}, "sampler.draws", id="negative_draws"),
        pytest.param({"sampler": {"chains": 1000}}, "sampler.chains", id="too_many_chains"),
        pytest.param({"as_of": "2022-01-01"}, "outcomes[0].resolution.by", id="resolved_before_it_begins"),
        pytest.param({"outcomes": coin_document()["outcomes"] * 10_000}, "outcomes", id="ten_thousand_outcomes"),
    ],
)
def test_a_bad_document_is_refused_with_the_path_of_what_is_wrong(
    client: TestClient, changes: dict[str, Any], path: str
) -> None:
    for answer in (
        client.post("/v1/jobs", content=document(**changes), headers=JSON),
        client.put("/v1/studies/coin", json=coin_document(**changes)),
    ):
        found = assert_problem(answer, 422, "study_invalid")
        assert path in [error["path"] for error in found["errors"]]
        assert all(error["message"] for error in found["errors"])


def test_an_unknown_kind_is_refused_with_the_known_ones(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json={"document": coin_document(), "kind": "backtest"})
    assert "'forecast'" in assert_problem(answer, 422, "job_kind_unknown")["detail"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"Content-Type": "text/xml"}, 415, "media_type_unsupported", id="xml"),
        pytest.param({**JSON, "Content-Encoding": "gzip"}, 415, "media_type_unsupported", id="compressed"),
        pytest.param({**JSON, "Idempotency-Key": "x" * 256}, 400, "header_invalid", id="long_key"),
        pytest.param({**JSON, "Idempotency-Key": ""}, 400, "header_invalid", id="empty_key"),
        pytest.param({**JSON, "Host": "evil.example"}, 400, "host_refused", id="rebound_host"),
    ],
)
def test_a_bad_header_is_refused(client: TestClient, headers: dict[str, str], status: int, code: str) -> None:
    assert_problem(client.post("/v1/jobs", content=document(), headers=headers), status, code)


def test_a_large_body_is_refused_whether_or_not_it_says_so_first(client: TestClient) -> None:
    large = b" " * 9_000_000

    def pieces() -> Iterator[bytes]:
        for _ in range(9):
            yield large[:1_000_000]

    assert_problem(client.post("/v1/jobs", content=large, headers=JSON), 413, "body_too_large")
    assert_problem(client.post("/v1/jobs", content=pieces(), headers=JSON), 413, "body_too_large")


def test_a_yaml_bomb_is_refused(client: TestClient) -> None:
    bomb = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    answer = client.put("/v1/studies/coin", content=bomb, headers={"Content-Type": "application/yaml"})
    assert_problem(answer, 400, "study_invalid")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/jobs", 405, "method_not_allowed"),
        ("GET", "/v1/jobs?limit=0", 422, "request_invalid"),
        ("GET", "/v1/jobs?limit=1e9", 422, "request_invalid"),
        ("GET", "/v1/jobs?state=tired", 422, "request_invalid"),
        ("GET", "/v1/jobs?cursor=tampered", 400, "cursor_invalid"),
        ("GET", "/problems/nothing", 404, "not_found"),
    ],
)
def test_a_bad_address_is_refused(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    assert_problem(client.request(method, path), status, code)


def test_a_defect_is_a_problem_with_an_id_and_nothing_inside(installation: Installation) -> None:
    app = create_app(installation.settings)

    @app.get("/v1/defect")
    def defect() -> None:
        raise KeyError("/secret/path", "SELECT secret FROM job")

    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        answer = client.get("/v1/defect")
    found = assert_problem(answer, 500, "internal")
    assert found["incident"] in found["detail"]
    assert "secret" not in answer.text.lower()


def test_every_type_of_problem_is_explained(client: TestClient) -> None:
    assert client.get("/problems/study_invalid").json()["status"] == 422


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("outcomes[0].prior.distribution", "/outcomes/0/prior/distribution"),
        ("study", "/study"),
        ("cases/deployments.csv row 4 column start", None),
        ("", None),
    ],
)
def test_the_pointer_of_a_path(path: str, pointer: str | None) -> None:
    assert json_pointer(path) == pointer


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("wait=30", 30),
        ("respond-async, wait=5", 5),
        ("wait = 7", 7),
        ("wait=9999", 60),
        ("wait=-1", 0),
        ("await=3", 0),
    ],
)
def test_how_long_a_client_prefers_to_wait(header: str | None, seconds: float) -> None:
    assert wait_seconds(header) == seconds


@pytest.mark.parametrize(
    ("header", "host"),
    [("127.0.0.1:8000", "127.0.0.1"), ("[::1]:8000", "::1"), ("LOCALHOST", "localhost"), ("::1", "::1"), ("", "")],
)
def test_the_host_of_a_header(header: str, host: str) -> None:
    assert host_name(header) == host
