"""Subscriptions, alerts and their feed over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from forecast.store import utc_now
from tests.api.shared import Shared
from tests.documents import event_outcome
from tests.installation import Installation
from tests.living import living_document

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def study(client: TestClient) -> str:
    return put_study(client)


def put_study(client: TestClient) -> str:
    document = {**living_document(title="Small <b>& \u202equiet"), "outcomes": [event_outcome()]}
    assert client.put("/v1/studies/small", json=document).is_success
    return "small"


def make(client: TestClient, **options: Any) -> dict[str, Any]:
    answer = client.post("/v1/subscriptions", json={"study": "small", "kind": "move", **options})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_subscription_is_made_shown_listed_changed_and_ended(client: TestClient, study: str) -> None:
    made = make(client, kind="threshold", threshold=0.3, outcome="exit")
    assert (made["direction"], made["enabled"], made["secret"], made["url"]) == ("either", True, None, None)
    address = f"/v1/subscriptions/{made['id']}"
    shown = client.get(address).json()
    assert "secret" not in shown
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    other = make(client)
    assert [item["id"] for item in client.get("/v1/subscriptions").json()["items"]] == [other["id"], made["id"]]
    assert client.get("/v1/subscriptions", params={"study": "none"}).json()["items"] == []
    assert client.patch(address, json={"enabled": False, "title": "Quiet"}).json()["title"] == "Quiet"
    assert client.get(address).json()["enabled"] is False
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_a_new_secret_is_shown_once_and_an_address_is_changed_without_it(
    client: TestClient, study: str, installation: Installation
) -> None:
    listed = make(client)
    refused = client.post(f"/v1/subscriptions/{listed['id']}/secret")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/url")
    client.app.state.service = replace(  # type: ignore[attr-defined]
        client.app.state.service,  # type: ignore[attr-defined]
        settings=installation.settings.model_copy(update={"outgoing_hosts": ("example.org", "example.net")}),
    )
    made = make(client, url="https://example.org/hook")
    address = f"/v1/subscriptions/{made['id']}"
    assert made["old_secrets_until"] is None
    rotated = client.post(f"{address}/secret")
    assert (rotated.status_code, rotated.headers["cache-control"]) == (201, "no-store")
    assert rotated.json()["secret"] not in {None, made["secret"]}
    until = datetime.fromisoformat(rotated.json()["old_secrets_until"])
    assert timedelta(hours=23) < until - utc_now() < timedelta(hours=25)
    assert rotated.json()["secret"] not in client.get(address).text
    moved = client.patch(address, json={"url": "https://example.net/hook"}).json()
    assert (moved["url"], moved["secret"]) == ("https://example.net/hook", None)
    assert client.patch(address, json={"url": "https://elsewhere.example/"}).status_code == 422
    assert client.get(address).json()["url"] == "https://example.net/hook"
    assert client.post(f"{address}/secret?hours=1000").status_code == 422
    assert client.post(f"{address}/secret?hours=0").json()["old_secrets_until"] is not None
    assert client.post("/v1/subscriptions/x/secret").status_code == 404


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no threshold": ({"kind": "threshold"}, "threshold"),
    "a threshold of 1": ({"kind": "threshold", "threshold": 1}, "threshold"),
    "unknown outcome": ({"outcome": "exot"}, "outcome"),
    "unknown scenario": ({"scenario": "none"}, "scenario"),
    "both": ({"outcome": "exit", "scenario": "none"}, "scenario"),
    "meaningless": ({"kind": "verdict", "least_move": 0.1}, "least_move"),
    "unknown kind": ({"kind": "everything"}, "kind"),
    "test": ({"kind": "test"}, "kind"),
    "failures": ({"kind": "source", "failures": 0}, "failures"),
    "host": ({"url": "https://example.org/hook"}, "url"),
    "scheme": ({"url": "file:///etc/passwd"}, "url"),
    "unknown key": ({"webhook": "x"}, "webhook"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_subscribed_to(shared: Shared, name: str) -> None:
    client, (options, path) = shared.client, BAD[name]
    answer = client.post("/v1/subscriptions", json={"study": put_study(client), "kind": "move", **options})
    assert answer.status_code == 422, answer.text
    assert path in [error["path"] for error in answer.json()["errors"]]
    assert client.get("/v1/subscriptions").json()["items"] == []


def test_a_test_alert_is_listed_and_in_the_feed(client: TestClient, study: str, installation: Installation) -> None:
    made = make(client, title="Tell me\x07 & <i>all</i>")
    answer = client.post(f"/v1/subscriptions/{made['id']}/test")
    assert answer.status_code == 202
    alert = answer.json()
    assert (alert["kind"], alert["delivery"], alert["study"]) == ("test", None, "small")
    assert client.get(f"/v1/alerts/{alert['id']}").json()["attempts"] == []
    assert [item["id"] for item in client.get("/v1/alerts", params={"study": "small"}).json()["items"]] == [alert["id"]]
    assert client.post(f"/v1/alerts/{alert['id']}/replay").status_code == 404, "it never had an address"
    feed = client.get("/v1/studies/small/alerts.atom")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(feed.content)
    for required in ("id", "title", "updated", "author"):
        assert root.find(f"{ATOM}{required}") is not None
    assert str(root.findtext(f"{ATOM}title")).startswith("Alerts: Small <b>&")
    (entry,) = root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{alert['id']}"
    assert "<i>all</i>" in str(entry.findtext(f"{ATOM}title"))


def test_nothing_under_unknown_names(client: TestClient, study: str) -> None:
    unknown = "01980000-0000-7000-8000-00000000000a"
    for path in (
        f"/v1/alerts/{unknown}",
        "/v1/alerts/x",
        f"/v1/subscriptions/{unknown}",
        "/v1/studies/none/alerts.atom",
    ):
        assert client.get(path).status_code == 404
    for path in (f"/v1/alerts/{unknown}/replay", f"/v1/subscriptions/{unknown}/test"):
        assert client.post(path).status_code == 404
