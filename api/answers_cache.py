"""Cache of recently read answers as the bytes that are sent; stored answers never change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MAX_KEPT_BYTES: Final = 1 << 23


class AnswersCache:
    """A thread-safe cache of bytes by key that keeps the most recently used."""

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: tuple[str, ...]) -> bytes | None:
        """The bytes of a key; None where they are not kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        return found

    def get(self, key: tuple[str, ...], read: Callable[[], bytes]) -> bytes:
        """The bytes of a key, read where they are not kept; what is larger than a quarter of the room is not kept."""
        if (found := self.find(key)) is not None:
            return found
        content = read()
        if len(content) > self._max_bytes // 4:
            return content
        with self._lock:
            self._bytes += len(content) - len(self._kept.pop(key, b""))
            self._kept[key] = content
            while self._bytes > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped)
        return content
