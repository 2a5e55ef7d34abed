"""How much a test computes: enough to fail when something is wrong, or as much as a release deserves.

``FULL_SIZE=1`` in the environment asks for the latter, and `make soak` does. What a test asserts does not depend on it:
tolerances come from the Monte Carlo errors of the draws that there are.
"""

from __future__ import annotations

import os
from typing import Final

FULL_SIZE: Final = bool(os.environ.get("FULL_SIZE"))


def sized[T](full: T, ordinary: T) -> T:
    """What is used at full size, or in an ordinary run."""
    return full if FULL_SIZE else ordinary
