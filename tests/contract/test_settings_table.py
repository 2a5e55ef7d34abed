"""The settings are a contract: each is named here and says what it does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from redis.connection import parse_url
from sqlalchemy import URL

from forecast.runtime.setting_words import SettingsError, almost_settings
from forecast.runtime.settings import Settings, get_settings

NAMES = {
    "home",
    "database_url",
    "redis_url",
    "cache_dir",
    "host",
    "port",
    "key",
    "trusted_proxies",
    "root_path",
    "cors_origins",
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
    "fetch_retry_seconds",
    "drawing_retry_seconds",
    "preview_retry_seconds",
    "source_dir",
    "source_max_bytes",
    "engine",
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


def test_addresses_are_those_of_the_libraries(tmp_path: Path) -> None:
    for name in ("a#b", "a?b", "a;b", "a%25b", "a b", "ü"):
        settings = Settings(home=tmp_path / name)
        assert settings.database == URL.create("sqlite", database=f"{tmp_path / name}/forecast.db").render_as_string()
        assert parse_url(settings.redis_client_url)["path"] == f"{tmp_path / name}/redis/redis.sock"


@pytest.mark.parametrize("name", [n for n, field in Settings.model_fields.items() if "tuple" in str(field.annotation)])
def test_every_list_is_written_as_a_person_would_and_as_json(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = {
        "secret_keys": ("A" * 43 + "=", "B" * 43 + "="),
        "webhook_retry_seconds": ("5", "30.5"),
        "fetch_retry_seconds": ("5", "30.5"),
        "drawing_retry_seconds": ("5", "30.5"),
        "preview_retry_seconds": ("5", "30.5"),
        "trusted_proxies": ("10.0.0.7", "10.1.0.0/24"),
        "cors_origins": ("https://desk.example", "http://127.0.0.1:3000"),
    }.get(name, ("example.org", ".example.net"))
    variable = f"FORECAST_{name.upper()}"
    read = []
    for written in (f"{first},{second}", f" {first} , {second}, ", json.dumps([first, second]), first, "[]"):
        monkeypatch.setenv(variable, written)
        read.append(getattr(Settings(), name))
    assert len(read[0]) == 2
    assert read == [read[0], read[0], read[0], read[0][:1], ()]
    default = Settings.model_fields[name].default
    monkeypatch.setenv(variable, "")
    assert getattr(Settings(), name) == default


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"HEARTBEAT_SECONDS": "30"}, "FORECAST_HEARTBEAT_SECONDS is 30 and FORECAST_LEASE_SECONDS is 30"),
        ({"PROGRESS_SECONDS": "9", "LEASE_SECONDS": "5", "HEARTBEAT_SECONDS": "1"}, "FORECAST_PROGRESS_SECONDS is 9"),
        ({"SECRET_KEYS": "hunter2"}, "number 1 of 1 is no key"),
        ({"LEASE_SECONDS": "inf"}, "FORECAST_LEASE_SECONDS is 'inf': expected a finite number"),
        ({"QUEUE_TIMEOUT_SECONDS": "1e20"}, "at most a hundred years"),
        ({"WEBHOOK_RETRY_SECONDS": "5,-1"}, "expected pauses of 0 seconds or more"),
        ({"OUTGOING_HOSTS": "https://example.org"}, "'https://example.org' is no name of a host"),
        ({"OUTGOING_HOSTS": '["a.org"'}, "expected values with commas between them, or a JSON list"),
        ({"TRUSTED_PROXIES": "proxy.example"}, "no IP address or network"),
        ({"HOST": "/run/forecast.sock"}, "expected a name or an IP address alone"),
        ({"DATABASE_URL": "/srv/forecast.db"}, "expected a URL, not a path"),
        ({"DATABASE_URL": "mysql://f:hunter2@host/x"}, "'mysql' is no kind of database"),
        ({"DATABASE_URL": "sqlite://"}, "each process's own"),
        ({"DATABASE_URL": "postgresql://f:hunter2@host:port/x"}, "host or port cannot be read"),
        ({"REDIS_URL": "/run/redis.sock"}, "unix:///run/redis.sock"),
        ({"REDIS_URL": "redis://:hunter2@host:6379/first"}, "'first' is no number of a Redis database"),
        ({"PORT": "http"}, "FORECAST_PORT is 'http': expected a valid integer"),
        ({"CACHE_DIR": "/tmp/a,b"}, "without a comma"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"FORECAST_{name}", value)
    get_settings.cache_clear()
    with pytest.raises(SettingsError) as raised:
        get_settings()
    sentence = str(raised.value)
    assert said in sentence
    assert "expected" in sentence or ";" in sentence
    assert "\n" not in sentence
    assert "hunter2" not in sentence


def test_variables_that_are_almost_settings_are_found() -> None:
    environment = dict.fromkeys(("FORECAST_PORTT", "FORCAST_HOME", "FORECAST_PORT", "FORECAST_URL", "FORCE_COLOR"), "1")
    assert almost_settings(environment, Settings.model_fields) == (
        ("FORCAST_HOME", "FORECAST_HOME"),
        ("FORECAST_PORTT", "FORECAST_PORT"),
    )


def test_what_the_user_set_for_the_compiler_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTENSOR_FLAGS", "base_compiledir=/elsewhere,generated_src_dir=/elsewhere")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/elsewhere")
    assert Settings().compiler_environment() == {}
    monkeypatch.setenv("PYTENSOR_FLAGS", "cxx=g++")
    assert Settings().compiler_environment()["PYTENSOR_FLAGS"].startswith("cxx=g++,base_compiledir=")
