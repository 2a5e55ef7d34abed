"""Checking a study without storing it: whether it can be used, and where it is wrong, line by line."""

from __future__ import annotations

import posixpath
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from api.acceptance import accept_document
from api.problems import RequestError
from api.requests import media_type_of
from api.service import Reader
from forecast.errors import StudyError
from forecast.settings import Settings
from forecast.study import Study
from forecast.study.loading import study_from_files
from forecast.study.places import find_places, place_of
from forecast.study.reader import read_text
from forecast.study.size import measure_study
from forecast.study.sources import MAX_MEMBERS, GivenTables, ZipTables

router = APIRouter(prefix="/v1/check", tags=["studies"])

ZIPS: Final = frozenset({"application/zip", "application/x-zip-compressed"})
FORM: Final = "multipart/form-data"
DOCUMENTS: Final = {
    "application/json": "study.json",
    "application/yaml": "study.yaml",
    "application/x-yaml": "study.yaml",
    "text/yaml": "study.yaml",
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            # Whatever they are, the answer says where they are wrong.
            "application/yaml": {"schema": {}},
            "application/json": {"schema": {}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
        },
    }
}


class PlacedError(BaseModel):
    """One bad place in a study."""

    model_config = ConfigDict(extra="forbid")

    path: str
    code: str
    message: str
    file: str | None
    """The table in which it is; null for the document itself."""
    line: int
    column: int


class StudyCounts(BaseModel):
    """What is in a study."""

    model_config = ConfigDict(extra="forbid")

    outcomes: int
    scenarios: int
    reference_classes: int
    cases: int
    indicators: int
    judgments: int
    links: int


class StudyCost(BaseModel):
    """What computing a study takes, estimated from its document."""

    model_config = ConfigDict(extra="forbid")

    draws: int
    """Posterior draws of all chains."""
    futures: int
    quantities: int
    """Numbers of each draw, at least."""
    draw_bytes: int
    """Memory of all draws, at least."""


class CheckedStudy(BaseModel):
    """What is to be said of a document before it is stored."""

    model_config = ConfigDict(extra="forbid")

    valid: bool
    errors: list[PlacedError]
    study: str | None = None
    title: str | None = None
    digest: str | None = None
    counts: StudyCounts | None = None
    cost: StudyCost | None = None
    document: dict[str, Any] | None = None
    """The document in its canonical form, tables inlined; null while it is not valid."""
    files: dict[str, str] = {}
    """Text of each file of an archive, by name."""


@router.post("", summary="Check a study without storing it", openapi_extra=_BODY)
async def check_study(request: Request, service: Reader) -> CheckedStudy:
    """Always 200 for something that can be read as files; `valid` says whether it is a study."""
    named = media_type_of(request)
    if named == FORM:
        files = await _read_form(request)
        return await run_in_threadpool(_check, service.settings, GivenTables(files))
    body = await request.body()
    if named in ZIPS:
        return await run_in_threadpool(_check_archive, service.settings, body)
    if named in DOCUMENTS:
        given = GivenTables({DOCUMENTS[named]: body})
        return await run_in_threadpool(_check, service.settings, given)
    raise RequestError(
        f"the body is {named or 'of no stated kind'}, expected one of {', '.join([*DOCUMENTS, 'application/zip', FORM])}; "
        "set the Content-Type header",
        code="media_type_unsupported",
    )


async def _read_form(request: Request) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    async with request.form(max_files=MAX_MEMBERS, max_fields=10) as form:
        for _, value in form.multi_items():
            if not isinstance(value, UploadFile) or not value.filename:
                raise RequestError(
                    "the form has a field that is no file, expected files with their names; leave it out",
                    code="request_invalid",
                )
            name = posixpath.normpath(value.filename.replace("\\", "/"))
            if name.startswith(("/", "..")) or ":" in name:
                raise RequestError(
                    f"the file {value.filename[:60]!r} lies outside the study's folder; expected a name below it",
                    code="request_invalid",
                )
            files[name] = await value.read()
    return files


def _check_archive(settings: Settings, body: bytes) -> CheckedStudy:
    try:
        tables = ZipTables(body)
    except StudyError as error:
        return CheckedStudy(valid=False, errors=_placed(error, ""))
    return _check(settings, tables)


def _check(settings: Settings, given: GivenTables) -> CheckedStudy:
    texts = _texts(given)
    try:
        study = study_from_files(given)
        accept_document(study, settings)
    except StudyError as error:
        text = next((texts[name] for name in texts if name.startswith("study.")), "")
        return CheckedStudy(valid=False, errors=_placed(error, text), files=texts)
    except RequestError as error:
        large = PlacedError(path="document", code="too_large", message=str(error), file=None, line=1, column=1)
        return CheckedStudy(valid=False, errors=[large], files=texts)
    document = study.canonical()
    return CheckedStudy(
        valid=True,
        errors=[],
        study=study.study,
        title=study.title,
        digest=study.digest,
        counts=_counts(study),
        cost=_cost(study),
        document=document,
        files=texts,
    )


def _texts(given: GivenTables) -> dict[str, str]:
    found = {}
    for name, body in given.files.items():
        if name.endswith((".yaml", ".yml", ".json", ".csv")):
            try:
                found[name] = read_text(body, name)
            except StudyError:
                # What cannot be read is an error of its own below, if the study names it.
                continue
    return found


def _placed(error: StudyError, document: str) -> list[PlacedError]:
    places = find_places(document, [each.path for each in error.errors])
    found = []
    for each in error.errors:
        at = place_of(each.path, places)
        found.append(
            PlacedError(
                path=each.path, code=each.code, message=each.message, file=at.file, line=at.line, column=at.column
            )
        )
    return found


def _counts(study: Study) -> StudyCounts:
    return StudyCounts(
        outcomes=len(study.outcomes),
        scenarios=len(study.scenarios),
        reference_classes=len(study.reference_classes),
        cases=len(study.cases),
        indicators=len(study.indicators),
        judgments=len((study.canonical().get("judgments") or {}).get("rows") or ()),
        links=len(study.links),
    )


def _cost(study: Study) -> StudyCost:
    size = measure_study(study)
    return StudyCost(draws=size.draws, futures=size.futures, quantities=size.quantities, draw_bytes=size.draw_bytes)
