"""What tests have done at desks."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import NoReturn

from forecast.errors import FieldError, StudyError
from forecast.futures.query import InsufficientDrawsError


def loaded(names: list[str]) -> list[str]:
    return [name for name in names if name in sys.modules]


def double(number: int) -> int:
    return 2 * number


def refuse() -> NoReturn:
    raise StudyError([FieldError("outcomes", "bad", "wrong; expected right; correct it")])


def too_few() -> NoReturn:
    raise InsufficientDrawsError(1.0, 1, 2)


def divide_by_zero() -> float:
    return 1 / 0


def spin() -> NoReturn:
    while True:
        # What swallows everything does not swallow this.
        with contextlib.suppress(Exception):
            sum(range(1000))


def hoard() -> int:
    held = []
    while True:
        held.append(bytearray(1_000_000))


def wait_for_end() -> None:
    time.sleep(600)
