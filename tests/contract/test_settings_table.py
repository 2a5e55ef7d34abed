"""The settings are a contract: each is named here and says what it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from forecast.settings import Settings

NAMES = {
    "home",
    "database_url",
    "redis_url",
    "cache_dir",
    "host",
    "port",
    "key",
    "trusted_proxies",
    "alive_file",
    "job_memory_bytes",
    "threads",
    "draw_unasked",
    "keep_draws_days",
    "keep_draws_bytes",
    "keep_jobs_days",
    "secret_keys",
    "session_hours",
    "requests_per_minute",
    "refused_per_minute",
    "workspace_running",
    "workspace_queued",
    "workspace_daily",
    "allowed_hosts",
    "queue_name",
    "concurrency",
    "calls",
    "workspace_calls",
    "workspace_subscriptions",
    "lease_seconds",
    "heartbeat_seconds",
    "progress_seconds",
    "dispatcher_interval_seconds",
    "fresh_seconds",
    "least_schedule_seconds",
    "max_attempts",
    "deadline_seconds",
    "queue_timeout_seconds",
    "max_queued",
    "max_body_bytes",
    "max_document_bytes",
    "max_outcomes",
    "max_cases",
    "max_table_rows",
    "max_horizon",
    "max_draws",
    "max_futures",
    "max_draw_bytes",
    "max_expression_characters",
    "max_connections",
    "max_connections_of_address",
    "header_seconds",
    "body_seconds",
    "requests_at_once",
    "uploads_at_once",
    "streams_at_once",
    "check_memory_bytes",
    "check_cpu_seconds",
    "query_memory_bytes",
    "query_cpu_seconds",
    "outgoing_hosts",
    "outgoing_private",
    "outgoing_plain_http",
    "outgoing_seconds",
    "webhook_retry_seconds",
    "source_dir",
    "source_max_bytes",
    "stop_grace_seconds",
    "log_level",
}


def test_every_setting_is_in_the_table() -> None:
    assert set(Settings.model_fields) == NAMES


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FORECAST_HOME", str(tmp_path))
    monkeypatch.setenv("FORECAST_PORT", "9000")
    monkeypatch.setenv("FORECAST_ALLOWED_HOSTS", '["forecast.example"]')
    settings = Settings()
    assert (settings.home, settings.port, settings.allowed_hosts) == (tmp_path, 9000, ("forecast.example",))
    assert settings.database == f"sqlite:///{tmp_path / 'forecast.db'}"


@pytest.mark.parametrize(("name", "value"), [("lease_seconds", 0), ("port", 70_000), ("log_level", "LOUD")])
def test_a_value_out_of_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "broker", "client"),
    [
        ("redis://host:6379/1", "redis://host:6379/1", "redis://host:6379/1"),
        ("unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2", "unix:///run/redis.sock?db=2"),
    ],
)
def test_a_redis_url_is_spelled_for_each_library(url: str, broker: str, client: str) -> None:
    settings = Settings(redis_url=url)
    assert (settings.broker_url, settings.redis_client_url) == (broker, client)


def test_what_the_user_set_for_the_compiler_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTENSOR_FLAGS", "base_compiledir=/elsewhere,generated_src_dir=/elsewhere")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/elsewhere")
    assert Settings().compiler_environment() == {}
    monkeypatch.setenv("PYTENSOR_FLAGS", "cxx=g++")
    assert Settings().compiler_environment()["PYTENSOR_FLAGS"].startswith("cxx=g++,base_compiledir=")
