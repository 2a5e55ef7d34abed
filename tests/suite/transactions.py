"""Nothing that may take long is done inside a write transaction, in which all other writers wait.

What may take long (reading a document or its rows, looking for a name that was meant) and every write transaction raise
audit events; whatever comes inside of one fails its test, even where the failure is caught.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

from forecast.store import database
from forecast.store.database import WRITE_BEGINS, WRITE_ENDS
from forecast.study.reading import problems
from forecast.study.reading.problems import READS

STUDY: Final = Path(problems.__file__).parents[1]
PASSED_THROUGH: Final = frozenset({Path(contextlib.__file__), Path(database.__file__)})
TESTS: Final = Path(__file__).resolve().parents[1]


class SlowInTransactionError(AssertionError):
    """Something slow was done while others wait."""


class _Thread(threading.local):
    def __init__(self) -> None:
        self.is_ours: list[bool] = []
        """Of each write transaction of this thread that is open: whether the service began it, and not a test."""


_here = _Thread()
_found: list[str] = []


def _began_in_a_test() -> bool:
    """Whether a test itself has the transaction: it may read what it stores in it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and Path(frame.f_code.co_filename) in PASSED_THROUGH:
        frame = frame.f_back
    return frame is not None and _is_test(frame)


def _is_asked_by_a_test() -> bool:
    """Whether a test itself reads, for what it does next."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and Path(frame.f_code.co_filename).is_relative_to(STUDY):
        frame = frame.f_back
    return frame is not None and _is_test(frame)


def _is_test(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(TESTS)


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == WRITE_BEGINS:
        _here.is_ours.append(not _began_in_a_test())
    elif event == WRITE_ENDS:
        _here.is_ours.pop()
    elif event == READS and any(_here.is_ours) and not sys.is_finalizing() and not _is_asked_by_a_test():
        where = "".join(traceback.format_stack(limit=12)[:-1])
        said = f"{arguments[0]}: read inside a write transaction; expected before it or after it\n{where}"
        _found.append(said)
        raise SlowInTransactionError(said)


def pytest_configure(config: pytest.Config) -> None:
    if not getattr(sys, "_forecast_listens", False):
        # A hook cannot be taken away again.
        sys.addaudithook(_listen)
        sys._forecast_listens = True  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    _found.clear()
    yield
    if _found:
        raise SlowInTransactionError("\n".join(_found))
