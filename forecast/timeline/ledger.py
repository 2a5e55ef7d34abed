"""The ledger: how outcomes were resolved, and what every forecast and expert scored. Nothing in it is ever changed.

A forecast is scored when its own date for the outcome is over, not when the outcome resolves: scoring early would favour
whatever came true early. A corrected resolution adds scores beside those of the one before it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Any, Final

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.jobs.states import JobKind
from forecast.runtime.logs import get_logger
from forecast.store import Database, EvidenceRepository, ForecastRepository, ScoreRepository, StudyRepository
from forecast.store.tables.core import ExplanationRow, ForecastRow, StudyRow
from forecast.store.tables.living import ScoreRow
from forecast.study import EvidenceKind, Resolutions, resolve_judgments, resolve_option_statements, study_from_document
from forecast.study.document.options import part_id
from forecast.study.reading.table import cell_text
from forecast.study.rows.observations import resolution_word
from forecast.timeline.scores import brier, log_score, time_averaged_brier
from forecast.timeline.views import Ledger, ResolutionView, ScoreView, Standing

PUBLISHED: Final = "published"
PRIOR: Final = "prior"
REFERENCE: Final = "reference"
EXPERT: Final = "expert:"
BASELINES: Final = {PRIOR: 0, REFERENCE: 1}
"""Steps of an attribution: the prior alone, and with the reference classes."""

log = get_logger(__name__)


@dataclass(frozen=True)
class Resolution:
    """One statement of how an outcome turned out, and when it was made."""

    outcome: str
    value: str
    """yes, no, ambiguous or annulled; of a categorical outcome an option, ambiguous or annulled"""
    on: date
    known_at: date
    source: str | None
    recorded_at: datetime | None
    """When it came here; None for a row of the study's document."""

    @property
    def digest(self) -> str:
        """What a score refers to."""
        said = [self.outcome, self.value, self.on.isoformat(), self.known_at.isoformat()]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def resolutions_of(session: Session, study: StudyRow) -> dict[str, tuple[Resolution, ...]]:
    """All that was ever said of each outcome, what counts now last."""
    document = _document(session, study)
    options = _options(document)
    found: defaultdict[str, list[Resolution]] = defaultdict(list)
    block = document.get("resolutions")
    for row in Resolutions.model_validate(block).table_rows if block else ():
        if None not in (row["outcome"], row["resolution"], row["on"]):  # else it is left out
            found[str(row["outcome"])].append(_resolution(row, options, None))
    for evidence in EvidenceRepository(session).known(study.id):
        if evidence.kind == EvidenceKind.RESOLUTIONS:
            found[evidence.subject].append(_resolution(json.loads(evidence.cells), options, evidence.recorded_at))
    # The sort is stable: of two that became known on one day, the one that came later counts.
    return {outcome: tuple(sorted(rows, key=lambda row: row.known_at)) for outcome, rows in found.items()}


def decided_by(session: Session, study: StudyRow) -> dict[str, Resolution]:
    """What counts now of each outcome that turned out yes or no, and of each option of a categorical one."""
    options = _options(_document(session, study))
    found: dict[str, Resolution] = {}
    for outcome, rows in resolutions_of(session, study).items():
        last = rows[-1]
        if last.value in options.get(outcome, ()):
            found |= {
                part: replace(last, outcome=part, value="yes" if option == last.value else "no")
                for option in options[outcome]
                for part in (part_id(outcome, option),)
            }
        elif last.value in ("yes", "no"):
            found[outcome] = last
    return found


def _document(session: Session, study: StudyRow) -> dict[str, Any]:
    document = StudyRepository(session).document(study.digest)
    assert document is not None, "a study points to its document"
    read: dict[str, Any] = json.loads(document)
    return read


