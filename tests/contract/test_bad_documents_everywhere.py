"""A bad document is one clear error with its path, from `forecast check`, `forecast run` and HTTP alike; nothing is stored."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from forecast.store import JobRepository, StudyRepository
from tests.documents import binary_outcome, document, event_outcome
from tests.installation import Installation, installation_in

ROWS = [{"id": "a", "successes": 3, "trials": 22}]
GOOD = document(
    event_outcome(at_risk_since="2019-01-01"),
    binary_outcome(reference={"past": 0.6, "older": 0.4}),
    reference_classes=[
        {"id": "past", "outcome": "agreement", "rows": ROWS},
        {"id": "older", "outcome": "agreement", "rows": ROWS},
    ],
)


def good(change: Callable[[dict[str, Any]], None]) -> str:
    plain = json.loads(json.dumps(GOOD))
    change(plain)
    return json.dumps(plain)


def set_in(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(plain: dict[str, Any]) -> None:
        at: Any = plain
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = value

    return change


def without_information(plain: dict[str, Any]) -> None:
    del plain["outcomes"][0]["prior"]


def table_outside(plain: dict[str, Any]) -> None:
    del plain["reference_classes"][0]["rows"]
    plain["reference_classes"][0]["table"] = "../secret.csv"


BOMB = "a: &a [x, x, x]\n" + "".join(
    f"{chr(98 + k)}: &{chr(98 + k)} [*{chr(97 + k)}, *{chr(97 + k)}, *{chr(97 + k)}]\n" for k in range(20)
)

BAD = {
    "unknown key": (good(set_in("outcomes", 0, "at_risk_sinse", value="2019-01-01")), "outcomes[0].at_risk_sinse", "at_risk_since"),
    "wrong date order": (good(set_in("outcomes", 0, "at_risk_since", value="2021-01-01")), "outcomes[0].at_risk_since", "2021-01-01"),
    "successes over trials": (good(set_in("reference_classes", 0, "rows", 0, "successes", value=23)), "reference_classes[0].rows[0].successes", "23"),
    "table outside the folder": (good(table_outside), "reference_classes[0].table", "../secret.csv"),
    "NaN": (good(set_in("outcomes", 0, "pooling", "class_sd", value=float("nan"))), "", "NaN"),
    "10,000 outcomes": (good(set_in("outcomes", value=[event_outcome(id=f"o{k}") for k in range(10_000)])), "outcomes", "50"),
    "YAML bomb": (BOMB, "", "alias"),
    "weights over 1": (good(set_in("outcomes", 1, "reference", value={"past": 0.7, "older": 0.5})), "outcomes[1].reference", "1.2"),
    "no information": (good(without_information), "outcomes[0]", "information"),
}  # fmt: skip


FORMS = ("put yaml", "put zip", "post job")
# A job's inline document is JSON, which has no aliases.
OVER_HTTP = [(form, name) for name in BAD for form in FORMS if (form, name) != ("post job", "YAML bomb")]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


def run_command(command: str, file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from forecast.cli import main; main()", command, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["check", "run"])
def test_the_command_line_names_the_place_and_shows_no_traceback(command: str, name: str, tmp_path: Path) -> None:
    text, path, word = BAD[name]
    (tmp_path / "secret.csv").write_text("id,successes\na,1\n", encoding="utf-8")
    file = tmp_path / "study" / "study.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    done = run_command(command, file)
    assert done.returncode == 2, done.stderr
    shown = " ".join(done.stderr.split())
    assert path in shown
    assert word.casefold() in shown.casefold()
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.splitlines()) <= 6
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("form", "name"), OVER_HTTP)
def test_http_names_the_place_and_stores_nothing(form: str, name: str, installation: Installation) -> None:
    text, path, word = BAD[name]
    with TestClient(create_app(installation.settings), base_url="http://127.0.0.1") as client:
        if form == "post job":
            body = b'{"document": ' + text.encode() + b"}"
            answer = client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
        elif form == "put yaml":
            headers = {"Content-Type": "application/yaml"}
            answer = client.put("/v1/studies/small", content=text.encode(), headers=headers)
        else:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("study.yaml", text)
            headers = {"Content-Type": "application/zip"}
            answer = client.put("/v1/studies/small", content=packed.getvalue(), headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "study_invalid"
    assert len(problem["errors"]) == 1
    assert path in problem["errors"][0]["path"]
    assert word.casefold() in json.dumps(problem["errors"], ensure_ascii=False).casefold()
    with installation.database.read() as session:
        assert JobRepository(session).page(5).items == ()
        assert StudyRepository(session).page(5).items == ()
