"""Alerts on their way to a webhook: a real receiver that is down, refuses, is slow, and comes back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import forecast.outgoing
from forecast.alerts.delivering import deliver
from forecast.alerts.rotation import rotate_secret
from forecast.alerts.subscriptions import (
    SubscriptionChange,
    change_subscription,
    replay,
    reseal_secrets,
)
from forecast.errands import ErrandKind
from forecast.jobs.errors import SubscriptionError
from forecast.jobs.states import DeliveryState
from forecast.outgoing import Posted
from forecast.store import AlertRepository, ErrandRepository, utc_now
from tests.alerts.telling import NOW, attempt, change, raise_one, standing
from tests.installation import Installation
from tests.local_server import Answer, local_server

TAKEN = Answer(b"", 204)


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
    assert (delivery.state, delivery.attempts) == ("delivered", 3)
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
        # Requested again, it starts over, and the earlier attempts stay on record.
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
            until = NOW + timedelta(seconds=61)
            assert ErrandRepository(session).claim(ErrandKind.DELIVERY, "default", alert, NOW, until) is not None
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
