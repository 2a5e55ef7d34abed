"""Tests of a group run in one process, and so do tests of a file, however many processes share them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from tests.suite.groups import OneProcessPerGroup, put_in_order, put_into_groups, tell_groups

def pytest_xdist_make_scheduler(config, log):
    return OneProcessPerGroup(config, log)

def pytest_collection_modifyitems(items):
    put_into_groups(items)
    put_in_order(items, is_parallel=True)
    tell_groups(items)
"""
TEST = """
import os, pytest, time

@pytest.fixture(scope="session")
def stack():
    pass

@pytest.mark.parametrize("n", range(4))
def test_shared(stack, n):
    time.sleep(0.05)
    print("shared", os.environ["PYTEST_XDIST_WORKER"])

@pytest.mark.parametrize("n", range(4))
def test_own(n):
    time.sleep(0.05)
    print("FILE", os.environ["PYTEST_XDIST_WORKER"])
"""


def test_one_process_has_all_of_a_group_and_one_all_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    names = ("one", "two", "three")
    for name in names:
        (tmp_path / f"test_{name}.py").write_text(TEST.replace("FILE", name))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "xdist",
        "-rP",
        "-n",
        "3",
        "--dist=loadgroup",
        "--no-loadscope-reorder",
        ".",
    ]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(tmp_path),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "24 passed" in done.stdout, done.stdout + done.stderr
    ran = re.findall(r"(?m)^(shared|one|two|three) (gw\d)$", done.stdout)
    assert len(ran) == 24
    for name in ("shared", *names):
        assert len({worker for group, worker in ran if group == name}) == 1, ran
    assert len({worker for _, worker in ran}) > 1, "nothing was shared out"
