"""Requests to addresses that users name: where they may go, and how much may come back."""

from __future__ import annotations

from forecast.outgoing.fetch import Fetched, FetchLimits, fetch
from forecast.outgoing.guard import AddressRefusedError, AddressRules, Target, check_address

__all__ = ["AddressRefusedError", "AddressRules", "FetchLimits", "Fetched", "Target", "check_address", "fetch"]
