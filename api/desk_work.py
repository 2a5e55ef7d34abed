"""Tasks of the desks: functions of plain values, run in child processes without scientific libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from api.checking import DocumentLimits, accept_document, check_archive, check_files
from forecast.errors import FieldError, StudyError
from forecast.jobs.accepted import AcceptedStudy
from forecast.jobs.digests import hash_request
from forecast.study import (
    EvidenceKind,
    Study,
    accept_arrivals,
    study_from_bytes,
    study_from_document,
    with_as_of,
    with_sampler,
)
from forecast.study.reading.csv_table import read_csv
from forecast.study.reading.plain_data import plain_copy, read_json
from forecast.timeline.arrived import Accepted, Base, StoredStudy, read_stored

if TYPE_CHECKING:
    from api.futures_cache import FuturesCache
    from forecast.futures.query import QueryAnswer, QueryRequest
    from forecast.store import StoredFile

__all__ = [
    "BodyWithDocument",
    "accept_evidence",
    "answer",
    "check_archive",
    "check_files",
    "load_queries",
    "nothing",
    "prepare_stored",
    "read_body",
    "read_document",
    "read_study",
]


def nothing() -> None:
    """All that studies need is loaded with this module."""


def load_queries() -> None:
    """Load what the first query needs."""
    import netCDF4  # noqa: F401

    import api.futures_cache  # noqa: F401
    import forecast.futures.query
    import forecast.futures.stored  # noqa: F401


def read_study(body: bytes, media_type: str, wanted_id: str, limits: DocumentLimits) -> AcceptedStudy:
    """The study in a body, of an id.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    study = study_from_bytes(body, media_type)
    if study.study != wanted_id:
        message = f"{study.study!r} is stored at /v1/studies/{study.study}; expected {wanted_id!r}, as in the address"
        raise StudyError([FieldError("study", "study_id", message)])
    return _accepted(study, limits)


def read_document(
    document: object, as_of: date | None, sampler: dict[str, Any] | None, limits: DocumentLimits
) -> AcceptedStudy:
    """The study in plain data, with another as-of date or other sampler settings if requested.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    study = study_from_document(document)
    if as_of is not None:
        study = with_as_of(study, as_of)
    if sampler:
        study = with_sampler(study, **sampler)
    return _accepted(study, limits)


@dataclass(frozen=True)
class BodyWithDocument:
    """A JSON body that may hold a study document."""

    value: Any
    """Without the document; not an object when the body was none."""
    request_hash: str
    document: AcceptedStudy | None
    """None when it holds none that can be used."""
    error: StudyError | None
    """What is wrong about the document."""


def read_body(body: bytes, limits: DocumentLimits) -> BodyWithDocument:
    """The JSON in a body, its document read as of the day and with the sampler that it asks for.

    Raises
    ------
    StudyError
        When it is no JSON.
    """
    value = plain_copy(read_json(body))
    if not isinstance(value, dict):
        return BodyWithDocument(value, "", None, None)
    request_hash = hash_request(value)
    document = value.get("document")
    if not isinstance(document, dict):
        return BodyWithDocument(value, request_hash, None, None)
    value["document"] = {}
    try:
        accepted = read_document(document, *_changes(value), limits)
    except StudyError as error:
        return BodyWithDocument(value, request_hash, None, error)
    return BodyWithDocument(value, request_hash, accepted, None)


def _changes(value: dict[str, Any]) -> tuple[date | None, dict[str, Any] | None]:
    """The as-of date and the sampler settings of a request; they are validated where the request is read."""
    as_of, sampler = value.get("as_of"), value.get("sampler")
    try:
        day = date.fromisoformat(as_of) if isinstance(as_of, str) else None
    except ValueError:
        day = None
    return day, sampler if isinstance(sampler, dict) else None


def accept_evidence(base: Base, kind: EvidenceKind, body: bytes, media_type: str, today: date) -> Accepted:
    """The rows of a body that a study accepts: one row, a list of them, `{"rows": [...]}`, or CSV.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    rows = _read_rows(body, media_type)
    return base.accept(lambda study: accept_arrivals(study, kind, rows, today))


def _read_rows(body: bytes, media_type: str) -> list[Mapping[str, object]]:
    if media_type == "text/csv":
        return list(read_csv(body, "body"))
    value = plain_copy(read_json(body), is_table=True)
    if isinstance(value, dict) and "rows" in value:
        if unknown := [key for key in value if key != "rows"]:
            raise StudyError(
                [FieldError(unknown[0][:64], "unknown_key", "unknown key; expected `rows` alone; remove it")]
            )
        value = value["rows"]
    rows = value if isinstance(value, list) else [value]
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            message = "not an object; expected cells by column, as in a row of a table; write {column: cell}"
            raise StudyError([FieldError(f"rows[{index}]", "row", message)])
    return cast("list[Mapping[str, object]]", rows)


def prepare_stored(
    stored: StoredStudy,
    now: datetime,
    when: Mapping[str, Any],
    sampler: dict[str, Any] | None,
    limits: DocumentLimits,
) -> tuple[AcceptedStudy, datetime]:
    """A stored study as of a day, and up to when evidence in it was recorded; `when` as `read_stored` takes it.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    study, moment = read_stored(stored, now, **when)
    if sampler:
        study = with_sampler(study, **sampler)
    return _accepted(study, limits), moment


def answer(root: Path, file: StoredFile, request: QueryRequest) -> QueryAnswer:
    """The answer to a query over the futures in a stored file; the files asked about last are kept here.

    Raises
    ------
    ResultCorruptError, ForecastError
        As `FuturesCache.answer`.
    """
    cache = _cache(root)
    try:
        return cache.answer(file, request)
    except MemoryError:
        # A cache with room for this file alone.
        cache.clear()
        return cache.answer(file, request)


@lru_cache(maxsize=2)
def _cache(root: Path) -> FuturesCache:
    from api.futures_cache import FuturesCache
    from forecast.store import ArtifactStore

    return FuturesCache(ArtifactStore(root))


def _accepted(study: Study, limits: DocumentLimits) -> AcceptedStudy:
    accept_document(study, limits)
    return AcceptedStudy.of(study)
