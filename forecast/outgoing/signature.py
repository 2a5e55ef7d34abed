"""Signatures of what is sent to webhooks, as the Standard Webhooks specification has them (version 1, HMAC-SHA256).

The receiver recomputes the signature from the id, the timestamp and the exact bytes of the body, and compares in
constant time. It refuses messages older than a few minutes, and remembers the ids that it has seen.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A secret for one subscription."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_headers(
    secret: str, message_id: str, at: datetime, body: bytes, old_secrets: Iterable[str] = ()
) -> dict[str, str]:
    """The headers that a message is sent with.

    Parameters
    ----------
    secret
        As `new_secret` makes it.
    message_id
        The same for every attempt to send one message.
    at
        When this attempt is made.
    old_secrets
        Those that receivers may still verify with: a signature by each follows, after a space.
    """
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(each, signed) for each in (secret, *old_secrets)),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"
