"""Requests to addresses that users name: where they may go, and how much may come back."""

from __future__ import annotations

from forecast.outgoing.fetch import Fetched, FetchFailedError, FetchLimits, fetch
from forecast.outgoing.guard import AddressRefusedError, AddressRules, Target, check_address
from forecast.outgoing.local import read_file

__all__ = [
    "AddressRefusedError",
    "AddressRules",
    "FetchFailedError",
    "FetchLimits",
    "Fetched",
    "Target",
    "check_address",
    "fetch",
    "read_file",
]
