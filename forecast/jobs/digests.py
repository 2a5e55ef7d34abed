"""Requests by which they are recognised when they are repeated."""

from __future__ import annotations

import hashlib
import json


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_request(request: object) -> str:
    """SHA-256 of a request body, by which a repeated request is recognised."""
    return hashlib.sha256(canonical_json(request).encode()).hexdigest()
