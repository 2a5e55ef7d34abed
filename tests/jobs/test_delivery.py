"""Alerts on their way to a webhook: a real receiver that is down, refuses, is slow, and comes back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import forecast.outgoing
from forecast.jobs.alert_rules import Finding
from forecast.jobs.alerting import add_alert
from forecast.jobs.delivering import deliver, sender
from forecast.jobs.digests import canonical_json
from forecast.jobs.errors import QuotaExceededError, SubscriptionError
from forecast.jobs.rotation import rotate_secret
from forecast.jobs.states import DeliveryState
from forecast.jobs.subscriptions import (
    SubscriptionChange,
    SubscriptionRequest,
    change_subscription,
    create_subscription,
    delete_subscription,
    replay,
    reseal_secrets,
    secret_of,
)
from forecast.outgoing import Posted
from forecast.store import AlertRepository, Database, StudyRepository, utc_now
from forecast.store.alert_tables import DeliveryAttemptRow, DeliveryRow
from tests.coin import coin_study
from tests.installation import Installation, installation_in
from tests.local_server import Answer, local_server

TAKEN = Answer(b"", 204)


@pytest.fixture
def telling(tmp_path: Path) -> Iterator[Installation]:
    """An installation that may ask this machine, and tries four times."""
    options: dict[str, Any] = {"outgoing_hosts": ("127.0.0.1",), "outgoing_private": True, "outgoing_plain_http": True}
    pauses = (1.0, 2.0, 4.0)
    with installation_in(tmp_path / "home", webhook_retry_seconds=pauses, outgoing_seconds=1.0, **options) as made:
        study = coin_study()
        with made.database.write() as session:
            StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), NOW)
        yield made


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def raise_one(installation: Installation, url: str, now: datetime = NOW, key: str = "x") -> tuple[str, str]:
    """An alert that is to be delivered, and the secret of its subscription."""
    with installation.database.write() as session:
        study = StudyRepository(session).get("coin")
        assert study is not None
        wanted = SubscriptionRequest(study="coin", kind="verdict", url=url)  # type: ignore[arg-type]
        row = create_subscription(session, study, wanted, installation.settings, now)
        alert = add_alert(session, row, Finding(key, "verdict published became refused", {"note": "é\u2028"}), now)
        assert alert is not None
        secret = secret_of(row, installation.settings)
        assert secret is not None
        return alert, secret


def attempt(installation: Installation, alert: str, now: datetime) -> DeliveryState | None:
    return deliver(installation.database, sender(installation.settings), installation.settings, alert, lambda: now)


def standing(installation: Installation, alert: str) -> tuple[DeliveryRow, tuple[DeliveryAttemptRow, ...]]:
    with installation.database.read() as session:
        repository = AlertRepository(session)
        return repository.deliveries([alert])[alert], repository.attempts(alert)


def test_a_receiver_that_was_down_gets_the_alert_once(telling: Installation) -> None:
    with local_server() as gone:
        port = gone.server_address[1]
    alert, _ = raise_one(telling, f"http://127.0.0.1:{port}/hook")
    assert attempt(telling, alert, NOW) is DeliveryState.PENDING
    assert attempt(telling, alert, NOW) is None, "not before its pause is over"
    assert attempt(telling, alert, NOW + timedelta(seconds=1)) is DeliveryState.PENDING
    with local_server(port) as server:
        server.answers["/hook"] = TAKEN
        assert attempt(telling, alert, NOW + timedelta(seconds=3)) is DeliveryState.DELIVERED
        assert attempt(telling, alert, NOW + timedelta(seconds=99)) is None
        assert len(server.asked) == 1
        assert json.loads(server.asked[0].body)["data"]["alert"] == alert
    delivery, attempts = standing(telling, alert)
    assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == ("delivered", 3, None)
    assert [row.status for row in attempts] == [None, None, 204]
    assert "cannot be reached" in str(attempts[0].error)
    assert attempts[2].error is None


@pytest.mark.parametrize("status", [301, 400, 404, 500])
def test_one_that_never_takes_it_leaves_a_failure_with_every_try(telling: Installation, status: int) -> None:
    with local_server() as server:
        server.answers["/hook"] = Answer(b"", status, {"Location": "http://127.0.0.1:1/"})
        alert, _ = raise_one(telling, server.url("/hook"))
        states = [attempt(telling, alert, NOW + timedelta(seconds=seconds)) for seconds in (0, 1, 3, 7, 99)]
        assert states == [*[DeliveryState.PENDING] * 3, DeliveryState.FAILED, None]
        delivery, attempts = standing(telling, alert)
        assert (delivery.attempts, [row.status for row in attempts]) == (4, [status] * 4)
        # Asked for again, it begins anew, and the tries of before stay on record.
        server.answers["/hook"] = TAKEN
        with telling.database.write() as session:
            replay(session, alert, NOW + timedelta(seconds=100))
        assert attempt(telling, alert, NOW + timedelta(seconds=100)) is DeliveryState.DELIVERED
        assert [row.status for row in standing(telling, alert)[1]] == [*[status] * 4, 204]
        assert len({request.headers["webhook-id"] for request in server.asked}) == 1


@pytest.mark.both_databases
def test_a_try_whose_process_died_is_made_again(telling: Installation) -> None:
    with local_server() as server:
        server.answers["/hook"] = TAKEN
        alert, _ = raise_one(telling, server.url("/hook"))
        with telling.database.write() as session:
            assert AlertRepository(session).claim_delivery(alert, NOW, NOW + timedelta(seconds=61)) is not None
        assert attempt(telling, alert, NOW + timedelta(seconds=60)) is None
        assert attempt(telling, alert, NOW + timedelta(seconds=61)) is DeliveryState.DELIVERED


def recipe() -> Callable[..., bool]:
    """The one that receivers are given."""
    readme = (Path(forecast.outgoing.__file__).parent / "README.md").read_text("utf-8")
    (found,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(compile(found, "recipe", "exec"), scope)
    is_genuine: Callable[..., bool] = scope["is_genuine"]
    return is_genuine


def test_the_documented_recipe_accepts_what_is_sent_and_nothing_else(telling: Installation) -> None:
    is_genuine = recipe()
    with local_server() as server:
        server.answers["/hook"] = TAKEN
        alert, secret = raise_one(telling, server.url("/hook"), utc_now())
        _, other = raise_one(telling, server.url("/hook"), key="y")
        assert attempt(telling, alert, utc_now()) is DeliveryState.DELIVERED
        (request,) = server.asked
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == alert
    assert is_genuine(secret, request.headers, request.body)
    assert not is_genuine(other, request.headers, request.body)
    assert not is_genuine(secret, request.headers, request.body.replace(b"refused", b"allowed"))
    assert not is_genuine(secret, {**request.headers, "webhook-id": "another"}, request.body)
    stale = str(int(time.time()) - 301)
    assert not is_genuine(secret, {**request.headers, "webhook-timestamp": stale}, request.body)
    assert not is_genuine(secret, {**request.headers, "webhook-signature": "v1,AAAA"}, request.body)
    both = f"v1,AAAA {request.headers['webhook-signature']}"
    assert is_genuine(secret, {**request.headers, "webhook-signature": both}, request.body)


@pytest.mark.both_databases
def test_after_a_new_secret_both_sign_for_a_while_and_the_recipe_takes_either(telling: Installation) -> None:
    is_genuine = recipe()
    now = utc_now()
    with local_server() as server, local_server() as elsewhere:
        server.answers["/hook"] = elsewhere.answers["/other"] = TAKEN
        alert, first = raise_one(telling, server.url("/hook"), now)

        def rotate(hours: float) -> str:
            with telling.database.write() as session:
                found = AlertRepository(session).get(alert)
                assert found is not None
                row = AlertRepository(session).subscription(found.subscription_id)
                assert row is not None
                return rotate_secret(row, telling.settings, now, hours)

        def sent(at: datetime) -> list[bool]:
            with telling.database.write() as session:
                replay(session, alert, at)
            assert attempt(telling, alert, at) is DeliveryState.DELIVERED
            request = (*server.asked, *elsewhere.asked)[-1]
            assert len(request.headers["webhook-signature"].split(" ")) == sum(
                is_genuine(secret, request.headers, request.body, 10**9) for secret in known
            )
            return [is_genuine(secret, request.headers, request.body, 10**9) for secret in known]

        known = [first]
        known.append(rotate(24))
        assert sent(now) == [True, True]
        known.append(rotate(2))
        assert sent(now + timedelta(hours=1)) == [True, True, True]
        assert sent(now + timedelta(hours=3)) == [True, False, True]
        # Another address keeps the secrets, those on their way out too.
        with telling.database.write() as session:
            found = AlertRepository(session).get(alert)
            assert found is not None
            row = AlertRepository(session).subscription(found.subscription_id)
            assert row is not None
            change_subscription(row, SubscriptionChange(url=elsewhere.url("/other")), telling.settings, now)
        assert sent(now + timedelta(hours=4)) == [True, False, True]
        assert len(elsewhere.asked) == 1
        assert sent(now + timedelta(hours=25)) == [False, False, True]
        # One that became known signs nothing any more.
        known.append(rotate(0))
        assert sent(now + timedelta(hours=26)) == [False, False, False, True]
        with telling.database.write() as session:
            assert reseal_secrets(session, telling.settings) == 1
        assert sent(now + timedelta(hours=27)) == [False, False, False, True]


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks specification, also in its reference libraries' tests."""
    headers = forecast.outgoing.signature_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://elsewhere.example/hook",
        "http://me:secret@127.0.0.1/hook",
        "ftp://127.0.0.1/hook",
        "http://2130706433/hook",
        "http://b\u00fccher.example.org/hook",
        "http://a..example.org/hook",
        f"http://{'a' * 64}.example.org/hook",
        "not an address",
    ],
)
def test_addresses_that_may_not_be_told_are_refused_at_once(telling: Installation, url: str) -> None:
    with pytest.raises(SubscriptionError) as caught:
        raise_one(telling, url)
    assert [error.path for error in caught.value.errors] == ["url"]
    assert "secret" not in str(caught.value)


