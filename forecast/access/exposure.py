"""Whether an address may be listened on: one that other machines can reach needs keys to authenticate callers."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from forecast.access.keys import list_keys, principal_of
from forecast.access.local_key import NAME
from forecast.errors import ForecastError
from forecast.runtime.settings import Settings
from forecast.store import Database


class ExposedError(ForecastError, RuntimeError):
    """The service would be open to other machines, and there is no key for them."""

    code: ClassVar[str] = "exposed"


def require_keys(database: Database, settings: Settings, now: datetime) -> None:
    """Make sure that a service that other machines can reach has keys to give out.

    Raises
    ------
    ExposedError
        When it would be reachable, and has none but that of its own machine.
    """
    if settings.is_loopback:
        return
    with database.read() as session:
        keys = list_keys(session)
    if not any(row.name != NAME and principal_of(row, now) is not None for row in keys):
        raise ExposedError(
            f"{settings.host} can be reached from other machines, and there is no key to use from there; make "
            "one with `forecast key create --name NAME --scope read`, or listen on 127.0.0.1"
        )
