"""`forecast explain` and a query against a real web process; the test itself does what a worker would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from forecast.answer import StoredForecast
from forecast.client.client import ForecastClient
from forecast.jobs.lifecycle import complete_job, fail_job
from forecast.jobs.states import FailureCode, JobKind, JobState
from forecast.store import JobRepository, utc_now
from tests.coin import coin_document
from tests.command_line import Ended, forecast, forecast_process
from tests.explanations import KINDS, explanation_row
from tests.futures_file import asked_study, write_futures_file
from tests.installation import Installation, forecast_row
from tests.stack import Stack
from tests.waiting import wait_until
from tests.web_process import Shared, shared_service

pytestmark = pytest.mark.service

QUICK = {"draws": 200, "tune": 200, "chains": 2, "seed": 3}


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with shared_service(request, tmp_path_factory) as made:
        yield made


@pytest.fixture
def installation(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A workspace of the test's own, whose key command lines send."""
    made = shared.new_workspace()
    monkeypatch.setenv("FORECAST_KEY", made.key)
    return made


@pytest.fixture
def url(shared: Shared) -> str:
    return shared.url


@pytest.fixture
def forecast_id(installation: Installation) -> str:
    """A stored forecast with real futures."""
    study = asked_study()
    claim = installation.claim(installation.submit(study, now=utc_now()), now=utc_now())
    file = installation.artifacts.write(f"2026-01/{claim.job_id}.nc", write_futures_file)
    row = forecast_row(
        claim,
        study,
        utc_now(),
        artifact_path=file.path,
        artifact_sha256=file.sha256,
        artifact_bytes=file.size_bytes,
    )
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    return row.id


def queued(installation: Installation) -> list[str]:
    """Ids of the jobs that wait."""
    with installation.database.read() as session:
        return [row.id for row in JobRepository(session).page(50, state=JobState.QUEUED.value).items]


def settle(installation: Installation, job_id: str, failing: JobKind | None = None) -> None:
    """End a job as a worker would."""
    claim = installation.claim(job_id, now=utc_now())
    with installation.database.write() as session:
        if claim.kind is failing:
            fail_job(session, claim, FailureCode.MEMORY_LIMIT, "no memory left")
        else:
            complete_job(session, claim, explanation_row(claim, utc_now()), {})


def work(installation: Installation, jobs: int, failing: JobKind | None) -> int:
    """End the jobs once so many wait together. Fewer are ended all the same, for the command waits for them; how many."""
    with suppress(AssertionError):
        wait_until(lambda: len(queued(installation)) == jobs)
    waiting = queued(installation)
    for job_id in waiting:
        settle(installation, job_id, failing)
    return len(waiting)


def explain(
    installation: Installation, url: str, name: str, *options: str, jobs: int, failing: JobKind | None = None
) -> Ended:
    """The command, with so many jobs that it waits for."""
    with ThreadPoolExecutor(1) as threads:
        worked = threads.submit(work, installation, jobs, failing)
        ended = forecast("explain", name, *options, "--url", url)
        assert worked.result() == jobs
    return ended


def test_everything_is_explained_and_printed(installation: Installation, url: str, forecast_id: str) -> None:
    found = explain(installation, url, "latest:asked", jobs=3)
    assert (found.returncode, found.stderr) == (0, "")
    for expected in ("+ judgments", "tosses/case-3", "friction -> heads", f"{url}/forecasts/{forecast_id}"):
        assert expected in found.stdout


def test_one_kind_is_explained_and_nothing_else_is_printed(
    installation: Installation, url: str, forecast_id: str
) -> None:
    explain(installation, url, forecast_id, jobs=3)
    found = explain(installation, url, forecast_id, "--kind", "influence", jobs=1)
    assert found.returncode == 0
    assert "tosses/case-3" in found.stdout
    assert "+ judgments" not in found.stdout


def test_what_failed_is_said_and_what_did_not_is_printed(
    installation: Installation, url: str, forecast_id: str
) -> None:
    found = explain(installation, url, forecast_id, jobs=3, failing=JobKind.INFLUENCE)
    assert found.returncode == 1
    assert "no memory left" in found.stderr
    assert "+ judgments" in found.stdout
    assert "tosses/case-3" not in found.stdout


def test_a_watched_explanation_prints_what_it_found(installation: Installation, url: str, forecast_id: str) -> None:
    with ForecastClient(url, key=installation.key) as client:
        job = client.explain(forecast_id, JobKind.SENSITIVITY)
    settle(installation, job.id)
    found = forecast("watch", job.id, "--url", url)
    assert found.returncode == 0, found.stderr
    assert "friction -> heads" in found.stdout
    assert "Verdict" not in found.stdout


def test_an_unknown_forecast_is_said_to_be_unknown(installation: Installation, url: str) -> None:
    for name in ("latest:nothing", "nothing"):
        found = forecast("explain", name, "--url", url)
        assert found.returncode == 1
        assert "there is no" in found.stderr


def test_a_stored_forecast_is_asked_by_its_id_and_as_the_latest(url: str, forecast_id: str, tmp_path: Path) -> None:
    write_futures_file(tmp_path / "draws.nc")
    asked = ("leaves", "--do", "talks@3", "--observe", "not stays", "--json")
    answers = [
        forecast("query", name, *asked, "--url", url).stdout for name in (forecast_id, "latest:asked", str(tmp_path))
    ]
    assert answers[0] == answers[1] == answers[2]
    assert json.loads(answers[0])["do"] == [{"outcome": "talks", "at": 3.0}]


def test_a_bad_question_to_a_service_is_refused_with_its_place(url: str, forecast_id: str) -> None:
    found = forecast_process("query", forecast_id, "leavs", "--url", url)
    assert (found.returncode, found.stdout) == (2, "")
    assert "expression" in found.stderr
    assert "leavs" in found.stderr


@pytest.mark.stack
def test_a_service_explains_a_forecast_of_its_own(stack: Stack, tmp_path: Path) -> None:
    with stack.client as client:
        client.put_study("coin", coin_document(sampler=QUICK))
        made = client.wait(client.submit(study="coin").id, 200)
        assert made.forecast_id is not None, stack.logs()
        for kind in KINDS:
            job = client.wait(client.explain(made.forecast_id, kind).id, 400)
            assert (job.state, job.forecast_id) == (JobState.SUCCEEDED, made.forecast_id), stack.logs()
        explained = client.forecast(made.forecast_id)
    assert explained.attribution is not None
    assert explained.influence is not None
    assert explained.sensitivity is not None
    assert explained.attribution.steps[-1].outcomes["heads"].probability == explained.outcomes[0].probability


@pytest.mark.program
@pytest.mark.slow
def test_a_local_forecast_is_explained_and_written_with_that(tmp_path: Path) -> None:
    document = tmp_path / "study.json"
    document.write_text(json.dumps(coin_document(sampler=QUICK)))
    found = forecast("run", document, "--out", tmp_path / "out", "--explain")
    assert found.returncode == 0, found.stderr
    written = StoredForecast.model_validate_json((tmp_path / "out" / "forecast.json").read_text())
    assert written.attribution is not None
    assert written.influence is not None
    assert written.sensitivity is not None
