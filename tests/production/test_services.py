"""The services of the compose file as processes of this machine: same commands, same settings, PostgreSQL, a Redis with a
password on a port, two workers, two beats. There is no Docker here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import redis

from forecast.access.sealing import new_secret_key
from forecast.client.client import ForecastClient
from forecast.jobs.states import AttemptOutcome, JobState
from forecast.store import Database, JobRepository
from tests.coin import QUICK, coin_document
from tests.postgresql import PostgresServer
from tests.production.compose import (
    environment_of,
    filled_in,
    image_command,
    image_environment,
    image_health,
    load_compose,
    stages,
)
from tests.waiting import wait_until
from workers.address import choose_address
from workers.redis_server import find_redis_server

pytestmark = [pytest.mark.stack, pytest.mark.slow]

KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR", "FORECAST_CACHE_DIR")


class Services:
    """The services of the compose file, as far as they are ours."""

    def __init__(self, folder: Path, database: str, redis_port: int) -> None:
        self.folder = folder
        self.port = choose_address_port()
        self.variables = {
            "POSTGRES_PASSWORD": "postgres-password",
            "REDIS_PASSWORD": "redis-password",
            "FORECAST_SECRET_KEYS": f'["{new_secret_key()}"]',
        }
        self._compose, self._stages = load_compose()["services"], stages()
        self.database = database
        self._here = {"FORECAST_DATABASE_URL": database, "FORECAST_PORT": str(self.port)}
        self.hold_file = folder / "hold"
        """While it is there, attempts that sample stay at work."""
        self._redis_port = redis_port
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, service: str, name: str) -> dict[str, str]:
        """As compose would give it; paths and addresses are those of this machine."""
        image = image_environment(self._stages["api" if service == "migrate" else service])
        own = environment_of(self._compose[service], self.variables)
        assert own.get("FORECAST_REDIS_URL", "redis://:redis-password@redis:6379/0").endswith("@redis:6379/0")
        if "FORECAST_REDIS_URL" in own:
            own["FORECAST_REDIS_URL"] = f"redis://:redis-password@127.0.0.1:{self._redis_port}/0"
        here = {name: value for name, value in self._here.items() if name in own}
        outside = {name: os.environ[name] for name in KEPT if name in os.environ}
        image.pop("PATH")
        image.pop("FORECAST_CACHE_DIR")
        quick = {
            "FORECAST_DISPATCHER_INTERVAL_SECONDS": "0.5",
            "FORECAST_PROGRESS_SECONDS": "0.2",
            "FORECAST_STOP_GRACE_SECONDS": "1",
            "FORECAST_REQUESTS_PER_MINUTE": "100000",
        }
        files = {"FORECAST_HOME": str(self.folder / "data"), "FORECAST_ALIVE_FILE": str(self.folder / f"{name}.alive")}
        return {**outside, **image, **own, **here, **files, **quick, "FORECAST_HOLD_FILE": str(self.hold_file)}

    def run(self, service: str, *command: str) -> str:
        """`docker compose run --rm SERVICE COMMAND`."""
        program = [str(Path(sys.executable).parent / "forecast"), *command[1:]]
        assert command[0] == "forecast"
        found = subprocess.run(
            program, env=self.environment(service, "once"), capture_output=True, text=True, check=False, timeout=120
        )
        assert found.returncode == 0, found.stderr
        return found.stdout.strip()

    def start(self, service: str, number: int = 1) -> subprocess.Popen[bytes]:
        """One replica of a service."""
        name = f"{service}-{number}"
        command = image_command(self._stages[service])
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command[1:]],
                env=self.environment(service, name),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.processes[name]

    def worker_of(self, job_id: str) -> str | None:
        """The replica that has a job in hand, None while there is none."""
        database = Database(self.database)
        try:
            with database.read() as session:
                row = JobRepository(session).get(job_id)
        finally:
            database.dispose()
        holder = None if row is None or row.worker is None else int(row.worker.split(":")[1])
        return next((name for name, process in self.processes.items() if process.pid == holder), None)

    def is_up(self, service: str, number: int) -> bool:
        """Whether a replica has begun to do what its health check looks for."""
        if service != "api":
            return (self.folder / f"{service}-{number}.alive").exists()
        with ForecastClient(f"http://127.0.0.1:{self.port}") as client:
            return client.is_healthy()

    def is_healthy(self, service: str, number: int = 1) -> bool:
        """What the image's own health check says."""
        command = [word.replace(":8000/", f":{self.port}/") for word in image_health(self._stages[service])]
        environment = self.environment(service, f"{service}-{number}")
        found = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False)
        return found.returncode == 0

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def logs(self) -> str:
        return "\n".join(f"--- {file.name}\n{file.read_text()[-1500:]}" for file in sorted(self.folder.glob("*.log")))


def choose_address_port() -> int:
    from forecast.runtime.settings import Settings

    return choose_address(Settings(port=0)).port


