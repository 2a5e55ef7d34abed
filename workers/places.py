"""How many calls are under way for each workspace; a workspace with a thousand calls leaves room for others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    """Places that workspaces have in this process.

    Parameters
    ----------
    most
        Of one workspace.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, workspace: str) -> Iterator[bool]:
        """Whether there is a place; it is given back at the end."""
        with self._lock:
            is_free = self._taken[workspace] < self._most
            self._taken[workspace] += is_free
        try:
            yield is_free
        finally:
            with self._lock:
                self._taken[workspace] -= is_free
                # What is empty is forgotten, so that this does not grow with every workspace that there ever was.
                self._taken += Counter()
