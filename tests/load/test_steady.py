"""The load driver: what it calls growth, and half a minute of it on a running service."""

from __future__ import annotations

import os

import pytest

from tests.load.processes import ProcessSample
from tests.load.report import Load, QueueSample
from tests.load.steady import run_load

MINUTES = float(os.environ.get("LOAD_MINUTES", "0.4"))
LONG = 20.0
"""Minutes after which memory has settled."""


def judged(megabytes: tuple[float, float] = (100, 100), files: tuple[int, int] = (9, 9), queued: int = 1) -> Load:
    """A minute's run whose second half differs from its first."""
    load = Load(1.0, 1.0, 50.0, ended={"succeeded": 60})
    moments = range(0, 60, 5)
    processes = [
        ProcessSample(float(at), 7, "worker", int(1e6 * megabytes[at >= 30]), files[at >= 30], 3, 0.1 * at)
        for at in moments
    ]
    queue = [QueueSample(float(at), queued if at >= 30 else 1, 2, 0, 3) for at in moments]
    load.judge(queue, processes, 0.0, 60.0)
    return load


def test_what_stays_is_clean() -> None:
    assert judged((100, 109), (9, 12), 11).is_clean


@pytest.mark.parametrize(
    ("grown", "said"),
    [
        (judged(megabytes=(100, 111)), "memory of worker 7: +11.0%"),
        (judged(files=(9, 13)), "open files of worker 7: 9 to 13"),
        (judged(queued=12), "queue: 1.0 to 12.0"),
    ],
    ids=["memory", "files", "queue"],
)
def test_what_grows_is_named(grown: Load, said: str) -> None:
    assert not grown.is_clean
    assert grown.growing == [said]


def test_a_log_beyond_its_size_is_named() -> None:
    load = Load(1.0, 1.0, 50.0, ended={"succeeded": 60}, log_megabytes={"api.log": 41.0, "worker.log": 39.0})
    moments = range(0, 60, 5)
    processes = [ProcessSample(float(at), 7, "worker", 10**8, 9, 3, 0.1 * at) for at in moments]
    load.judge([QueueSample(float(at), 1, 2, 0, 3) for at in moments], processes, 0.0, 60.0)
    assert load.growing == ["log api.log: 41 MB"]


def test_a_process_that_was_replaced_is_named() -> None:
    load = Load(1.0, 1.0, 50.0, ended={"succeeded": 60})
    moments = range(0, 60, 5)
    processes = [ProcessSample(float(at), 7 if at < 30 else 8, "child", 10**8, 9, 3, 0.0) for at in moments]
    load.judge([QueueSample(float(at), 1, 2, 0, 3) for at in moments], processes, 0.0, 60.0)
    assert load.replaced == ["child 7", "child 8"]
    assert not load.is_clean


@pytest.mark.stack
@pytest.mark.soak
@pytest.mark.timeout(600 + 60 * MINUTES)
def test_a_service_under_a_light_load_refuses_and_loses_nothing() -> None:
    """Half a minute is too short to say that nothing grows; half an hour is not."""
    load = run_load(minutes=MINUTES, warm_up_minutes=MINUTES / 4, jobs=0.3, reads=10.0)
    assert not load.refused
    assert not load.failed_reads
    assert load.ended == {"succeeded": load.submitted}
    assert load.submitted >= 8
    assert load.reads >= 200
    assert load.noise >= 100
    assert load.is_clean or MINUTES < LONG, load
