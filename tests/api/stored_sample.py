"""The sample forecast stored in an installation, as a worker would have left it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel

from forecast.answer import Answer, StoredForecast
from forecast.jobs.explanations import EXPLANATIONS
from forecast.jobs.lifecycle import Claim, complete_job
from forecast.jobs.states import JobKind
from forecast.jobs.submit import submit_explanation
from forecast.store import ForecastRepository, compress_figure, utc_now
from forecast.store.ids import new_id
from forecast.study import Study, load_study
from tests.api.sample_answer import sample_figures, sample_forecast
from tests.explanations import explanation_row
from tests.installation import LIMITS, Installation, forecast_row

ROOT = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=1)
def karabakh_study() -> Study:
    """The bundled study."""
    return load_study(ROOT / "priors" / "karabakh-2021" / "study.yaml")


def store_sample(
    installation: Installation,
    forecast: StoredForecast | None = None,
    write_draws: Callable[[Path], object] = lambda path: path.write_bytes(b"draws"),
) -> tuple[str, str]:
    """A stored forecast and the job that made it; their ids. What explains the forecast is stored as jobs leave it."""
    forecast = forecast or sample_forecast()
    job_id = installation.submit(karabakh_study(), now=utc_now())
    forecast_id = complete_sample(installation, installation.claim(job_id, now=utc_now()), forecast, write_draws)
    for kind in EXPLANATIONS:
        explanation = getattr(forecast, kind.value)
        if explanation is not None:
            store_explanation(installation, forecast_id, kind, explanation)
    return forecast_id, job_id


def submit_of(installation: Installation, forecast_id: str, kind: JobKind) -> str:
    """A queued job that explains a stored forecast; its id."""
    with installation.database.write() as session:
        target = ForecastRepository(session).get(forecast_id)
        assert target is not None
        return submit_explanation(session, target, kind, LIMITS, now=utc_now()).job.id


def store_explanation(installation: Installation, forecast_id: str, kind: JobKind, explanation: BaseModel) -> str:
    """The id of an ended job that explained a stored forecast."""
    claim = installation.claim(submit_of(installation, forecast_id, kind), now=utc_now())
    row = explanation_row(claim, utc_now(), answer=explanation.model_dump_json())
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    return claim.job_id


def complete_sample(
    installation: Installation,
    claim: Claim,
    forecast: StoredForecast | None = None,
    write_draws: Callable[[Path], object] = lambda path: path.write_bytes(b"draws"),
) -> str:
    """End a claimed job with a forecast, and return the forecast's id."""
    forecast = forecast or sample_forecast()
    study, now = karabakh_study(), utc_now()
    file = installation.artifacts.write(f"2026-01/{claim.job_id}.nc", lambda path: write_draws(path) and None)
    row = forecast_row(
        claim,
        study,
        now,
        id=new_id(),
        as_of=forecast.as_of,
        verdict=forecast.verdict.value,
        answer=forecast.model_dump_json(include=set(Answer.model_fields)),
        artifact_path=file.path,
        artifact_sha256=file.sha256,
        artifact_bytes=file.size_bytes,
    )
    figures = {name: compress_figure(figure) for name, figure in sample_figures(forecast).items()}
    with installation.database.write() as session:
        complete_job(session, claim, row, figures)
    return row.id
