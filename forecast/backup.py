"""A whole installation as one file, and back: its database, whichever kind it is, and its draws.

The rows are those of one moment, taken while the service runs. Files of draws never change, so they are copied after
that. Keys to sealed secrets are not in it: whoever finds the file opens nothing with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final

from sqlalchemy import delete

from forecast.errors import ForecastError
from forecast.settings import Settings
from forecast.store import ArtifactStore, Database, ForecastRepository, check_schema, migrate, utc_now
from forecast.store.dump import connect_later, continue_numbers, dump_table, load_table, require_empty, tables
from forecast.store.schema import HEAD
from forecast.store.tables import WorkspaceRow

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"


class BackupError(ForecastError, RuntimeError):
    """A backup cannot be written, or cannot be used."""

    code: ClassVar[str] = "backup_unusable"


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
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    archive.add(folder / MANIFEST, MANIFEST)
    total = sum(found["rows"] for found in manifest["tables"].values())
    return BackedUp(total, len(names), tuple(path for path in mentioned if path not in set(names)))


def restore_backup(settings: Settings, source: Path) -> BackedUp:
    """Put everything from a file into a new installation; all rows or none.

    Raises
    ------
    BackupError
        When the file is no backup, is damaged, or is of another schema.
    NotEmptyError
        When the installation holds something already.
    """
    try:
        if not tarfile.is_tarfile(source):
            raise BackupError(f"{source} is no backup that can be read; nothing was restored")
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=settings.home) as folder, tarfile.open(source) as archive:
            archive.extractall(folder, members=_expected(archive), filter="data")
            return _restore(settings, Path(folder))
    except (tarfile.TarError, json.JSONDecodeError, KeyError, OSError) as error:
        raise BackupError(f"{source} is no backup that can be read: {error}; nothing was restored") from error


def _expected(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        top = PurePosixPath(member.name).parts[:1]
        if not member.isfile() or top not in {(MANIFEST,), ("database",), ("artifacts",)}:
            raise BackupError(f"{member.name!r} is nothing that a backup holds; nothing was restored")
        yield member


def _restore(settings: Settings, folder: Path) -> BackedUp:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if (manifest["format"], manifest["schema"]) != (FORMAT, HEAD):
        raise BackupError(
            f"the backup has schema {manifest['schema']} (version {manifest['version']}), this version has {HEAD}; restore it "
            "with the version that wrote it, then upgrade"
        )
    files = {name: folder / "database" / f"{name}.jsonl.gz" for name in manifest["tables"]}
    for name, expected in manifest["tables"].items():
        if _digest(files[name]) != expected["sha256"]:
            raise BackupError(f"the table {name} in the backup is not what was written; nothing was restored")
    with _database(settings) as database, database.read() as session:
        require_empty(session.connection())
    migrate(settings.database)
    with _database(settings) as database, database.write() as session:
        connection = session.connection()
        require_empty(connection)
        # Files first: rows that are there mention only files that are.
        for name in manifest["files"]:
            place = ArtifactStore(settings.artifacts).place_of(name)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.move(folder / "artifacts" / name, place)
        connection.execute(delete(WorkspaceRow))
        rows = sum(load_table(connection, table, files[table.name]) for table in tables())
        connect_later(connection, files["job"])
        continue_numbers(connection)
    return BackedUp(rows, len(manifest["files"]))


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
