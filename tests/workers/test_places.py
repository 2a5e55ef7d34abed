"""Calls under way have places by workspace."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from workers.places import Places


def test_each_workspace_has_so_many_places_and_gets_them_back() -> None:
    places = Places(2)
    with ExitStack() as calls:
        assert [calls.enter_context(places.taken("desk")) for _ in range(3)] == [True, True, False]
        assert calls.enter_context(places.taken("other"))
    with places.taken("desk") as is_free:
        assert is_free


def test_a_call_that_fails_gives_its_place_back() -> None:
    places = Places(1)
    with pytest.raises(RuntimeError), places.taken("desk"):
        raise RuntimeError
    with places.taken("desk") as is_free:
        assert is_free
