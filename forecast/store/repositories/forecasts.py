"""Queries about stored forecasts and what explains them. Both are added once and never changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.orm import Session, defer

from forecast.store.artifacts import StoredFile
from forecast.store.errors import DrawsRemovedError
from forecast.store.repositories.errands import ErrandRepository
from forecast.store.repositories.pages import Page, decode_cursor, make_page
from forecast.store.tables.core import (
    DrawingRow,
    EstimateRow,
    ExplanationRow,
    FigureRow,
    ForecastRow,
    JobRow,
    StudyVersionRow,
)
from forecast.store.tables.living import OccurrenceRow

DRAWING: Final = "drawing"
"""The kind of errand that has its figures drawn."""


class ForecastRepository:
    """Forecasts, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: ForecastRow, figures: Mapping[str, bytes]) -> None:
        """Keep a forecast with its figures (gzip-compressed JSON by name)."""
        self._session.add(row)
        self._session.flush()
        self._session.add_all(_estimates(row))
        self._session.add_all(
            FigureRow(forecast_id=row.id, name=name, json_gzip=figure) for name, figure in figures.items()
        )
        self._session.add(DrawingRow(forecast_id=row.id))
        ErrandRepository(self._session).want(DRAWING, row.workspace, row.id, row.made_at)
        self._session.flush()

    def get(self, forecast_id: str) -> ForecastRow | None:
        return self._session.get(ForecastRow, forecast_id)

    def without_answer(self, forecast_id: str) -> ForecastRow | None:
        """The row of a forecast, its answer not read."""
        query = select(ForecastRow).where(ForecastRow.id == forecast_id)
        return self._session.scalars(query.options(defer(ForecastRow.answer, raiseload=True))).one_or_none()

    def answer(self, forecast_id: str) -> str:
        """The answer of a forecast as JSON, as it was stored."""
        return self._session.scalars(select(ForecastRow.answer).where(ForecastRow.id == forecast_id)).one()

    def of_job(self, job_id: str) -> ForecastRow | None:
        return self._session.scalar(select(ForecastRow).where(ForecastRow.job_id == job_id))

    def ids_of_jobs(self, job_ids: list[str]) -> dict[str, str]:
        """Forecast id by job id, for those jobs that have one."""
        query = select(ForecastRow.job_id, ForecastRow.id).where(ForecastRow.job_id.in_(job_ids))
        return {row.job_id: row.id for row in self._session.execute(query)}

    def page(self, study: str, limit: int, cursor: str | None = None) -> Page[ForecastRow]:
        """Forecasts of a study, the latest as-of date first, and the newest of each day."""
        listing = f"forecasts:{study}"
        order = ForecastRow.as_of.desc(), ForecastRow.id.desc()
        query = select(ForecastRow).where(ForecastRow.study == study).order_by(*order).limit(limit + 1)
        if (before := decode_cursor(listing, cursor)) is not None:
            as_of, _, forecast_id = before.partition(" ")
            query = query.where(tuple_(ForecastRow.as_of, ForecastRow.id) < (_day(as_of), forecast_id))
        rows = list(self._session.scalars(query))
        return make_page(listing, rows, [f"{row.as_of.isoformat()} {row.id}" for row in rows], limit)

    def estimates(self, forecast_ids: Collection[str]) -> dict[str, tuple[EstimateRow, ...]]:
        """Probabilities by forecast, each in the study's own order."""
        query = select(EstimateRow).where(EstimateRow.forecast_id.in_(forecast_ids))
        found: dict[str, list[EstimateRow]] = {}
        for row in self._session.scalars(query.order_by(EstimateRow.kind, EstimateRow.position)):
            found.setdefault(row.forecast_id, []).append(row)
        return {forecast_id: tuple(rows) for forecast_id, rows in found.items()}

    def scheduled_without(self, kind: str, since: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """Workspace and id of forecasts made by schedules of which no job of a kind has been asked to explain anything,
        oldest first."""
        asked = select(JobRow.target).where(JobRow.kind == kind, JobRow.target.is_not(None))
        query = (
            select(ForecastRow.workspace, ForecastRow.id)
            .join(OccurrenceRow, OccurrenceRow.job_id == ForecastRow.job_id)
            .where(ForecastRow.made_at >= since, ForecastRow.verdict != "refused", ForecastRow.id.not_in(asked))
            .order_by(ForecastRow.id)
            .limit(limit)
        )
        return tuple((row.workspace, row.id) for row in self._session.execute(query))

    def newest_of_version(self, study: str, version: str) -> ForecastRow | None:
        """The newest forecast of one stored version of a study."""
        query = select(ForecastRow).where(ForecastRow.study == study, ForecastRow.version == version)
        return self._session.scalar(query.order_by(ForecastRow.id.desc()).limit(1))

    def made_before(self, study: str, day: date) -> tuple[tuple[str, date, datetime], ...]:
        """Forecasts as of earlier days, of stored versions and not refused, by as-of date and then by age.

        Returns
        -------
        tuple
            Id, as-of date, and the moment up to which it includes anything. That is when its evidence was recorded
            (when it was made, where that is not known), or when its version of the study was stored.
        """
        query = (
            select(
                ForecastRow.id, ForecastRow.as_of, ForecastRow.made_at, JobRow.recorded_by, StudyVersionRow.created_at
            )
            .join(JobRow, JobRow.id == ForecastRow.job_id)
            .outerjoin(
                StudyVersionRow,
                and_(
                    StudyVersionRow.workspace == ForecastRow.workspace,
                    StudyVersionRow.study == ForecastRow.study,
                    StudyVersionRow.digest == ForecastRow.version,
                ),
            )
            .where(ForecastRow.study == study, ForecastRow.version.is_not(None))
            .where(ForecastRow.verdict != "refused", ForecastRow.as_of < day)
            .order_by(ForecastRow.as_of, ForecastRow.id)
        )
        found = []
        for row in self._session.execute(query):
            evidence = row.recorded_by or row.made_at
            found.append((row.id, row.as_of, max(evidence, row.created_at or evidence)))
        return tuple(found)

    def previous(self, row: ForecastRow) -> ForecastRow | None:
        """The forecast before one in the history of its study: of a stored version, by as-of date, then by age."""
        query = (
            select(ForecastRow)
            .where(ForecastRow.workspace == row.workspace, ForecastRow.study == row.study)
            .where(ForecastRow.version.is_not(None), ForecastRow.verdict != "refused")
            .where(tuple_(ForecastRow.as_of, ForecastRow.id) < (row.as_of, row.id))
            .order_by(ForecastRow.as_of.desc(), ForecastRow.id.desc())
            .limit(1)
        )
        return self._session.scalar(query)

    def sampled_before(self, study: str, as_of: date) -> ForecastRow | None:
        """The newest published forecast of a study, up to a day, whose draws are a sampler's own."""
        query = (
            select(ForecastRow, JobRow.kind)
            .join(JobRow, JobRow.id == ForecastRow.job_id)
            .where(ForecastRow.study == study, ForecastRow.version.is_not(None), ForecastRow.verdict == "published")
            .where(ForecastRow.as_of <= as_of, ForecastRow.draws_removed_at.is_(None))
            .order_by(ForecastRow.as_of.desc(), ForecastRow.id.desc())
        )
        for row, kind in self._session.execute(query).yield_per(10):
            if kind == "forecast" or json.loads(row.answer)["update"]["way"] == "refitted":
                return row
        return None

    def add_explanation(self, row: ExplanationRow) -> None:
        """Keep an explanation; from now on it is the newest of its kind."""
        self._session.add(row)
        self._session.flush()

    def explanations(self, forecast_id: str) -> tuple[ExplanationRow, ...]:
        """The newest explanation of each kind that there is of a forecast."""
        newest = (
            select(func.max(ExplanationRow.id))
            .where(ExplanationRow.forecast_id == forecast_id)
            .group_by(ExplanationRow.kind)
        )
        query = select(ExplanationRow).where(ExplanationRow.id.in_(newest)).order_by(ExplanationRow.kind)
        return tuple(self._session.scalars(query))

    def explanations_with(self, ids: Collection[str]) -> tuple[ExplanationRow, ...]:
        """Explanations by their ids."""
        query = select(ExplanationRow).where(ExplanationRow.id.in_(ids)).order_by(ExplanationRow.kind)
        return tuple(self._session.scalars(query))

    def explanations_of(self, forecast_ids: Collection[str], kind: str) -> dict[str, ExplanationRow]:
        """The newest explanation of one kind, by forecast."""
        query = select(ExplanationRow).where(ExplanationRow.forecast_id.in_(forecast_ids), ExplanationRow.kind == kind)
        return {row.forecast_id: row for row in self._session.scalars(query.order_by(ExplanationRow.id))}

    def latest(self, study: str) -> ForecastRow | None:
        """The forecast of the latest as-of date; one of a stored version goes before those of documents sent with a job."""
        query = (
            select(ForecastRow)
            .where(ForecastRow.study == study)
            .order_by(ForecastRow.version.is_(None), ForecastRow.as_of.desc(), ForecastRow.id.desc())
            .limit(1)
        )
        return self._session.scalar(query)

    def latest_id(self, study: str) -> str | None:
        """Its id alone."""
        query = (
            select(ForecastRow.id)
            .where(ForecastRow.study == study)
            .order_by(ForecastRow.version.is_(None), ForecastRow.as_of.desc(), ForecastRow.id.desc())
            .limit(1)
        )
        return self._session.scalar(query)

    def figure(self, forecast_id: str, name: str) -> bytes | None:
        """A figure as gzip-compressed JSON."""
        row = self._session.get(FigureRow, (forecast_id, name))
        return row.json_gzip if row else None

    def figure_names(self, forecast_id: str) -> tuple[str, ...]:
        query = select(FigureRow.name).where(FigureRow.forecast_id == forecast_id).order_by(FigureRow.name)
        return tuple(self._session.scalars(query))

    def artifact_paths(self) -> frozenset[str]:
        """Every stored file that a forecast mentions and that was not removed."""
        query = select(ForecastRow.artifact_path).where(ForecastRow.draws_removed_at.is_(None))
        return frozenset(self._session.scalars(query))

    def draws(self) -> dict[str, StoredFile]:
        """What each of these files has to be, by its path."""
        columns = (ForecastRow.artifact_path, ForecastRow.artifact_sha256, ForecastRow.artifact_bytes)
        query = select(*columns).where(ForecastRow.draws_removed_at.is_(None))
        return {path: StoredFile(path, sha256, size) for path, sha256, size in self._session.execute(query)}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


def _estimates(row: ForecastRow) -> Iterator[EstimateRow]:
    answer = json.loads(row.answer)
    for kind in ("outcome", "scenario"):
        for position, found in enumerate(answer[f"{kind}s"]):
            yield EstimateRow(
                forecast_id=row.id,
                kind=kind,
                subject=found["id"],
                position=position,
                probability=found["probability"],
                mcse=found["mcse"],
                low=found["interval"]["low"],
                high=found["interval"]["high"],
            )


def stored_file(row: ForecastRow) -> StoredFile:
    """The file of posterior draws of a forecast.

    Raises
    ------
    DrawsRemovedError
        When it was removed to make room.
    """
    if row.draws_removed_at is not None:
        raise DrawsRemovedError(
            f"the draws of the forecast {row.id} were removed on {row.draws_removed_at:%Y-%m-%d} by the installation's rules; "
            "its answer is still there; submit its study again to have draws"
        )
    return StoredFile(path=row.artifact_path, sha256=row.artifact_sha256, size_bytes=row.artifact_bytes)
