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

from forecast.cli import main
from forecast.store import JobRepository, StudyRepository
from forecast.study import study_from_document
from tests.api.shared import Shared, sharing
from tests.documents import binary_outcome, document, event_outcome

ROWS = [{"id": "a", "successes": 3, "trials": 22}]
JUDGED = {"expert": "x", "outcome": "agreement", "probability": 0.3, "on": "2019-06-01"}
RECORD = {"expert": "x", "question": "q", "probability": 0.7, "outcome": 1, "on": "2018-01-01"}
GOOD = document(
    event_outcome(at_risk_since="2019-01-01", competes="end"),
    binary_outcome(reference={"past": 0.6, "older": 0.4}),
    {
        "id": "deadly",
        "title": "A deadly month",
        "kind": "threshold",
        "indicator": "incidents",
        "at_least": 20,
        "resolution": {"criteria": "Twenty incidents in a month."},
    },
    event_outcome(id="conversion", competes="end"),
    binary_outcome(id="treaty"),
    reference_classes=[
        {"id": "past", "outcome": "agreement", "rows": ROWS},
        {"id": "older", "outcome": "agreement", "rows": ROWS},
    ],
    factors=[{"id": "friction", "effects": {"exit": "normal(0.3, 0.3)"}}],
    indicators=[{"id": "incidents", "factor": "friction", "rows": [{"period": "2019-03", "value": 3}]}],
    judgments={"rows": [JUDGED]},
    track_records={"rows": [RECORD]},
    links=[{"cause": "agreement", "effect_on": "exit", "log_ratio": "normal(0.3, 0.3)"}],
    dependence={"eta": 2.0},
    scenarios=[{"id": "order", "title": "First the signature", "when": "before(agreement, exit)"}],
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


def observed(**cells: Any) -> str:
    return good(set_in("indicators", 0, "rows", value=[{"period": "2019-03", "value": 3, **cells}]))


def judged(*rows: dict[str, Any]) -> str:
    return good(set_in("judgments", "rows", value=[{**JUDGED, **row} for row in rows]))


def linked(*pairs: tuple[str, str]) -> str:
    made = [{"cause": cause, "effect_on": effect_on, "log_ratio": "normal(0, 1)"} for cause, effect_on in pairs]
    return good(set_in("links", value=made))


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
    "wrong date order": (good(set_in("outcomes", 0, "at_risk_since", value="2031-01-01")), "outcomes[0].at_risk_since", "2031-01-01"),
    "successes over trials": (good(set_in("reference_classes", 0, "rows", 0, "successes", value=23)), "reference_classes[0].rows[0].successes", "23"),
    "table outside the folder": (good(table_outside), "reference_classes[0].table", "../secret.csv"),
    "NaN": (good(set_in("outcomes", 0, "pooling", "class_sd", value=float("nan"))), "", "NaN"),
    "10,000 outcomes": (good(set_in("outcomes", value=[event_outcome(id=f"o{k}") for k in range(10_000)])), "outcomes", "50"),
    "YAML bomb": (BOMB, "", "alias"),
    "weights over 1": (good(set_in("outcomes", 1, "reference", value={"past": 0.7, "older": 0.5})), "outcomes[1].reference", "1.2"),
    "no information": (good(without_information), "outcomes[0]", "information"),
    "negative count": (observed(value=-1), "indicators[0].rows[0].value", "from 0"),
    "absurd count": (observed(value=1e300), "indicators[0].rows[0].value", "1e+300"),
    "NaN count": (observed(value=float("nan")), "", "NaN"),
    "text for a count": (observed(value="many"), "indicators[0].rows[0].value", "'many'"),
    "exposure over 1": (observed(exposure=1.2), "indicators[0].rows[0].exposure", "1.2"),
    "period outside the study": (observed(period="1919-03"), "indicators[0].rows[0].period", "outside the study"),
    "known before it was": (observed(known_at="2019-02-01"), "indicators[0].rows[0].known_at", "2019-02-01"),
    "judged over 1": (judged({"probability": 1.2}), "judgments.rows[0].probability", "1.2"),
    "judged beyond the horizon": (judged({"outcome": "exit", "by": "2025-01-02"}), "judgments.rows[0].by", "horizon"),
    "judged before it resolves": (judged({"by": "2023-12-31"}), "judgments.rows[0].by", "2024-01-01"),
    "judged threshold": (judged({"outcome": "deadly"}), "judgments.rows[0].outcome", "indicator"),
    "expert of two kinds": (judged({"kind": "crowd"}, {"kind": "market"}), "judgments.rows[1].kind", "crowd"),
    "contradicting records": (good(set_in("track_records", "rows", value=[RECORD, {**RECORD, "outcome": 0}])),
                              "track_records.rows[1].outcome", "same question"),
    "link onto a threshold": (linked(("exit", "deadly")), "links[0].effect_on", "threshold"),
    "link between rivals": (linked(("exit", "conversion")), "links[0]", "compete"),
    "circle of links": (linked(("agreement", "treaty"), ("treaty", "agreement")), "links[1]", "circle"),
    "factor on a threshold": (good(set_in("factors", 0, "effects", "deadly", value="normal(0, 1)")),
                              "factors[0].effects.deadly", "threshold"),
    "threshold out of reach": (good(set_in("outcomes", 2, "at_least", value=1e7)), "outcomes[2].at_least", "1e+06"),
    "threshold with classes": (good(set_in("outcomes", 2, "reference", value={"past": 0.5})), "outcomes[2].reference", "threshold"),
    "scenario of an unknown outcome": (good(set_in("scenarios", 0, "when", value="agreemnt")), "scenarios[0].when", "'agreement'"),
    "10,000 brackets": (good(set_in("scenarios", 0, "when", value="(" * 10_000 + "exit" + ")" * 10_000)), "scenarios[0].when", "4,000"),
}  # fmt: skip


