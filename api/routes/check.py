"""Checking a study without storing it: whether it can be used, and where it is wrong, line by line."""

from __future__ import annotations

import posixpath
from typing import Final

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile

from api.acceptance import at_the_desk
from api.checking import CheckedStudy, DocumentLimits, check_archive, check_files
from api.problems import RequestError
from api.requests import media_type_of
from api.service import Reader
from forecast.study.reading.table_files import MAX_MEMBERS, GivenTables

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
        "description": "A study document, an archive of `study.yaml` and its tables, or a form with these files.",
        "required": True,
        "content": {
            # Whatever they are, the answer says where they are wrong.
            "application/yaml": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            FORM: {
                "schema": {
                    "title": "StudyFiles",
                    "description": "The files of a study, each with its name.",
                    "type": "object",
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "`study.yaml` or `study.json`, and its tables.",
                        }
                    },
                }
            },
        },
    }
}


@router.post("", summary="Check a study without storing it", openapi_extra=_BODY)
async def check_study(request: Request, service: Reader) -> CheckedStudy:
    """Always 200 for something that can be read as files; `valid` says whether it is a study."""
    named, limits = media_type_of(request), DocumentLimits.of(service.settings)
    if named == FORM:
        files = await _read_form(request)
        return await at_the_desk(service, check_files, GivenTables(files), limits)
    body = await request.body()
    if named in ZIPS:
        return await at_the_desk(service, check_archive, body, limits)
    if named in DOCUMENTS:
        given = GivenTables({DOCUMENTS[named]: body})
        return await at_the_desk(service, check_files, given, limits)
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
