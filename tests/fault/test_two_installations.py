"""Several installations that share one Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from sqlalchemy import insert

from forecast.cli.doctor import Health, examine
from forecast.errands import ErrandKind
from forecast.queue.broker import Broker
from forecast.queue.publish import Publisher
from forecast.queue.strangers import find_strangers
from forecast.store import identity_of
from forecast.store.identity import InstallationRow
from tests.embedded_redis import redis_for
from tests.installation import Installation, installation_in
from tests.waiting import wait_until

pytestmark = [pytest.mark.service, pytest.mark.sqlite_only]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


@contextmanager
def sharing(home: Path, url: str) -> Iterator[Installation]:
    with installation_in(home, redis_url=url) as made:
        yield made


@contextmanager
def caller_of(installation: Installation) -> Iterator[int]:
    """A process of the service that reads a queue of an installation."""
    settings = installation.settings
    own = {"FORECAST_HOME": str(settings.home), "FORECAST_REDIS_URL": settings.redis_client_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.caller"],
        env={**os.environ, **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def tell(installation: Installation, count: int) -> None:
    """Put messages into a queue of an installation, about alerts that are not there."""
    with closing(Publisher(installation.settings.broker_url, installation.database)) as publisher:
        for number in range(count):
            publisher.publish_errand(ErrandKind.DELIVERY, "default", f"no-such-alert-{number}")


def waiting(installation: Installation) -> int:
    with closing(Broker(installation.settings.redis_client_url, installation.database)) as broker:
        return broker.waiting()


def strangers(installation: Installation) -> tuple[str, ...]:
    with closing(Broker(installation.settings.redis_client_url, installation.database)) as broker:
        return find_strangers(broker, installation.database)


def test_two_installations_on_one_redis_never_hear_of_each_other(installation: Installation, tmp_path: Path) -> None:
    with redis_for(installation.settings):
        url = installation.settings.redis_client_url
        with sharing(tmp_path / "other", url) as other, caller_of(other):
            prefixes = tuple(f"forecast:{identity_of(one.database)}:" for one in (installation, other))
            for one in (installation, other):
                tell(one, 8)
            wait_until(lambda: waiting(other) == 0, 60, "the other to hear what it was told")
            assert waiting(installation) == 8
            with redis.Redis.from_url(url, decode_responses=True) as client:
                names = [str(name) for name in client.scan_iter()]
            assert {name for name in names if not name.startswith(prefixes)} == set()
            assert all(any(name.startswith(prefix) for name in names) for prefix in prefixes)
            assert strangers(installation) == strangers(other) == ()


def test_who_reads_the_queue_with_a_copy_of_the_database_is_named(installation: Installation, tmp_path: Path) -> None:
    with redis_for(installation.settings):
        url = installation.settings.redis_client_url
        with sharing(tmp_path / "copy", url) as copy:
            identity = identity_of(installation.database)
            with copy.database.write() as session:
                session.execute(insert(InstallationRow).values(id=1, identity=identity))
            with caller_of(installation):
                wait_until(lambda: _readers(installation) == 1, 60, "a reader of its own")
                assert strangers(installation) == ()
                with caller_of(copy):
                    wait_until(lambda: strangers(installation), 60, "the stranger to be seen")
                    said = strangers(installation)
                    found = [finding for finding in examine(installation.settings) if finding.what == "queue"]
    assert len(said) == 1
    assert said[0].startswith("a caller on ")
    assert (found[0].health, found[0].seen) == (Health.BROKEN, said[0])
    assert "FORECAST_REDIS_URL" in found[0].to_do


def _readers(installation: Installation) -> int:
    with closing(Broker(installation.settings.redis_client_url, installation.database)) as broker:
        return len(broker.readers())
