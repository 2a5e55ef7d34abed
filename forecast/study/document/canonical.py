"""The one spelling of plain data as JSON, on which digests hang."""

from __future__ import annotations

import json


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no spaces and no NaN; equal data gives equal text.

    Raises
    ------
    ValueError
        When a number is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
