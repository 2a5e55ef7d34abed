"""Records when keys were last used, outside the request, so that reading requests never wait for a write.

One thread writes for all requests, with a connection of its own when it needs one. While it cannot write it keeps the
latest use of each key.
"""

from __future__ import annotations

import contextlib
import threading
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from forecast.runtime.logs import get_logger
from forecast.store import Database, KeyRepository

PAUSE_SECONDS: Final = 1.0
"""Pause between two attempts to write."""

log = get_logger(__name__)


class KeyUses:
    """Uses of keys that wait to be written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, key_id: str, now: datetime) -> None:
        """Queue a use for writing; returns at once."""
        with self._lock:
            self._waiting[key_id] = now
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="key-uses", daemon=True)
                self._thread.start()
        self._some.set()

    def is_waiting(self, key_id: str) -> bool:
        """Whether a use of a key is noted and not yet written."""
        return key_id in self._waiting

    def close(self) -> None:
        """Stop; unwritten uses are dropped."""
        self._ended.set()
        self._some.set()
        if self._thread is not None:
            self._thread.join(timeout=PAUSE_SECONDS)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._some.wait()
            self._some.clear()
            while self._waiting and not self._ended.is_set():
                with contextlib.suppress(SQLAlchemyError):
                    self._write()
                # Many at once cost one transaction.
                self._ended.wait(PAUSE_SECONDS)

    def _write(self) -> None:
        with self._lock:
            uses = dict(self._waiting)
        try:
            with self._database.write() as session:
                for key_id, at in uses.items():
                    KeyRepository(session).note_use(key_id, at)
        except SQLAlchemyError as error:
            log.warning("uses_not_noted", keys=len(uses), error=str(error))
            raise
        with self._lock:
            self._waiting = {key: at for key, at in self._waiting.items() if uses.get(key) != at}
