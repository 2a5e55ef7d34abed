"""Secrets at rest: sealed with a key that is not in the database, so that a copy of the database opens nothing.

Sealed texts are Fernet tokens (AES-128-CBC with HMAC-SHA256). With several keys the first one seals and all open. To
replace a key, put the new one first, run `forecast migrate`, which seals everything again, and drop the old one.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from forecast.errors import ForecastError
from forecast.runtime.private_files import write_private
from forecast.runtime.settings import Settings

MARK: Final = "sealed:"


class SecretsError(ForecastError, RuntimeError):
    """A secret cannot be opened, or a key to seal with cannot be used."""

    code: ClassVar[str] = "secrets_unusable"


class SecretBox:
    """Seals and opens."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise SecretsError(
                "FORECAST_SECRET_KEYS holds something that is no key, expected 32 random bytes in URL-safe base64 each; make "
                "one with `forecast key secret`"
            ) from error

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """That of an installation; its key is made where none is configured and there is none yet.

        Raises
        ------
        SecretsError
            When the keys cannot be used.
        """
        if settings.secret_keys:
            return cls(tuple(key.get_secret_value() for key in settings.secret_keys))
        return cls((_own_key(settings.secret_file),))

    def seal(self, text: str) -> str:
        """The text as it is stored."""
        return MARK + self._fernet.encrypt(text.encode()).decode()

    def open(self, stored: str) -> str:
        """The text behind what is stored; one that was stored before there was sealing is itself.

        Raises
        ------
        SecretsError
            When none of the keys has sealed it.
        """
        if not stored.startswith(MARK):
            return stored
        try:
            return self._fernet.decrypt(stored.removeprefix(MARK)).decode()
        except InvalidToken as error:
            raise SecretsError(
                "a stored secret was sealed with a key that is not here; put that key into FORECAST_SECRET_KEYS, behind the "
                "one that is used now"
            ) from error

    def reseal(self, stored: str) -> str:
        """What is stored, sealed with the first key."""
        return self.seal(self.open(stored))


def new_secret_key() -> str:
    """A key to seal with."""
    return Fernet.generate_key().decode()


def _own_key(path: Path) -> str:
    if not path.exists():
        write_private(path, new_secret_key(), replace=False)
    return path.read_text("ascii").strip()