FORMS = ("put yaml", "put zip", "post job")
# A job's inline document is JSON, which has no aliases.
OVER_HTTP = [(form, name) for name in BAD for form in FORMS if (form, name) != ("post job", "YAML bomb")]


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Shared]]:
    with sharing(tmp_path_factory) as made:
        yield made


@pytest.fixture
def shared(share: Callable[[str], Shared], database_kind: str) -> Shared:
    """One installation for all mistakes: none of them leaves anything in it."""
    return share(database_kind)


def test_the_document_that_the_mistakes_are_made_in_is_good() -> None:
    assert len(study_from_document(GOOD).outcomes) == 5


def write_mistake(name: str, folder: Path) -> Path:
    (folder / "secret.csv").write_text("id,successes\na,1\n", encoding="utf-8")
    file = folder / "study" / "study.yaml"
    file.parent.mkdir()
    file.write_text(BAD[name][0], encoding="utf-8")
    return file


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["check", "run"])
def test_the_command_line_names_the_place_and_writes_nothing(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path, word = BAD[name]
    file = write_mistake(name, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(sys, "argv", ["forecast", command, str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2, said
    assert path in " ".join(said.split())
    assert word.casefold() in " ".join(said.split()).casefold()
    assert len(said.splitlines()) <= 6
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_command_itself_ends_with_2_and_shows_no_traceback(command: str, tmp_path: Path) -> None:
    file = write_mistake("circle of links", tmp_path)
    code = "from forecast.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, command, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "links[1]" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(("form", "name"), OVER_HTTP)
def test_http_names_the_place_and_stores_nothing(form: str, name: str, shared: Shared) -> None:
    text, path, word = BAD[name]
    if form == "post job":
        body = b'{"document": ' + text.encode() + b"}"
        answer = shared.client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    elif form == "put yaml":
        headers = {"Content-Type": "application/yaml"}
        answer = shared.client.put("/v1/studies/small", content=text.encode(), headers=headers)
    else:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("study.yaml", text)
        headers = {"Content-Type": "application/zip"}
        answer = shared.client.put("/v1/studies/small", content=packed.getvalue(), headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "study_invalid"
    assert len(problem["errors"]) == 1
    assert path in problem["errors"][0]["path"]
    assert word.casefold() in json.dumps(problem["errors"], ensure_ascii=False).casefold()
    with shared.installation.database.read() as session:
        assert JobRepository(session).page(5).items == ()
        assert StudyRepository(session).page(5).items == ()
