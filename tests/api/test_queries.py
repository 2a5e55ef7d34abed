"""Questions about a stored forecast, over HTTP, answered from a real file of futures."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.futures_cache import FuturesCache
from forecast.futures.query import QueryRequest
from forecast.jobs.lifecycle import complete_job
from forecast.store import StoredFile, utc_now
from tests.api.shared import Shared
from tests.futures_file import HORIZON, RATES, YES, asked_study, write_futures_file
from tests.installation import UNKNOWN_ID, Installation, forecast_row

TALKS_DELTA = 0.7
"""What the link adds to the log rate once the talks have succeeded."""


@pytest.fixture
def client(shared: Shared) -> TestClient:
    return shared.client


@pytest.fixture
def forecast_id(shared: Shared) -> str:
    return shared.once(add_asked)


def add_asked(installation: Installation) -> str:
    """A forecast whose file holds real futures."""
    return add_forecast(installation, write_futures_file)


def add_forecast(installation: Installation, writer: Any) -> str:
    study = asked_study()
    claim = installation.claim(installation.submit(study, now=utc_now()), now=utc_now())
    file = installation.artifacts.write(f"2026-01/{claim.job_id}.nc", writer)
    row = forecast_row(
        claim,
        study,
        utc_now(),
        artifact_path=file.path,
        artifact_sha256=file.sha256,
        artifact_bytes=file.size_bytes,
    )
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    return row.id


def ask(client: TestClient, forecast_id: str, expression: str, **more: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/forecasts/{forecast_id}/query", json={"expression": expression, **more})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def problem(client: TestClient, forecast_id: str, body: Any, status: int, code: str) -> dict[str, Any]:
    answer = client.post(f"/v1/forecasts/{forecast_id}/query", json=body)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = answer.json()
    assert isinstance(found, dict)
    assert (answer.status_code, found["code"]) == (status, code), found
    return found


def leaves_after_talks() -> float:
    """Probability that the contingent leaves first, with the talks in force from the start: competing exponentials."""
    rate = RATES["leaves"] * math.exp(TALKS_DELTA)
    total = rate + RATES["stays"]
    return rate / total * (1 - math.exp(-total * HORIZON))


def test_a_question_without_conditions(client: TestClient, forecast_id: str) -> None:
    found = ask(client, forecast_id, "talks")
    assert found["expression"] == "talks"
    assert abs(found["probability"] - YES) < 4 * found["mcse"]
    assert found["unconditional"] == {"probability": found["probability"], "mcse": found["mcse"]}
    assert found["outcomes"] == found["scenarios"] == []


def test_what_is_done_is_simulated_anew(client: TestClient, forecast_id: str) -> None:
    found = ask(client, forecast_id, "leaves", do=[{"outcome": "talks", "at": 0}])
    assert abs(found["probability"] - leaves_after_talks()) < 4 * found["mcse"]
    assert found["unconditional"]["probability"] < found["probability"] - 0.1
    never = ask(client, forecast_id, "leaves", do=[{"outcome": "leaves", "at": None}])
    assert never["probability"] == 0
    assert never["mcse"] > 0


def test_what_is_observed_filters(client: TestClient, forecast_id: str) -> None:
    found = ask(client, forecast_id, "leaves", observe=["talks"])
    both, condition = ask(client, forecast_id, "leaves and talks"), ask(client, forecast_id, "talks")
    assert found["probability"] == pytest.approx(both["probability"] / condition["probability"])
    assert found["futures"] == round(condition["probability"] * both["futures"])


def test_all_outcomes_and_scenarios_are_answered_when_asked_for(client: TestClient, forecast_id: str) -> None:
    found = ask(client, forecast_id, "leaves", do=[{"outcome": "talks", "at": 0}], all=True)
    assert [item["id"] for item in found["outcomes"]] == ["leaves", "stays", "talks"]
    assert [item["id"] for item in found["scenarios"]] == ["neither"]
    leaves, stays, _ = (item["probability"] for item in found["outcomes"])
    assert leaves + stays + found["scenarios"][0]["probability"] == pytest.approx(1.0)


def test_the_same_question_has_the_same_answer(client: TestClient, forecast_id: str) -> None:
    body = {"do": [{"outcome": "talks", "at": 3}]}
    assert ask(client, forecast_id, "leaves", **body) == ask(client, forecast_id, "leaves", **body)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        pytest.param({"expression": "leaves and"}, "expression", id="syntax"),
        pytest.param({"expression": "leavs"}, "expression", id="unknown_outcome"),
        pytest.param({"expression": "by(leaves, 13)"}, "expression", id="beyond_the_horizon"),
        pytest.param({"expression": "leaves", "observe": ["talks", "("]}, "observe[1]", id="observe"),
        pytest.param({"expression": "leaves", "do": [{"outcome": "tlks", "at": 1}]}, "do[0].outcome", id="do_unknown"),
        pytest.param({"expression": "leaves", "do": [{"outcome": "leaves", "at": 13}]}, "do[0].at", id="at_late"),
        pytest.param({"expression": "leaves", "do": [{"outcome": "talks", "at": 7}]}, "do[0].at", id="at_resolved"),
        pytest.param(
            {"expression": "leaves", "do": [{"outcome": "leaves", "at": 1}, {"outcome": "stays", "at": 2}]},
            "do[1].outcome",
            id="both_of_rivals",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_its_path(
    client: TestClient, forecast_id: str, body: dict[str, Any], path: str
) -> None:
    found = problem(client, forecast_id, body, 422, "query_invalid")
    assert [error["path"] for error in found["errors"]] == [path]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        pytest.param({}, "expression", id="nothing_asked"),
        pytest.param({"expression": ""}, "expression", id="empty"),
        pytest.param({"expression": 5}, "expression", id="no_text"),
        pytest.param({"expression": "leaves or " * 500 + "leaves"}, "expression", id="long"),
        pytest.param({"expression": "leaves", "given": []}, "given", id="unknown_key"),
        pytest.param({"expression": "leaves", "observe": "talks"}, "observe", id="no_list"),
        pytest.param({"expression": "leaves", "observe": ["talks"] * 51}, "observe", id="many_observed"),
        pytest.param({"expression": "leaves", "observe": ["talks", "t" * 4001]}, "observe[1]", id="long_observed"),
        pytest.param({"expression": "leaves", "do": [{"outcome": "talks"}]}, "do[0].at", id="no_at"),
        pytest.param({"expression": "leaves", "do": [{"outcome": "talks", "at": -1}]}, "do[0].at", id="past"),
        pytest.param(
            {"expression": "leaves", "do": [{"outcome": "talks", "at": 1, "x": 1}]}, "do[0].x", id="unknown_in_do"
        ),
        pytest.param({"expression": "leaves", "do": [{"outcome": "talks", "at": 1}] * 51}, "do", id="many_done"),
    ],
)
def test_a_body_of_another_shape_is_refused_with_its_path(
    client: TestClient, forecast_id: str, body: dict[str, Any], path: str
) -> None:
    found = problem(client, forecast_id, body, 422, "request_invalid")
    assert path in [error["path"] for error in found["errors"]]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"expression": "leaves", "expression": "stays"}', b"\xff"])
def test_what_is_no_json_object_is_refused(client: TestClient, forecast_id: str, body: bytes) -> None:
    answer = client.post(
        f"/v1/forecasts/{forecast_id}/query", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_too_few_draws_are_said_to_be_too_few(client: TestClient, forecast_id: str) -> None:
    body = {"expression": "talks", "observe": ["by(leaves, 1) and talks and not by(leaves, 1)"]}
    found = problem(client, forecast_id, body, 422, "insufficient_draws")
    assert (found["futures"], found["effective_draws"]) == (0, 0)
    assert "futures_per_draw" in found["detail"]
    assert found["errors"][0]["path"] == "observe"


@pytest.mark.parametrize("name", ["1", "not-a-uuid", UNKNOWN_ID])
def test_an_unknown_forecast_is_not_found(client: TestClient, name: str) -> None:
    problem(client, name, {"expression": "leaves"}, 404, "not_found")


def test_a_damaged_file_gives_no_numbers(own_client: TestClient, installation: Installation) -> None:
    forecast_id = add_asked(installation)
    (file,) = installation.artifacts.root.rglob("*.nc")
    file.write_bytes(file.read_bytes()[:-1])
    problem(own_client, forecast_id, {"expression": "leaves"}, 500, "result_corrupt")


def test_a_file_of_an_older_version_says_that_it_cannot_be_asked(shared: Shared) -> None:
    def write_without_mechanism(path: Path) -> None:
        from netCDF4 import Dataset

        with Dataset(path, "w") as root:
            root.createGroup("posterior")

    forecast_id = add_forecast(shared.installation, write_without_mechanism)
    found = problem(shared.client, forecast_id, {"expression": "leaves"}, 409, "futures_unavailable")
    assert "run the forecast again" in found["detail"]


def test_the_description_of_the_interface_has_the_whole_body(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()

    def named(reference: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = schema["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
        return found

    route = schema["paths"]["/v1/forecasts/{forecast_id}/query"]["post"]
    body = named(route["requestBody"]["content"]["application/json"]["schema"])
    assert set(body["properties"]) == {"expression", "observe", "do", "all"}
    assert set(named(body["properties"]["do"]["items"])["properties"]) == {"outcome", "at"}
    assert "unconditional" in named(route["responses"]["200"]["content"]["application/json"]["schema"])["properties"]


def stored_files(installation: Installation, count: int) -> list[StoredFile]:
    """Files of the same content that have their own hash, as those of other forecasts would."""

    def writer(number: int) -> Any:
        def write(path: Path) -> None:
            write_futures_file(path)
            with path.open("ab") as stream:
                stream.write(bytes([number]))

        return write

    return [installation.artifacts.write(f"2026-01/{number}.nc", writer(number)) for number in range(count)]


LEAVES = QueryRequest(expression="leaves")


def test_the_files_asked_about_last_are_kept(installation: Installation) -> None:
    files = stored_files(installation, 3)
    cache = FuturesCache(installation.artifacts, max_kept=2)
    for file in (files[0], files[1], files[0], files[2]):
        cache.answer(file, LEAVES)
    assert cache.kept == (files[0].sha256, files[2].sha256)


def test_no_more_is_kept_than_there_is_room_for(installation: Installation) -> None:
    files = stored_files(installation, 2)
    cache = FuturesCache(installation.artifacts, max_kept_bytes=files[0].size_bytes + 10)
    for file in files:
        cache.answer(file, LEAVES)
    assert cache.kept == (files[1].sha256,)


def test_a_kept_file_is_not_read_again(installation: Installation) -> None:
    (file,) = stored_files(installation, 1)
    cache = FuturesCache(installation.artifacts)
    first = cache.answer(file, LEAVES)
    installation.artifacts.remove(file.path)
    assert cache.answer(file, LEAVES) == first


def test_questions_from_many_threads_have_the_same_answer(installation: Installation) -> None:
    (file,) = stored_files(installation, 1)
    cache = FuturesCache(installation.artifacts)
    request = QueryRequest.model_validate({"expression": "leaves", "do": [{"outcome": "talks", "at": 0}]})
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(cache.answer(file, request))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(answer == answers[0] for answer in answers)
