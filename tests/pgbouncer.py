"""PgBouncer before a server: each transaction gets whichever session is free."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from tests.postgresql import USER, PostgresServer, psycopg
from tests.programs import find_program
from tests.waiting import wait_until

PORT = 6432
SESSIONS = 6
"""Of a database; fewer than the threads of one process, so that they change hands all the time."""

CONFIGURATION = """\
[databases]
* = host={folder} port=5432 user={user}

[pgbouncer]
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 2000
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


@contextmanager
def pgbouncer(server: PostgresServer, sessions: int = SESSIONS) -> Iterator[None]:
    """Run it beside a server, in the folder of its socket."""
    program = find_program("pgbouncer")
    file = server.folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(folder=server.folder, user=USER, sessions=sessions, port=PORT))
    file.chmod(0o644)
    # It does not run as root either.
    owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [*owner, str(program), str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=server.folder
    )
    try:
        wait_until(lambda: _answers(server), 30, "PgBouncer to answer")
        yield
    finally:
        process.kill()
        process.wait(timeout=30)


def through_pgbouncer(url: str) -> str:
    """The URL of a database of the server, through PgBouncer."""
    return str(make_url(url).update_query_dict({"port": str(PORT)}).render_as_string(hide_password=False))


def _answers(server: PostgresServer) -> bool:
    try:
        with psycopg.connect(
            host=str(server.folder), port=PORT, user=USER, dbname="postgres", autocommit=True
        ) as there:
            there.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
