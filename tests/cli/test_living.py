"""`forecast history` and `forecast ledger` against a real web process; the test does what workers and time would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from forecast.client.client import ForecastClient
from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import JobKind
from forecast.store import EvidenceRepository, StudyRepository, utc_now
from forecast.study import EvidenceKind, accept_arrivals
from forecast.timeline.ledger import score_due
from tests.coin import coin_answer, coin_document, coin_study
from tests.command_line import forecast, forecast_process
from tests.documents import event_outcome
from tests.explanations import explanation_of, explanation_row, submit_explanation_of
from tests.installation import Installation, forecast_row
from tests.living import living_document
from tests.web_process import Shared, shared_service

pytestmark = pytest.mark.service


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
def url(shared: Shared, installation: Installation) -> str:
    """The address of the web process, where the workspace has the coin's study."""
    with ForecastClient(shared.url, key=installation.key) as client:
        client.put_study("coin", coin_document())
    return shared.url


def command(url: str, *arguments: str) -> str:
    found = forecast(*arguments, "--url", url)
    assert found.returncode == 0, found.stderr
    return found.stdout


def add(installation: Installation, as_of: str, probability: float) -> str:
    study = coin_study(as_of=as_of)
    outcome = coin_answer(study).outcomes[0].model_copy(update={"probability": probability})
    answer = coin_answer(study).model_copy(update={"outcomes": (outcome,)}).model_dump_json()
    claim = installation.claim(installation.submit(study, version_digest=coin_study().digest))
    row = forecast_row(claim, study, made_at=datetime.combine(study.as_of, time(12), UTC), answer=answer)
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
        "20 %",
        "50 %",
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
    with installation.database.write() as session:
        # As if the study had been stored before its resolution was known.
        version = StudyRepository(session).version("coin", coin_study().digest)
        assert version is not None
        version.created_at = datetime(2021, 1, 1, tzinfo=UTC)
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
    found = forecast("ledger", "dice", "--url", url)
    assert found.returncode == 1
    assert "there is no study" in found.stderr


def test_schedules_are_made_paused_and_deleted(installation: Installation, url: str) -> None:
    with ForecastClient(url, key=installation.key) as client:
        client.put_study("small", {**living_document(), "outcomes": [event_outcome()]})
    assert "No schedule." in command(url, "schedules", "list")
    rule = ("--cron", "0 6 1 * *", "--timezone", "Asia/Baku", "--overlap", "allow")
    made = command(url, "schedules", "add", "small", *rule).strip()
    assert "0 6 1 * *, Asia/Baku" in command(url, "schedules", "list", "small")
    command(url, "schedules", "pause", made)
    assert "paused" in command(url, "schedules", "list")
    command(url, "schedules", "resume", made)
    assert "paused" not in command(url, "schedules", "list")
    job = command(url, "schedules", "run", made).strip()
    assert job in command(url, "schedules", "runs", made)
    command(url, "schedules", "delete", made)
    assert "No schedule." in command(url, "schedules", "list")


def test_a_bad_schedule_is_one_line_without_a_traceback(url: str) -> None:
    found = forecast_process("schedules", "add", "coin", "--cron", "often", "--url", url)
    assert found.returncode == 2
    assert "'often' has 1 fields" in " ".join(found.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("alerts", "[/x]"), "should match pattern"),
        (("history", "coin", "--url", "http://[::1"), "is not an address"),
        (("sources", "[b]"), "there is no study"),
    ],
)
def test_odd_names_and_addresses_are_no_traceback(url: str, arguments: tuple[str, ...], words: str) -> None:
    given = arguments if "--url" in arguments else (*arguments, "--url", url)
    found = forecast(*given)
    assert words in " ".join((found.stdout + found.stderr).split())
    assert "Traceback" not in found.stderr


def test_evidence_is_added_from_a_file_and_shown_with_both_its_times(url: str, tmp_path: Path) -> None:
    rows = "expert,outcome,probability,on\nann,heads,0.7,2020-12-01\nbob,heads,0.4,2020-12-02\n"
    (tmp_path / "said.csv").write_text(rows)
    arguments = ("add", "coin", "judgments", str(tmp_path / "said.csv"))
    assert command(url, *arguments) == "2 added, 0 known already.\n"
    assert command(url, *arguments) == "0 added, 2 known already.\n"
    shown = command(url, "evidence", "coin")
    assert "expert ann" in shown
    assert f"{utc_now():%Y-%m-%d}" in shown
    assert "Nothing has come" in command(url, "evidence", "coin", "--as-of", "2021-01-01"), "it was recorded today"


def test_sources_and_alerts_are_listed(installation: Installation, url: str) -> None:
    assert "names no sources" in command(url, "sources", "coin")
    source = {"id": "said", "url": "https://example.org/a.csv", "kind": "judgments"}
    with ForecastClient(url, key=installation.key) as client:
        client.put_study("coin", coin_document(sources=[source]))
        made = client.request("POST", "/v1/subscriptions", json={"study": "coin", "kind": "verdict", "title": "Look"})
        client.request("POST", f"/v1/subscriptions/{made['id']}/test")
    assert "being asked" in command(url, "sources", "coin", "--ask", "said")
    assert "test of 'Look'" in command(url, "alerts", "coin")
