"""Checking a study before it is stored: files in any form, errors at their lines, nothing kept."""

from __future__ import annotations

import io
import json
import zipfile
from typing import cast

import pytest
import yaml
from fastapi.testclient import TestClient

from forecast.model.encoding.stated.solving import solve_group
from forecast.study.document.schema import SCHEMA_FILE
from priors import bundled_studies, study_path
from tests.api.html import BROWSER, HOSTILE, Elements, get
from tests.api.living_sample import store_living_sample
from tests.api.shared import Shared
from tests.coin import coin_document
from tests.documents import document, event_outcome
from tests.installation import Installation

CASES = "id,successes,trials\na,3,10\nb,4,10\n"
CLASS = {
    "id": "tosses",
    "title": "Tosses",
    "outcome": "heads",
    "table": "cases/tosses.csv",
    "columns": {"id": "id", "successes": "successes", "trials": "trials"},
}


@pytest.fixture
def client(shared: Shared) -> TestClient:
    return shared.client


def with_table() -> str:
    return yaml.safe_dump(coin_document(reference_classes=[CLASS]), sort_keys=False)


def check(client: TestClient, files: dict[str, str | bytes]) -> dict[str, object]:
    parts = [("files", (name, body)) for name, body in files.items()]
    answer = client.post("/v1/check", files=parts)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_document_with_its_tables_is_counted_and_inlined(own_client: TestClient) -> None:
    client = own_client
    found = check(client, {"study.yaml": with_table(), "cases/tosses.csv": CASES})
    assert (found["valid"], found["errors"], found["study"]) == (True, [], "coin")
    assert found["counts"] == {
        "outcomes": 1, "scenarios": 0, "reference_classes": 1, "cases": 2, "indicators": 0, "judgments": 0, "links": 0,
    }  # fmt: skip
    stored = client.put("/v1/studies/coin", json=found["document"])
    assert stored.status_code == 201
    assert stored.json()["digest"] == found["digest"]


def test_a_class_that_an_outcome_does_not_name_is_asked_about(client: TestClient) -> None:
    """The study is valid, and what it leaves open is in the answer."""
    for reference, asks in (({"tosses": 1.0}, False), (None, True), ({}, False)):
        document = coin_document(reference_classes=[CLASS])
        document["outcomes"][0]["reference"] = reference
        files: dict[str, str | bytes] = {"study.yaml": yaml.safe_dump(document), "cases/tosses.csv": CASES}
        found = check(client, files)
        assert found["valid"], found["errors"]
        asked = " ".join(map(str, cast("list[str]", found["questions"])))
        assert asked.startswith("does heads belong to ") == asks


def test_statements_that_contradict_one_another_are_asked_about_with_their_rows(client: TestClient) -> None:
    table = "expert,outcome,by,probability,on\nann,exit,2021-01-01,0.4,2019-12-10\nann,exit,2022-01-01,0.2,2019-12-10\n"
    text = yaml.safe_dump(document(event_outcome(), judgments={"table": "said.csv"}))
    found = check(client, {"study.yaml": text, "said.csv": table})
    assert found["valid"], found["errors"]
    asked = cast("list[str]", found["questions"])
    assert any(
        "exit by 2021-01-01 0.4 (said.csv row 2), but only" in each and "said.csv row 3" in each for each in asked
    )
    refused = yaml.safe_dump(document(event_outcome(), judgments={"table": "said.csv", "incoherent": "refuse"}))
    (error,) = check(client, {"study.yaml": refused, "said.csv": table})["errors"]  # type: ignore[misc]
    assert (error["code"], error["file"], error["line"]) == ("incoherent", "said.csv", 3)


def test_errors_stand_at_their_lines(client: TestClient) -> None:
    text = with_table().replace("normal(0, 1)", "norml(0, 1)").replace("horizon: 12", "horizon: 12\ncolour: red")
    errors = check(client, {"study.yaml": text, "cases/tosses.csv": CASES})["errors"]
    assert isinstance(errors, list)
    lines = text.splitlines()
    placed = {error["path"]: lines[error["line"] - 1].strip() for error in errors}
    assert placed["colour"] == "colour: red"
    assert placed["outcomes[0].prior.distribution"].startswith("distribution: norml")


def test_errors_in_a_table_name_its_line(client: TestClient) -> None:
    found = check(client, {"study.yaml": with_table(), "cases/tosses.csv": CASES + "c,12,10\n"})
    (error,) = found["errors"]  # type: ignore[misc]
    assert (error["file"], error["line"]) == ("cases/tosses.csv", 4)


def test_an_archive_is_unpacked_for_the_editor(client: TestClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("study.yaml", with_table())
        archive.writestr("cases/tosses.csv", CASES)
    found = client.post("/v1/check", content=packed.getvalue(), headers={"Content-Type": "application/zip"}).json()
    assert found["valid"] is True
    assert found["files"]["cases/tosses.csv"] == CASES
    broken = client.post("/v1/check", content=b"PK", headers={"Content-Type": "application/zip"}).json()
    assert broken["valid"] is False
    assert "not a usable zip archive" in broken["errors"][0]["message"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "none of study.yaml"),
        ({"study.yaml": b"\xff\xfe\x00"}, "UTF-16"),
        ({"study.yaml": "a: &x 1\nb: *x\n"}, "anchor"),
        ({"study.yaml": "[" * 5000}, "nested deeper"),
        ({"study.yaml": with_table()}, "no file 'cases/tosses.csv' in the upload"),
        ({"study.yaml": with_table(), "cases/tosses.csv": b"\xff\xfea"}, "UTF-16"),
    ],
)
def test_bad_files_are_errors_in_words(client: TestClient, files: dict[str, str | bytes], words: str) -> None:
    if not files:
        files = {"other.csv": CASES}
    found = check(client, files)
    assert found["valid"] is False
    assert words in str(found["errors"])


