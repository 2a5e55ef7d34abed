"""Loads a checked `Study` from a file, bytes or plain data; there is no other way to make one.

Nothing is opened outside the document's folder, nothing larger than 5 MB is read, and everything found wrong is
reported together.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forecast.errors import StudyError
from forecast.study.checks.field_messages import field_errors
from forecast.study.checks.validation import check_study, read_class
from forecast.study.document.cases import Case
from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import About, OutcomeKind
from forecast.study.reading.inline import inline_tables
from forecast.study.reading.plain_data import plain_copy, read_json
from forecast.study.reading.problems import READS, one_error, study_error
from forecast.study.reading.table_files import FolderTables, GivenTables, NoTables, TableSource, ZipTables, read_limited
from forecast.study.reading.yaml_reader import read_yaml
from forecast.study.rows.counts import dated_rows
from forecast.study.rows.evidence_tables import resolve_observations
from forecast.study.rows.thresholds import window_start


def load_study(path: Path) -> Study:
    """The study in a ``.yaml``, ``.yml`` or ``.json`` file, with its tables from below the same folder.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    path = Path(path)
    if path.is_dir():
        raise one_error(str(path), "no_such_file", "a folder; expected a study document; name the file in it")
    if not path.is_file():
        raise one_error(str(path), "no_such_file", "no such file; expected a study document; check the path")
    body = read_limited(path, path.name)
    if path.suffix.lower() == ".json":
        return _from_plain(read_json(body), FolderTables(path.parent))
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_plain(read_yaml(body), FolderTables(path.parent))
    raise one_error(
        path.name,
        "media_type",
        f"a {path.suffix or 'nameless'} file; expected .yaml, .yml or .json; rename or convert it",
    )


def study_from_bytes(body: bytes, media_type: str) -> Study:
    """The study in a request's body.

    Parameters
    ----------
    body
        The document; with ``application/zip`` an archive of ``study.yaml`` (or ``.json``) and its tables.
    media_type
        ``application/json``, ``application/yaml`` or ``application/zip``; parameters such as charset are ignored.

    Raises
    ------
    StudyError
        With every place that is wrong; also for another media type.
    """
    match media_type.partition(";")[0].strip().lower():
        case "application/json":
            return _from_plain(read_json(body), NoTables())
        case "application/yaml" | "application/x-yaml" | "text/yaml":
            return _from_plain(read_yaml(body), NoTables())
        case "application/zip" | "application/x-zip-compressed":
            return study_from_files(ZipTables(body))
        case other:
            raise one_error(
                "document",
                "media_type",
                f"{other[:60]!r} is not a form of study; expected application/json, application/yaml or "
                "application/zip; send one of these",
            )


def study_from_files(files: GivenTables) -> Study:
    """The study in a document and its tables that came together.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    name, document = files.document()
    return _from_plain(read_json(document) if name.endswith(".json") else read_yaml(document), files)


def study_from_document(document: object) -> Study:
    """The study in plain data (as from JSON), tables inlined as `rows`.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    return _from_plain(document, NoTables())


def _from_plain(document: object, source: TableSource) -> Study:
    plain = plain_copy(document)
    if not isinstance(plain, dict):
        seen = "empty" if plain is None else f"a {type(plain).__name__}"
        raise one_error(
            "document",
            "type",
            f"the document is {seen}; expected a mapping with study, title, as_of, period, horizon, "
            "outcomes; see priors/study.schema.json",
        )
    return study_from_canonical(*inline_tables(with_quantities_apart(plain), source))


def with_quantities_apart(document: dict[str, Any]) -> dict[str, Any]:
    """Outcomes of kind quantity under `quantities`, where the canonical document has them; it names outcomes even if there are
    none."""
    outcomes = document.get("outcomes", [] if document.get("quantities") else None)
    if "outcomes" not in document and outcomes is not None:
        document = {**document, "outcomes": outcomes}
    if not isinstance(outcomes, list) or not any(_is_quantity(block) for block in outcomes):
        return document
    others = document.get("quantities")
    moved = [block for block in outcomes if _is_quantity(block)]
    return {
        **document,
        "outcomes": [block for block in outcomes if not _is_quantity(block)],
        "quantities": [*(others if isinstance(others, list) else ()), *moved],
    }


