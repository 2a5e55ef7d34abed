"""Studies that come with the package, to begin from, and the schema of their documents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from forecast.store import NotStoredError
from forecast.study.document.schema import study_schema
from priors import bundled_studies, study_path

router = APIRouter(prefix="/v1", tags=["studies"])


class ExampleList(BaseModel):
    """Names of the studies that come with the package."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    items: list[str]
    """Names of the studies."""


class ExampleStudy(BaseModel):
    """A study that comes with the package."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str
    """Name of the study."""
    files: dict[str, str]
    """Text of `study.yaml` and of its tables, by name."""


@router.get("/examples", summary="List the studies that come with the package")
def list_examples() -> ExampleList:
    return ExampleList(items=list(bundled_studies()))


@router.get("/examples/{name}", summary="Show a study that comes with the package")
def show_example(
    name: Annotated[str, Path(description="Name of a study that comes with the package.")],
) -> ExampleStudy:
    try:
        document = study_path(name)
    except LookupError as error:
        raise NotStoredError(f"there is no example {name[:64]!r}; there are {', '.join(bundled_studies())}") from error
    tables = sorted(document.parent.rglob("*.csv"))
    found = {file.relative_to(document.parent).as_posix(): file.read_text(encoding="utf-8") for file in tables}
    return ExampleStudy(name=name, files={document.name: document.read_text(encoding="utf-8"), **found})


@router.get("/schema", summary="Show the JSON schema of a study document")
def show_schema() -> dict[str, Any]:
    return study_schema()
