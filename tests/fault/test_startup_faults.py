"""What operators write and machines are like: one sentence and exit code 2 from every process, or a service that works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from forecast.queue.broker import Broker
from forecast.queue.publish import Publisher
from forecast.queue.queues import Queue, prefix_of
from forecast.runtime.settings import Settings
from forecast.store import migrate
from tests.embedded_redis import redis_for
from tests.installation import installation_in

PROCESSES = {
    "serve": ("forecast.cli", "serve"),
    "doctor": ("forecast.cli", "doctor"),
    "api": ("api",),
    "worker": ("workers.worker",),
    "caller": ("workers.caller",),
    "illustrator": ("workers.illustrator",),
    "dispatcher": ("workers.dispatcher",),
    "beat": ("workers.beat",),
}
NO_PORT = "postgresql://f:hunter2@127.0.0.1:1/none"
SHARED_MEMORY_READ_ONLY = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro none /dev/shm && exec "$@"', "sh")
BOUND_BY_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.getuid() == 0 else ()
RIGHTS = "+dac_override,+dac_read_search"
NOBODY = ("setpriv", "--reuid=54321", "--clear-groups", f"--inh-caps={RIGHTS}", f"--ambient-caps={RIGHTS}")


def damaged(home: Path) -> Mapping[str, str]:
    home.mkdir()
    (home / "forecast.db").write_bytes(b"no database " * 1000)
    return {}


def read_only(home: Path) -> Mapping[str, str]:
    home.mkdir(mode=0o500)
    return {}


def below_a_file(home: Path) -> Mapping[str, str]:
    home.write_text("")
    return {"FORECAST_HOME": str(home / "below")}


def with_variable(**variables: str) -> Callable[[Path], Mapping[str, str]]:
    return lambda _: variables


CASES = (
    *((process, damaged, (), "is damaged (file is not a database)") for process in PROCESSES),
    ("worker", read_only, BOUND_BY_RIGHTS, "cannot be written to"),
    ("doctor", below_a_file, (), "cannot be written to"),
    ("serve", with_variable(FORECAST_PORT="http"), (), "FORECAST_PORT is 'http': expected a valid integer"),
    ("beat", with_variable(FORECAST_REDIS_URL="/run/redis.sock"), (), "unix:///run/redis.sock for a socket"),
    ("api", with_variable(FORECAST_DATABASE_URL=NO_PORT), (), "expected one that answers; start it, or correct"),
    ("api", with_variable(FORECAST_HOST="192.0.2.7"), (), "192.0.2.7 is unusable"),
    ("illustrator", with_variable(), SHARED_MEMORY_READ_ONLY, "semaphores cannot be made in /dev/shm"),
    (
        "dispatcher",
        with_variable(HOME=""),
        ("env", "-u", "HOME", "-u", "FORECAST_HOME", *NOBODY),
        "has no home directory",
    ),
)


def can(wrapper: tuple[str, ...]) -> bool:
    """Whether this machine lets us have such surroundings."""
    try:
        return subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("process", "prepare", "wrapper", "said"), CASES, ids=lambda value: getattr(value, "__name__", None)
)
def test_what_cannot_work_is_said_in_one_sentence_by_every_process(
    process: str, prepare: Callable[[Path], Mapping[str, str]], wrapper: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    if not can(wrapper):
        pytest.skip(f"{wrapper[0]} cannot make such surroundings here")
    variables = {"FORECAST_HOME": str(tmp_path / "home"), "FORECAST_PORT": "0", **prepare(tmp_path / "home")}
    found = subprocess.run(
        [*wrapper, sys.executable, "-m", *PROCESSES[process]],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert found.returncode == 2, found.stderr
    lines = [line for line in found.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, found.stderr
    assert lines[0].startswith("error: ")
    assert said in lines[0]
    assert "expected" in lines[0]
    assert "hunter2" not in found.stdout + found.stderr


@pytest.mark.service
@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", ["a#b", "a?b", "a;b", "a%25b", "a b", "ü"])
def test_a_home_of_any_name_holds_its_database_and_its_queue(name: str, tmp_path: Path) -> None:
    from celery import Celery

    with installation_in(tmp_path / name) as installation, redis_for(installation.settings):
        settings = installation.settings
        job = installation.submit()
        publisher = Publisher(settings.broker_url, installation.database)
        publisher.publish_job(job)
        publisher.close()
        broker = Broker(settings.redis_client_url, installation.database)
        assert broker.waiting() == 1
        broker.close()
        app = Celery(broker=settings.broker_url, set_as_current=False)
        app.conf.broker_transport_options = {"global_keyprefix": prefix_of(installation.database)}
        with app.connection_for_read() as connection, connection.SimpleQueue(Queue.JOBS.value) as queue:
            message = queue.get(timeout=10)
            message.ack()
            assert job in str(message.payload)
        app.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert (tmp_path / name / "forecast.db-wal").exists() or (tmp_path / name / "forecast.db").stat().st_size > 0


@pytest.mark.sqlite_only
def test_a_home_of_any_name_can_be_migrated(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "50%25 #;?ü")
    migrate(settings.database)
    assert [path.name for path in tmp_path.iterdir()] == [settings.home.name]
    assert (settings.home / "forecast.db").stat().st_mode & 0o777 == 0o600


def modes(folder: Path) -> dict[str, int]:
    """What others may do with each file and folder below."""
    found = {}
    for place in folder.rglob("*"):
        if not place.is_socket():
            found[str(place.relative_to(folder))] = place.stat().st_mode & 0o077
    return found


@pytest.mark.sqlite_only
def test_what_lies_open_is_made_private_when_a_process_begins(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with installation_in(home) as installation:
        assert installation.key
    home.chmod(0o755)
    for name in ("artifacts/2026-01/x.nc", "logs/api.log", "redis/appendonlydir/x.aof", "tmp/worker-1/x", "secret.key"):
        place = home / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("")
    for name in ("serve.lock", "address", "forecast.db-wal", "forecast.db-shm"):
        (home / name).touch()
    for place in home.rglob("*"):
        place.chmod(0o755 if place.is_dir() else 0o644)
    notes = home / "notes.txt"
    notes.write_text("not ours")
    ended = subprocess.run(
        [sys.executable, "-c", "from forecast.startup.starting import start; start(); open('made', 'w').close()"],
        env={**os.environ, "FORECAST_HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert home.stat().st_mode & 0o777 == 0o755
    found = modes(home)
    assert {name for name, mode in found.items() if mode} == {"notes.txt"}
    assert found["made"] == 0


def test_a_variable_that_is_almost_a_setting_is_told_of(tmp_path: Path) -> None:
    from tests.command_line import forecast

    found: Any = forecast("doctor", FORECAST_HOME=str(tmp_path), FORECAST_PORTT="80", FORECAST_PORT="0")
    assert "FORECAST_PORTT is no setting" in found.stdout
    assert "did you mean FORECAST_PORT?" in found.stdout
