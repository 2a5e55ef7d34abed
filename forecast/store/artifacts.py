"""Stored files: written whole or not at all, and never handed out unless they are what was stored.

A file is written beside its place, flushed to the disk, renamed, and its directory flushed; only then may a
transaction mention it. A file that no forecast mentions is an orphan of an interrupted attempt.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from forecast.runtime.private_files import make_private_folder
from forecast.store.errors import ResultCorruptError

_CHUNK_BYTES: Final = 1 << 20
_PROBE_BYTES: Final = 4 << 20
TEMPORARY_SUFFIX: Final = ".tmp"

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Numbers of errors that mean that something is full."""


@dataclass(frozen=True)
class StoredFile:
    """Where a file lies below the directory of artifacts, and what it is."""

    path: str
    sha256: str
    size_bytes: int


class ArtifactStore:
    """The directory of artifacts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, writer: Callable[[Path], None]) -> StoredFile:
        """Store what `writer` writes to the path it is given.

        Parameters
        ----------
        name
            Relative path, such as ``2026-01/<forecast id>.nc``.

        Raises
        ------
        OSError
            When it cannot be written; nothing is left behind then. A full disk is recognised by its error number, even
            if the writer reported another error.
        """
        place = self._resolve(name)
        make_private_folder(place.parent)
        temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
        try:
            try:
                writer(temporary)
                temporary.chmod(0o600)
                _flush(temporary)
            except Exception as error:
                # netCDF4 and HDF5 say "HDF error", whatever it was.
                _require_room(temporary, error)
                raise
            digest, size = _hash(temporary)
            temporary.rename(place)
            _flush(place.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return StoredFile(path=name, sha256=digest, size_bytes=size)

    def verified_path(self, file: StoredFile) -> Path:
        """The path of a stored file, after its size and hash have been checked.

        Raises
        ------
        ResultCorruptError
            When it is missing or differs from what was stored.
        """
        place = self._resolve(file.path)
        try:
            digest, size = _hash(place)
        except OSError as error:
            raise ResultCorruptError(
                f"the stored file {file.path} cannot be read ({error.strerror}); run the job again to have it remade"
            ) from error
        if (digest, size) != (file.sha256, file.size_bytes):
            raise ResultCorruptError(
                f"the stored file {file.path} has {size} bytes and hash {digest[:12]}, expected {file.size_bytes} "
                f"bytes and {file.sha256[:12]}; run the job again to have it remade"
            )
        return place

    def place_of(self, name: str) -> Path:
        """Where a file lies.

        Raises
        ------
        ValueError
            When the name leads out of the directory.
        """
        return self._resolve(name)

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        self._resolve(name).unlink(missing_ok=True)

    def files_older_than(self, moment_seconds: float) -> Iterator[str]:
        """Names of the files last changed before a moment (seconds since 1970), unfinished ones included."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                place = Path(folder) / name
                with suppress(FileNotFoundError):
                    if place.stat().st_mtime < moment_seconds:
                        yield place.relative_to(self.root).as_posix()

    def _resolve(self, name: str) -> Path:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or not parts.parts:
            raise ValueError(f"{name!r} does not name a file below the directory of artifacts")
        return self.root / parts


def _hash(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _require_room(file: Path, error: Exception) -> None:
    """Make sure that a file which could not be written could at least have grown.

    Raises
    ------
    OSError
        With the number of what is in the way: a full disk, a quota, the largest size of a file.
    """
    try:
        with file.open("ab") as stream:
            stream.write(bytes(_PROBE_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as found:
        if found.errno in NO_ROOM:
            raise OSError(found.errno, os.strerror(found.errno)) from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
