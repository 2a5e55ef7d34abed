"""The web process imports nothing of the science, and nothing that only other processes need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from forecast.jobs.lifecycle import complete_job
from tests.futures_file import asked_study, write_futures_file
from tests.installation import forecast_row, installation_in

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pymc", "pytensor", "nutpie", "arviz", "arviz_stats", "numba", "scipy", "xarray", "plotly", "matplotlib")
OF_OTHERS = ("celery", "kombu", "redis", "alembic", "polars")

ASK = """
import json, sys
from fastapi.testclient import TestClient
from api.app import create_app
from forecast.runtime.settings import Settings

# Not entered, so that nothing is started in the background: only what a query itself needs is loaded.
client = TestClient(create_app(Settings(home=sys.argv[1])), base_url="http://127.0.0.1")
body = {"expression": "leaves", "observe": ["not stays"], "do": [{"outcome": "talks", "at": 3}], "all": True}
headers = {"Authorization": f"Bearer {sys.argv[3]}"}
answer = client.post(f"/v1/forecasts/{sys.argv[2]}/query", json=body, headers=headers)
from tests.api.desk_tasks import loaded
desks = client.app.state.service.desks
there = [loaded(sys.argv[4:]), *(desk.submit("", loaded, sys.argv[4:]).result(60) for desk in (desks.documents, desks.queries))]
print(json.dumps({"status": answer.status_code, "loaded": there}))
"""


START = """
import json, sys
from fastapi.testclient import TestClient
from api.app import create_app
from forecast.runtime.settings import Settings
from tests.api.desk_tasks import loaded

with TestClient(create_app(Settings(home=sys.argv[1])), base_url="http://127.0.0.1") as client:
    # Behind what the start has asked it for.
    print(json.dumps(client.app.state.service.desks.queries.submit("", loaded, sys.argv[2:]).result(60)))
"""


def run(code: str, *arguments: str) -> object:
    """What a new process prints as JSON."""
    command = [sys.executable, "-c", code, *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_importing_the_application_loads_no_science() -> None:
    code = "import json, sys, api.app; print(json.dumps([m for m in sys.argv[1:] if m in sys.modules]))"
    assert run(code, *HEAVY, *OF_OTHERS, "netCDF4") == []


def test_answering_a_query_loads_no_science(tmp_path: Path) -> None:
    study = asked_study()
    with installation_in(tmp_path) as installation:
        claim = installation.claim(installation.submit(study))
        file = installation.artifacts.write("2026-01/draws.nc", write_futures_file)
        row = forecast_row(
            claim, study, artifact_path=file.path, artifact_sha256=file.sha256, artifact_bytes=file.size_bytes
        )
        with installation.database.write() as session:
            complete_job(session, claim, row, {})
        key = installation.key
    assert run(ASK, str(tmp_path), row.id, key, *HEAVY, *OF_OTHERS) == {"status": 200, "loaded": [[], [], []]}


def test_a_started_application_is_ready_for_its_first_query(tmp_path: Path) -> None:
    with installation_in(tmp_path):
        assert run(START, str(tmp_path), *HEAVY, "netCDF4") == ["netCDF4"]
