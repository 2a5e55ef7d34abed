"""Where the CSV files of a study come from: its folder, a zip archive, or nowhere."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final, Protocol

from forecast.study.reading.plain_data import MAX_BYTES
from forecast.study.reading.problems import one_error, shown
from forecast.study.reading.suggest import nearest_hint

MAX_MEMBERS: Final = 200
DOCUMENT_NAMES: Final = ("study.yaml", "study.yml", "study.json")


class TableSource(Protocol):
    """Gives the bytes of a table by the name that the document calls it."""

    def read(self, name: str, path: str) -> bytes:
        """The file's bytes; `path` is the place in the document, for messages. Raises StudyError."""
        ...


class NoTables:
    """No files at all: the document has to bring its rows itself."""

    def read(self, name: str, path: str) -> bytes:
        raise one_error(
            path,
            "no_tables",
            f"{shown(name)} cannot be read from here; expected inline `rows`; inline them or send a zip",
        )


class FolderTables:
    """Files below one folder; nothing outside it is ever opened, whatever the name or the links say."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, name: str, path: str) -> bytes:
        relative = _checked_name(name, path)
        file = (self._folder / relative).resolve()
        if not file.is_relative_to(self._folder):
            raise one_error(path, "outside_folder", _OUTSIDE.format(name=shown(name)))
        if not file.is_file():
            known = (str(found.relative_to(self._folder)) for found in list(self._folder.glob("**/*.csv"))[:200])
            raise one_error(
                path,
                "no_such_file",
                f"no file {shown(name)} beside the document; expected one; {nearest_hint(name, known)}",
            )
        return read_limited(file, name)


class GivenTables:
    """Files that came together, by name."""

    where: ClassVar[str] = "upload"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def document(self) -> tuple[str, bytes]:
        """Name and bytes of the study document.

        Raises
        ------
        StudyError
            When there is none, or more than one.
        """
        found = [name for name in self.files if name in DOCUMENT_NAMES]
        if len(found) != 1:
            seen = ", ".join(found) or "none of " + ", ".join(DOCUMENT_NAMES)
            raise one_error(
                self.where, "no_document", f"{seen} at its top; expected one study document; put it at the top"
            )
        return found[0], self.files[found[0]]

    def read(self, name: str, path: str) -> bytes:
        relative = posixpath.normpath(_checked_name(name, path))
        if relative not in self.files:
            known = [file for file in self.files if file.endswith(".csv")]
            raise one_error(
                path,
                "no_such_file",
                f"no file {shown(name)} in the {self.where}; expected one; {nearest_hint(name, known)}",
            )
        return self.files[relative]


class ZipTables(GivenTables):
    """Files of a zip archive, read into memory with a limit on what comes out, not on what its header claims.

    Raises
    ------
    StudyError
        When it is no zip archive, holds too many or too large files, links, encrypted files, or names that lead
        outside of it.
    """

    where: ClassVar[str] = "archive"

    def __init__(self, body: bytes) -> None:
        if len(body) > MAX_BYTES:
            raise one_error(
                "archive", "too_large", f"{len(body):,} bytes; expected at most {MAX_BYTES:,}; leave out rows"
            )
        super().__init__({})
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                self._read_members(archive)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
            if isinstance(error, ValueError) and hasattr(error, "errors"):
                raise
            raise one_error(
                "archive",
                "zip",
                f"not a usable zip archive: {error}; expected study.yaml and its tables; zip them again",
            ) from None

    def _read_members(self, archive: zipfile.ZipFile) -> None:
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise one_error(
                "archive", "too_many_files", f"{len(members)} files; expected at most {MAX_MEMBERS}; remove some"
            )
        left = MAX_BYTES
        for member in members:
            if member.is_dir():
                continue
            name = _member_name(member)
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # The standard library unpacks bzip2 and LZMA in blocks of any size, whatever is asked for.
                raise one_error(
                    f"archive file {shown(name)}",
                    "compression",
                    f"packed by method {member.compress_type}; expected stored or deflated; zip it again without options",
                )
            if name in self.files:
                raise one_error(
                    f"archive file {shown(name)}", "duplicate", "it is there twice; expected it once; zip again"
                )
            with archive.open(member) as stream:
                content = stream.read(left + 1)
            left -= len(content)
            if left < 0:
                raise one_error(
                    "archive", "too_large", f"over {MAX_BYTES:,} bytes unpacked; expected less; leave out rows"
                )
            self.files[name] = content


_OUTSIDE = "{name} lies outside the document's folder; expected a file in it; move the table beside the document"


def _member_name(member: zipfile.ZipInfo) -> str:
    name = member.filename
    place = f"archive file {shown(name)}"
    if member.external_attr >> 16 & 0o170000 == 0o120000:
        raise one_error(
            place, "link", "it is a symbolic link; expected files only; put the file itself into the archive"
        )
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or ":" in name:
        raise one_error(place, "outside_folder", "its name leads outside the archive; expected plain names; zip again")
    return posixpath.normpath(name)


def _checked_name(name: str, path: str) -> str:
    """A table's name, when it can only lie below the folder and ends in .csv."""
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\", "~")) or ":" in name:
        raise one_error(path, "outside_folder", _OUTSIDE.format(name=shown(name)))
    if not name.lower().endswith(".csv") or len(name) > 250:
        raise one_error(
            path, "not_csv", f"{shown(name)} is not a CSV file; expected a short name in .csv; save it as CSV"
        )
    return name


def read_limited(file: Path, name: str) -> bytes:
    """A file's bytes, one more than the limit at most.

    Raises
    ------
    StudyError
        When it cannot be read, or is larger than 5 MB.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise one_error(
            name, "unreadable", f"cannot be read: {error.strerror}; expected a readable file; check it"
        ) from None
    if len(content) > MAX_BYTES:
        raise one_error(name, "too_large", f"over {MAX_BYTES:,} bytes; expected less with all tables; leave out rows")
    return content
