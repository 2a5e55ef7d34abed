"""A real study through the whole service: submitted over HTTP, sampled by the worker, read back."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx2
import pytest
import xarray as xr

from forecast.answer import StoredForecast
from forecast.client.client import ServiceProblemError
from forecast.jobs.states import JobKind, JobState
from tests.coin import coin_document, coin_study, long_document
from tests.command_line import forecast
from tests.stack import Stack

pytestmark = pytest.mark.stack

QUICK = {"draws": 200, "tune": 200, "chains": 2, "seed": 3}


def test_a_submitted_study_becomes_a_forecast(stack: Stack, tmp_path: Path) -> None:
    with stack.client as client:
        client.put_study("coin", coin_document(sampler=QUICK))
        job = client.submit(study="coin")
        updates = list(client.watch(job.id))
        ended = updates[-1].ended
        assert ended is not None, stack.logs()
        assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1), stack.logs()
        assert ended.forecast_id is not None
        made = client.forecast(ended.forecast_id)
    assert made.study_digest == coin_study(sampler=QUICK).digest
    assert made.provenance.seed == 3
    assert made.outcomes[0].id == "heads"
    with httpx2.Client(base_url=stack.url, trust_env=False, headers=stack.headers) as http:
        draws = http.get(f"/v1/forecasts/{made.forecast_id}/draws.nc")
        latest = http.get("/v1/studies/coin/latest").json()
    (tmp_path / "draws.nc").write_bytes(draws.content)
    assert latest["forecast_id"] == made.forecast_id
    # The file opens as ArviZ opens it.
    with xr.open_datatree(tmp_path / "draws.nc") as tree:
        assert "posterior" in tree.children


def test_waiting_answers_with_the_ended_job(stack: Stack) -> None:
    body = {"document": coin_document(sampler=QUICK)}
    with httpx2.Client(base_url=stack.url, trust_env=False, timeout=90, headers=stack.headers) as http:
        began = time.monotonic()
        answer = http.post("/v1/jobs", json=body, headers={"Prefer": "wait=60"})
    if time.monotonic() - began < 60:
        # Else the machine is so busy that the job may still run.
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "succeeded"


def test_a_long_job_shows_its_progress(stack: Stack) -> None:
    document = long_document(sampler={"draws": 20_000, "tune": 300, "chains": 4, "target_accept": 0.95, "seed": 7})
    sampler = document["sampler"]
    with stack.client as client:
        job = client.submit(document=document)
        seen = [update.progress for update in client.watch(job.id) if update.progress and not update.ended]
    # The stage is reported before the sampler's first progress, which a busy machine has time to show.
    sampling = [found for found in seen if found.stage == "sample" and (found.draws_done, found.draws_wanted) != (0, 0)]
    done = [progress.draws_done for progress in sampling]
    assert len(done) >= 2
    assert done == sorted(done)
    wanted = sampler["chains"] * (sampler["draws"] + sampler["tune"])
    assert {progress.draws_wanted for progress in sampling} == {wanted}


def test_the_command_line_submits_and_watches(stack: Stack, tmp_path: Path) -> None:
    document = tmp_path / "coin.json"
    document.write_text(json.dumps(coin_document(sampler=QUICK)))
    found = forecast("submit", document, "--wait", **stack.environment)
    assert found.returncode in (0, 3), found.stderr
    assert "Verdict:" in found.stdout
    assert f"Page: {stack.url}/forecasts/" in found.stdout


def test_a_bad_document_is_refused_with_its_paths(stack: Stack) -> None:
    with stack.client as client, pytest.raises(ServiceProblemError) as problem:
        client.submit(document=coin_document(horizon=0))
    assert [error.path for error in problem.value.errors] == ["horizon"]


def test_an_answer_read_back_is_valid(stack: Stack) -> None:
    with stack.client as client:
        ended = client.wait(client.submit(document=coin_document(sampler=QUICK)).id, 200)
        assert ended.forecast_id is not None
        text = client.forecast(ended.forecast_id).model_dump_json()
    assert StoredForecast.model_validate_json(text).forecast_id == ended.forecast_id


def test_a_study_of_thresholds_alone_goes_every_way(stack: Stack) -> None:
    """Checked, submitted, asked, explained, added to and updated; its pages are there."""
    resolution = {"criteria": "As counted.", "by": "2024-08-31"}
    outcome = {"title": "T", "kind": "threshold", "indicator": "cases", "resolution": resolution}
    rows = [
        {"period": f"2023-{month}", "value": value, "exposure": None} for month, value in ((10, 3), (11, 2), (12, 15))
    ]
    document = {
        "study": "counts", "title": "Counts", "as_of": "2024-01-21", "period": "month", "horizon": 8, "sampler": QUICK,
        "outcomes": [{**outcome, "id": "reached", "at_least": 20}, {**outcome, "id": "calm", "at_most": 2, "window": {"run": 2}}],
        "indicators": [{"id": "cases", "rows": [*rows, {"period": "2024-01", "value": 14, "exposure": 0.65}]}],
    }  # fmt: skip
    with stack.client as client:
        checked = client.request("POST", "/v1/check", json=document)
        assert checked["valid"] is True
        client.put_study("counts", document)
        first = client.wait(client.submit(study="counts").id, 200)
        assert first.forecast_id is not None, stack.logs()
        made = client.forecast(first.forecast_id)
        assert 0.3 < made.outcomes[0].probability < 0.95
        assert client.query(first.forecast_id, {"expression": "reached and not calm"}).probability > 0.0
        explained = client.wait(client.explain(first.forecast_id, JobKind.SENSITIVITY).id, 200)
        assert explained.state is JobState.SUCCEEDED, stack.logs()
        row = {"indicator": "cases", "period": "2024-01", "value": 21, "exposure": 0.7, "known_at": "2024-01-21"}
        client.request("POST", "/v1/studies/counts/observations", json={"rows": [row]})
        update = client.request("POST", "/v1/jobs", json={"study": "counts", "kind": "update", "hindsight": True})
        second = client.wait(update["id"], 200)
        assert second.forecast_id is not None, stack.logs()
        assert client.forecast(second.forecast_id).outcomes[0].probability == 1.0
    with httpx2.Client(base_url=stack.url, trust_env=False, headers=stack.headers) as http:
        for path in (f"/forecasts/{first.forecast_id}", f"/forecasts/{second.forecast_id}", "/studies/counts"):
            assert http.get(path).status_code in (200, 303), path


def test_a_study_of_options_alone_goes_every_way(stack: Stack) -> None:
    """Checked, submitted, asked, explained, added to and updated; its pages are there."""
    options = [
        {"id": "left", "probability": 0.5},
        {"id": "centre", "probability": 0.3},
        {"id": "right", "probability": 0.2},
    ]
    resolution = {"criteria": "As declared.", "by": "2024-08-31"}
    document = {
        "study": "election", "title": "Election", "as_of": "2024-01-21", "period": "month", "horizon": 8, "sampler": QUICK,
        "outcomes": [
            {"id": "winner", "title": "Who wins?", "kind": "categorical", "options": options, "resolution": resolution}
        ],
    }  # fmt: skip
    with stack.client as client:
        assert client.request("POST", "/v1/check", json=document)["valid"] is True
        client.put_study("election", document)
        first = client.wait(client.submit(study="election").id, 200)
        assert first.forecast_id is not None, stack.logs()
        made = client.forecast(first.forecast_id)
        assert [outcome.part_of for outcome in made.outcomes] == ["winner"] * 3
        assert 0.4 < made.outcomes[0].probability < 0.6
        assert client.query(first.forecast_id, {"expression": "not option(winner, left)"}).probability > 0.4
        explained = client.wait(client.explain(first.forecast_id, JobKind.SENSITIVITY).id, 200)
        assert explained.state is JobState.SUCCEEDED, stack.logs()
        row = {"outcome": "winner", "resolution": "centre", "on": "2024-01-20", "known_at": "2024-01-21"}
        client.request("POST", "/v1/studies/election/resolutions", json={"rows": [row]})
        update = client.request("POST", "/v1/jobs", json={"study": "election", "kind": "update", "hindsight": True})
        second = client.wait(update["id"], 200)
        assert second.forecast_id is not None, stack.logs()
        assert [outcome.probability for outcome in client.forecast(second.forecast_id).outcomes] == [0.0, 1.0, 0.0]
    with httpx2.Client(base_url=stack.url, trust_env=False, headers=stack.headers) as http:
        for path in (f"/forecasts/{first.forecast_id}", f"/forecasts/{second.forecast_id}", "/studies/election"):
            assert http.get(path).status_code in (200, 303), path
