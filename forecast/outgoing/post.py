"""Sending one message to a webhook: any status from 200 to 299 accepts it, and the answer's body is not read."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from forecast.outgoing.guard import AddressRefusedError, AddressRules, Resolve, check_address, resolve
from forecast.outgoing.request import opened


@dataclass(frozen=True)
class Posted:
    """The result of one attempt."""

    seconds: float
    status: int | None
    """None when nothing was answered."""
    error: str | None
    """None when it was accepted."""
    is_silent: bool = False
    """Whether the receiver was asked and did not answer."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    rules: AddressRules,
    seconds: float,
    *,
    resolve: Resolve = resolve,
) -> Posted:
    """Send a message once; never raises for what the receiver, the network or the address does."""
    began = time.monotonic()
    late = threading.Event()
    status, is_silent = None, False
    try:
        target = check_address(url, rules, resolve)
        with opened("POST", target, headers, seconds, late, body) as response:
            status = response.status_code
        error = None if 200 <= status < 300 else f"{target.host} answered {status}, expected 200 to 299"
    except AddressRefusedError as refused:
        error = str(refused)
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as failed:
        is_silent = True
        if late.is_set() or isinstance(failed, httpx2.TimeoutException):
            error = f"no answer within {seconds:g} s"
        else:
            error = f"cannot be reached: {str(failed) or type(failed).__name__}"
    return Posted(time.monotonic() - began, status, error, is_silent)
