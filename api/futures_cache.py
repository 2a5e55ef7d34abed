"""Cache of simulated futures: those of recently queried forecasts stay open in memory.

A file is identified by its SHA-256, checked when it is opened, and never changes. So entries never become stale, and
forecasts with the same draws share one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from forecast.store import ArtifactStore, StoredFile

if TYPE_CHECKING:
    from forecast.futures.query import QueryAnswer, QueryRequest
    from forecast.futures.stored import StoredFutures

MAX_KEPT: Final = 4
MAX_KEPT_BYTES: Final = 1 << 27
"""Of the files behind what is kept: a file holds its arrays as they are in memory, and more."""


@dataclass
class _Kept:
    """One opened file, or one that is being opened."""

    size_bytes: int
    opening: threading.Lock = field(default_factory=threading.Lock)
    futures: StoredFutures | None = None


class FuturesCache:
    """Answers queries over stored futures, from any thread."""

    def __init__(
        self,
        artifacts: ArtifactStore,
        max_kept: int = MAX_KEPT,
        max_kept_bytes: int = MAX_KEPT_BYTES,
    ) -> None:
        self._artifacts = artifacts
        self._max_kept = max_kept
        self._max_kept_bytes = max_kept_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, file: StoredFile, request: QueryRequest) -> QueryAnswer:
        """The answer to a query over the futures in a stored file.

        Raises
        ------
        ResultCorruptError
            When the file is not what was stored.
        ForecastError
            When the query cannot be answered; see `forecast.futures.query.answer_query`.
        """
        from forecast.futures.query import answer_query
        from forecast.futures.stored import open_futures

        kept = self._keep(file)
        with kept.opening:
            if kept.futures is None:
                kept.futures = open_futures(self._artifacts.verified_path(file))
        return answer_query(kept.futures, request)

    def clear(self) -> None:
        """Empty the cache."""
        with self._lock:
            self._kept.clear()

    @property
    def kept(self) -> tuple[str, ...]:
        """Hashes of the cached files, the most recently used last."""
        with self._lock:
            return tuple(self._kept)

    def _keep(self, file: StoredFile) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(file.sha256, _Kept(file.size_bytes))
            self._kept.move_to_end(file.sha256)
            while len(self._kept) > 1 and (
                len(self._kept) > self._max_kept
                or sum(each.size_bytes for each in self._kept.values()) > self._max_kept_bytes
            ):
                self._kept.popitem(last=False)
            return kept
