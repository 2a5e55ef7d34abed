"""Studies over HTTP."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from fastapi.testclient import TestClient

from tests.api.shared import Shared
from tests.coin import coin_document, coin_study

YAML = b"""
study: coin
title: Whether the coin shows heads
as_of: 2021-01-01
period: month
horizon: 12
outcomes:
  - id: heads
    title: The coin shows heads
    kind: binary
    resolution: {criteria: It lies heads up., source: Us, by: 2021-12-01}
    prior: {distribution: "normal(0, 1)", source: Us, rationale: A coin}
"""


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("study.yaml", YAML)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        pytest.param(json.dumps(coin_document()).encode(), "application/json", id="json"),
        pytest.param(YAML, "application/yaml", id="yaml"),
        pytest.param(zipped(), "application/zip", id="zip"),
    ],
)
def test_a_study_is_the_same_version_in_whatever_form_it_comes(
    client: TestClient, body: bytes, media_type: str
) -> None:
    answer = client.put("/v1/studies/coin", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 201, answer.text
    assert answer.json()["digest"] == coin_study().digest
    again = client.put("/v1/studies/coin", json=coin_document())
    assert again.status_code == 200
    assert len(client.get("/v1/studies/coin/versions").json()["items"]) == 1


def test_a_stored_study_is_handed_out_as_it_was(client: TestClient) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    answer = client.get("/v1/studies/coin")
    assert answer.json()["document"] == coin_study().canonical()
    assert answer.headers["etag"] == f'"{coin_study().digest}"'


def test_a_changed_document_is_a_new_version(client: TestClient) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    client.put("/v1/studies/coin", json=coin_document(title="Again"))
    versions = client.get("/v1/studies/coin/versions").json()["items"]
    assert [(version["number"], version["is_current"]) for version in versions] == [(2, True), (1, False)]
    assert client.get("/v1/studies/coin").json()["title"] == "Again"


def test_the_address_and_the_document_must_name_the_same_study(client: TestClient) -> None:
    answer = client.put("/v1/studies/dice", json=coin_document())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "study"
    assert client.get("/v1/studies").json()["items"] == []


def test_studies_are_listed_by_pages(client: TestClient) -> None:
    for name in ("a", "b", "c"):
        client.put(f"/v1/studies/{name}", json=coin_document(study=name))
    first = client.get("/v1/studies", params={"limit": 2}).json()
    rest = client.get("/v1/studies", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [study["id"] for study in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert rest["next_cursor"] is None


def test_a_study_without_forecasts_has_an_empty_history_and_no_latest(client: TestClient) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    assert client.get("/v1/studies/coin/forecasts").json() == {"items": [], "next_cursor": None}
    answer = client.get("/v1/studies/coin/latest")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "submit a job" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/versions", "/forecasts", "/latest"])
@pytest.mark.parametrize("study", ["nothing", "%00", "..%2f..%2fetc%2fpasswd", "x" * 300])
def test_an_unknown_study_is_not_found(shared: Shared, study: str, path: str) -> None:
    answer = shared.client.get(f"/v1/studies/{study}{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
