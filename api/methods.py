"""Which methods an address takes: all of them together, as RFC 9110 wants the Allow header (section 15.5.6).

The framework stops at the first route whose path fits, and names the methods of that one alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute


def routes_within(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """Routes of ours, those within included routers too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from routes_within(router.routes)


def methods_of(app: FastAPI, path: str) -> str:
    """The methods that a path takes, as an Allow header."""
    found: set[str] = set()
    for route in routes_within(app.routes):
        if route.path_regex.match(path):
            found |= route.methods or set()
    return ", ".join(sorted(found))
