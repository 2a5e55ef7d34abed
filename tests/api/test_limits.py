"""What an operator lets studies and questions ask for: at the limit it is taken, beyond it refused, and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.acceptance import accept_query
from api.app import create_app
from forecast.futures.query import QueryRequest
from forecast.runtime.settings import Settings
from tests.api.stored_sample import store_sample
from tests.coin import long_document
from tests.documents import event_outcome
from tests.installation import Installation, installation_in

SAMPLER = {"draws": 500, "tune": 200, "chains": 4, "futures_per_draw": 2, "seed": 1}


@contextmanager
def service(folder: Path, **settings: Any) -> Iterator[tuple[TestClient, Installation]]:
    with installation_in(folder / "home", **settings) as made:
        headers = {"Authorization": f"Bearer {made.key}"}
        with TestClient(create_app(made.settings), base_url="http://127.0.0.1", headers=headers) as client:
            yield client, made


def document() -> dict[str, Any]:
    """One outcome, 60 cases in one table, 12 periods, 2,000 draws, 4,000 futures."""
    return long_document(sampler=SAMPLER)


def second_outcome() -> dict[str, Any]:
    return event_outcome(id="second", resolution={"criteria": "It has left.", "by": "2021-11-01"})


LIMITS = [
    pytest.param(
        "max_outcomes", 1, {"outcomes": [*document()["outcomes"], second_outcome()]}, "outcomes", id="outcomes"
    ),
    pytest.param("max_cases", 60, None, "reference_classes", id="cases"),
    pytest.param("max_table_rows", 60, None, "document", id="rows"),
    pytest.param("max_horizon", 12, {"horizon": 13}, "horizon", id="horizon"),
    pytest.param("max_draws", 2000, {"sampler": {**SAMPLER, "draws": 501}}, "sampler.draws", id="draws"),
    pytest.param(
        "max_futures", 4000, {"sampler": {**SAMPLER, "futures_per_draw": 3}}, "sampler.futures_per_draw", id="futures"
    ),
]


@pytest.mark.parametrize(("setting", "most", "change", "path"), LIMITS)
def test_a_study_at_a_limit_is_taken_and_one_beyond_it_refused(
    tmp_path: Path, setting: str, most: int, change: dict[str, Any] | None, path: str
) -> None:
    fits, large = document(), {**document(), **(change or {})}
    if change is None:
        rows = large["reference_classes"][0]["rows"]
        large["reference_classes"][0]["rows"] = [*rows, {"id": "one-more", "successes": 1, "trials": 20}]
    with service(tmp_path, **{setting: most}) as (client, _):
        for send in (
            lambda body: client.put("/v1/studies/long-coin", json=body),
            lambda body: client.post("/v1/jobs", json={"document": body}),
            lambda body: client.post("/v1/previews", json={"document": body}),
        ):
            refused = send(large)
            assert refused.status_code == 422, refused.text
            found = refused.json()["errors"]
            assert [error["pointer"].strip("/").replace("/", ".") for error in found] == [path]
            assert f"at most {most:,}" in found[0]["message"]
        assert client.get("/v1/studies").json()["items"] == client.get("/v1/jobs").json()["items"] == []
        checked = client.post("/v1/check", json=large).json()
        assert (checked["valid"], [error["path"] for error in checked["errors"]]) == (False, [path])
        assert client.post("/v1/jobs", json={"document": fits}).status_code == 202


def test_what_the_draws_would_take_is_estimated_before_a_job_is_accepted(tmp_path: Path) -> None:
    with service(tmp_path, max_draw_bytes=1_000_000) as (client, _):
        refused = client.post("/v1/jobs", json={"document": document()})
        assert refused.status_code == 422
        message = refused.json()["errors"][0]["message"]
        assert "2,000 draws, and " in message
        assert "GB; this service accepts at most 0.001 GB" in message
        assert client.get("/v1/jobs").json()["items"] == []


def test_the_check_says_what_a_study_costs(tmp_path: Path) -> None:
    with service(tmp_path) as (client, _):
        cost = client.post("/v1/check", json=document()).json()["cost"]
    assert (cost["draws"], cost["futures"]) == (2000, 4000)
    tuning = document()["sampler"]["tune"] * document()["sampler"]["chains"]
    assert cost["draw_bytes"] == 8 * (cost["draws"] + tuning) * cost["quantities"]


def test_a_limit_that_was_narrowed_holds_for_what_is_stored_already(tmp_path: Path) -> None:
    with service(tmp_path) as (client, made):
        assert client.put("/v1/studies/long-coin", json=document()).status_code == 201
        narrow = made.settings.model_copy(update={"max_cases": 59})
        headers = {"Authorization": f"Bearer {made.key}"}
        with TestClient(create_app(narrow), base_url="http://127.0.0.1", headers=headers) as later:
            refused = later.post("/v1/jobs", json={"study": "long-coin"})
            assert (refused.status_code, refused.json()["code"]) == (422, "study_invalid")


LONGEST = len("withdrawal or conversion")


@pytest.mark.parametrize("place", ["expression", "observe[0]"])
def test_an_expression_longer_than_the_operator_wants_is_refused(tmp_path: Path, place: str) -> None:
    asked: dict[str, Any] = {"expression": "withdrawal or conversion"}
    if place != "expression":
        asked = {"expression": "conversion", "observe": ["withdrawal or conversion"]}
    fits = QueryRequest.model_validate(asked)
    assert accept_query(fits, Settings(home=tmp_path, max_expression_characters=LONGEST)) == fits
    with service(tmp_path, max_expression_characters=LONGEST - 1) as (client, made):
        forecast_id, _ = store_sample(made)
        answer = client.post(f"/v1/forecasts/{forecast_id}/query", json=asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")
        (error,) = answer.json()["errors"]
        assert error["message"] == f"{LONGEST} characters; this service accepts at most {LONGEST - 1}; ask for less"
