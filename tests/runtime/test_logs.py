"""What is written to logs stays small, whatever causes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from forecast.runtime import logs
from forecast.runtime.logs import Tally, configure_logging, get_logger


class Told:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def warning(self, event: str, **detail: Any) -> None:
        self.events.append({"event": event, **detail})


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging("test", file=tmp_path / "log")
    yield tmp_path / "log"
    for handler in logging.getLogger().handlers:
        handler.close()
    logging.getLogger().handlers[:], level = before
    logging.getLogger().setLevel(level)


def test_what_others_can_cause_is_told_once_and_then_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    told = Told()
    tally = Tally(told, "refused", seconds=60.0)
    for number in range(1000):
        tally.note(path=f"/{number}")
    now[0] += 61
    tally.note(path="/last")
    assert told.events == [
        {"event": "refused", "count": 1, "path": "/0"},
        {"event": "refused", "count": 1000, "path": "/last"},
    ]


def test_a_long_value_is_cut_and_says_so(file: Path) -> None:
    get_logger("test").warning("said", path="/" + "a" * 60_000, inner={"names": ["b" * 60_000]})
    line = file.read_text()
    assert len(line) < 6_000
    assert json.loads(line)["path"].endswith("... (60001 characters)")


def test_a_log_file_is_kept_small_with_the_one_before_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = next(each for each in logging.getLogger().handlers if isinstance(each, RotatingFileHandler))
    monkeypatch.setattr(handler, "maxBytes", 10_000)
    for _ in range(100):
        get_logger("test").warning("said", text="a" * 1000)
    assert sorted(each.name for each in file.parent.iterdir()) == ["log", "log.1"]
    assert all(each.stat().st_size <= 10_000 for each in file.parent.iterdir())