def _options(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """By outcome, the ids of its options."""
    return {block["id"]: [option["id"] for option in block.get("options") or ()] for block in document["outcomes"]}


def _resolution(
    row: Mapping[str, Any], options: Mapping[str, Sequence[str]], recorded_at: datetime | None
) -> Resolution:
    on = date.fromisoformat(row["on"])
    known_at = date.fromisoformat(row["known_at"]) if row.get("known_at") else on
    source = cell_text(row.get("source")) or None  # a year is a number
    value = resolution_word(row["resolution"], options.get(row["outcome"], ()))
    return Resolution(row["outcome"], value, on, known_at, source, recorded_at)


def score_due(database: Database, now: datetime) -> int:
    """Score what has come due in every study; how many scores are new."""
    with database.read() as session:
        studies = StudyRepository(session).everywhere()
    added = 0
    for workspace, study_id in studies:
        bound = database.of(workspace)
        try:
            with bound.read() as session:
                row = StudyRepository(session).get(study_id)
                scores = [] if row is None else list(_scores(session, row, now))
            if scores:
                with bound.write() as session:
                    added += ScoreRepository(session).add_missing(study_id, scores)
        except IntegrityError:
            log.info("scored_elsewhere", study=study_id)
        except SQLAlchemyError:
            raise
        except Exception:
            # One study that cannot be scored must not keep the others from it.
            log.exception("scoring_defect", study=study_id)
    if added:
        log.info("scored", scores=added)
    return added


def _scores(session: Session, study: StudyRow, now: datetime) -> Iterator[ScoreRow]:
    decided = decided_by(session, study)
    if not decided:
        return
    forecasts, known = ForecastRepository(session), ScoreRepository(session).keys(study.id)
    made = forecasts.made_before(study.id, max(row.on for row in decided.values()))
    explained = forecasts.explanations_of([forecast_id for forecast_id, _, _ in made], JobKind.ATTRIBUTION.value)
    taken: set[tuple[date, str]] = set()
    for forecast_id, as_of, last_word in made:
        # A forecast made after the outcome was known does not count; and a day's forecast counts once, however often it
        # is made.
        names = [name for name, row in decided.items() if last_word.date() < row.on and (as_of, name) not in taken]
        if not names:
            continue
        wanted = PRIOR if forecast_id in explained else PUBLISHED
        if all((forecast_id, name, wanted, decided[name].digest) in known for name in names):
            taken |= {(as_of, name) for name in names}
            continue
        forecast = forecasts.get(forecast_id)
        assert forecast is not None, "forecasts are never removed"
        chosen = {name: decided[name] for name in names}
        for score in _scores_of(session, forecast, chosen, explained.get(forecast_id), now):
            taken.add((as_of, score.outcome))
            yield score
        session.expunge(forecast)


def _scores_of(
    session: Session,
    forecast: ForecastRow,
    decided: Mapping[str, Resolution],
    attribution: ExplanationRow | None,
    now: datetime,
) -> Iterator[ScoreRow]:
    """Scores of one forecast about outcomes that were open on its as-of date, and whose date is over."""
    due: dict[str, float] = {}
    ends: dict[str, date] = {}
    for outcome in json.loads(forecast.answer)["outcomes"]:
        name, by = outcome["id"], date.fromisoformat(outcome["by"])
        if name in decided and by < now.date() and forecast.as_of < decided[name].on:
            due[name], ends[name] = float(outcome["probability"]), by
    if not due:
        return
    said = {(PUBLISHED, name): probability for name, probability in due.items()}
    if attribution is not None:
        steps = json.loads(attribution.answer)["steps"]
        for forecaster, step in BASELINES.items():
            said |= {(forecaster, name): float(steps[step]["outcomes"][name]["probability"]) for name in due}
    said |= _stated(session, forecast, ends)
    for (forecaster, name), probability in said.items():
        resolved = decided[name]
        happened = resolved.value == "yes" and resolved.on <= ends[name]
        yield ScoreRow(
            study=forecast.study,
            forecast_id=forecast.id,
            outcome=name,
            forecaster=forecaster,
            resolution=resolved.digest,
            happened=happened,
            resolved_on=resolved.on,
            as_of=forecast.as_of,
            by=ends[name],
            probability=probability,
            brier=brier(probability, happened=happened),
            log_score=log_score(probability, happened=happened),
            scored_at=now,
        )


def _stated(session: Session, forecast: ForecastRow, ends: Mapping[str, date]) -> dict[tuple[str, str], float]:
    """What experts had said by the forecast's as-of date about the very same questions."""
    document = StudyRepository(session).document(forecast.digest)
    assert document is not None, "a forecast points to its document"
    study = study_from_document(json.loads(document))
    return {
        (f"{EXPERT}{judgment.expert}", judgment.outcome): judgment.probability
        for judgment in resolve_judgments(study)
        if not judgment.given and ends.get(judgment.outcome) == judgment.by_day
    } | {
        (f"{EXPERT}{statement.expert}", part): probability
        for statement in resolve_option_statements(study)
        for part, probability in statement.probabilities.items()
        if part in ends
    }


def read_ledger(session: Session, study: StudyRow) -> Ledger:
    """The ledger of a study."""
    resolutions = resolutions_of(session, study)
    counting = {row.digest for row in decided_by(session, study).values()}
    rows = ScoreRepository(session).of_study(study.id)
    return Ledger(
        study=study.id,
        resolutions=tuple(
            ResolutionView(
                outcome=row.outcome,
                resolution=row.value,
                on=row.on,
                known_at=row.known_at,
                source=row.source,
                recorded_at=row.recorded_at,
                current=row is said[-1],
            )
            for said in resolutions.values()
            for row in said
        ),
        scores=tuple(
            ScoreView.model_validate(
                {name: getattr(row, name) for name in ScoreView.model_fields if name != "current"}
                | {"current": row.resolution in counting}
            )
            for row in rows
        ),
        standings=standings([row for row in rows if row.resolution in counting]),
    )


def standings(rows: Sequence[ScoreRow]) -> tuple[Standing, ...]:
    """Forecasters side by side, the published forecasts first."""
    published = {(row.forecast_id, row.outcome): row.brier for row in rows if row.forecaster == PUBLISHED}
    grouped: defaultdict[str, list[ScoreRow]] = defaultdict(list)
    for row in rows:
        grouped[row.forecaster].append(row)
    order = {PUBLISHED: 0, PRIOR: 1, REFERENCE: 2}
    return tuple(
        Standing(
            forecaster=name,
            scores=len(found),
            outcomes=len({row.outcome for row in found}),
            brier=fmean(row.brier for row in found),
            log_score=fmean(row.log_score for row in found),
            time_averaged_brier=_over_time(found),
            published_brier=fmean(published[row.forecast_id, row.outcome] for row in found),
        )
        for name, found in sorted(grouped.items(), key=lambda item: (order.get(item[0], 3), item[0]))
    )


def _over_time(rows: Sequence[ScoreRow]) -> float | None:
    """Of each question (an outcome by a date), while it was open."""
    questions: defaultdict[tuple[str, date], list[ScoreRow]] = defaultdict(list)
    for row in rows:
        questions[row.outcome, row.by].append(row)
    means = []
    for (_, by), found in questions.items():
        first = found[0]
        end = min(first.resolved_on, by + timedelta(days=1)) if first.happened else by + timedelta(days=1)
        said = sorted(((row.as_of, row.probability) for row in found), key=lambda item: item[0])
        mean = time_averaged_brier(said, end, happened=first.happened)
        if mean is not None:
            means.append(mean)
    return fmean(means) if means else None
