"""The file of a backup, read as untrusted input: in bounded memory, and everything in it is checked."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NoReturn, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from forecast.store.errors import BackupError

FORMAT: Final = 2
"""2: names the files that were missing when it was written."""
MANIFEST: Final = "manifest.json"
MOST_MEMBERS: Final = 1_000_000
MOST_MANIFEST_BYTES: Final = 128 << 20
MOST_LINE_BYTES: Final = 64 << 20
"""Of one row; the longest that are written are documents and figures."""
MOST_HEADER_BYTES: Final = 1 << 20
"""Of what tarfile reads at once."""
CHUNK_BYTES: Final = 1 << 20

_FILE_NAME: Final = re.compile(r"artifacts/(?!\.)[\w.-]+(/(?!\.)[\w.-]+)*", re.ASCII)


class TableEntry(BaseModel):
    """What a backup says of one table."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rows: int
    sha256: str


class Manifest(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: int
    version: str
    schema_: str
    made_at: str
    tables: dict[str, TableEntry]
    files: list[str]
    missing: list[str]


class _Bounded(io.BufferedReader):
    """A file that refuses large single reads: a header of a gigabyte is refused before it is in memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0 or size > MOST_HEADER_BYTES:
            raise tarfile.ReadError("a header is larger than any that is written")
        return super().read(size)


@dataclass(frozen=True)
class BackupArchive:
    """An open backup whose members are all such as a backup has."""

    source: Path
    tar: tarfile.TarFile
    members: Mapping[str, tarfile.TarInfo]
    manifest: Manifest

    @classmethod
    def open(cls, source: Path, stream: io.BufferedReader, schema: str, tables: Collection[str]) -> Self:
        """Read what is in a backup; `stream` is the file, from `open_bounded`.

        Raises
        ------
        BackupError
            When it is none of this version, or holds anything that no backup holds, or lacks what it names.
        """
        tar = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115 (as long as its stream)
        found = {member.name: member for member in _members(source, tar, tables)}
        if MANIFEST not in found:
            raise BackupError(f"{source} is no backup that can be read: it has no {MANIFEST}; nothing was restored")
        manifest = _manifest(source, tar, found[MANIFEST], schema)
        expected = {MANIFEST, *map(member_of, tables), *(f"artifacts/{name}" for name in manifest.files)}
        if (missing := sorted(expected - set(found))) or set(manifest.tables) != set(tables):
            what = missing[0] if missing else "a table of this version"
            raise BackupError(f"{source} lacks {what}, which a backup holds; nothing was restored; use another copy")
        if unknown := sorted(set(found) - expected):
            raise BackupError(f"{unknown[0]!r} is nothing that a backup holds; nothing was restored")
        return cls(source, tar, found, manifest)

    def stream(self, name: str) -> IO[bytes]:
        """The bytes of a member."""
        found = self.tar.extractfile(self.members[name])
        assert found is not None, "all members are files"
        return found

    def require_tables(self) -> None:
        """Make sure that every table is as it was written.

        Raises
        ------
        BackupError
            When one is not.
        """
        for name, entry in self.manifest.tables.items():
            digest = hashlib.sha256()
            with self.stream(member_of(name)) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    digest.update(chunk)
            if digest.hexdigest() != entry.sha256:
                raise BackupError(f"the table {name} in the backup is not what was written; nothing was restored")

    def lines(self, table: str) -> Iterator[bytes]:
        """The rows of a table as text, as many as the manifest says.

        Raises
        ------
        BackupError
            When there are more or fewer, or one is longer than any row.
        """
        expected, count = self.manifest.tables[table].rows, 0
        with self.stream(member_of(table)) as packed, gzip.GzipFile(fileobj=packed) as stream:
            while line := stream.readline(MOST_LINE_BYTES):
                count += 1
                if len(line) == MOST_LINE_BYTES or count > expected:
                    self.refuse(f"row {count} of the table {table} is longer, or one more, than was written")
                yield line
        if count != expected:
            self.refuse(f"the table {table} has {count} rows, expected {expected}")

    def refuse(self, why: str) -> NoReturn:
        """Raises BackupError."""
        raise BackupError(f"{self.source} is no backup that can be read: {why}; nothing was restored; use another copy")


def open_bounded(source: Path) -> io.BufferedReader:
    """A file to read a backup from."""
    return _Bounded(source.open("rb", buffering=0))


def member_of(table: str) -> str:
    """Where the rows of a table are."""
    return f"database/{table}.jsonl.gz"


def _members(source: Path, tar: tarfile.TarFile, tables: Collection[str]) -> Iterator[tarfile.TarInfo]:
    known, seen = {MANIFEST, *map(member_of, tables)}, set[str]()
    while (member := tar.next()) is not None:
        # tarfile remembers every one that it has read.
        tar.members.clear()  # type: ignore[attr-defined]
        name = member.name
        is_known = name in known or _FILE_NAME.fullmatch(name)
        if not is_known or not member.isreg() or member.issparse():
            raise BackupError(f"{name[:100]!r} is nothing that a backup holds; nothing was restored")
        if name in seen or len(seen) >= MOST_MEMBERS:
            raise BackupError(
                f"{source} is no backup that can be read: it has {name[:100]!r} twice, or more than {MOST_MEMBERS:,} "
                "members; nothing was restored"
            )
        seen.add(name)
        yield member


def _manifest(source: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, schema: str) -> Manifest:
    if member.size > MOST_MANIFEST_BYTES:
        raise BackupError(f"{source} has a {MANIFEST} of {member.size} bytes, more than any; nothing was restored")
    stream = tar.extractfile(member)
    assert stream is not None, "all members are files"
    found: Any = json.loads(b"".join(iter(lambda: stream.read(CHUNK_BYTES), b"")))
    if not isinstance(found, dict):
        raise BackupError(f"{source} is no backup that can be read: its {MANIFEST} is no object; nothing was restored")
    if (found.get("format"), found.get("schema")) != (FORMAT, schema):
        raise BackupError(
            f"the backup has schema {str(found.get('schema'))[:40]} (version {str(found.get('version'))[:40]}), this version "
            f"has {schema}; restore it with the version that wrote it, then upgrade; nothing was restored"
        )
    found["schema_"] = found.pop("schema")
    try:
        return Manifest.model_validate(found)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))[:100]
        raise BackupError(
            f"{source} is no backup that can be read: {place} in its {MANIFEST} is not what is written there; nothing was "
            "restored"
        ) from None
