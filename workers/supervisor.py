"""Runs the whole service in one command: Redis, API, worker, beat and dispatcher, each restarted when it dies.

Ctrl-C and SIGTERM stop all of them in order and leave nothing behind; a job that is running goes back to the queue.
State lives in one directory, which one supervisor serves at a time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import Any, Final

from forecast.access import ensure_local_key, find_principal, make_link
from forecast.access.exposure import require_keys
from forecast.alerts.subscriptions import reseal_secrets
from forecast.runtime.logs import configure_logging, get_logger
from forecast.runtime.private_files import make_private_folder, write_private
from forecast.runtime.settings import Settings, get_settings
from forecast.startup.requirements import require_database, require_folders, require_semaphores
from forecast.startup.starting import PRIVATE_MASK, in_one_sentence, warnings
from forecast.store import Database, migrate, utc_now
from workers.address import choose_address, is_answering_http
from workers.lock import HomeLock
from workers.processes import ManagedProcess
from workers.redis_server import (
    Socket,
    find_redis_server,
    is_answering,
    prepare_directories,
    probe_socket,
    redis_command,
    shut_down,
)

LOOP_SECONDS: Final = 0.2

log = get_logger(__name__)


class Supervisor:
    """Keeps the processes of one installation running until a stop is requested."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._adopted_redis = False
        self._was_ready = False
        environment = {
            **os.environ,
            **settings.compiler_environment(),
            "FORECAST_HOME": str(settings.home),
            "FORECAST_HOST": settings.host,
            "FORECAST_PORT": str(settings.port),
            "PYTHONUNBUFFERED": "1",
        }
        python = [sys.executable, "-m"]
        self._processes: list[ManagedProcess] = []
        if settings.redis_url is None:
            command = redis_command(find_redis_server(), settings)
            self._processes.append(self._process("redis", command, environment, self._redis_may_start))
        # Each of its threads would keep an arena of what a large study took (264 MB instead of 227, tests/load/attack.py).
        web_environment = {"MALLOC_ARENA_MAX": "2", **environment}
        self._processes.append(self._process("api", [*python, "api"], web_environment))
        for name, module in (
            ("dispatcher", "workers.dispatcher"),
            ("worker", "workers.worker"),
            ("caller", "workers.caller"),
            ("illustrator", "workers.illustrator"),
            ("beat", "workers.beat"),
        ):
            self._processes.append(self._process(name, [*python, module], environment))

    def _process(
        self, name: str, command: list[str], environment: dict[str, str], before_start: Any = None
    ) -> ManagedProcess:
        return ManagedProcess(name, command, environment, self._settings.logs / f"{name}.log", before_start)

    def _redis_may_start(self) -> bool:
        found = probe_socket(self._settings)
        is_ours = found is Socket.OURS
        if is_ours and not self._adopted_redis:
            log.info("redis_adopted", socket=str(self._settings.redis_socket))
        self._adopted_redis = is_ours
        return found is Socket.FREE

    def request_stop(self, *_: Any) -> None:
        """Stop soon; safe to call from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Run until `request_stop`."""
        try:
            self._start_redis_first()
            while not self._stop.wait(LOOP_SECONDS):
                for process in self._processes:
                    process.keep_running()
                self._announce()
        finally:
            self._stop_all()

    def _start_redis_first(self) -> None:
        """Give Redis a moment, so that worker and beat need not retry their first connection."""
        if self._processes[0].name != "redis":
            return
        for _ in range(int(5 / LOOP_SECONDS)):
            self._processes[0].keep_running()
            if is_answering(self._settings) or self._stop.wait(LOOP_SECONDS):
                return

    def _announce(self) -> None:
        if self._was_ready or not is_answering_http(self._settings.base_url):
            return
        self._was_ready = True
        address = self._settings.address_file
        write_private(address, self._settings.base_url + "\n")
        _announce(f"Ready: {self._settings.base_url}")
        if not sys.stdout.isatty():
            # It may be a log, which others read.
            _announce("`forecast open` signs a browser in.")
            return
        database = Database(self._settings.database)
        try:
            _announce(
                f"Sign in within ten minutes: {self._settings.base_url}/sign-in#{_sign_in_word(database, self._settings)}"
            )
            _announce("Later, `forecast open` gives another address.")
        finally:
            database.dispose()

    def _stop_all(self) -> None:
        """Stop the processes that create work, then those that do it, and Redis last."""
        with contextlib.suppress(FileNotFoundError):
            self._settings.address_file.unlink()
        for process in sorted(self._processes, key=lambda process: _STOP_ORDER.index(process.name)):
            process.stop(self._settings.stop_grace_seconds)
        if self._adopted_redis:
            shut_down(self._settings)
        self._settings.redis_socket.unlink(missing_ok=True)


_STOP_ORDER: Final = ("beat", "dispatcher", "api", "caller", "illustrator", "worker", "redis")


def _announce(text: str) -> None:
    """Write a line to the terminal that started the service; the rest goes to the logs."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _prepare_access(settings: Settings) -> None:
    database = Database(settings.database)
    try:
        ensure_local_key(database, settings.key_file, utc_now())
        with database.write() as session:
            reseal_secrets(session, settings)
        require_keys(database, settings, utc_now())
    finally:
        database.dispose()


def _sign_in_word(database: Database, settings: Settings) -> str:
    """What follows the `#` of an address that signs a browser in with this machine's key."""
    now = utc_now()
    with database.write() as session:
        principal = find_principal(session, settings.key_file.read_text("ascii").strip(), now)
        assert principal is not None, "the key was made when the service was started"
        return make_link(session, principal, now)


def serve(settings: Settings) -> None:
    """Serve one data directory until SIGINT or SIGTERM.

    Raises
    ------
    ForecastError
        When it cannot be served: taken port or directory, no Redis, a database of a newer version.
    """
    require_folders(settings)
    lock = HomeLock(settings.lock_file)
    # The lock comes first: naming the running service is a better answer than a taken port.
    lock.acquire(settings.base_url)
    try:
        make_private_folder(settings.logs)
        configure_logging("supervisor", settings.log_level, settings.logs / "supervisor.log")
        settings = choose_address(settings)
        lock.describe(settings.base_url)
        if settings.redis_url is None:
            prepare_directories(settings)
        require_semaphores()
        require_database(settings)
        migrate(settings.database)
        _prepare_access(settings)
        for warning in warnings(settings):
            sys.stderr.write(f"warning: {warning}\n")
        supervisor = Supervisor(settings)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, supervisor.request_stop)
        _announce(f"Data in {settings.home}, logs in {settings.logs}.")
        supervisor.run()
    finally:
        lock.release()


def main() -> int:
    """Serve with the settings of the environment."""
    # Files of the service are private to its user; the child processes inherit the mask.
    os.umask(PRIVATE_MASK)
    try:
        with in_one_sentence():
            serve(get_settings())
    except KeyboardInterrupt:
        # Before the handlers were in place: nothing has been started yet.
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
