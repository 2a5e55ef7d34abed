"""One attempt of one job: claim, compute, store. At most one result is ever stored, whatever dies on the way."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from forecast.answer import Answer, Explanation
from forecast.errors import ForecastError, StopRequestedError
from forecast.jobs.crash_points import crash_point, hold_point
from forecast.jobs.explanations import EXPLANATIONS
from forecast.jobs.lifecycle import Claim, Completion, claim_job, fail_job
from forecast.jobs.quotas import JobLimits
from forecast.jobs.recover import lose_attempt
from forecast.jobs.states import JobKind
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.store import (
    ArtifactStore,
    Database,
    ForecastRepository,
    NotStoredError,
    StudyRepository,
    compress_figure,
    stored_file,
    utc_now,
)
from forecast.store.ids import new_id
from forecast.store.repositories.counters import Counts
from forecast.store.tables.core import ExplanationRow, ForecastRow
from forecast.study import Study, study_from_document
from workers.failures import explain_failure, is_out_of_room, is_passing
from workers.keeper import Keeper
from workers.results import counts_of
from workers.storing import ResultNotStoredError, store_result

if TYPE_CHECKING:
    from forecast.pipeline.compute import ComputedForecast, Progress
    from forecast.pipeline.explain import Explain

log = get_logger(__name__)


class RunOutcome(StrEnum):
    """What came of a message about a job."""

    DROPPED = "dropped"
    """The job was not to be had: taken, ended, or gone."""
    STORED = "stored"
    """The result is stored."""
    FAILED = "failed"
    """The job has failed."""
    STOPPED = "stopped"
    """The attempt was cancelled, released, out of time, or no longer the job's."""


class Compute(Protocol):
    """`forecast.pipeline.compute.compute_forecast`."""

    def __call__(
        self,
        study: Study,
        *,
        seed: int | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
    ) -> ComputedForecast: ...


