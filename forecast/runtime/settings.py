"""Every setting of the service, read from the environment with the prefix ``FORECAST_``.

This module guarantees that all processes of one installation agree: the paths and addresses that follow from `home`
are computed here and nowhere else. It imports neither the science nor the service libraries.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from forecast.runtime.compilers import compiler_environment
from forecast.runtime.job_settings import JobSettings
from forecast.runtime.limit_settings import MEGABYTE, LimitSettings
from forecast.runtime.network_settings import LONGEST_SECONDS, NetworkSettings
from forecast.runtime.setting_values import (
    LISTED,
    broker_url,
    require_database,
    require_queue,
    require_sealing_keys,
    socket_url,
    sqlite_url,
)
from forecast.runtime.setting_words import SettingsError, describe

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})

MAX_SOCKET_PATH_BYTES = 107
"""`sun_path` of a Unix socket holds 108 bytes with the closing NUL (unix(7))."""


class Settings(NetworkSettings, JobSettings, LimitSettings):
    """Where the service keeps its state, how it listens, how patient it is and how much it accepts."""

    model_config = SettingsConfigDict(
        env_prefix="FORECAST_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    home: Path = Field(default_factory=lambda: user_data_path("scenario-forecast", appauthor=False))
    """The one directory of state: database, artifacts, queue, logs, lock. By default `scenario-forecast` in the user's
    directory of data, on Linux `~/.local/share`."""
    database_url: str | None = None
    """SQLAlchemy URL of the database; by default SQLite in `home`."""
    redis_url: str | None = None
    """URL of a Redis or Valkey server; by default one is run inside `home`."""
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("scenario-forecast", appauthor=False))
    """Directory of compiled programs, shared by all processes of this user. By default `scenario-forecast` in the user's
    cache directory, on Linux `~/.cache`."""
    key: SecretStr | None = None
    """Key that the command line sends; by default, to the service of `home`, the one in its file `key`."""
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode, LISTED] = ()
    """Keys that encrypt secrets in the database, with commas between, the one in use first. By default one is made in
    `home`."""
    session_hours: float = Field(default=168.0, gt=0, le=8760)
    """How long a browser stays signed in, in hours; a week by default."""
    requests_per_minute: int = Field(default=6000, ge=1)
    """Requests of one key per minute, in each web process."""
    refused_per_minute: int = Field(default=30, ge=1)
    """Requests with invalid keys from one address per minute before it has to wait."""
    draw_unasked: bool = True
    """Draw the figures of new forecasts before they are requested, while there is nothing else to do."""
    keep_draws_days: float | None = Field(default=None, gt=0)
    """Age in days from which draws are removed; the newest of each study stay. No limit by default."""
    keep_draws_bytes: int | None = Field(default=None, ge=MEGABYTE)
    """Size of all draws in bytes from which the oldest are removed; the newest of each study stay. No limit by
    default."""
    keep_jobs_days: float | None = Field(default=None, gt=0)
    """Age in days from which jobs without a result are removed. No limit by default."""
    source_dir: Path | None = None
    """Directory of the files that `file:` sources may name; workspaces other than `default` use the directory of their
    name in it. None by default."""
    source_max_bytes: int = Field(default=5 * MEGABYTE, ge=1024)
    """Largest table of a source, in bytes."""
    alive_file: Path | None = None
    """File that a worker, dispatcher or beat touches while it works, for health checks. None by default."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @field_validator("home", "cache_dir", "source_dir", "alive_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        try:
            return None if value is None else value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(_homeless()) from error

    _database_url = field_validator("database_url")(require_database)
    _redis_url = field_validator("redis_url")(require_queue)
    _secret_keys = field_validator("secret_keys")(require_sealing_keys)

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        level = value.upper()
        if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError(f"{value!r} is not a log level; use DEBUG, INFO, WARNING or ERROR")
        return level

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name in ("heartbeat_seconds", "progress_seconds"):
            if getattr(self, name) >= self.lease_seconds:
                raise ValueError(
                    f"FORECAST_{name.upper()} is {getattr(self, name):g} and FORECAST_LEASE_SECONDS is {self.lease_seconds:g}, "
                    "expected less than the lease, or each job would be taken from the worker that does it; lower the first "
                    "or raise the second"
                )
        for name, value in self:
            is_time = name.endswith(("_seconds", "_days")) and isinstance(value, float)
            if is_time and value * (86_400 if name.endswith("_days") else 1) > LONGEST_SECONDS:
                raise ValueError(f"FORECAST_{name.upper()} is {value:g}, expected at most a hundred years; lower it")
        if "," in str(self.cache_dir):
            raise ValueError(
                f"FORECAST_CACHE_DIR is {str(self.cache_dir)!r}, expected a path without a comma, which PyTensor "
                "cannot use; choose another folder"
            )
        return self

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database in use."""
        return self.database_url or sqlite_url(self.home / "forecast.db")

    @property
    def artifacts(self) -> Path:
        """Directory of the stored posterior draws."""
        return self.home / "artifacts"

    @property
    def key_file(self) -> Path:
        """The key that an embedded service makes for its own user."""
        return self.home / "key"

    @property
    def secret_file(self) -> Path:
        """The key that secrets in the database are sealed with, where none is configured."""
        return self.home / "secret.key"

    @property
    def own_address(self) -> str:
        """Where the service of this directory answers, as it says itself; else where it would."""
        try:
            return self.address_file.read_text(encoding="utf-8").strip() or self.base_url
        except OSError:
            return self.base_url

    def key_for(self, url: str) -> str | None:
        """The key to send to an address: the configured one; to the service of this directory, its own."""
        if self.key is not None:
            return self.key.get_secret_value()
        if url.rstrip("/") != self.own_address:
            return None
        try:
            return self.key_file.read_text(encoding="ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    @property
    def logs(self) -> Path:
        """Directory of one log file per process."""
        return self.home / "logs"

    @property
    def temporary(self) -> Path:
        """Holds the temporary directory of each worker."""
        return self.home / "tmp"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor as long as it runs."""
        return self.home / "serve.lock"

    @property
    def address_file(self) -> Path:
        """Holds the URL of the running service."""
        return self.home / "address"

    @property
    def redis_dir(self) -> Path:
        """Data directory of the embedded Redis."""
        return self.home / "redis"

    @property
    def redis_socket(self) -> Path:
        """Unix socket of the embedded Redis; in a short private directory when `home` is too deep for one."""
        inside = self.redis_dir / "redis.sock"
        if len(os.fsencode(inside)) <= MAX_SOCKET_PATH_BYTES:
            return inside
        token = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"scenario-forecast-{os.getuid()}-{token}" / "redis.sock"

    @property
    def broker_url(self) -> str:
        """The queue's URL as kombu spells it."""
        return broker_url(self.redis_client_url)

    @property
    def redis_client_url(self) -> str:
        """The queue's URL as redis-py spells it."""
        return self.redis_url or socket_url(self.redis_socket)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK_HOSTS or self.host.startswith("127.")

    @property
    def base_url(self) -> str:
        """Address of the service for a client on this machine."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (read here, not bound to)
        host = everywhere.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def compiler_environment(self) -> dict[str, str]:
        """Environment variables that make every process share one cache of compiled programs."""
        return compiler_environment(self.cache_dir)

    def apply_compiler_environment(self) -> None:
        """Set `compiler_environment` in this process; call it before the science is imported."""
        (self.cache_dir / "numba").mkdir(parents=True, exist_ok=True)
        os.environ.update(self.compiler_environment())
        try:
            Path.home()
        except RuntimeError:
            # Libraries ask for it as they are imported, whether they need it or not.
            os.environ["HOME"] = str(self.home)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises
    ------
    SettingsError
        When they cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(describe(error)) from error
    except RuntimeError as error:
        # platformdirs, which the default of a folder comes from.
        raise SettingsError(_homeless()) from error


def _homeless() -> str:
    return (
        f"user {os.getuid()} has no home directory, expected HOME or an entry in /etc/passwd; set FORECAST_HOME and "
        "FORECAST_CACHE_DIR to folders that it may write to"
    )
