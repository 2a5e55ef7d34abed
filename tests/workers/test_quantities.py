"""A study of a number at a date over HTTP: stored, forecast, read, asked, explained, shown."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.installation import Installation, installation_in
from tests.quantities import quantiles, quantity, quantity_document, values
from workers.runner import Runner, RunOutcome

pytestmark = [pytest.mark.program, pytest.mark.slow]

DOCUMENT = quantity_document(
    quantity(reference={"wars": 0.7}),
    study="refugees",
    values=values(30_000.0, 90_000.0, 12_000.0, 50_000.0),
    quantiles=quantiles(("ann", 0.5, 40_000.0), ("ann", 0.9, 150_000.0)),
    scenarios=[{"id": "many", "title": "Many of them", "when": "value(refugees) > 100000"}],
)


def run(installation: Installation, job_id: str) -> None:
    runner = Runner(installation.settings, installation.database, installation.artifacts, "h:1:2", threading.Event())
    assert runner.run(job_id) is RunOutcome.STORED


def test_from_the_document_to_the_pages(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home") as installation:
        headers = {"Authorization": f"Bearer {installation.key}"}
        with TestClient(create_app(installation.settings), base_url="http://localhost", headers=headers) as client:
            checked = client.post("/v1/check", json=DOCUMENT).json()
            assert checked["valid"], checked
            put = client.put("/v1/studies/refugees", json=DOCUMENT)
            assert put.is_success, put.text
            job = client.post("/v1/jobs", json={"study": "refugees"}).json()
            run(installation, job["id"])
            forecast_id = client.get(f"/v1/jobs/{job['id']}").json()["forecast_id"]
            answer = client.get(f"/v1/forecasts/{forecast_id}").json()
            (found,) = answer["quantities"]
            assert answer["outcomes"] == []
            assert found["interval"]["low"] < found["median"] < found["interval"]["high"]

            asked = {"expression": "value(refugees) > 100000", "observe": ["value(refugees) > 50000"]}
            query = client.post(f"/v1/forecasts/{forecast_id}/query", json=asked).json()
            assert query["probability"] > answer["scenarios"][0]["probability"] == query["unconditional"]["probability"]
            wrong = client.post(f"/v1/forecasts/{forecast_id}/query", json={"expression": "value(rain) > 1"})
            assert wrong.status_code == 422
            assert "is not a quantity of the study" in wrong.text

            page = client.get(f"/forecasts/{forecast_id}")
            assert page.is_success
            assert 'id="quantity-refugees"' in page.text
            assert client.get(f"/forecasts/{forecast_id}/report").is_success
            assert client.get(f"/forecasts/{forecast_id}/diagnostics").is_success
            for address in ("/", "/studies/refugees", f"/compare?before={forecast_id}&after={forecast_id}"):
                shown = client.get(address)
                assert shown.is_success, (address, shown.text[:500])
            update = client.post("/v1/jobs", json={"study": "refugees", "kind": "update"}).json()
            run(installation, update["id"])
            assert client.get(f"/v1/jobs/{update['id']}").json()["state"] == "succeeded"
