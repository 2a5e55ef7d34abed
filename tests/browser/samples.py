"""What is stored for pages that tests only look at."""

from __future__ import annotations

from datetime import UTC, datetime

from forecast.jobs.lifecycle import fail_job
from forecast.jobs.states import FailureCode
from forecast.store import utc_now
from tests.api.living_sample import add_forecast, store_living_sample
from tests.api.sample_answer import degraded_forecast, explained_forecast
from tests.api.stored_sample import karabakh_study, store_sample
from tests.installation import Installation


def store_pages(installation: Installation) -> dict[str, str]:
    """Paths by what is shown there."""
    plain, explained, degraded = (
        f"/forecasts/{store_sample(installation, forecast)[0]}"
        for forecast in (None, explained_forecast(), degraded_forecast())
    )
    study = store_living_sample(installation)
    return {
        "home": "/",
        "plain": plain,
        "forecast": explained,
        "degraded": degraded,
        "diagnostics": f"{plain}/diagnostics",
        "study": f"/studies/{study}",
        "failed_job": f"/jobs/{_failed_job(installation)}",
        "queued_job": f"/jobs/{installation.submit(karabakh_study(), now=utc_now())}",
        "nowhere": "/nowhere",
        "reference": "/docs",
    }


def _failed_job(installation: Installation) -> str:
    job_id = installation.submit(karabakh_study(), now=utc_now())
    claim = installation.claim(job_id, now=utc_now())
    with installation.database.write() as session:
        fail_job(session, claim, FailureCode.DATA_ERROR, "the table has no column duration")
    return job_id


def store_compared(installation: Installation, title: str = "Does it?") -> str:
    """The path of two forecasts of one study side by side; they would be the newest of a study with a past."""
    store_living_sample(installation, title)
    days = (datetime(2021, 7, 1, tzinfo=UTC), datetime(2021, 8, 1, tzinfo=UTC))
    before, after = (add_forecast(installation, day, 0.4 + 0.1 * place, title) for place, day in enumerate(days))
    return f"/compare?before={before}&after={after}"
