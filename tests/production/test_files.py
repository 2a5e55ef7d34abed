"""The Dockerfile and the compose file: what tools say of them, and that they agree with the program."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from forecast.runtime.settings import Settings
from tests.production.compose import (
    DOCKER,
    ROOT,
    environment_of,
    filled_in,
    image_command,
    load_compose,
    stages,
)

BIN = Path(sys.executable).parent
FILLED = {"POSTGRES_PASSWORD": "a", "REDIS_PASSWORD": "b", "FORECAST_SECRET_KEYS": '["k"]'}
OURS = ("migrate", "api", "dispatcher", "beat", "worker", "caller", "illustrator")
HEAVY = {"pymc", "pytensor", "numba", "nutpie", "arviz", "arviz-stats", "arviz-plots", "matplotlib", "scipy"}


def test_the_dockerfile_passes_its_linter() -> None:
    found = subprocess.run([BIN / "hadolint", DOCKER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_the_compose_file_is_one() -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DOCKER / "compose.yaml"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_every_setting_in_it_is_one_of_ours() -> None:
    for name in OURS:
        for variable in environment_of(load_compose()["services"][name], FILLED):
            assert variable.removeprefix("FORECAST_").lower() in Settings.model_fields, variable


def test_the_example_of_settings_names_every_variable_of_the_file_and_no_other() -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))
    example = set(re.findall(r"(?m)^(\w+)=", (DOCKER / ".env.example").read_text()))
    assert example == used
    required = set(re.findall(r"\$\{(\w+):\?", (DOCKER / "compose.yaml").read_text()))
    assert required == set(FILLED)
    with pytest.raises(AssertionError, match="required"):
        filled_in("${POSTGRES_PASSWORD:?set it in .env}", {})


def test_containers_can_do_no_more_than_they_need() -> None:
    services = load_compose()["services"]
    for name in OURS:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in services[name]
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        limits = service["deploy"]["resources"]["limits"]
        assert re.fullmatch(r"\d+[mg]", filled_in(str(limits["memory"]), {})), name
        assert limits["pids"] > 0, name
    for name in ("postgres", "redis"):
        assert services[name]["user"] == "999:999"
    for name, stage in stages().items():
        if name in OURS:
            assert stage["USER"][-1] == "10001:10001", "nothing runs as root"
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert list(published) == ["api"], "the database and the queue are reached from inside alone"
    assert filled_in(published["api"][0], {}) == "127.0.0.1:8000:8000"
    assert load_compose()["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "redis", "migrate", "dispatcher", "beat", "worker", "illustrator"):
        assert services[name]["networks"] == ["inside"]


def test_the_queue_keeps_a_file_drops_nothing_and_wants_a_password() -> None:
    redis = load_compose()["services"]["redis"]
    script = " ".join(redis["command"][2].split())
    assert "--appendonly yes" in script
    assert "--maxmemory-policy noeviction" in script
    assert "requirepass" in script
    assert "--requirepass" not in script, "a password in the arguments stands in every list of processes"


def test_no_secret_is_in_the_images_or_the_file() -> None:
    text = (DOCKER / "compose.yaml").read_text() + (DOCKER / "Dockerfile").read_text()
    assert not re.search(r"(?i)(password|secret_keys?)\s*[:=]\s*['\"]?[a-z0-9]{6,}", text)
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*", "only what is named goes into an image"
    assert not any(".env" in line for line in ignored)


def test_services_run_what_their_images_say() -> None:
    built = stages()
    assert image_command(built["api"]) == ["python", "-m", "api"]
    for name in ("dispatcher", "beat", "worker", "caller", "illustrator"):
        assert image_command(built[name]) == ["python", "-m", f"workers.{name}"]


def test_the_uv_of_the_image_is_the_one_that_wrote_the_lock_file() -> None:
    wanted = re.search(r"UV_VERSION=(\S+)", (ROOT / ".ci" / "bootstrap").read_text())
    assert wanted is not None
    assert f"uv=={wanted.group(1)}" in (DOCKER / "Dockerfile").read_text()


OPTIONAL = {"attrs", "brotli", "greenlet", "msgpack", "setuptools"}
"""What other libraries use when it is there, and do without."""

LOADED = """
import sys, threading
from pathlib import Path
from fastapi.testclient import TestClient
from api.app import create_app
from forecast.runtime.settings import Settings
import workers.dispatcher, workers.beat, workers.caller, workers.tasks, forecast.alerts.delivering, forecast.sources.fetching, forecast.cli, forecast.cli.access, forecast.store.backup.whole, forecast.runtime.alive, alembic.command

with TestClient(create_app(Settings(home=Path(sys.argv[1]))), base_url="http://127.0.0.1") as client:
    for path in ("/", "/readyz", "/metrics", "/v1/jobs", "/new", "/access", "/openapi.json", "/static/plotly-basic.min.js"):
        assert client.get(path, headers={"Authorization": f"Bearer {sys.argv[2]}"}).status_code == 200, path
    client.app.state.service.publisher.warm_up()
    import api.desk_work, api.futures_cache, netCDF4, forecast.futures.query, forecast.futures.stored
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_small_image_has_all_that_its_processes_load_and_no_model(tmp_path: Path) -> None:
    """As the Dockerfile exports it from the lock file; what is loaded is looked at in a real process."""
    from tests.installation import installation_in

    lines = [line for line in stages()["lock"]["RUN"] if "requirements-api" in line]
    pruned = re.findall(r"--prune (\S+)", lines[0])
    extras = ["--frozen", "--no-dev", "--no-emit-project", "--extra", "postgresql", "--no-hashes", "--offline", "-q"]
    command = [str(BIN / "uv"), "export", *extras, *(word for name in pruned for word in ("--prune", name))]
    exported = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    installed = set(re.findall(r"(?m)^([a-z0-9-]+)==", exported))
    assert not installed & HEAVY
    with installation_in(tmp_path / "home") as installation:
        arguments = [str(installation.settings.home), installation.key]
        found = subprocess.run(
            [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
        )
    assert found.returncode == 0, found.stderr[-2000:]
    owners = packages_distributions()
    needed = {owners[name][0].lower().replace("_", "-") for name in found.stdout.split() if name in owners}
    assert needed - {"scenario-forecast"} <= installed | OPTIONAL, needed - installed
