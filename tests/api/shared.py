"""An installation and its client that the tests of a module share: those that are refused, or only look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.installation import Installation, installation_in


@dataclass
class Shared:
    """Tests that use it rely on nothing that another test may have stored, and compare before with after."""

    installation: Installation
    client: TestClient
    _made: dict[Callable[[Installation], Any], Any] = field(default_factory=dict)

    def once[T](self, make: Callable[[Installation], T]) -> T:
        """What was made for the first test that asked for it."""
        if make not in self._made:
            self._made[make] = make(self.installation)
        found: T = self._made[make]
        return found


@contextmanager
def client_of(installation: Installation) -> Iterator[TestClient]:
    """A client of an application over an installation; there is no Redis, and no worker."""
    headers = {"Authorization": f"Bearer {installation.key}"}
    with TestClient(create_app(installation.settings), base_url="http://127.0.0.1", headers=headers) as made:
        yield made


@contextmanager
def sharing(folders: pytest.TempPathFactory, **settings: Any) -> Iterator[Callable[[str], Shared]]:
    """What to share in each kind of database, made for the first test that asks; that test's database is the one."""
    with ExitStack() as stack:

        @cache
        def made(kind: str) -> Shared:
            installation = stack.enter_context(installation_in(folders.mktemp(kind) / "home", **settings))
            return Shared(installation, stack.enter_context(client_of(installation)))

        yield made
