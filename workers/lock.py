"""One supervisor per data directory: a lock that the kernel gives back however its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any, ClassVar

from forecast.errors import ForecastError
from forecast.runtime.private_files import make_private_file, make_private_folder


class AlreadyServedError(ForecastError, RuntimeError):
    """Another supervisor serves this directory."""

    code: ClassVar[str] = "already_served"


class HomeLock:
    """The lock of one data directory, held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: IO[str] | None = None

    def acquire(self, address: str) -> None:
        """Take the lock and write down who has it.

        Raises
        ------
        AlreadyServedError
            When it is taken; the text names the holder's process and address.
        """
        make_private_folder(self._path.parent)
        make_private_file(self._path)
        stream = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = _read_holder(stream.read())
            stream.close()
            raise AlreadyServedError(
                f"{self._path.parent} is already served by process {holder.get('pid', 'unknown')} at "
                f"{holder.get('address', 'an unknown address')}; use that one, stop it, or set another FORECAST_HOME"
            ) from None
        self._stream = stream
        self.describe(address)

    def describe(self, address: str) -> None:
        """Write down who holds the lock and where it serves."""
        assert self._stream is not None
        self._stream.seek(0)
        self._stream.truncate()
        json.dump({"pid": os.getpid(), "address": address}, self._stream)
        self._stream.flush()

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two hold locks on two files of one name."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _read_holder(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
