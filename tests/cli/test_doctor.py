"""`forecast doctor`: what it finds in good and in bad installations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.command_line import Ended, forecast, forecast_process
from tests.embedded_redis import redis_for
from tests.installation import installation_in


def run_doctor(
    home: Path, run: Callable[..., Ended] = forecast, **environment: str
) -> tuple[int, dict[str, list[dict[str, str]]], str]:
    """Its exit code, its findings by what they are about, and what it says on standard error."""
    found = run("doctor", "--json", FORECAST_HOME=str(home), **environment)
    findings: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(found.stdout or "[]"):
        findings.setdefault(finding["what"], []).append(finding)
    return found.returncode, findings, found.stderr


def test_a_new_installation_is_worth_a_look_and_nothing_is_broken(tmp_path: Path) -> None:
    code, found, errors = run_doctor(tmp_path / "none")
    assert (code, errors) == (0, "")
    assert found["database"][0]["health"] == "worth a look"
    assert "forecast serve" in found["service"][0]["to_do"]


@pytest.mark.service
def test_a_good_one_is_good_and_its_faults_are_named_with_what_to_do(tmp_path: Path) -> None:
    with installation_in(tmp_path / "h") as installation, redis_for(installation.settings):
        assert installation.key
        installation.settings.home.chmod(0o700)
        code, found, _ = run_doctor(installation.settings.home)
        assert code == 0
        assert {found[name][0]["health"] for name in ("directory", "database", "queue", "memory")} == {"ok"}
        assert "1 keys" in found["database"][0]["seen"]
        client = redis.Redis(unix_socket_path=str(installation.settings.redis_socket))
        client.config_set("maxmemory-policy", "allkeys-lru")
        installation.settings.key_file.chmod(0o644)
        installation.settings.home.chmod(0o755)
        code, found, _ = run_doctor(installation.settings.home)
        assert code == 1
        assert "noeviction" in found["queue"][0]["to_do"]
        assert [finding["health"] for finding in found["directory"]] == ["worth a look", "broken"]
        assert "chmod 600" in found["directory"][1]["to_do"]
        client.close()


def test_a_database_that_cannot_be_reached_is_a_finding_and_no_traceback(tmp_path: Path) -> None:
    url = "postgresql://f:hunter2@127.0.0.1:1/none"
    code, found, errors = run_doctor(tmp_path, forecast_process, FORECAST_DATABASE_URL=url)
    assert code == 2
    assert found["database"][0]["health"] == "broken"
    assert "hunter2" not in json.dumps(found)
    assert "Traceback" not in errors