class Runner:
    """Runs attempts in this process."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        artifacts: ArtifactStore,
        worker: str,
        stopping: threading.Event,
        compute: Compute | None = None,
        explain: Explain | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._artifacts = artifacts
        self._worker = worker
        self._stopping = stopping
        self._compute = compute
        self._explain = explain

    def run(self, job_id: str) -> RunOutcome:
        """Run the job if it can be claimed."""
        if self._stopping.is_set():
            # The next worker gets the dispatcher's next message.
            return RunOutcome.DROPPED
        with self._database.write() as session:
            claim = claim_job(
                session, job_id, self._worker, self._settings.lease_seconds, limits=JobLimits.of(self._settings)
            )
        if claim is None:
            log.info("message_dropped", job_id=job_id)
            return RunOutcome.DROPPED
        crash_point("claimed")
        log.info("attempt_began", job_id=job_id, attempt=claim.attempt, study=claim.study)
        with Keeper(self._settings, self._database, claim, self._stopping) as keeper:
            try:
                outcome = self._attempt(claim, keeper)
            except StopRequestedError as stop:
                # The keeper has settled the row before it gave the reason.
                log.info("attempt_stopped", job_id=job_id, attempt=claim.attempt, reason=stop.code)
                return RunOutcome.STOPPED
            except Exception as error:  # noqa: BLE001 (the edge of the task: every failure gets a code)
                cause = error.error if isinstance(error, ResultNotStoredError) else error
                if isinstance(cause, SQLAlchemyError) and not is_out_of_room(cause):
                    return self._leave(claim, cause)
                return self._fail(claim, cause)
        log.info("attempt_ended", job_id=job_id, attempt=claim.attempt, outcome=outcome.value)
        return outcome

    def _attempt(self, claim: Claim, keeper: Keeper) -> RunOutcome:
        latest: dict[str, Any] = {"stage": "load"}

        def show(progress: Progress) -> None:
            latest.update(
                stage=progress.stage.value,
                draws_done=progress.draws_done,
                draws_wanted=progress.draws_wanted,
                divergences=progress.divergences,
                estimates={outcome: found.probability for outcome, found in progress.estimates.items()},
                errors={outcome: found.mcse for outcome, found in progress.estimates.items()},
                chain_estimates={outcome: list(found.chains) for outcome, found in progress.estimates.items()},
                chains=[asdict(chain) for chain in progress.chains],
            )
            keeper.show(dict(latest))
            hold_point(latest, keeper.stop_reason)

        keeper.show(dict(latest))
        study = self._load_study(claim)
        if not claim.kind.explains:
            compute = self._compute or (self._updater(claim) if claim.kind is JobKind.UPDATE else _pipeline())
            computed = compute(study, seed=claim.seed, on_progress=show, should_stop=keeper.stop_reason)
            keeper.show({**latest, "stage": "store"})
            return self._store_forecast(claim, keeper, computed)
        explain = self._explain or self._explainer(claim)
        explanation = explain(study, seed=claim.seed, on_progress=show, should_stop=keeper.stop_reason)
        keeper.show({**latest, "stage": "store"})
        return self._store_explanation(claim, keeper, explanation)

    def _load_study(self, claim: Claim) -> Study:
        return self._study(claim.digest, claim.job_id)

    def _study(self, digest: str, job_id: str) -> Study:
        with self._database.read() as session:
            document = StudyRepository(session).document(digest)
        if document is None:
            raise NotStoredError(f"the document {digest} of job {job_id} is not in the database")
        return study_from_document(json.loads(document))

    def _updater(self, claim: Claim) -> Compute:
        from forecast.pipeline.update import LastForecast, compute_update

        with self._database.read() as session:
            row = ForecastRepository(session).get(claim.target) if claim.target else None
        last, unreadable = None, None
        if row is not None:
            try:
                last = LastForecast(
                    row.id,
                    self._study(row.digest, claim.job_id),
                    Answer.model_validate_json(row.answer),
                    self._artifacts.verified_path(stored_file(row)),
                )
            except (ForecastError, ValueError, OSError) as error:
                # Its draws are damaged or gone, or another version wrote it: what is asked for can be sampled all the same.
                log.warning("last_forecast_unreadable", job_id=claim.job_id, forecast=row.id, error=str(error))
                unreadable = f"the last forecast {row.id} cannot be read ({type(error).__name__})"
        return functools.partial(compute_update, last=last, unreadable=unreadable)

    def _explainer(self, claim: Claim) -> Explain:
        # The science is loaded by the first job, not by the process that waits for one.
        from forecast.pipeline.explain import explainer_of, require_same_method, triage_of

        with self._database.read() as session:
            target = ForecastRepository(session).get(claim.target or "")
            previous = None if target is None else ForecastRepository(session).previous(target)
        if target is None:
            raise NotStoredError(f"the forecast {claim.target} that job {claim.job_id} explains is not in the database")
        answer = json.loads(target.answer)
        require_same_method(answer["method_version"])
        if claim.kind is not JobKind.TRIAGE:
            return explainer_of(claim.kind.value, answer["provenance"]["sampler"])
        if previous is None:
            raise NotStoredError(
                f"there is no forecast before {claim.target}, with which job {claim.job_id} compares it"
            )
        before, after = (Answer.model_validate_json(row.answer) for row in (previous, target))
        return triage_of(after, previous.id, self._study(previous.digest, claim.job_id), before)

    def _store_forecast(self, claim: Claim, keeper: Keeper, computed: ComputedForecast) -> RunOutcome:
        answer = computed.answer
        now = utc_now()
        forecast_id = new_id()
        file = self._artifacts.write(f"{now:%Y-%m}/{forecast_id}.nc", computed.write_draws)
        crash_point("file_renamed")
        row = ForecastRow(
            id=forecast_id,
            workspace=claim.workspace,
            job_id=claim.job_id,
            study=answer.study,
            digest=claim.digest,
            version=claim.version,
            as_of=answer.as_of,
            made_at=now,
            verdict=answer.verdict.value,
            answer=answer.model_dump_json(),
            artifact_path=file.path,
            artifact_sha256=file.sha256,
            artifact_bytes=file.size_bytes,
        )
        figures = {name: compress_figure(figure) for name, figure in computed.figures.items()}
        is_wanted = False
        try:
            outcome = self._complete(claim, keeper, row, figures, counts_of(answer))
            is_wanted = outcome is RunOutcome.STORED
        except ResultNotStoredError as error:
            # A forecast that may be stored keeps its draws; if it is not, the dispatcher removes them.
            is_wanted = error.in_doubt
            raise
        finally:
            if not is_wanted:
                self._artifacts.remove(file.path)
        return outcome

    def _store_explanation(self, claim: Claim, keeper: Keeper, explanation: Explanation) -> RunOutcome:
        if not isinstance(explanation, EXPLANATIONS[claim.kind]):
            raise TypeError(f"a job of kind {claim.kind.value} gave {type(explanation).__name__}")
        assert claim.target is not None
        row = ExplanationRow(
            id=new_id(),
            forecast_id=claim.target,
            kind=claim.kind.value,
            job_id=claim.job_id,
            made_at=utc_now(),
            answer=explanation.model_dump_json(),
        )
        return self._complete(claim, keeper, row, {})

    def _complete(
        self,
        claim: Claim,
        keeper: Keeper,
        row: ForecastRow | ExplanationRow,
        figures: Mapping[str, bytes],
        counts: Counts | None = None,
    ) -> RunOutcome:
        patience = self._settings.lease_seconds
        completion = store_result(self._database, keeper, claim, row, figures, counts, patience)
        crash_point("completed")
        if completion is Completion.STORED:
            return RunOutcome.STORED
        log.warning("result_discarded", job_id=claim.job_id, attempt=claim.attempt, why=completion.value)
        return RunOutcome.STOPPED

    def _leave(self, claim: Claim, error: SQLAlchemyError) -> RunOutcome:
        """Leave the job to another attempt: the job is sound, the database did not accept the result."""
        log.warning("attempt_left", job_id=claim.job_id, attempt=claim.attempt, exc_info=error)
        if is_passing(error):
            # It was away for longer than the lease, which runs out by itself.
            return RunOutcome.STOPPED
        why = f"the database did not take it ({type(error).__name__}, in the worker's log)"
        try:
            with self._database.write() as session:
                lose_attempt(session, claim.job_id, self._worker, why=why, fence=claim.fence)
        except SQLAlchemyError:
            log.exception("attempt_not_handed_back", job_id=claim.job_id)
        return RunOutcome.STOPPED

    def _fail(self, claim: Claim, error: Exception) -> RunOutcome:
        code, detail = explain_failure(error)
        log.error("attempt_failed", job_id=claim.job_id, code=code.value, detail=detail, exc_info=error)
        try:
            with self._database.write() as session:
                failed = fail_job(session, claim, code, detail)
        except SQLAlchemyError:
            # The lease runs out, and the dispatcher decides.
            log.exception("failure_not_stored", job_id=claim.job_id)
            return RunOutcome.STOPPED
        return RunOutcome.FAILED if failed else RunOutcome.STOPPED


def _pipeline() -> Compute:
    from forecast.pipeline.compute import compute_forecast

    return compute_forecast
