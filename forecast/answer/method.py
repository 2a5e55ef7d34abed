"""The number of the method: forecasts of one number are made alike and can be compared, updated and explained."""

from __future__ import annotations

from typing import Final

METHOD_VERSION: Final = "9"
"""Another one whenever the numbers of the same document and seed change; tests/contract/method keeps those of this one."""
