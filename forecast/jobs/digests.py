"""Digests by which repeated requests are recognised."""

from __future__ import annotations

import hashlib

from forecast.study.document.canonical import canonical_json


def hash_request(request: object) -> str:
    """SHA-256 of a request body, by which a repeated request is recognised."""
    return hashlib.sha256(canonical_json(request).encode()).hexdigest()
