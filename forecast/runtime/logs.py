"""Structured logs: one JSON object per line, with the job's id where there is one."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

import structlog

from forecast.runtime.redaction import redact_values

MAX_LOG_BYTES: Final = 20_000_000
"""Of a log; one older file is kept beside it."""
LONGEST: Final = (2_000, 20_000)
"""Characters of a value, and of a traceback."""


def configure_logging(process: str, level: str = "INFO", file: Path | None = None) -> None:
    """Send this process's logs, its libraries' included, to standard error or a file as JSON lines.

    Parameters
    ----------
    process
        Name of the process (``api``, ``worker``), part of every line.
    level
        The lowest level that is written.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_process(process),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        handler = RotatingFileHandler(file, maxBytes=MAX_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _redact,
                # JSON escapes line breaks and control characters, so no value can forge a line.
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def get_logger(name: str) -> Any:
    """A logger that takes an event name and named values."""
    return structlog.get_logger(name)


class Tally:
    """An event that clients can cause as often as they like: logged when it first happens, and then counted.

    Parameters
    ----------
    log
        Where it is logged, at most once in `seconds`.
    """

    def __init__(self, log: Any, event: str, seconds: float = 60.0) -> None:
        self._log = log
        self._event = event
        self._seconds = seconds
        self._lock = threading.Lock()
        self._count = 0
        self._logged_at: float | None = None

    def note(self, **detail: Any) -> None:
        """Count the event; a logged line has the `detail` of the event that caused it."""
        now = time.monotonic()
        with self._lock:
            self._count += 1
            if self._logged_at is not None and now - self._logged_at < self._seconds:
                return
            count, self._count, self._logged_at = self._count, 0, now
        self._log.warning(self._event, count=count, **detail)


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return {key: _cut(redact_values(value), LONGEST[key == "exception"]) for key, value in event.items()}


def _cut(value: Any, most: int) -> Any:
    """A text that is no longer than it may be; what is cut is said."""
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}... ({len(value)} characters)"
    if isinstance(value, dict):
        return {key: _cut(item, most) for key, item in value.items()}
    return [_cut(item, most) for item in value] if isinstance(value, list | tuple) else value


def _name_process(process: str) -> Any:
    def add(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event["process"] = process
        return event

    return add