def change(installation: Installation, alert: str, **wanted: Any) -> None:
    with installation.database.write() as session:
        row = AlertRepository(session).get(alert)
        assert row is not None
        subscription = AlertRepository(session).subscriber_of(row)
        if wanted:
            change_subscription(subscription, SubscriptionChange(**wanted), installation.settings, NOW)
        else:
            delete_subscription(subscription, NOW)


def test_an_address_that_was_corrected_gets_what_was_on_its_way(telling: Installation) -> None:
    with local_server() as server:
        server.answers["/right"] = TAKEN
        alert, _ = raise_one(telling, server.url("/wrong"))
        assert attempt(telling, alert, NOW) is DeliveryState.PENDING
        change(telling, alert, url=server.url("/right"))
        assert attempt(telling, alert, NOW + timedelta(seconds=1)) is DeliveryState.DELIVERED
        assert [request.path for request in server.asked] == ["/wrong", "/right"]


@pytest.mark.parametrize(
    ("wanted", "words"), [({"enabled": False}, "paused"), ({"url": None}, "no address"), ({}, "has ended")]
)
def test_who_wants_no_alerts_any_more_gets_none(telling: Installation, wanted: dict[str, Any], words: str) -> None:
    with local_server() as server:
        alert, _ = raise_one(telling, server.url("/hook"))
        change(telling, alert, **wanted)
        assert attempt(telling, alert, NOW) is DeliveryState.FAILED
        assert server.asked == []
    assert words in str(standing(telling, alert)[1][-1].error)