def _is_quantity(block: object) -> bool:
    return isinstance(block, dict) and block.get("kind") == "quantity"


def study_from_canonical(document: dict[str, Any], table_files: dict[str, str]) -> Study:
    """The study in a canonical document; `table_files` says which rows came from which file, for messages.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    sys.audit(READS, "study")
    try:
        study = Study.model_validate(document)
    except ValidationError as error:
        raise study_error(field_errors(error, Study)) from None
    cases, errors = check_study(study, table_files)
    if errors:
        raise study_error(errors)
    return study.adopt(document, cases, table_files)


def with_as_of(study: Study, as_of: date) -> Study:
    """The same study as of another day, checked again.

    Stated probabilities of the present case keep their day, and threshold outcomes with a date the beginning of their window:
    both are written down where the document leaves them open, unless the other day is earlier. Counts of a part of a period
    keep the day on which they were known.

    Raises
    ------
    StudyError
        When the document makes no sense then, for example because an outcome was not yet at risk.
    """
    dated = dated_outcomes(study) if study.as_of <= as_of else study.document["outcomes"]
    changes: dict[str, Any] = {"as_of": as_of.isoformat(), "outcomes": dated}
    if as_of != study.as_of and "indicators" in study.document:
        changes["indicators"] = [
            block if (rows := dated_rows(block["rows"], study.calendar, as_of)) is None else {**block, "rows": rows}
            for block in study.document["indicators"]
        ]
    return _changed(study, changes)


def with_known_cases(study: Study) -> Study:
    """A copy of a checked study as of another day, with the cases that were known on that day."""
    cases: list[Case] = []
    for index, group in enumerate(study.reference_classes):
        path = f"reference_classes[{index}]"
        cases += read_class(study, group, path, study.table_files.get(path))[0]
    return study.adopt(study.document, tuple(cases), study.table_files)


def dated_outcomes(study: Study) -> list[dict[str, Any]]:
    """The outcomes of its document, in which every stated probability of a present case has its day, and the window of every
    threshold outcome with a date its beginning."""
    counts = resolve_observations(study) if any(map(_is_unopened, study.outcomes)) else {}
    return [
        {**block, "prior": _dated(block["prior"], study.as_of)}
        if _is_undated(outcome)
        else {
            **block,
            "window": {**(block.get("window") or {}), "since": window_start(study, outcome, counts).isoformat()},
        }
        if _is_unopened(outcome)
        else block
        for outcome, block in zip(study.outcomes, study.document["outcomes"], strict=True)
    ]


def _is_unopened(outcome: Outcome) -> bool:
    window = outcome.window
    is_dated = outcome.kind is OutcomeKind.THRESHOLD and outcome.resolution.by is not None
    return is_dated and window.since is None and window.period is None


def _is_undated(outcome: Outcome) -> bool:
    elicited = outcome.prior.elicited if outcome.prior is not None else None
    return elicited is not None and elicited.about is About.PRESENT and elicited.on is None


def _dated(prior: dict[str, Any], on: date) -> dict[str, Any]:
    if "probability" in prior:
        return {**prior, "on": on.isoformat()}
    return {**prior, "distribution": {**prior["distribution"], "on": on.isoformat()}}


def with_sampler(study: Study, **overrides: float | None) -> Study:
    """The same study with some sampler settings replaced, checked again; None removes one.

    Raises
    ------
    StudyError
        For an unknown setting or a value outside its limits.
    """
    settings = {**study.document.get("sampler", {}), **overrides}
    return _changed(study, {"sampler": {name: value for name, value in settings.items() if value is not None}})


def _changed(study: Study, changes: Mapping[str, Any]) -> Study:
    return study_from_canonical({**study.document, **changes}, study.table_files)


__all__ = [
    "StudyError",
    "dated_outcomes",
    "load_study",
    "study_from_bytes",
    "study_from_canonical",
    "study_from_document",
    "with_as_of",
    "with_sampler",
]
