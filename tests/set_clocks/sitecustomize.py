"""Loaded by every Python process of a service whose clocks a test sets: its clock gets a file of its own, by its role.

libfaketime sets the wall clock alone, but takes what it adds off the absolute times of `clock_nanosleep` as well, those of
the monotonic clock included (0.9.10): `time.sleep` then fails, and sleeps otherwise here.
"""

import os
import select
import sys
import time

ROLES = ("api", "workers.dispatcher", "workers.worker", "workers.caller", "workers.illustrator", "workers.beat")
FILE = "FAKETIME_TIMESTAMP_FILE"


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep

_role = next((word.rpartition(".")[2] for word in sys.orig_argv[1:] if word in ROLES), None)
_folder, _, _name = os.environ.get(FILE, "").rpartition("/")
if _role is not None and _name != _role:
    # The library has read its environment already.
    os.environ[FILE] = f"{_folder}/{_role}"
    # A lock that the library shares with its children: a process that is killed with it would block the others.
    os.environ.pop("FAKETIME_SHARED", None)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
