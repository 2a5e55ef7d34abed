"""Schedules over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.shared import Shared
from tests.documents import event_outcome
from tests.installation import Installation
from tests.living import living_document


@pytest.fixture
def study(client: TestClient) -> str:
    return put_study(client)


def put_study(client: TestClient) -> str:
    document = {**living_document(), "outcomes": [event_outcome()]}
    assert client.put("/v1/studies/small", json=document).is_success
    return "small"


def make(client: TestClient, **options: Any) -> dict[str, Any]:
    answer = client.post("/v1/schedules", json={"study": "small", "cron": "0 6 1 * *", **options})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/schedules/{found['id']}"
    return found


def test_a_schedule_is_made_shown_listed_changed_and_deleted(client: TestClient, study: str) -> None:
    made = make(client, timezone="Europe/Berlin")
    assert (made["study"], made["cron"], made["catch_up"], made["overlap"]) == (study, "0 6 1 * *", "once", "skip")
    assert datetime.fromisoformat(made["next_due"]) > datetime.now(UTC)
    address = f"/v1/schedules/{made['id']}"
    assert client.get(address).json() == made
    other = make(client, cron=None, every_seconds=3600, title="Hourly")
    assert [item["id"] for item in client.get("/v1/schedules").json()["items"]] == [other["id"], made["id"]]
    assert client.get("/v1/schedules", params={"study": "nobody"}).json()["items"] == []
    paused = client.patch(address, json={"enabled": False, "title": "At rest"}).json()
    assert (paused["enabled"], paused["next_due"], paused["title"]) == (False, None, "At rest")
    assert client.patch(address, json={"enabled": True}).json()["next_due"] == made["next_due"]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert [item["id"] for item in client.get("/v1/schedules").json()["items"]] == [other["id"]]


def test_a_schedule_can_be_run_now(client: TestClient, installation: Installation, study: str) -> None:
    made = make(client)
    answer = client.post(f"/v1/schedules/{made['id']}/run")
    assert answer.status_code == 202, answer.text
    run = answer.json()
    assert (run["status"], run["reason"]) == ("job", "asked for")
    assert answer.headers["location"] == f"/v1/jobs/{run['job_id']}"
    job = installation.job(run["job_id"])
    assert (job.study, job.as_of, job.recorded_by) == (study, datetime.now(UTC).date(), job.created_at)
    assert client.get(f"/v1/schedules/{made['id']}/runs").json()["items"] == [run]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nonsense": ({"cron": "every morning"}, "cron"),
    "every second": ({"cron": None, "every_seconds": 1}, "every_seconds"),
    "zero": ({"cron": None, "every_seconds": 0}, "every_seconds"),
    "unknown zone": ({"timezone": "Mars/Olympus"}, "timezone"),
    "unknown key": ({"crn": "0 6 * * *"}, "crn"),
    "unknown rule": ({"catch_up": "maybe"}, "catch_up"),
}


@pytest.mark.parametrize(("options", "path"), BAD.values(), ids=BAD)
def test_a_bad_schedule_is_named_by_its_place(shared: Shared, options: dict[str, Any], path: str) -> None:
    client = shared.client
    answer = client.post("/v1/schedules", json={"study": put_study(client), "cron": "0 6 * * *", **options})
    assert answer.status_code == 422, answer.text
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert client.get("/v1/schedules").json()["items"] == []


def test_what_is_not_there(client: TestClient, study: str) -> None:
    assert client.post("/v1/schedules", json={"study": "nobody", "cron": "0 6 * * *"}).status_code == 404
    missing = "01980000-0000-7000-8000-000000000001"
    for method, rest in (("get", ""), ("delete", ""), ("post", "/run"), ("get", "/runs")):
        assert client.request(method, f"/v1/schedules/{missing}{rest}").status_code == 404
    assert client.patch(f"/v1/schedules/{missing}", json={"enabled": False}).status_code == 404


def test_a_change_that_makes_no_sense_changes_nothing(client: TestClient, study: str) -> None:
    made = make(client)
    answer = client.patch(f"/v1/schedules/{made['id']}", json={"cron": "61 * * * *", "title": "New"})
    assert answer.status_code == 422
    assert client.get(f"/v1/schedules/{made['id']}").json() == made


def test_the_next_due_time_is_an_interval_away(client: TestClient, study: str) -> None:
    made = make(client, cron=None, every_seconds=7200)
    wait = datetime.fromisoformat(made["next_due"]) - datetime.now(UTC)
    assert timedelta(seconds=7190) < wait <= timedelta(seconds=7200)
