from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from forecast.jobs.lifecycle import cancel_job, fail_job, record_progress
from forecast.jobs.states import FailureCode, JobKind
from forecast.store import utc_now
from tests.api.html import get
from tests.api.sample_answer import degraded_forecast, explained_forecast
from tests.api.shared import Shared, client_of, sharing
from tests.api.stored_sample import karabakh_study, store_sample, submit_of
from tests.installation import Installation, installation_in


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A new installation of its own."""
    with installation_in(tmp_path / "home", max_queued=20) as made:
        yield made


@pytest.fixture
def own_client(installation: Installation) -> Iterator[TestClient]:
    """A client of an application over that installation."""
    with client_of(installation) as made:
        yield made


@pytest.fixture
def client(own_client: TestClient) -> TestClient:
    """The same; modules whose tests only ask let it be the shared one."""
    return own_client


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Shared]]:
    """What a module shares in each kind of database."""
    with sharing(tmp_path_factory, max_queued=20) as made:
        yield made


@pytest.fixture
def shared(share: Callable[[str], Shared], database_kind: str) -> Shared:
    """An installation and its client that were there before this test, and will be afterwards."""
    return share(database_kind)


@pytest.fixture
def shared_keyless(shared: Shared) -> TestClient:
    """A client without a key, and with cookies of its own, of the shared application."""
    return TestClient(shared.client.app, base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture
def app(installation: Installation) -> FastAPI:
    return create_app(installation.settings)


@pytest.fixture
def keyless(app: FastAPI) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as made:
        yield made


PROGRESS = {
    "stage": "compile",
    "draws_done": 3412,
    "draws_wanted": 10_000,
    "divergences": 2,
    "estimates": {"withdrawal": 0.314, "conversion": 0.0004},
    "errors": {"withdrawal": 0.021, "conversion": None},
    "chain_estimates": {"withdrawal": [0.29, 0.34], "conversion": [0.0004, 0.0004]},
    "chains": [
        {"draws_done": 1700, "draws_wanted": 5000, "divergences": 2, "is_warming_up": False},
        {"draws_done": 1712, "draws_wanted": 5000, "divergences": 0, "is_warming_up": True},
    ],
}


@pytest.fixture
def every_page(shared: Shared) -> dict[str, str]:
    """HTML of each kind of page in each state; tests only read it."""
    return shared.once(_every_page)


def _every_page(installation: Installation) -> dict[str, str]:
    forecast_id, succeeded = store_sample(installation)
    explained_id, _ = store_sample(installation, explained_forecast())
    degraded_id, _ = store_sample(installation, degraded_forecast())
    explaining = submit_of(installation, forecast_id, JobKind.INFLUENCE)
    failed, running, cancelled, queued = (installation.submit(karabakh_study(), now=utc_now()) for _ in range(4))
    with installation.database.write() as session:
        cancel_job(session, cancelled)
    failed_claim, claim = installation.claim(failed, now=utc_now()), installation.claim(running, now=utc_now())
    with installation.database.write() as session:
        fail_job(session, failed_claim, FailureCode.MODEL_ERROR, "bad initial energy; widen the prior")
        record_progress(session, claim, PROGRESS)
    paths = {
        "home": "/",
        "forecast": f"/forecasts/{forecast_id}",
        "diagnostics": f"/forecasts/{forecast_id}/diagnostics",
        "degraded": f"/forecasts/{degraded_id}",
        "explained": f"/forecasts/{explained_id}",
        "explaining": f"/jobs/{explaining}",
        "succeeded": f"/jobs/{succeeded}",
        "failed": f"/jobs/{failed}",
        "running": f"/jobs/{running}",
        "cancelled": f"/jobs/{cancelled}",
        "queued": f"/jobs/{queued}",
    }
    with client_of(installation) as client:
        return {name: get(client, path) for name, path in paths.items()}
