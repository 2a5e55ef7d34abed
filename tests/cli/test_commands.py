"""The command line: what it prints, its exit codes, and that it never shows a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forecast.answer import StoredForecast
from forecast.cli.tables.text import percent
from forecast.store.ids import new_id
from tests.coin import coin_document, coin_study
from tests.command_line import forecast, forecast_process
from tests.futures_file import write_futures_file
from tests.stack import Stack
from workers.address import choose_address

QUICK = {"draws": 200, "tune": 200, "chains": 2, "seed": 3}


def write(folder: Path, **changes: object) -> Path:
    path = folder / "study.json"
    path.write_text(json.dumps(coin_document(**changes)))
    return path


def test_a_good_document_is_said_to_be_good(tmp_path: Path) -> None:
    found = forecast("check", write(tmp_path))
    assert found.returncode == 0
    assert coin_study().digest[:12] in found.stdout


def test_what_a_document_leaves_open_is_asked(tmp_path: Path) -> None:
    rows = [
        {"expert": name, "outcome": "heads", "probability": p, "on": "2020-12-10"}
        for name, p in [("Ann", 1), ("ann", 0.02)]
    ]
    found = forecast("check", write(tmp_path, judgments={"rows": rows}))
    assert found.returncode == 0
    said = " ".join((found.stdout + found.stderr).split())
    assert "question: are 'Ann' (judgments.rows[0]); 'ann' (judgments.rows[1]) one person?" in said
    assert "question: is one per cent meant by the 1 of 'Ann' (judgments.rows[0])" in said


@pytest.mark.parametrize("name", ["karabakh-2021", "seeds"])
def test_a_bundled_study_is_found_by_its_name(name: str) -> None:
    assert forecast("check", name).returncode == 0


@pytest.mark.parametrize("command", ["check", "run", "submit"])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"titel": "x"}, "titel", id="unknown_key"),
        pytest.param({"horizon": 0}, "horizon", id="no_horizon"),
        pytest.param({"outcomes": coin_document()["outcomes"] * 10_000}, "outcomes", id="ten_thousand_outcomes"),
    ],
)
def test_a_bad_document_is_refused_with_its_path(
    tmp_path: Path, command: str, changes: dict[str, object], says: str
) -> None:
    found = forecast(command, write(tmp_path, **changes))
    assert found.returncode == 2
    assert says in found.stderr
    assert found.stdout == ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `forecast run --out` writes it, with the file that a query reads."""
    write_futures_file(tmp_path / "draws.nc")
    return tmp_path


def test_a_local_forecast_is_asked_without_a_service(folder: Path) -> None:
    asked = ("query", folder, "leaves", "--observe", "not stays", "--do", "talks@0", "--all")
    found = forecast(*asked, FORECAST_URL=choose_address_url())
    assert found.returncode == 0, found.stderr
    for expected in ("leaves", "given that not stays", "made so: talks at 0 periods", "Without conditions", "neither"):
        assert expected in found.stdout
    answer = json.loads(forecast(*asked, "--json").stdout)
    assert answer["do"] == [{"outcome": "talks", "at": 0.0}]
    assert percent(answer["probability"], answer["mcse"]) in found.stdout
    assert [item["id"] for item in answer["outcomes"]] == ["leaves", "stays", "talks"]


def test_never_is_a_time_too(folder: Path) -> None:
    answer = json.loads(forecast("query", folder, "leaves", "--do", "leaves@never", "--json").stdout)
    assert (answer["do"], answer["probability"]) == ([{"outcome": "leaves", "at": None}], 0.0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["leavs"], "leavs", id="unknown_outcome"),
        pytest.param(["leaves and"], "expression", id="syntax"),
        pytest.param([""], "expression", id="empty"),
        pytest.param(["leaves", "--observe", "("], "observe[0]", id="observe"),
        pytest.param(["leaves", "--do", "talks"], "outcome@12", id="do_without_time"),
        pytest.param(["leaves", "--do", "talks@soon"], "outcome@never", id="do_soon"),
        pytest.param(["leaves", "--do", "talks@nan"], "outcome@never", id="do_nan"),
        pytest.param(["leaves", "--do", "@3"], "outcome@12", id="do_nothing"),
        pytest.param(["leaves", "--do", "leaves@13"], "do[0].at", id="do_late"),
        pytest.param(["leaves", "--do", "leaves@-1"], "do", id="do_in_the_past"),
    ],
)
def test_a_bad_question_is_refused_with_its_place(folder: Path, arguments: list[str], says: str) -> None:
    found = forecast("query", folder, *arguments)
    assert (found.returncode, found.stdout) == (2, "")
    assert says in found.stderr


def test_a_condition_that_leaves_too_little_says_how_much_is_left(folder: Path) -> None:
    found = forecast("query", folder, "talks", "--observe", "leaves and stays")
    assert found.returncode == 1
    assert "0 of 5,000 futures" in found.stderr


def test_a_folder_without_draws_is_said_to_have_none(tmp_path: Path) -> None:
    found = forecast("query", tmp_path, "leaves")
    assert found.returncode == 2
    assert "draws.nc" in found.stderr


def test_explaining_a_folder_points_to_the_command_that_can(folder: Path) -> None:
    found = forecast("explain", folder)
    assert found.returncode == 2
    assert "forecast run --explain" in found.stderr


