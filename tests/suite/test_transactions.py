"""A test in which something slow is done inside a write transaction fails, even where the failure is caught."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = 'pytest_plugins = ("tests.suite.transactions",)\n'
PLANTED = """
from forecast.store.database import WRITE_BEGINS, WRITE_ENDS
import contextlib, sys
from planted import reads

def test_before():
    reads()

def test_inside():
    sys.audit(WRITE_BEGINS)
    with contextlib.suppress(AssertionError):
        reads()
    sys.audit(WRITE_ENDS)

def test_after():
    sys.audit(WRITE_BEGINS)
    sys.audit(WRITE_ENDS)
    reads()
"""
READS = """
from forecast.study.reading.plain_data import read_json

def reads():
    return read_json(b"{}")
"""


def test_what_reads_inside_a_write_transaction_fails_its_test(tmp_path: Path) -> None:
    for name, text in {"conftest.py": CONFTEST, "test_planted.py": PLANTED, "planted.py": READS}.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "."],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{tmp_path}", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 2 passed" in done.stdout, done.stdout
    assert "FAILED test_planted.py::test_inside" in done.stdout
    assert "text: read inside a write transaction" in done.stdout
