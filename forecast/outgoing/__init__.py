"""Requests to addresses that users name: where they may go, and how much may come back."""

from __future__ import annotations

from forecast.outgoing.fetch import Fetched, FetchFailedError, FetchLimits, fetch
from forecast.outgoing.guard import AddressRefusedError, AddressRules, Target, check_address, check_name
from forecast.outgoing.local import read_file
from forecast.outgoing.post import Posted, post
from forecast.outgoing.signature import new_secret, signature_headers

__all__ = [
    "AddressRefusedError",
    "AddressRules",
    "FetchFailedError",
    "FetchLimits",
    "Fetched",
    "Posted",
    "Target",
    "check_address",
    "check_name",
    "fetch",
    "new_secret",
    "post",
    "read_file",
    "signature_headers",
]