def test_a_missing_file_is_said_to_be_missing() -> None:
    found = forecast_process("check", "no-such-study")
    assert found.returncode == 2
    assert "karabakh-2021" in found.stderr


def test_a_service_that_does_not_answer_is_said_not_to() -> None:
    url = choose_address_url()
    found = forecast("jobs", "--url", url)
    assert found.returncode == 1
    assert "forecast serve" in found.stderr


def choose_address_url() -> str:
    """The address of a port without a listener."""
    from forecast.runtime.settings import Settings

    return choose_address(Settings(port=0)).base_url


def test_the_version_is_printed() -> None:
    assert forecast_process("version").stdout.strip()


@pytest.fixture(autouse=True)
def own_key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the service that tests share."""
    if "stack" in request.fixturenames:
        monkeypatch.setenv("FORECAST_KEY", request.getfixturevalue("stack").key)


@pytest.mark.stack
def test_on_its_own_machine_the_command_line_needs_neither_an_address_nor_a_key(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORECAST_KEY")
    found = forecast("jobs", FORECAST_HOME=str(stack.home))
    assert found.returncode == 0, found.stderr
    refused = forecast("jobs", "--url", stack.url)
    assert refused.returncode == 1
    assert "forecast key create" in refused.stderr
    shown = forecast("open", "/access", "--show", FORECAST_HOME=str(stack.home))
    assert shown.stdout.startswith(f"{stack.url}/sign-in?next=/access#")


def test_keys_and_workspaces_are_made_listed_limited_and_ended_on_the_command_line(tmp_path: Path) -> None:
    home = {"FORECAST_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
    assert "schema" in forecast("migrate", **home).stdout
    assert forecast("workspace", "create", "desk-3", "--title", "Desk three", **home).returncode == 0
    assert "there is a workspace 'desk-3' already" in forecast("workspace", "create", "desk-3", **home).stderr
    made = forecast(
        "key", "create", "--name", "Ann", "--scope", "submit", "--workspace", "desk-3", "--days", "9", **home
    )
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert key.startswith("fc_")
    listed = forecast("key", "list", **home).stdout
    assert "desk-3" in listed
    assert key not in listed
    assert forecast("workspace", "limit", "desk-3", "--daily", "7", **home).returncode == 0
    assert "7" in forecast("workspace", "list", **home).stdout
    assert forecast("key", "revoke", key.split("_")[1], **home).returncode == 0
    assert "revoked" in forecast("key", "list", **home).stdout
    for wrong in (
        ("--scope", "all"),
        ("--scope", "read", "--workspace", "nothing"),
        ("--scope", "read", "--days", "0"),
    ):
        refused = forecast("key", "create", "--name", "x", *wrong, **home)
        assert refused.returncode in (1, 2)
        assert "Traceback" not in refused.stderr


@pytest.mark.stack
def test_a_local_run_and_the_service_give_the_same_numbers(stack: Stack, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = forecast("run", write(tmp_path, sampler=QUICK), "--out", out)
    assert found.returncode in (0, 3), found.stderr
    assert "heads" in found.stdout
    local = StoredForecast.model_validate_json((out / "forecast.json").read_text())
    assert (out / "draws.nc").stat().st_size > 0
    with stack.client as client:
        job = client.wait(client.submit(document=coin_document(sampler=QUICK)).id, 200)
        assert job.forecast_id is not None
        remote = client.forecast(job.forecast_id)
    assert local.outcomes == remote.outcomes
    assert local.study_digest == remote.study_digest


@pytest.mark.stack
def test_jobs_are_listed_and_watched(stack: Stack, tmp_path: Path) -> None:
    submitted = forecast("submit", write(tmp_path, sampler=QUICK), "--url", stack.url)
    job_id = submitted.stdout.strip()
    watched = forecast("watch", job_id, FORECAST_URL=stack.url)
    assert watched.returncode in (0, 3), watched.stderr
    assert f"{stack.url}/forecasts/" in watched.stdout
    assert job_id in forecast("jobs", "--url", stack.url).stdout


@pytest.mark.stack
def test_watching_an_unknown_job_says_so(stack: Stack) -> None:
    found = forecast("watch", new_id(), "--url", stack.url)
    assert found.returncode == 1
    assert "there is no job" in found.stderr


@pytest.mark.stack
def test_a_stored_forecast_is_asked_by_its_id_and_as_the_latest(stack: Stack, tmp_path: Path) -> None:
    submitted = forecast("submit", write(tmp_path, sampler=QUICK), "--wait", "--url", stack.url)
    assert submitted.returncode in (0, 3), submitted.stderr
    with stack.client as client:
        forecast_id = client.latest("coin").forecast_id
    answers = [
        json.loads(forecast("query", name, "not heads", "--json", "--url", stack.url).stdout)
        for name in (forecast_id, "latest:coin")
    ]
    assert answers[0] == answers[1]
    bad = forecast("query", "latest:coin", "tails", "--url", stack.url)
    assert bad.returncode == 2
    assert "'tails' is not an outcome" in bad.stderr
    assert forecast("query", "latest:nothing", "heads", "--url", stack.url).returncode == 1
