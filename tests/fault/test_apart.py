"""What waits for one thing does not wait behind another: jobs, calls to others and drawings each have their own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from forecast.client.client import ForecastClient
from forecast.jobs.states import JobState
from tests.coin import QUICK, coin_document
from tests.local_server import Answer, DrippingServer, dripping_server, local_server
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.slow]

DRIPPING = 6


@pytest.fixture
def client(stack: Stack) -> Iterator[ForecastClient]:
    with stack.client as made:
        made.put_study("coin", coin_document())
        yield made


def send_test_alert(client: ForecastClient, url: str) -> str:
    """The subscription that it is of."""
    wanted = {"study": "coin", "kind": "verdict", "url": url}
    subscription: str = client.request("POST", "/v1/subscriptions", json=wanted)["id"]
    client.request("POST", f"/v1/subscriptions/{subscription}/test")
    return subscription


def test_an_alert_a_source_and_a_preview_do_not_wait_for_a_job_that_samples(
    stack: Stack, client: ForecastClient
) -> None:
    with local_server() as server, stack.held():
        server.answers["/hook"] = Answer(b"", 204)
        job_id = client.submit(document=coin_document(sampler=QUICK)).id
        stack.wait_for_sampling(job_id)
        subscription = send_test_alert(client, server.url("/hook"))
        asked = client.request("POST", "/v1/previews", json={"document": coin_document(title="Another coin")})
        wait_until(lambda: len(server.asked) == 1, 60, lambda: f"the alert:\n{stack.logs()}")

        def is_previewed() -> bool:
            return bool(client.request("GET", f"/v1/previews/{asked['digest']}")["state"] == "ready")

        wait_until(is_previewed, 240, lambda: f"the preview:\n{stack.logs()}")
        assert client.job(job_id).state is JobState.RUNNING
    assert stack.wait_for_end(job_id).state is JobState.SUCCEEDED
    client.request("DELETE", f"/v1/subscriptions/{subscription}")


def test_a_job_does_not_wait_for_receivers_that_drip(stack: Stack, client: ForecastClient) -> None:
    with ExitStack() as resources:
        receivers = [resources.enter_context(dripping_server()) for _ in range(DRIPPING)]
        subscriptions = [send_test_alert(client, receiver.url("/hook")) for receiver in receivers]

        def kept_waiting() -> list[DrippingServer]:
            return [receiver for receiver in receivers if receiver.waiting]

        most = stack.settings.workspace_calls
        wait_until(lambda: len(kept_waiting()) == most, 60, lambda: f"calls to be under way:\n{stack.logs()}")
        before = kept_waiting()
        job_id = client.submit(document=coin_document(sampler=QUICK)).id
        assert stack.wait_for_end(job_id).state is JobState.SUCCEEDED
        assert kept_waiting() == before, "they are being asked all the time, and no more of them than may be"
        for subscription in subscriptions:
            client.request("DELETE", f"/v1/subscriptions/{subscription}")
