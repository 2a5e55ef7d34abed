"""What stands after the question mark: a name that nothing reads is a mistake, and is said to be one."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from api.problems import RequestError
from forecast.errors import FieldError


def refuse_unknown_query(request: Request) -> None:
    """Refuse query parameters that the route does not read; addresses of pages may carry anything.

    Raises
    ------
    RequestError
        When there are any.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    known = _known(request.method, route)
    errors = [
        FieldError(f"query.{name[:64]}", "unknown_key", f"unknown parameter; expected {_words(known)}; leave it out")
        for name in dict.fromkeys(request.query_params)
        if name not in known
    ]
    if errors:
        raise RequestError("; ".join(map(str, errors)), errors)


_KNOWN: Final[dict[tuple[str, str], frozenset[str]]] = {}
"""By method and template of the address."""


def _known(method: str, route: APIRoute) -> frozenset[str]:
    key = method, route.path
    if key not in _KNOWN:
        found = get_flat_params(route.dependant)
        _KNOWN[key] = frozenset(field.alias for field in found if isinstance(field.field_info, Query))
    return _KNOWN[key]


def _words(known: frozenset[str]) -> str:
    return f"one of {', '.join(sorted(known))}" if known else "none"