@contextmanager
def production_redis(folder: Path) -> Iterator[int]:
    """Redis as the compose file runs it, on a port of this machine."""
    port = choose_address_port()
    script = filled_in(load_compose()["services"]["redis"]["command"][2], {})
    script = script.replace("valkey-server -", f"{find_redis_server()} - --port {port} --bind 127.0.0.1").replace(
        "--dir /data", f"--dir {folder}"
    )
    process = subprocess.Popen(
        ["sh", "-c", script],
        env={**os.environ, "REDIS_PASSWORD": "redis-password"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # The shell hands the server its settings, so it is the server's parent.
        start_new_session=True,
    )
    client = redis.Redis(port=port, password="redis-password")
    try:
        wait_until(lambda: answers(client), message="Redis")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        yield port
    finally:
        client.close()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture(scope="module")
def services(postgresql: PostgresServer) -> Iterator[Services]:
    """The stack with two workers and two beats, and a key to use it with."""
    folder = Path(tempfile.mkdtemp(prefix="prod-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        made = Services(folder, postgresql.new_database(), stack.enter_context(production_redis(folder)))
        stack.callback(made.stop)
        yield made


@pytest.fixture(scope="module")
def key(services: Services) -> str:
    """Everything started in the order that README gives."""
    assert "schema" in services.run("migrate", "forecast", "migrate")
    refused = services.start("api")
    assert refused.wait(timeout=60) == 2
    assert "no key to use from there" in services.logs()
    made = services.run(
        "api", "forecast", "key", "create", "--name", "operator", "--scope", "admin", "--scope", "metrics"
    )
    services.start("api")
    for service in ("dispatcher", "caller", "illustrator"):
        services.start(service)
    for number in (1, 2):
        services.start("beat", number)
        services.start("worker", number)
    for service, count in {"api": 1, "dispatcher": 1, "caller": 1, "illustrator": 1, "beat": 2, "worker": 2}.items():
        for number in range(1, count + 1):
            # Asking is a process of its own: not before it can be well.
            wait_until(lambda service=service, number=number: services.is_up(service, number), 90, services.logs)
            wait_until(lambda service=service, number=number: services.is_healthy(service, number), 90, services.logs)
    return made


def client_of(services: Services, key: str) -> ForecastClient:
    return ForecastClient(f"http://127.0.0.1:{services.port}", key=key)


def wait_for_end(client: ForecastClient, job_id: str, services: Services) -> JobState:
    def ended() -> JobState | None:
        state = client.job(job_id).state
        return state if state.is_terminal else None

    return JobState(wait_until(ended, 240, services.logs))


def test_jobs_are_computed_by_two_workers_and_counted(services: Services, key: str) -> None:
    with client_of(services, key) as client:
        assert client.readiness()["status"] == "ready"
        jobs = [client.submit(document=coin_document(sampler={**QUICK, "seed": seed})).id for seed in range(4)]
        assert {wait_for_end(client, job_id, services) for job_id in jobs} == {JobState.SUCCEEDED}
        forecast = client.forecast(client.job(jobs[0]).forecast_id or "")
        assert 0.3 < forecast.outcomes[0].probability < 0.7
    metrics = httpx2.get(
        f"http://127.0.0.1:{services.port}/metrics", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ).text
    assert 'forecast_jobs_ended_total{kind="forecast",state="succeeded"} 4.0' in metrics
    assert 'forecast_stage_runs_total{stage="sample"} 4.0' in metrics


def test_a_stopped_container_hands_its_job_to_the_other_worker(services: Services, key: str) -> None:
    with client_of(services, key) as client:
        services.hold_file.write_text("draws_done", encoding="ascii")
        job_id = client.submit(document=coin_document(sampler=QUICK)).id

        def is_sampling() -> bool:
            job = client.job(job_id)
            return bool(job.progress and job.progress.draws_done)

        wait_until(is_sampling, 120, services.logs)
        first = services.worker_of(job_id)
        process = services.processes[first]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)
        wait_until(lambda: services.worker_of(job_id) not in {first, None}, 120, services.logs)
        services.hold_file.unlink()
        assert wait_for_end(client, job_id, services) is JobState.SUCCEEDED
        attempts = client.job(job_id).attempts
        # Handed back in the second that it was given, or lost with it: on a busy machine that is soon over.
        first_end, last_end = (attempt.outcome for attempt in attempts)
        assert first_end in {AttemptOutcome.RELEASED, AttemptOutcome.LOST}
        assert last_end is AttemptOutcome.SUCCEEDED


def test_two_beats_fire_each_due_time_once(services: Services, key: str) -> None:
    with client_of(services, key) as client:
        today = datetime.now(UTC).date()
        document = coin_document(sampler=QUICK, as_of=today.isoformat())
        document["outcomes"][0]["resolution"]["by"] = (today + timedelta(days=180)).isoformat()
        client.put_study("coin", document)
        wanted = {"study": "coin", "cron": "0 0 1 1 *", "unchanged": "run"}
        made = client.request("POST", "/v1/schedules", json=wanted)
        client.request("POST", f"/v1/schedules/{made['id']}/run")
        runs = client.request("GET", f"/v1/schedules/{made['id']}/runs")["items"]
        assert len(runs) == 1
        assert wait_for_end(client, runs[0]["job_id"], services) is JobState.SUCCEEDED


def test_it_is_backed_up_and_restored_in_two_commands(services: Services, key: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    assert "rows" in services.run("api", "forecast", "backup", str(file))
    environment = {**services.environment("api", "once"), "FORECAST_HOME": str(tmp_path / "new")}
    environment["FORECAST_DATABASE_URL"] = f"sqlite:///{tmp_path}/new/forecast.db"
    program = [str(Path(sys.executable).parent / "forecast"), "restore", str(file)]
    found = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stderr
    assert "Restored" in found.stdout


def test_the_logs_hold_no_password_and_no_key(services: Services, key: str) -> None:
    logs = "".join(file.read_text() for file in services.folder.glob("*.log"))
    assert "forecast.run_job" in logs or "attempt_ended" in logs
    for secret in (
        "redis-password",
        "postgres-password",
        key.split("_", 2)[2],
        services.variables["FORECAST_SECRET_KEYS"],
    ):
        assert secret not in logs
