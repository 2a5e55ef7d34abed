"""A PostgreSQL server of the tests' own, and a fresh database on it on request."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from forecast.store import migrate
from tests.programs import find_program

USER = "forecast"
PORT = 5432
TEMPLATE = "migrated"


class PostgresServer:
    """A server that listens on a socket alone; what it holds may be lost with the machine, so it need not flush."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self.environment: Mapping[str, str] = {}
        """Of the server, beside that of the tests."""

    def create(self) -> None:
        """Make its files. PostgreSQL does not run as root; then it runs as the user that its package made."""
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.folder.chmod(0o755)
        command = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(
            [*self._as_owner(), str(self._programs / "initdb"), *command, str(self.data)],
            check=True,
            capture_output=True,
            cwd=self.folder,
        )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @staticmethod
    def _as_owner() -> list[str]:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []

    def start(self, **settings: str) -> None:
        """Run it until it answers."""
        chosen = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "port": str(PORT),
            "fsync": "off",
            "max_connections": "200",
            **settings,
        }
        options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        # Of the server alone: a command that runs as another user on the way to it has none of it.
        environment = ["env", *(f"{name}={value}" for name, value in self.environment.items())]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_owner(), *environment, str(self._programs / "postgres"), "-D", str(self.data), *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        for _ in range(300):
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    break
                subprocess.run(["sleep", "0.1"], check=True)
            else:
                return
        raise AssertionError(f"PostgreSQL does not answer:\n{(self.folder / 'log').read_text()[-2000:]}")

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it: in order, as containers and packages do, or as a power cut would."""
        assert self._process is not None
        if at_once:
            self._process.kill()
        else:
            # SIGTERM would wait until every client has gone by itself, and a service holds its connections.
            self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=30)
        self._process = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(
            host=str(self.folder), port=PORT, user=USER, dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={PORT}"

    def new_database(self, template: str | None = None) -> str:
        """The URL of an empty database, or of a copy of one."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return self.url(name)

    def migrated_database(self) -> str:
        """The URL of a new database with this version's schema."""
        if not (self.folder / TEMPLATE).exists():
            self.execute(f"CREATE DATABASE {TEMPLATE}")
            migrate(self.url(TEMPLATE))
            (self.folder / TEMPLATE).touch()
        return self.new_database(TEMPLATE)


@contextmanager
def postgres_server(**settings: Any) -> Iterator[PostgresServer]:
    """A running server, gone at the end."""
    programs = find_program("postgresql")
    # Short, for the socket's path.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = PostgresServer(programs, folder)
    try:
        server.create()
        server.start(**settings)
        yield server
    finally:
        if server.is_running:
            server.stop(at_once=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """The server that all tests of a run share."""
    with postgres_server() as server:
        yield server
