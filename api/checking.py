"""Checks of a study before it is stored; imports little, so that a child of the web process can run them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from forecast.errors import FieldError, StudyError
from forecast.futures.shape import everything_asked
from forecast.jobs.limits import StudyLimits, require_within
from forecast.model.encoding.checking import require_encodable
from forecast.model.encoding.stated import states_present
from forecast.runtime.settings import Settings
from forecast.study import Study
from forecast.study.checks.size import measure_study
from forecast.study.loading import study_from_files
from forecast.study.reading.places import find_places, place_of
from forecast.study.reading.plain_data import read_text
from forecast.study.reading.table_files import GivenTables, ZipTables
from forecast.study.reading.table_text import read_table_text


@dataclass(frozen=True)
class DocumentLimits:
    """What an installation accepts of a study."""

    bytes: int
    """Of its canonical document, with its tables."""
    study: StudyLimits
    may_solve: bool = True
    """Whether stated probabilities may be solved for here, which takes up to some seconds."""

    @classmethod
    def of(cls, settings: Settings) -> DocumentLimits:
        """Those of an installation."""
        return cls(settings.max_document_bytes, StudyLimits.of(settings))


class SolvedElsewhereError(Exception):
    """The study states probabilities of the present case, which this process leaves to another one."""


class DocumentTooLargeError(StudyError):
    """A document has more bytes than the installation accepts."""

    code = "body_too_large"


def accept_document(study: Study, limits: DocumentLimits) -> str:
    """The canonical JSON of a study that is not too large.

    Raises
    ------
    DocumentTooLargeError
        When its document has more bytes than the installation accepts.
    StudyError
        With every part that is more than the installation accepts, or that cannot be encoded.
    SolvedElsewhereError
        When it would have to be solved for what it states, and may not be here.
    """
    document = study.canonical_json
    if (size := len(document.encode())) > limits.bytes:
        message = f"the document has {size} bytes with its tables, expected at most {limits.bytes}; leave out rows"
        raise DocumentTooLargeError([FieldError("document", "too_large", message)])
    require_within(study, limits.study)
    if not limits.may_solve and any(states_present(outcome) for outcome in study.outcomes):
        raise SolvedElsewhereError
    require_encodable(study)
    return document


class PlacedError(BaseModel):
    """One error in a study, with its place."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    path: str
    """Place in the document, such as `outcomes[0].prior`."""
    code: str
    """Kind of the error, a word that does not change."""
    message: str
    """What was found, what was expected and what to do."""
    file: str | None
    """Name of the table in which it is; null for the document itself."""
    line: int
    """Line in the file; 1 is the first."""
    column: int
    """Column in the line; 1 is the first."""


class StudyCounts(BaseModel):
    """Number of parts of a study."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    outcomes: int
    """Outcomes."""
    scenarios: int
    """Scenarios."""
    reference_classes: int
    """Reference classes."""
    cases: int
    """Historical cases known on the as-of date, over all reference classes."""
    indicators: int
    """Indicators."""
    judgments: int
    """Rows of judgments."""
    links: int
    """Links between outcomes."""


class StudyCost(BaseModel):
    """Size of the computation, estimated from the document."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    draws: int
    """Posterior draws of all chains."""
    futures: int
    """Simulated futures."""
    quantities: int
    """Numbers in each draw, at least."""
    draw_bytes: int
    """Memory of all draws in bytes, at least."""


class CheckedStudy(BaseModel):
    """Result of checking a study."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    valid: bool
    """Whether the study can be used."""
    errors: list[PlacedError]
    """Every error that was found; empty when valid."""
    questions: list[str] = []
    """What a valid study leaves open, or says in a way that its author may not have meant."""
    study: str | None = None
    """Id of the study; null when not valid."""
    title: str | None = None
    """Title of the study; null when not valid."""
    digest: str | None = None
    """SHA-256 (hex) of the canonical document; null when not valid."""
    counts: StudyCounts | None = None
    """Number of parts of the study; null when not valid."""
    cost: StudyCost | None = None
    """Size of the computation; null when not valid."""
    document: dict[str, Any] | None = None
    """Canonical document with tables inlined as `rows`; null when not valid."""
    files: dict[str, str] = {}
    """Text of each readable file that was sent, by name."""


def check_archive(body: bytes, limits: DocumentLimits) -> CheckedStudy:
    """What is to be said of an archive of a study and its tables."""
    try:
        tables = ZipTables(body)
    except StudyError as error:
        return CheckedStudy(valid=False, errors=_placed(error, ""))
    return check_files(tables, limits)


def check_files(given: GivenTables, limits: DocumentLimits) -> CheckedStudy:
    """What is to be said of a document and its tables."""
    texts = _texts(given)
    try:
        study = study_from_files(given)
        accept_document(study, limits)
    except StudyError as error:
        text = next((texts[name] for name in texts if name.startswith("study.")), "")
        return CheckedStudy(valid=False, errors=_placed(error, text), files=texts)
    document = study.canonical()
    return CheckedStudy(
        valid=True,
        errors=[],
        questions=[asked for _, asked in everything_asked(study)],
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
                found[name] = read_table_text(body, name) if name.endswith(".csv") else read_text(body, name)
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
