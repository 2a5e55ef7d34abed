"""The sample forecast stored in an installation, as a worker would have left it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from forecast.answer import Answer, StoredForecast
from forecast.jobs.lifecycle import Claim, complete_job
from forecast.store import compress_figure, utc_now
from forecast.store.ids import new_id
from forecast.study import Study, load_study
from tests.api.sample_answer import sample_figures, sample_forecast
from tests.installation import Installation, forecast_row

ROOT = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=1)
def karabakh_study() -> Study:
    """The bundled study."""
    return load_study(ROOT / "priors" / "karabakh-2021" / "study.yaml")


def store_sample(installation: Installation, forecast: StoredForecast | None = None) -> tuple[str, str]:
    """A stored forecast and the job that made it; their ids."""
    job_id = installation.submit(karabakh_study(), now=utc_now())
    return complete_sample(installation, installation.claim(job_id, now=utc_now()), forecast), job_id


def complete_sample(installation: Installation, claim: Claim, forecast: StoredForecast | None = None) -> str:
    """End a claimed job with a forecast, and return the forecast's id."""
    forecast = forecast or sample_forecast()
    study, now = karabakh_study(), utc_now()
    file = installation.artifacts.write(f"2026-01/{claim.job_id}.nc", lambda path: path.write_bytes(b"draws") and None)
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
