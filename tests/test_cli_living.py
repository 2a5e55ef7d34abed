"""`forecast history` and `forecast ledger` against a real web process; the test does what workers and time would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecast.client import ForecastClient
from forecast.jobs.ledger import score_due
from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import JobKind
from forecast.settings import Settings
from forecast.store import EvidenceRepository, utc_now
from forecast.study import EvidenceKind, accept_arrivals
from tests.coin import coin_answer, coin_document, coin_study
from tests.explanations import explanation_of, explanation_row, submit_explanation_of
from tests.installation import Installation, forecast_row, installation_in
from tests.test_cli_explain import started
from tests.waiting import wait_until
from workers.address import choose_address


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


@pytest.fixture
def url(installation: Installation) -> Iterator[str]:
    address = choose_address(Settings(port=0))
    with started("api", FORECAST_HOME=str(installation.settings.home), FORECAST_PORT=str(address.port)):
        with ForecastClient(address.base_url) as client:
            wait_until(client.is_healthy, message="the web process")
            client.put_study("coin", coin_document())
        yield address.base_url


def command(url: str, *arguments: str) -> str:
    found = subprocess.run(
        [sys.executable, "-m", "forecast.cli", *arguments, "--url", url],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"COLUMNS": "160", "PATH": "/usr/bin"},
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def add(installation: Installation, as_of: str, probability: float) -> str:
    study = coin_study(as_of=as_of)
    outcome = coin_answer(study).outcomes[0].model_copy(update={"probability": probability})
    answer = coin_answer(study).model_copy(update={"outcomes": (outcome,)}).model_dump_json()
    claim = installation.claim(installation.submit(study, version_digest=coin_study().digest))
    row = forecast_row(claim, study, answer=answer)
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, utc_now())
    return row.id


def test_the_history_shows_moves_and_their_causes(installation: Installation, url: str) -> None:
    assert "no forecast yet" in command(url, "history", "coin")
    first, second = add(installation, "2021-01-01", 0.2), add(installation, "2021-02-01", 0.5)
    claim = installation.claim(submit_explanation_of(installation, second, JobKind.TRIAGE))
    triage = explanation_of(JobKind.TRIAGE).model_copy(update={"previous": first})
    with installation.database.write() as session:
        complete_job(session, claim, explanation_row(claim, utc_now(), answer=triage.model_dump_json()), {}, utc_now())
    shown = command(url, "history", "coin")
    for text in (
        "2021-01-01",
        "2021-02-01",
        "20.0 %",
        "50.0 %",
        "+1.39",
        "Time passed",
        "-0.20",
        "New evidence",
        "+0.50",
    ):
        assert text in shown, shown


def test_the_ledger_shows_resolutions_and_standings(installation: Installation, url: str) -> None:
    assert "Nothing in the study coin has been resolved yet" in command(url, "ledger", "coin")
    add(installation, "2021-01-01", 0.2)
    for value, known_at in (("no", "2021-12-01"), ("yes", "2021-12-05")):
        row = {"outcome": "heads", "resolution": value, "on": "2021-12-01", "known_at": known_at}
        arrived = accept_arrivals(coin_study(), EvidenceKind.RESOLUTIONS, [row], utc_now().date())
        with installation.database.write() as session:
            EvidenceRepository(session).append("coin", arrived, "test", utc_now())
    score_due(installation.database, utc_now())
    shown = command(url, "ledger", "coin")
    for text in ("no, corrected", "yes", "published", "0.640", "1.609"):
        assert text in shown, shown


def test_a_study_that_is_not_there_is_said_to_be_missing(url: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "forecast.cli", "ledger", "dice", "--url", url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
    assert "there is no study" in found.stderr
