"""Supervised processes and the lock on a data directory."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.access import Scope, create_key, revoke_key
from forecast.access.exposure import ExposedError, require_keys
from forecast.runtime.settings import Settings
from forecast.store import utc_now
from tests.installation import installation_in
from tests.waiting import wait_until
from workers import processes
from workers.address import CannotServeError, choose_address
from workers.lock import AlreadyServedError, HomeLock
from workers.processes import ManagedProcess

SLEEP = "import time; print('up', flush=True); time.sleep(600)"


def managed(tmp_path: Path, code: str) -> ManagedProcess:
    return ManagedProcess("sleeper", [sys.executable, "-c", code], os.environ, tmp_path / "logs" / "sleeper.log")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text() if Path(f"/proc/{pid}").exists() else True


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    process = managed(tmp_path, SLEEP)
    process.keep_running()
    assert process.process is not None
    first = process.process.pid
    process.process.kill()
    wait_until(lambda: (process.keep_running(), process.is_running and process.restarts == 1)[1], message="a restart")
    assert process.process.pid != first
    process.stop(5)


def test_a_process_that_keeps_dying_is_started_with_growing_pauses(tmp_path: Path) -> None:
    process = managed(tmp_path, "raise SystemExit(1)")
    pauses = []
    for _ in range(3):
        wait_until(lambda: (process.keep_running(), process.process is not None)[1], message="a start")
        assert process.process is not None
        process.process.wait()
        process.keep_running()
        pauses.append(process.next_start - process.started_at)
    assert pauses[0] < pauses[1] < pauses[2]


def test_stopping_ends_the_children_of_a_process_too(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    process = managed(tmp_path, code)
    process.keep_running()
    text = wait_until(lambda: process.log_file.read_text().split(), message="the child's id")
    grandchild = int(text[0])
    process.stop(5)
    assert not process.is_running
    wait_until(lambda: not is_alive(grandchild), message="the grandchild to be gone")


def test_a_process_that_ignores_its_end_is_killed(tmp_path: Path) -> None:
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
    process = managed(tmp_path, code)
    process.keep_running()
    wait_until(lambda: "up" in process.log_file.read_text(), message="the process to be up")
    process.stop(0.2)
    assert not process.is_running


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel ends children with their parent")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from workers.processes import ManagedProcess\n"
        f"process = ManagedProcess('sleeper', [sys.executable, '-c', {SLEEP!r}], os.environ, Path({str(tmp_path)!r}) / 'log')\n"
        "process.keep_running()\n"
        "print('child', process.process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    child = next(int(line.split()[1]) for line in supervisor.stdout if line.startswith("child "))
    assert is_alive(child)
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    wait_until(lambda: not is_alive(child), message="the child to be gone")


def test_one_directory_has_one_lock(tmp_path: Path) -> None:
    first, second = HomeLock(tmp_path / "serve.lock"), HomeLock(tmp_path / "serve.lock")
    first.acquire("http://127.0.0.1:8000")
    with pytest.raises(AlreadyServedError, match=rf"process {os.getpid()} at http://127.0.0.1:8000"):
        second.acquire("http://127.0.0.1:8001")
    first.release()
    second.acquire("http://127.0.0.1:8001")
    second.release()


def test_a_lock_file_left_by_a_power_cut_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "serve.lock").write_text('{"pid": 1, "address": "http://127.0.0.1:8000"}')
    lock = HomeLock(tmp_path / "serve.lock")
    lock.acquire("http://127.0.0.1:8001")
    lock.release()


def test_port_zero_becomes_a_free_port() -> None:
    assert choose_address(Settings(port=0)).port > 0


def test_a_taken_port_is_said_to_be_taken() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CannotServeError, match="taken by another program, expected a free one; choose another"):
            choose_address(Settings(port=taken.getsockname()[1]))


def test_an_address_that_others_can_reach_needs_a_key_for_them(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home", host="0.0.0.0", port=0) as installation:
        # The key of this machine does not open it to others.
        assert installation.key
        with pytest.raises(ExposedError, match="no key to use from there; make one with `forecast key"):
            require_keys(installation.database, installation.settings, utc_now())
        with installation.database.write() as session:
            made = create_key(session, "default", "desk", [Scope.READ], utc_now())
        require_keys(installation.database, installation.settings, utc_now())
        with installation.database.write() as session:
            revoke_key(session, made.row.id, utc_now())
        with pytest.raises(ExposedError):
            require_keys(installation.database, installation.settings, utc_now())


def test_a_log_stays_small_while_its_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MAX_LOG_BYTES", 20_000)
    monkeypatch.setattr(processes, "LOG_SECONDS", 0.0)
    writing = "import itertools\nfor n in itertools.count(): print(f'line {n} ' + 'x' * 1000, flush=True)"
    process = managed(tmp_path, writing)
    try:
        process.keep_running()
        sizes = []

        def is_emptied_often() -> bool:
            process.keep_running()
            sizes.append(process.log_file.stat().st_size)
            return sum(later < earlier for earlier, later in itertools.pairwise(sizes)) >= 3

        wait_until(is_emptied_often, 60, "the log to be emptied three times")
    finally:
        process.stop(0.1)
    assert process.log_file.with_suffix(".log.1").exists()
    process.log_file.write_text("short")
    processes.keep_small(process.log_file)
    assert process.log_file.read_text() == "short"
