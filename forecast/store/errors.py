"""Errors of reading and writing what is stored."""

from __future__ import annotations

from typing import ClassVar

from forecast.errors import ForecastError


class NotStoredError(ForecastError, LookupError):
    """Nothing is stored under this id."""

    code: ClassVar[str] = "not_found"


class ResultCorruptError(ForecastError, RuntimeError):
    """A stored file is missing or is not the file that was stored."""

    code: ClassVar[str] = "result_corrupt"


class DrawsRemovedError(ForecastError, LookupError):
    """The draws of a forecast were removed to make room; its answer is still there."""

    code: ClassVar[str] = "draws_removed"


class BackupError(ForecastError, RuntimeError):
    """A backup cannot be written, or cannot be used."""

    code: ClassVar[str] = "backup_unusable"


class NotEmptyError(ForecastError, RuntimeError):
    """A database that should be new holds something."""

    code: ClassVar[str] = "not_empty"


class CursorError(ForecastError, ValueError):
    """A page cursor is not one that we gave out."""

    code: ClassVar[str] = "cursor_invalid"


class SchemaError(ForecastError, RuntimeError):
    """The database's schema is not the one this version needs."""

    code: ClassVar[str] = "schema_mismatch"


class EvidenceFullError(ForecastError, RuntimeError):
    """A study has as much evidence as is kept of one."""

    code: ClassVar[str] = "evidence_full"


class DatabaseUrlError(ForecastError, ValueError):
    """The address of the database is of a kind that cannot be used here."""

    code: ClassVar[str] = "database_unusable"
