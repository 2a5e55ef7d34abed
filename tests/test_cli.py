"""The command line: what it prints, how it ends, and that nobody sees a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.answer import StoredForecast
from forecast.store.ids import new_id
from tests.coin import coin_document, coin_study
from tests.stack import Stack
from workers.address import choose_address

QUICK = {"draws": 500, "tune": 300, "chains": 2, "seed": 3}


def forecast(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    found = subprocess.run(
        [sys.executable, "-m", "forecast.cli", *map(str, arguments)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in found.stdout + found.stderr
    return found


def write(folder: Path, **changes: object) -> Path:
    path = folder / "study.json"
    path.write_text(json.dumps(coin_document(**changes)))
    return path


def test_a_good_document_is_said_to_be_good(tmp_path: Path) -> None:
    found = forecast("check", write(tmp_path))
    assert found.returncode == 0
    assert coin_study().digest[:12] in found.stdout


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


def test_a_block_that_cannot_be_computed_yet_is_checked_with_a_note_and_not_run(tmp_path: Path) -> None:
    path = write(tmp_path, factors=[{"id": "friction", "effects": {"heads": "normal(0.3, 0.3)"}}])
    checked, run = forecast("check", path), forecast("run", path)
    assert (checked.returncode, run.returncode) == (0, 2)
    assert "factors" in checked.stderr
    assert "factors" in run.stderr


def test_a_missing_file_is_said_to_be_missing() -> None:
    found = forecast("check", "no-such-study")
    assert found.returncode == 2
    assert "karabakh-2021" in found.stderr


def test_a_service_that_does_not_answer_is_said_not_to() -> None:
    url = choose_address_url()
    found = forecast("jobs", "--url", url)
    assert found.returncode == 1
    assert "forecast serve" in found.stderr


def choose_address_url() -> str:
    """The address of a port that nobody listens on."""
    from forecast.settings import Settings

    return choose_address(Settings(port=0)).base_url


def test_the_version_is_printed() -> None:
    assert forecast("version").stdout.strip()


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
