"""What a process of the service needs of its machine: folders, semaphores, a database, an address; or a sentence.

Each sentence says what was seen, what was expected and what to do. Importing this imports no database, since the web
process answers before it has one.
"""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from pathlib import Path
from typing import ClassVar, Final

from forecast.errors import ForecastError
from forecast.runtime.private_files import make_private, make_private_folder
from forecast.runtime.setting_words import SettingsError
from forecast.runtime.settings import Settings

MOST_CHECKED_BYTES: Final = 100_000_000
"""Of a SQLite file that is read through when a process begins: a tenth of a second."""
SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 (named in a sentence)


class UnusableError(ForecastError, RuntimeError):
    """Something that the service stands on cannot be used as it is: a folder, the database, the machine's own means."""

    code: ClassVar[str] = "installation_unusable"


class CannotServeError(ForecastError, RuntimeError):
    """The service cannot be started as it is configured."""

    code: ClassVar[str] = "cannot_serve"


def require_folders(settings: Settings, *, make: bool = True) -> None:
    """Make sure that the directory of state is there, can be written to, and shows nothing to others.

    Parameters
    ----------
    make
        False changes nothing, and asks only whether it could be made.

    Raises
    ------
    UnusableError
        When it cannot be written to, although something is kept in it.
    """
    if settings.database_url is not None and settings.redis_url is not None and not settings.home.is_dir():
        # Both are elsewhere: some of the processes keep nothing here.
        return
    home = settings.home
    try:
        if make:
            make_private_folder(home)
        if settings.database_url is None or settings.redis_url is None:
            with tempfile.TemporaryFile(dir=next(folder for folder in (home, *home.parents) if folder.exists())):
                pass
    except OSError as error:
        raise UnusableError(
            f"{home} cannot be written to ({error.strerror or error}), expected a directory of this user's; correct "
            "FORECAST_HOME, or the rights and the room there"
        ) from error
    if make:
        make_private(private_paths(settings))


def private_paths(settings: Settings) -> tuple[Path, ...]:
    """Private files in the directory of state; they stay private whatever rights others have to the directory."""
    home = settings.home
    database = home / "forecast.db"
    return (
        database,
        *(database.with_name(database.name + suffix) for suffix in ("-wal", "-shm", "-journal")),
        settings.key_file,
        settings.secret_file,
        settings.lock_file,
        settings.address_file,
        settings.artifacts,
        settings.logs,
        settings.redis_dir,
        settings.temporary,
    )


def require_semaphores() -> None:
    """Make sure that there are semaphores, which pools of processes need.

    Raises
    ------
    UnusableError
        When there are none.
    """
    import multiprocessing

    try:
        # Of this kind, because that of a spawned pool would start a process that watches over it.
        multiprocessing.get_context("fork").Lock()
    except (OSError, ImportError) as error:
        raise UnusableError(
            f"semaphores cannot be made in {SHARED_MEMORY} ({getattr(error, 'strerror', None) or error}), expected that this "
            f"user may write there; mount it writable, with mode 1777 (in a container: --tmpfs {SHARED_MEMORY})"
        ) from error


def require_database(settings: Settings) -> None:
    """Make sure that the database answers and, as far as a quick check shows, is whole.

    Raises
    ------
    UnusableError
        When it does not, or is not.
    """
    from sqlalchemy import make_url, text
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from forecast.store import Database

    try:
        url = make_url(settings.database)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(
            "FORECAST_DATABASE_URL cannot be read, expected a URL; write sqlite:////srv/forecast.db or "
            "postgresql://user:password@host/name"
        ) from error
    is_file = url.get_backend_name() == "sqlite" and url.database is not None
    file = Path(url.database or "")
    if is_file and not file.exists():
        nearest = next(folder for folder in file.absolute().parents if folder.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            raise UnusableError(
                f"the database {file} cannot be made, expected a folder that this user may write to; correct "
                "FORECAST_DATABASE_URL, or the rights there"
            )
        return
    try:
        database = Database(settings.database)
        try:
            with database.read() as session:
                session.execute(text("SELECT 1"))
                if is_file and file.stat().st_size <= MOST_CHECKED_BYTES:
                    found = str(session.execute(text("PRAGMA quick_check(1)")).scalar_one())
                    if found != "ok":
                        raise UnusableError(_DAMAGED.format(file=file, seen=found))
                elif is_file:
                    session.execute(text("SELECT count(*) FROM sqlite_master"))
        finally:
            database.dispose()
    except DBAPIError as error:
        raise UnusableError(database_sentence(str(error.orig), file if is_file else None)) from error
    except OSError as error:
        raise UnusableError(file_sentence(error)) from error


def free_port(settings: Settings) -> int:
    """The port to listen on, after a look whether that is possible.

    Raises
    ------
    CannotServeError
        When it is not.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except (OSError, UnicodeError) as error:
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                raise CannotServeError(
                    f"port {settings.port} of {settings.host} is taken by another program, expected a free one; choose "
                    "another with --port or FORECAST_PORT"
                ) from error
            raise CannotServeError(
                f"port {settings.port} of {settings.host} is unusable ({error}), expected an address of this machine; correct "
                "FORECAST_HOST or FORECAST_PORT"
            ) from error
        return int(probe.getsockname()[1])


_DAMAGED: Final = (
    "the database {file} is damaged ({seen}), expected a whole SQLite file; put it aside and restore a backup with `forecast "
    "restore`"
)
_MARKS_OF_DAMAGE: Final = ("not a database", "malformed", "disk i/o error")


def database_sentence(said: str, file: Path | None = None) -> str:
    """What to do about a database that said this."""
    seen = " ".join(said.split())
    if any(mark in seen.lower() for mark in _MARKS_OF_DAMAGE):
        return _DAMAGED.format(file=file or "of FORECAST_HOME", seen=seen)
    if file is not None:
        return (
            f"the database {file} cannot be opened ({seen}), expected a file that this user may read and write; correct the "
            "rights of it and of its folder"
        )
    return (
        f"the database cannot be used ({seen}), expected one that answers; start it, or correct FORECAST_DATABASE_URL"
    )


def file_sentence(error: OSError) -> str:
    """What to do about a file or folder that cannot be used."""
    place = f"{error.filename} cannot be used ({error.strerror})" if error.filename else str(error)
    return f"{place}, expected that this user may read and write it; correct the rights, the room, or FORECAST_HOME"
