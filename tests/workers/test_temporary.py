"""A worker leaves no temporary files, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from forecast.runtime.settings import Settings
from tests.waiting import wait_until
from workers.temporary import remove_abandoned

WORKER = """
import os, sys, tempfile, time
from forecast.runtime.settings import get_settings
from workers.temporary import use_own_temporary_directory

print(use_own_temporary_directory(get_settings()), flush=True)
tempfile.mkdtemp(prefix="pymp-")
get_settings.cache_clear()
print(get_settings().redis_client_url, flush=True)
sys.stdin.read()
"""


def start(home: Path) -> tuple[subprocess.Popen[str], Path, str]:
    """A process that works in a directory of its own until its input ends, the directory, and its queue."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        env={**os.environ, "FORECAST_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    queue = process.stdout.readline().strip()
    wait_until(lambda: list(folder.glob("pymp-*")), message="its folder")
    return process, folder, queue


def test_what_a_killed_worker_left_goes_when_the_next_one_starts_and_another_ones_stays(tmp_path: Path) -> None:
    (killed, left, _), (living, own, _) = start(tmp_path), start(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert left.exists(), "no process was there to remove it"
    after, newest, _ = start(tmp_path)
    assert not left.exists()
    assert own.exists()
    assert newest.exists()
    for process in (living, after):
        process.communicate()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_queue_is_found_where_it_is_in_a_home_too_deep_for_a_socket(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 25)
    expected = Settings(home=home).redis_client_url
    assert str(Path(tempfile.gettempdir()) / "scenario-forecast") in expected
    process, folder, queue = start(home)
    process.communicate()
    assert queue == expected
    assert folder.parent == home / "tmp"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "kept").mkdir(parents=True)
    parent = tmp_path / "tmp"
    parent.mkdir()
    (parent / "worker-link").symlink_to(target)
    remove_abandoned(parent)
    assert (target / "kept").exists()