@pytest.mark.parametrize("name", ["../study.yaml", "/etc/study.yaml"])
def test_a_file_outside_the_folder_is_refused(client: TestClient, name: str) -> None:
    answer = client.post("/v1/check", files=[("files", (name, "study: x"))])
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


def test_other_bodies_and_fields_are_refused(client: TestClient) -> None:
    assert client.post("/v1/check", content=b"x", headers={"Content-Type": "text/html"}).status_code == 415
    assert client.post("/v1/check", data={"files": "text"}, files=[("a", ("b.csv", ""))]).status_code == 422
    broken = client.post("/v1/check", content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=y"})
    assert broken.status_code < 500
    many = [("files", (f"{number}.csv", "a")) for number in range(300)]
    assert client.post("/v1/check", files=many).status_code in {400, 422}


def test_nothing_is_stored(client: TestClient) -> None:
    check(client, {"study.yaml": with_table(), "cases/tosses.csv": CASES})
    assert client.get("/v1/studies").json()["items"] == []


@pytest.mark.parametrize("name", bundled_studies())
def test_every_example_can_be_begun_from(client: TestClient, name: str) -> None:
    files = client.get(f"/v1/examples/{name}").json()["files"]
    assert files["study.yaml"] == study_path(name).read_text()
    assert check(client, files)["valid"] is True


def test_an_unknown_example_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/examples").json()["items"] == list(bundled_studies())
    for name in ("nothing", "..%2f..%2fetc", "%00"):
        assert client.get(f"/v1/examples/{name}").status_code == 404


def test_the_schema_is_the_one_that_comes_with_the_studies(client: TestClient) -> None:
    assert client.get("/v1/schema").json() == json.loads(SCHEMA_FILE.read_text())


class TestPage:
    def test_it_begins_with_a_study_that_can_be_forecast(self, client: TestClient) -> None:
        page = Elements(get(client, "/new"))
        text = get(client, "/new").partition('data-study="">')[2].partition("</textarea>")[0]
        assert check(client, {"study.yaml": text})["valid"] is True
        names = [option["value"] for option in page.of("option") if option["value"]]
        assert names == [f"/v1/examples/{name}" for name in bundled_studies()]

    def test_a_stored_study_is_there_to_be_changed(self, own_client: TestClient, installation: Installation) -> None:
        client = own_client
        store_living_sample(installation, HOSTILE)
        html = get(client, "/new?study=coin")
        assert HOSTILE in Elements(html).text
        assert "<script>alert" not in html
        assert 'data-study="coin"' in html
        assert client.get("/new?study=nothing", headers=BROWSER).status_code == 404


def test_a_stated_prior_that_cannot_be_met_is_an_error_at_its_line(client: TestClient) -> None:
    document = coin_document()
    document["outcomes"][0]["prior"] = {"probability": {"low": 0.45, "median": 0.5, "high": 0.55}}
    document["outcomes"][0]["pooling"] = {"class_sd": 1.0, "case_sd": 0.5}
    found = check(client, {"study.yaml": yaml.safe_dump(document, sort_keys=False)})
    assert found["valid"] is False
    (error,) = found["errors"]
    assert (error["path"], error["code"]) == ("outcomes[0].pooling", "too_wide")
    assert error["line"] > 1
    assert "class_sd at most 0." in error["message"]
    document["outcomes"][0]["pooling"] = {}
    assert check(client, {"study.yaml": yaml.safe_dump(document, sort_keys=False)})["valid"] is True


def test_stated_probabilities_are_solved_for_in_a_child_and_not_in_the_web_process(own_client: TestClient) -> None:
    """Rivals take seconds: pages of others do not wait for them, however small the document is."""
    prior = {"probability": {"median": 0.2, "low": 0.05, "high": 0.5}}
    outcomes = [
        {**event_outcome(id=name, competes="end"), "prior": prior, "pooling": {"class_sd": 0.4}}
        for name in ("stay", "leave")
    ]
    study = document(*outcomes, study="rivals")
    before = solve_group.cache_info().misses
    stored = own_client.put("/v1/studies/rivals", json=study)
    assert stored.status_code == 201, stored.text
    assert own_client.post("/v1/jobs", json={"document": study}).status_code == 202
    assert own_client.post("/v1/jobs", json={"study": "rivals"}).status_code == 202
    assert solve_group.cache_info().misses == before
    too_wide = [{**outcome, "pooling": {"class_sd": 3, "case_sd": 3}} for outcome in outcomes]
    refused = own_client.post("/v1/jobs", json={"document": document(*too_wide, study="rivals")})
    assert refused.status_code == 422
    assert "too_wide" in refused.text
