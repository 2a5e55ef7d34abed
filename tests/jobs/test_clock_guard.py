"""What waits when a machine's clock jumps, for how long, and where it is reported. Wall and boot clock are a test's own
here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from forecast.jobs.clock_guard import ClockGuard, find_clock_faults
from forecast.runtime.clock import HOLD_SECONDS, JUMP_SECONDS, Reading, boot_seconds, host_name, read_clocks
from forecast.store import ClockRepository, KeyRepository, utc_now
from forecast.store.tables.access import BrowserSessionRow
from forecast.store.tables.clocks import HostClockRow
from tests.command_line import forecast
from tests.installation import Installation

pytestmark = pytest.mark.both_databases

HOUR = 3600.0


class Clocks:
    """Those of a machine; its processes share them."""

    def __init__(self) -> None:
        self._began = read_clocks()
        self.passed = self.slept = self.ahead = 0.0

    def read(self) -> Reading:
        boot = self._began.boot + self.passed + self.slept
        return Reading(self._began.wall + self.passed + self.slept + self.ahead, boot)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def guard(installation: Installation, clocks: Clocks) -> ClockGuard:
    return ClockGuard(installation.database, "dispatcher", clocks.read)


def test_time_that_passes_and_sleep_are_no_jump(installation: Installation, clocks: Clocks) -> None:
    one = guard(installation, clocks)
    assert one.is_trusted()
    clocks.passed += HOUR
    assert one.is_trusted()
    clocks.slept += 60 * HOUR
    assert one.is_trusted()
    for _ in range(20):
        clocks.ahead += JUMP_SECONDS / 2
        assert one.is_trusted(), "a clock may be put right little by little"
    assert guard(installation, clocks).is_trusted(), "and processes that start later know of it"


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 25 * HOUR, 30 * 24 * HOUR, JUMP_SECONDS + 1])
def test_after_a_jump_nobody_goes_by_the_clock_for_ten_minutes(
    installation: Installation, clocks: Clocks, jump: float
) -> None:
    one, other = guard(installation, clocks), guard(installation, clocks)
    assert one.is_trusted()
    assert other.is_trusted()
    clocks.ahead += jump
    assert [one.is_trusted(), other.is_trusted()] == [False, False]
    clocks.passed += HOLD_SECONDS - 1
    assert [one.is_trusted(), other.is_trusted()] == [False, False]
    clocks.passed += 2
    assert [one.is_trusted(), other.is_trusted()] == [True, True]
    assert find_clock_faults(installation.database) == []


def test_a_process_that_starts_after_the_jump_knows_of_it(installation: Installation, clocks: Clocks) -> None:
    assert guard(installation, clocks).is_trusted()
    clocks.ahead += HOUR
    assert not guard(installation, clocks).is_trusted(), "no process was there to see it"
    assert not guard(installation, clocks).is_trusted()


def test_a_machine_that_was_started_anew_has_a_clock_of_which_nothing_is_known(
    installation: Installation, clocks: Clocks
) -> None:
    assert guard(installation, clocks).is_trusted()
    with installation.database.write() as session:
        row = session.get(HostClockRow, host_name())
        assert row is not None
        row.boot_id, row.held_until = "another", 1e12
    clocks.ahead += HOUR
    assert guard(installation, clocks).is_trusted()
    with installation.database.read() as session:
        kept = ClockRepository(session).host_clock()
        assert kept is not None
        assert kept.held_until is None


def test_an_operator_ends_the_wait_for_all_processes(installation: Installation, clocks: Clocks) -> None:
    one, late = guard(installation, clocks), guard(installation, clocks)
    assert one.is_trusted()
    assert late.is_trusted()
    clocks.ahead += HOUR
    assert not one.is_trusted()
    with installation.database.write() as session:
        assert ClockRepository(session).confirm() == (host_name(),)
    with installation.database.write() as session:
        # As the command does that reads the same clock.
        ClockRepository(session).note_clock(clocks.read())
    assert late.is_trusted(), "it had not noticed yet"
    assert one.is_trusted()
    clocks.ahead -= HOUR
    assert not one.is_trusted(), "the next jump is another"


def test_a_process_whose_clock_alone_is_set_does_not_make_others_doubt_again_and_again(
    installation: Installation, clocks: Clocks
) -> None:
    alone, other = Clocks(), guard(installation, clocks)
    one = guard(installation, alone)
    assert [one.is_trusted(), other.is_trusted()] == [True, True]
    alone.ahead += HOUR
    assert [one.is_trusted(), other.is_trusted()] == [False, False], "one hold for all"
    alone.passed += HOLD_SECONDS + 1
    clocks.passed += HOLD_SECONDS + 1
    assert [one.is_trusted(), other.is_trusted(), one.is_trusted(), other.is_trusted()] == [True] * 4


def hold(installation: Installation, jump: float = HOUR) -> None:
    with installation.database.write() as session:
        until = boot_seconds() + HOLD_SECONDS
        ClockRepository(session).note_jump(read_clocks(), jump, until, utc_now(), "dispatcher@here:1")


def test_sessions_stay_while_the_clock_is_in_doubt(installation: Installation) -> None:
    assert installation.key
    key_id = installation.key.split("_")[1]
    now = utc_now()

    def left_after_forgetting() -> bool:
        with installation.database.write() as session:
            keys = KeyRepository(session)
            keys.forget_ended(now + timedelta(days=30))
            return keys.session("h" * 64) is not None

    with installation.database.write() as session:
        row = BrowserSessionRow(hash="h" * 64, key_id=key_id, created_at=now, expires_at=now + timedelta(days=7))
        KeyRepository(session).add_session(row)
    hold(installation)
    assert left_after_forgetting()
    with installation.database.write() as session:
        ClockRepository(session).confirm()
    assert not left_after_forgetting()


def test_a_jump_and_an_offset_are_reported_with_the_host_until_confirmed(installation: Installation) -> None:
    hold(installation, -7200.0)
    with installation.database.write() as session:
        ClockRepository(session).leave_sign("worker", "far-away:77", 600.0)
    with TestClient(create_app(installation.settings), base_url="http://127.0.0.1") as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert f"the clock of {host_name()} jumped by -7200 s" in answer.json()["clock"]
        assert "+600 s off that of the database" in answer.json()["clock"]
        numbers = client.get("/metrics", headers={"Authorization": f"Bearer {installation.key}"}).text
    assert f'forecast_clock_held{{host="{host_name()}"}} 1.0' in numbers
    assert f'forecast_clock_offset_seconds{{host="{host_name()}",role="worker"}} 600.0' in numbers
    environment: dict[str, Any] = {"FORECAST_HOME": str(installation.settings.home)}
    said = forecast("doctor", **environment)
    assert said.returncode == 1
    assert f"the clock of {host_name()} jumped" in said.stdout
    assert "forecast clock confirm" in said.stdout
    assert "jumped by -7200 s" in forecast("clock", "show", **environment).stdout
    assert host_name() in forecast("clock", "confirm", **environment).stdout
    assert "jumped" not in forecast("clock", "show", **environment).stdout


def test_a_sign_grows_with_each_look_and_is_as_far_off_as_the_clock(installation: Installation) -> None:
    guard(installation, Clocks()).leave_sign()
    with installation.database.write() as session:
        ClockRepository(session).leave_sign("worker", "a:1", None)
        ClockRepository(session).leave_sign("worker", "a:1", 7.0)
        signs = {row.role: (row.beats, row.offset_seconds) for row in ClockRepository(session).signs()}
        is_postgresql = session.get_bind().dialect.name == "postgresql"
    assert signs["worker"] == (1, 7.0)
    beats, offset = signs["dispatcher"]
    assert beats == 0
    assert (offset is not None and abs(offset) < JUMP_SECONDS) if is_postgresql else offset is None


def test_a_process_a_minute_off_its_database_goes_by_no_clock(
    installation: Installation, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = guard(installation, clocks)
    for offset, is_trusted in ((30.0, True), (JUMP_SECONDS + 1, False), (-600.0, False), (0.0, True)):
        monkeypatch.setattr(ClockRepository, "measure_offset", lambda _, found=offset: found)
        assert one.is_trusted() is is_trusted
        with installation.database.read() as session:
            assert ClockRepository(session).is_trusted() is is_trusted
