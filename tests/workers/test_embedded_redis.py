"""The embedded Redis: found, started, adopted, refused."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
import redis

from forecast.runtime.settings import MAX_SOCKET_PATH_BYTES, Settings
from tests.embedded_redis import redis_for
from workers import redis_server
from workers.redis_server import (
    RedisUnusableError,
    Socket,
    find_redis_server,
    is_answering,
    prepare_directories,
    probe_socket,
)


def test_the_bundled_server_is_found_when_there_is_none_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert find_redis_server().name == "valkey-server"


def test_a_server_on_path_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() == program


@pytest.mark.service
def test_the_server_refuses_rather_than_forgets(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with redis_for(settings), redis.Redis.from_url(settings.redis_client_url, decode_responses=True) as client:
        found = {name: client.config_get(name)[name] for name in ("maxmemory-policy", "appendonly", "port")}
    assert found == {"maxmemory-policy": "noeviction", "appendonly": "yes", "port": "0"}


@pytest.mark.service
def test_what_was_stored_survives_a_kill(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with redis_for(settings) as server:
        with redis.Redis.from_url(settings.redis_client_url, decode_responses=True) as client:
            client.set("key", "value")
        server.kill()
        server.start()
        with redis.Redis.from_url(settings.redis_client_url, decode_responses=True) as client:
            assert client.get("key") == "value"


@pytest.mark.service
def test_a_live_server_on_our_directory_is_adopted(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with redis_for(settings):
        assert probe_socket(settings) is Socket.OURS


@pytest.mark.service
def test_beside_a_frozen_server_no_other_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It never answers, however long it is asked.
    monkeypatch.setattr(redis_server, "PROBE_SECONDS", 0.3)
    settings = Settings(home=tmp_path)
    with redis_for(settings) as server:
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        try:
            assert probe_socket(settings) is Socket.SILENT
        finally:
            server.process.send_signal(signal.SIGCONT)
        assert settings.redis_socket.exists()


@pytest.mark.service
def test_a_live_server_of_another_installation_is_refused(tmp_path: Path) -> None:
    ours, theirs = Settings(home=tmp_path / "ours"), Settings(home=tmp_path / "theirs")
    with redis_for(theirs):
        prepare_directories(ours)
        ours.redis_socket.symlink_to(theirs.redis_socket)
        with pytest.raises(RedisUnusableError, match="keeps its data in"):
            probe_socket(ours)


@pytest.mark.service
def test_a_socket_file_without_a_server_does_not_stop_the_next_start(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with redis_for(settings) as server:
        server.kill()
        assert settings.redis_socket.exists()
        assert probe_socket(settings) is Socket.FREE
        server.start()
        assert is_answering(settings)


@pytest.mark.service
def test_a_deep_directory_gets_a_short_socket(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / ("deep" * 30))
    assert len(str(settings.redis_socket)) <= MAX_SOCKET_PATH_BYTES
    with redis_for(settings):
        assert is_answering(settings)
        assert settings.redis_socket.parent.stat().st_mode & 0o077 == 0
    # Outside of the test's own directory.
    shutil.rmtree(settings.redis_socket.parent)
