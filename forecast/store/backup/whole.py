"""A whole installation as one file, and back: its database, whichever kind it is, and its draws.

The rows are those of one moment, taken while the service runs. Files of draws never change, so they are copied after
that. Keys to sealed secrets are not in it, so the file alone opens none of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from forecast.runtime.settings import Settings
from forecast.store import ArtifactStore, Database, ForecastRepository, StoredFile, check_schema, migrate, utc_now
from forecast.store.backup.archive import CHUNK_BYTES, FORMAT, MANIFEST, BackupArchive, open_bounded
from forecast.store.backup.dump import connect_later, continue_numbers, dump_table, load_table, require_empty, tables
from forecast.store.backup.traces import Traces
from forecast.store.errors import BackupError
from forecast.store.schema import HEAD
from forecast.store.tables.core import WorkspaceRow


@dataclass(frozen=True)
class BackedUp:
    """What is in a backup."""

    rows: int
    files: int
    missing: tuple[str, ...] = ()
    """Files that the database mentions and that are not there."""


def write_backup(settings: Settings, target: Path) -> BackedUp:
    """Write everything to a file, whole or not at all.

    Raises
    ------
    BackupError
        When the file is there already.
    SchemaError
        When the database is not of this version.
    """
    if target.exists():
        raise BackupError(f"{target} is there already; choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.unfinished")
    try:
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=0o600)
        # Beside the target: there has to be room for it there, and not where temporary files go.
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, tarfile.open(temporary, "w") as archive:
            found = _write(settings, Path(folder), archive)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return found


def _write(settings: Settings, folder: Path, archive: tarfile.TarFile) -> BackedUp:
    artifacts = ArtifactStore(settings.artifacts)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": version("scenario-forecast"),
        "schema": HEAD,
        "made_at": utc_now().isoformat(),
        "tables": {},
    }
    with _database(settings) as database:
        check_schema(database)
        with database.read() as session:
            connection = session.connection()
            for table in tables():
                file = folder / f"{table.name}.jsonl.gz"
                rows = dump_table(connection, table, file)
                manifest["tables"][table.name] = {"rows": rows, "sha256": _digest(file)}
            mentioned = sorted(ForecastRepository(session).artifact_paths())
    for table in tables():
        archive.add(folder / f"{table.name}.jsonl.gz", f"database/{table.name}.jsonl.gz")
    names = []
    for name in mentioned:
        # One that the rules of retention remove meanwhile is missing like any other.
        with contextlib.suppress(FileNotFoundError):
            archive.add(artifacts.root / name, f"artifacts/{name}", recursive=False)
            names.append(name)
    manifest["files"] = names
    manifest["missing"] = sorted(set(mentioned) - set(names))
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    archive.add(folder / MANIFEST, MANIFEST)
    total = sum(found["rows"] for found in manifest["tables"].values())
    return BackedUp(total, len(names), tuple(path for path in mentioned if path not in set(names)))


def restore_backup(settings: Settings, source: Path) -> BackedUp:
    """Put everything from a file into a new installation: all of it, checked, or nothing.

    Raises
    ------
    BackupError
        When the file is no backup, is damaged, or is of another schema.
    NotEmptyError
        When the installation holds something already.
    """
    traces = Traces.of(settings)
    try:
        with open_bounded(source) as stream:
            archive = BackupArchive.open(source, stream, HEAD, [table.name for table in tables()])
            archive.require_tables()
            return _restore(settings, archive, traces)
    except BaseException as error:
        traces.remove()
        if isinstance(error, _UNREADABLE):
            why = str(error).partition("\n")[0][:200] or type(error).__name__
            raise BackupError(
                f"{source} is no backup that can be read: {why}; nothing was restored; use another copy"
            ) from error
        if isinstance(error, OperationalError):
            raise BackupError(
                f"the database could not be used ({error.orig}); nothing was restored; try again"
            ) from error
        if isinstance(error, SQLAlchemyError):
            raise BackupError(
                f"the database does not take what is in {source} ({type(error).__name__}: a row that points to nothing, one "
                "that is there twice, or a value that it cannot hold); nothing was restored; use another copy"
            ) from error
        raise


_UNREADABLE: Final = (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError, RecursionError)
"""What reading something that is no backup may raise."""


def _restore(settings: Settings, archive: BackupArchive, traces: Traces) -> BackedUp:
    with _database(settings) as database, database.read() as session:
        require_empty(session.connection())
    migrate(settings.database)
    with _database(settings) as database, database.write() as session:
        connection = session.connection()
        require_empty(connection)
        connection.execute(delete(WorkspaceRow))
        rows = sum(load_table(connection, table, archive.lines(table.name)) for table in tables())
        connect_later(connection, archive.lines("job"))
        continue_numbers(connection)
        # Before the commit: rows that are there mention only files that are.
        _restore_draws(ArtifactStore(settings.artifacts), archive, ForecastRepository(session).draws(), traces)
    return BackedUp(rows, len(archive.manifest.files))


def _restore_draws(
    artifacts: ArtifactStore, archive: BackupArchive, mentioned: Mapping[str, StoredFile], traces: Traces
) -> None:
    """Put the files of draws where the rows say, if they are what the rows say."""
    manifest = archive.manifest
    if odd := sorted(set(manifest.files) ^ (set(mentioned) - set(manifest.missing)))[:1]:
        archive.refuse(f"the draws {odd[0]!r} are there without their forecast, or the other way round")
    for name in manifest.files:

        def copy(target: Path, name: str = name) -> None:
            with archive.stream(f"artifacts/{name}") as stream, target.open("wb") as out:
                shutil.copyfileobj(stream, out, CHUNK_BYTES)

        traces.will_make(artifacts.place_of(name))
        if artifacts.write(name, copy) != mentioned[name]:
            archive.refuse(f"the draws {name!r} are not those of their forecast")


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database)
    try:
        yield database
    finally:
        database.dispose()


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
