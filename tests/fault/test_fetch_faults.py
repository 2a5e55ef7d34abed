"""A fetch that brings its process down each time: it is given up, and what others wait for is done meanwhile."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forecast.errands import ErrandKind, ErrandRule
from forecast.sources.sources import SourceStatus, SourceView, request_fetch, store_sources, view_source
from forecast.store import ErrandRepository, SourceRepository, StudyRepository
from forecast.study.document.canonical import canonical_json
from tests.embedded_redis import redis_for
from tests.installation import Installation, installation_in
from tests.living import living_study
from tests.local_server import Answer, dripping_server, local_server
from tests.moving_clock import MovingClock
from tests.waiting import wait_until
from workers.processes import ManagedProcess

pytestmark = [pytest.mark.fault, pytest.mark.slow]

START = datetime(2020, 4, 20, 12, tzinfo=UTC)
TABLE = b"period,value\n2020-03,9\n"
SETTINGS: dict[str, Any] = {
    "outgoing_hosts": ("127.0.0.1",),
    "outgoing_private": True,
    "outgoing_plain_http": True,
    # Longer than it takes to notice a request, so that none ends by itself.
    "outgoing_seconds": 40.0,
    "fetch_retry_seconds": (10.0,),
    "dispatcher_interval_seconds": 0.2,
}


@dataclass(frozen=True)
class Service:
    """A dispatcher and a caller on one installation; one that dies is started again, as the supervisor does."""

    installation: Installation
    clock: MovingClock
    dispatcher: ManagedProcess
    caller: ManagedProcess

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait, and keep both running meanwhile."""

        def is_so() -> object:
            self.dispatcher.keep_running()
            self.caller.keep_running()
            return condition()

        wait_until(is_so, 60, lambda: f"{what}:\n{self.caller.log_file.read_text()[-4000:]}")

    def kill_caller(self) -> None:
        assert self.caller.process is not None
        self.caller.process.kill()
        self.caller.process.wait()

    def standing(self, source: str) -> SourceView:
        with self.installation.database.read() as session:
            row = SourceRepository(session).get("small", source)
            assert row is not None
            return view_source(session, row)

    def given_up(self) -> dict[str, int]:
        """How many errands were, by kind."""
        with self.installation.database.read() as session:
            return ErrandRepository(session).count_given_up()

    def fetch(self, source: str) -> None:
        """Have a source asked, and see that it was."""
        before = self.clock.now
        with self.installation.database.write() as session:
            request_fetch(session, "small", source, before)

        def is_fetched() -> bool:
            found = self.standing(source)
            return not found.fetch_wanted and found.fetched_at is not None and found.fetched_at >= before

        self.until(is_fetched, f"{source} to be fetched")


@contextmanager
def running(home: Path) -> Iterator[Service]:
    """A new installation with its queue and these two processes."""
    clock = MovingClock(home / "clock", START)
    settings = {f"FORECAST_{name.upper()}": json.dumps(value) for name, value in SETTINGS.items()}
    own = {"FORECAST_HOME": str(home), "FORECAST_CLOCK_FILE": str(clock.file)}
    with installation_in(home, **SETTINGS) as installation, redis_for(installation.settings):
        dispatcher, caller = (
            ManagedProcess(
                name,
                [sys.executable, "-m", f"workers.{name}"],
                {**os.environ, **settings, **own},
                installation.settings.logs / f"{name}.log",
            )
            for name in ("dispatcher", "caller")
        )
        service = Service(installation, clock, dispatcher, caller)
        try:
            yield service
        finally:
            for process in (dispatcher, caller):
                process.stop(0)


def store_study(service: Service, **urls: str) -> None:
    """A study with these sources; each is wanted at once, and then due in four weeks."""
    columns = {"period": "period", "value": "value"}
    sources = [
        {"id": name, "url": url, "columns": columns, "values": {"indicator": "incidents"}, "cron": "0 5 19 * *"}
        for name, url in urls.items()
    ]
    study = living_study(sources=sources)
    with service.installation.database.write() as session:
        document = canonical_json(study.canonical())
        StudyRepository(session).put("small", study.title, study.digest, document, service.clock.now)
        store_sources(session, study, service.clock.now)


@pytest.mark.timeout(300)
def test_a_fetch_whose_process_dies_each_time_is_given_up_and_others_are_made() -> None:
    """Its address begins to answer and never ends, so that the process is killed in the middle of the request."""
    with (
        tempfile.TemporaryDirectory(prefix="fetches-") as folder,
        dripping_server() as fatal,
        local_server() as server,
        running(Path(folder)) as service,
    ):
        server.answers["/table.csv"] = Answer(TABLE)
        store_study(service, fatal=fatal.url("/table.csv"), sound=server.url("/table.csv"))
        rule = ErrandRule.of(ErrandKind.FETCH, service.installation.settings)
        # Both are wanted as soon as the study names them.
        service.until(lambda: service.standing("sound").status is SourceStatus.WORKING, "the other fetch to be made")
        for deaths, pause in enumerate((*rule.pauses, 0.0), 1):
            service.until(lambda: fatal.waiting == 1, "the fetch to be under way")
            service.kill_caller()
            service.fetch("sound")
            assert service.caller.restarts == deaths
            service.until(lambda: fatal.waiting == 0, "the dead process's connection to end")
            found = service.standing("fatal")
            assert (found.fetch_wanted, found.failures) == (True, 0)
            service.clock.advance(rule.held_seconds + pause + 1.0)
        service.until(lambda: not service.standing("fatal").fetch_wanted, "the fetch to be given up")
        found = service.standing("fatal")
        assert (found.status, found.error_code, found.failures) == (SourceStatus.FAILING, "fetch_gave_up", 1)
        assert found.error == "given up after 2 attempts that did not end"
        assert service.given_up() == {"fetch": 1}
        service.fetch("sound")
        assert service.caller.restarts == rule.most_attempts, "it goes on once the fetch is given up"
        assert fatal.waiting == 0
