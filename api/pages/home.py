"""The home page: what is forecast here, what is being computed, how to ask for more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict

from api.pages.shared.bars import PROBABILITY, Bar
from api.pages.shared.job_words import KIND_WORDS, STATE_WORDS, result_url
from api.pages.shared.page import PageContext
from api.pages.study.history import SubjectHistory, build_subjects, in_history
from forecast.answer import Interval, Verdict
from forecast.jobs.view import JobView
from forecast.timeline.views import HistoryEntry
from forecast.wording import numbers
from forecast.wording.verdicts import VerdictBadge, verdict_badge

MAX_HEADLINES: Final = 3
"""Probabilities of one forecast that are shown at once; the others unfold."""


class Estimated(BaseModel):
    """What the home page reads of one outcome or scenario in a stored answer; curves and cases are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    title: str
    probability: float
    mcse: float
    interval: Interval


class Headline(BaseModel):
    """What the home page reads of a stored answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str
    verdict: Verdict
    scenarios: tuple[Estimated, ...]
    outcomes: tuple[Estimated, ...]


@dataclass(frozen=True)
class StudySource:
    """A study as it is stored."""

    id: str
    title: str
    history: tuple[HistoryEntry, ...] = ()
    """Its newest forecasts, newest first."""
    next_due: datetime | None = None
    alerts: int = 0
    """Raised lately."""


@dataclass(frozen=True)
class ForecastSource:
    """A stored forecast with what it says at the top."""

    id: str
    study: str
    as_of: date
    made_at: datetime
    headline: Headline


@dataclass(frozen=True)
class HeadlineRow:
    """One probability of a forecast."""

    title: str
    probability: str
    interval: str
    bar: Bar
    past: SubjectHistory | None
    """Its last forecasts, when there are several."""
    change: str
    is_noise: bool


@dataclass(frozen=True)
class ForecastCard:
    """A forecast in a list."""

    url: str
    as_of: str
    age: str
    made_at: str
    verdict: VerdictBadge
    rows: tuple[HeadlineRow, ...]
    others: tuple[HeadlineRow, ...]
    """All further probabilities."""
    hidden: str
    """How many those are."""


@dataclass(frozen=True)
class StudyCard:
    """A study with its newest forecast."""

    id: str
    title: str
    page_url: str | None
    """Its own page; None where the document came with a job and was not stored."""
    next_due: str
    alerts: str
    forecast: ForecastCard | None


@dataclass(frozen=True)
class JobRow:
    """A job in a list."""

    url: str
    title: str
    kind: str
    study: str
    state: str
    state_word: str
    age: str
    submitted_at: str
    took: str
    forecast_url: str | None


@dataclass(frozen=True, kw_only=True)
class HomePage(PageContext):
    """Studies with their newest forecasts, and recent jobs."""

    template: ClassVar[str] = "home.html"

    studies: tuple[StudyCard, ...]
    jobs: tuple[JobRow, ...]
    has_more_studies: bool
    has_more_jobs: bool
    base_url: str


def build_home(
    studies: Sequence[StudySource],
    forecasts: Mapping[str, ForecastSource],
    jobs: Sequence[JobView],
    *,
    now: datetime,
    base_url: str,
    has_more_studies: bool = False,
    has_more_jobs: bool = False,
) -> HomePage:
    """The home page.

    Parameters
    ----------
    forecasts
        The newest forecast by study; those of studies that are not stored are listed after the stored ones.
    """
    stored = {study.id for study in studies}
    cards = [
        StudyCard(
            id=study.id,
            title=study.title,
            page_url=f"/studies/{study.id}",
            next_due="" if study.next_due is None else f"next due {numbers.moment(study.next_due)}",
            alerts="" if not study.alerts else f"{numbers.plural(study.alerts, 'alert')} lately",
            forecast=_card(forecasts.get(study.id), study.history, now),
        )
        for study in studies
    ]
    cards += [
        StudyCard(
            id=source.study,
            title=source.headline.title,
            page_url=None,
            next_due="",
            alerts="",
            forecast=_card(source, (), now),
        )
        for source in forecasts.values()
        if source.study not in stored
    ]
    return HomePage(
        page_title="Scenario forecasts",
        studies=tuple(cards),
        jobs=tuple(_job_row(job, now) for job in jobs),
        has_more_studies=has_more_studies,
        has_more_jobs=has_more_jobs,
        base_url=base_url,
    )


def _card(source: ForecastSource | None, history: Sequence[HistoryEntry], now: datetime) -> ForecastCard | None:
    if source is None:
        return None
    scenarios, outcomes = (
        {estimated.id: estimated.title for estimated in group}
        for group in (source.headline.scenarios, source.headline.outcomes)
    )
    # A forecast that is not the newest of the history is shown by itself.
    is_newest = next((entry.forecast_id for entry in history if in_history(entry)), None) == source.id
    past = {
        (subject.kind, subject.id): subject
        for subject in (build_subjects(history, scenarios, outcomes) if is_newest else ())
    }
    # Scenarios are what a study was written for; the outcomes are what they are made of.
    rows = [_headline_row(found, past.get(("scenario", found.id))) for found in source.headline.scenarios]
    rows += [_headline_row(found, past.get(("outcome", found.id))) for found in source.headline.outcomes]
    return ForecastCard(
        url=f"/forecasts/{source.id}",
        as_of=numbers.day(source.as_of),
        age=numbers.age((now - source.made_at).total_seconds()),
        made_at=numbers.moment(source.made_at),
        verdict=verdict_badge(source.headline.verdict),
        rows=tuple(rows[:MAX_HEADLINES]),
        others=tuple(rows[MAX_HEADLINES:]),
        hidden=f"{len(rows) - MAX_HEADLINES} more",
    )


def _headline_row(estimated: Estimated, past: SubjectHistory | None) -> HeadlineRow:
    probability = numbers.percent(estimated.probability, estimated.mcse)
    interval = numbers.percent_range(estimated.interval, estimated.mcse)
    label = f"{probability}, {numbers.level(estimated.interval)} interval {interval}"
    return HeadlineRow(
        title=estimated.title,
        probability=probability,
        interval=interval,
        bar=PROBABILITY.bar(estimated.probability, estimated.interval, label),
        past=past if past is not None and len(past.points) > 1 else None,
        change="" if past is None or past.change == numbers.NONE else past.change,
        is_noise=past is not None and past.is_noise,
    )


def _job_row(job: JobView, now: datetime) -> JobRow:
    took = (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else None
    return JobRow(
        url=f"/jobs/{job.id}",
        title=job.title,
        kind=KIND_WORDS[job.kind],
        study=job.study,
        state=job.state.value,
        state_word=STATE_WORDS[job.state],
        age=numbers.age((now - job.created_at).total_seconds()),
        submitted_at=numbers.moment(job.created_at),
        took=numbers.NONE if took is None else numbers.duration(max(took, 0.0)),
        forecast_url=result_url(job.kind, job.forecast_id) if job.forecast_id else None,
    )
