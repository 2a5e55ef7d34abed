"""Sources over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tests.living import living_document

SOURCE: dict[str, Any] = {"id": "counts", "url": "https://example.org/a.csv", "values": {"indicator": "incidents"}}


def test_sources_of_a_study_and_asking_one_now(client: TestClient) -> None:
    assert client.put("/v1/studies/small", json=living_document(sources=[SOURCE])).status_code == 201
    (found,) = client.get("/v1/studies/small/sources").json()["items"]
    assert (found["id"], found["status"], found["fetch_wanted"], found["cron"]) == (
        "counts",
        "waiting",
        True,
        "0 5 * * *",
    )
    answer = client.post("/v1/studies/small/sources/counts/fetch")
    assert (answer.status_code, answer.json()["fetch_wanted"]) == (202, True)
    for path in ("/v1/studies/small/sources/none/fetch", "/v1/studies/none/sources/counts/fetch"):
        assert client.post(path).status_code == 404
    assert client.get("/v1/studies/none/sources").status_code == 404
    assert client.put("/v1/studies/small", json=living_document()).status_code == 200
    assert client.get("/v1/studies/small/sources").json()["items"] == []


def test_a_bad_source_is_refused_with_the_study(client: TestClient) -> None:
    answer = client.put("/v1/studies/small", json=living_document(sources=[{**SOURCE, "url": "gopher://x/"}]))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "sources[0].url"
    assert client.get("/v1/studies/small").status_code == 404
