"""The client's reading of event streams and problems."""

from __future__ import annotations

import json

import httpx2
import pytest

from forecast.client.client import ForecastClient, ServiceProblemError, ServiceUnavailableError
from forecast.client.events import parse_events

STREAM = """retry: 2000
id: 1
event: progress
data: {"a":
data: 1}

: ping

data: plain

event: done
data: {}

event: cut
data: {"""


def test_events_are_read_as_the_standard_says() -> None:
    assert list(parse_events(iter(STREAM.split("\n")))) == [
        ("progress", "1", '{"a":\n1}'),
        ("message", "1", "plain"),
        ("done", "1", "{}"),
    ]


def client_of(answer: httpx2.Response | Exception) -> ForecastClient:
    def respond(_request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ForecastClient("http://127.0.0.1:1", transport=httpx2.MockTransport(respond))


def test_a_problem_becomes_an_error_with_its_paths() -> None:
    body = {"code": "study_invalid", "detail": "wrong", "errors": [{"path": "horizon", "code": "x", "message": "bad"}]}
    with (
        client_of(httpx2.Response(422, json=body)) as client,
        pytest.raises(ServiceProblemError, match="wrong") as error,
    ):
        client.jobs()
    assert (error.value.status, error.value.problem_code) == (422, "study_invalid")
    assert str(error.value.errors[0]) == "horizon: bad"


def test_an_answer_that_is_no_problem_is_still_an_error() -> None:
    with client_of(httpx2.Response(502, text="<html>")) as client, pytest.raises(ServiceProblemError, match="502"):
        client.jobs()


def test_a_service_that_does_not_answer_is_named() -> None:
    with (
        client_of(httpx2.ConnectError("refused")) as client,
        pytest.raises(ServiceUnavailableError, match=r"http://127\.0\.0\.1:1"),
    ):
        client.jobs()


def recording(seen: list[httpx2.Request], body: object) -> ForecastClient:
    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=body)

    return ForecastClient("http://127.0.0.1:1", transport=httpx2.MockTransport(respond))


def test_a_query_is_sent_as_it_is_and_its_answer_is_read() -> None:
    answer = {
        "expression": "a",
        "observe": ["b"],
        "do": [{"outcome": "c", "at": None}],
        "probability": 0.25,
        "mcse": 0.01,
        "effective_draws": 400.0,
        "futures": 900,
        "words": "unlikely",
        "unconditional": {"probability": 0.5, "mcse": 0.005},
    }
    asked = {"expression": "a", "observe": ["b"], "do": [{"outcome": "c", "at": None}], "all": False}
    seen: list[httpx2.Request] = []
    with recording(seen, answer) as client:
        found = client.query("an id/..", asked)
    assert (found.probability, found.unconditional.probability, found.do[0].at) == (0.25, 0.5, None)
    (request,) = seen
    assert request.method == "POST"
    assert request.url.raw_path == b"/v1/forecasts/an%20id%2F../query"
    assert json.loads(request.content) == asked
