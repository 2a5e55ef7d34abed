"""New secrets for webhooks: for a while messages are signed with the old one as well, so that receivers can change over.

This follows the Standard Webhooks specification. The signature header holds one signature for each secret, separated by
spaces; a receiver accepts a message when one of them is right.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from forecast.errors import FieldError
from forecast.jobs.errors import SubscriptionError
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.store.tables.alerts import SubscriptionRow

DEFAULT_HOURS: Final = 24.0
MAX_HOURS: Final = 720.0
MOST_OLD: Final = 4
"""Secrets that sign beside the one in use, at most: each makes the header longer."""

log = get_logger(__name__)


def rotate_secret(row: SubscriptionRow, settings: Settings, now: datetime, hours: float = DEFAULT_HOURS) -> str:
    """Give a subscription a new secret; the old one signs as well for so many hours.

    Raises
    ------
    SubscriptionError
        When nothing is signed, because there is no address.
    """
    # A quarter of a second that only this needs.
    from forecast.access.sealing import SecretBox
    from forecast.outgoing import new_secret

    if row.url is None or row.secret is None:
        message = "there is no address, so nothing is signed; expected a subscription with one; give it a `url` first"
        raise SubscriptionError([FieldError("url", "missing", message)])
    secret = new_secret()
    old = {"secret": row.secret, "until": (now + timedelta(hours=hours)).isoformat()}
    row.old_secrets = [old, *_current(row, now)][:MOST_OLD] if hours else _current(row, now)[:MOST_OLD]
    row.secret, row.updated_at = SecretBox.of(settings).seal(secret), now
    return secret


def old_secrets_of(row: SubscriptionRow, settings: Settings, now: datetime) -> tuple[str, ...]:
    """Old secrets that also sign a subscription's messages now; one that no key opens is left out and logged."""
    current = _current(row, now)
    if not current:
        return ()
    from forecast.access.sealing import SecretBox, SecretsError

    box, found = SecretBox.of(settings), []
    for old in current:
        try:
            found.append(box.open(old["secret"]))
        except SecretsError as error:
            log.error("old_secret_not_opened", subscription=row.id, error=str(error))
    return tuple(found)


def old_secrets_until(row: SubscriptionRow, now: datetime) -> datetime | None:
    """Up to when messages carry more than one signature; None when they carry one."""
    return max((datetime.fromisoformat(old["until"]) for old in _current(row, now)), default=None)


def _current(row: SubscriptionRow, now: datetime) -> list[dict[str, str]]:
    return [old for old in row.old_secrets or () if datetime.fromisoformat(old["until"]) > now]
