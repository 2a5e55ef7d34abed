"""Receivers that answer nothing, and workspaces with many alerts: others do not wait for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from forecast.errands import ErrandKind
from forecast.jobs.errors import QuotaExceededError
from forecast.jobs.states import DeliveryState
from forecast.store import Database, ErrandRepository, StudyRepository
from forecast.study.document.canonical import canonical_json
from tests.alerts.telling import NOW, attempt, change, raise_one, standing
from tests.coin import coin_study
from tests.installation import Installation, installation_in
from tests.local_server import Answer, local_server

TAKEN = Answer(b"", 204)


def postpone(installation: Installation, alert: str, until: datetime) -> None:
    with installation.database.write() as session:
        errands = ErrandRepository(session)
        row = errands.wanted(ErrandKind.DELIVERY, "default", alert)
        assert row is not None
        errands.postpone(row, until)


@pytest.mark.both_databases
def test_a_receiver_that_answers_nothing_is_left_alone_longer_each_time(telling: Installation) -> None:
    """However many alerts there are for it: one of them finds out, and the others wait for that."""
    with local_server() as gone:
        port = gone.server_address[1]
    alerts = [raise_one(telling, f"http://127.0.0.1:{port}/{number}", key=str(number))[0] for number in range(3)]
    other, _ = raise_one(telling, f"http://127.0.0.1:{port + 1}/hook", key="other")

    def tried(seconds: float) -> list[int]:
        """How often each has been tried, once all were to be at a time."""
        for alert in alerts:
            attempt(telling, alert, NOW + timedelta(seconds=seconds))
        return [standing(telling, alert)[0].attempts for alert in alerts]

    # Pauses of 1, 2 and 4 seconds, and a request may take one.
    assert tried(0) == [1, 0, 0]
    assert tried(0.9) == [1, 0, 0]
    assert attempt(telling, other, NOW) is DeliveryState.PENDING
    assert standing(telling, other)[0].attempts == 1, "another receiver is another matter"
    assert tried(1) == [2, 0, 0]
    assert tried(2.9) == [2, 0, 0]
    assert tried(3) == [3, 0, 0]
    with local_server(port) as server:
        server.answers = {f"/{number}": TAKEN for number in range(3)}
        assert tried(6.9) == [3, 0, 0]
        assert [attempt(telling, alert, NOW + timedelta(seconds=7)) for alert in alerts] == [
            DeliveryState.DELIVERED
        ] * 3
        assert [request.path for request in server.asked] == ["/0", "/1", "/2"]


def test_alerts_wait_for_a_silent_receiver_no_longer_than_one_is_tried(telling: Installation) -> None:
    with local_server() as gone:
        url = gone.url("/hook")
    first, second = (raise_one(telling, url, key=key)[0] for key in ("x", "y"))
    for seconds in (0, 1, 3, 7):
        attempt(telling, first, NOW + timedelta(seconds=seconds))
    assert standing(telling, first)[0].state == "failed"
    # The receiver rests until 11 s; one that has waited for as long as all pauses and tries are together (11 s) is given up.
    assert attempt(telling, second, NOW + timedelta(seconds=7)) is DeliveryState.PENDING
    third, _ = raise_one(telling, url, NOW + timedelta(seconds=7), key="z")
    assert attempt(telling, third, NOW + timedelta(seconds=7.5)) is DeliveryState.PENDING
    assert attempt(telling, second, NOW + timedelta(seconds=11)) is DeliveryState.PENDING
    assert attempt(telling, second, NOW + timedelta(seconds=15)) is DeliveryState.PENDING
    postpone(telling, third, NOW + timedelta(seconds=17))
    assert attempt(telling, third, NOW + timedelta(seconds=17.5)) is DeliveryState.PENDING
    assert attempt(telling, second, NOW + timedelta(seconds=19)) is not None
    postpone(telling, third, NOW + timedelta(seconds=19))
    assert attempt(telling, third, NOW + timedelta(seconds=19.5)) is DeliveryState.FAILED
    assert "answered nothing to other alerts" in str(standing(telling, third)[1][-1].error)


@pytest.mark.both_databases
def test_a_workspace_with_many_alerts_leaves_room_for_another(telling: Installation) -> None:
    for number in range(5):
        raise_one(telling, "http://127.0.0.1:1/hook", key=str(number))
    other = telling.of("other")
    with other.database.write() as session:
        study = coin_study()
        StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), NOW)
    theirs, _ = raise_one(other, "http://127.0.0.1:1/hook", NOW + timedelta(seconds=1))
    now = NOW + timedelta(seconds=2)
    everywhere = Database(telling.settings.database)
    with everywhere.read() as session:
        due = ErrandRepository(session).due_in_shares(ErrandKind.DELIVERY, now, now, of_workspace=2, limit=3)
    everywhere.dispose()
    assert len(due) == 3
    assert ("other", theirs) in due


def test_an_alert_that_found_no_place_is_told_again_even_where_the_telling_is_noted_late(
    telling: Installation,
) -> None:
    """The dispatcher tells the queue, the message finds no place and comes back, and only then is the telling noted."""
    alert, _ = raise_one(telling, "http://127.0.0.1:1/hook")
    with telling.database.write() as session:
        ErrandRepository(session).republish_later(ErrandKind.DELIVERY, "default", alert, NOW + timedelta(seconds=1))
        ErrandRepository(session).mark_published(ErrandKind.DELIVERY, "default", alert, NOW)
    later = NOW + timedelta(seconds=2)
    with telling.database.read() as session:
        before = NOW - timedelta(minutes=2)
        due = ErrandRepository(session).due_in_shares(ErrandKind.DELIVERY, later, before, of_workspace=9, limit=9)
    assert due == (("default", alert),)


def test_a_workspace_may_have_so_many_subscriptions(tmp_path: Path) -> None:
    with installation_in(
        tmp_path / "home",
        workspace_subscriptions=2,
        outgoing_hosts=("127.0.0.1",),
        outgoing_private=True,
        outgoing_plain_http=True,
    ) as installation:
        study = coin_study()
        with installation.database.write() as session:
            StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), NOW)
        first, _ = raise_one(installation, "http://127.0.0.1:1/hook", key="x")
        raise_one(installation, "http://127.0.0.1:1/hook", key="y")
        with pytest.raises(QuotaExceededError, match="2 subscriptions, expected fewer than 2"):
            raise_one(installation, "http://127.0.0.1:1/hook", key="z")
        change(installation, first)
        raise_one(installation, "http://127.0.0.1:1/hook", key="z")