def test_a_defect_while_sending_is_a_try_like_any_other(telling: Installation) -> None:
    alert, _ = raise_one(telling, "http://127.0.0.1:1/hook")

    def broken(url: str, body: bytes, headers: Any) -> Posted:
        raise UnicodeEncodeError("ascii", "x", 0, 1, "oops")

    for seconds in (0, 1, 3, 7):
        deliver(telling.database, broken, telling.settings, alert, lambda at=NOW + timedelta(seconds=seconds): at)
    delivery, attempts = standing(telling, alert)
    assert (delivery.state, len(attempts)) == ("failed", 4)


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
    with telling.database.write() as session:
        AlertRepository(session).put_back(third, NOW + timedelta(seconds=17))
    assert attempt(telling, third, NOW + timedelta(seconds=17.5)) is DeliveryState.PENDING
    assert attempt(telling, second, NOW + timedelta(seconds=19)) is not None
    with telling.database.write() as session:
        AlertRepository(session).put_back(third, NOW + timedelta(seconds=19))
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
        due = AlertRepository(session).due_deliveries(now, now, 3, of_workspace=2)
    everywhere.dispose()
    assert len(due) == 3
    assert theirs in due


def test_an_alert_that_found_no_place_is_told_again_even_where_the_telling_is_noted_late(
    telling: Installation,
) -> None:
    """The dispatcher tells the queue, the message finds no place and comes back, and only then is the telling noted."""
    alert, _ = raise_one(telling, "http://127.0.0.1:1/hook")
    with telling.database.write() as session:
        AlertRepository(session).tell_again(alert, NOW + timedelta(seconds=1))
        AlertRepository(session).mark_published(alert, NOW)
    later = NOW + timedelta(seconds=2)
    with telling.database.read() as session:
        due = AlertRepository(session).due_deliveries(later, NOW - timedelta(minutes=2), 9, of_workspace=9)
    assert due == (alert,)


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
