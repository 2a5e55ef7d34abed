"""Callers see nothing of other workspaces."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from forecast.alerts.raising import raise_alerts
from forecast.store import AlertRepository, ScheduleRepository, StudyRepository, utc_now
from tests.api.access_helpers import BODIES, OF_NOBODY, OPEN, bearer, routes_of
from tests.api.living_sample import store_living_sample
from tests.api.shared import Shared
from tests.api.stored_sample import store_sample
from tests.coin import coin_document, coin_study
from tests.installation import Installation


def store_everything(installation: Installation) -> dict[str, str]:
    study = store_living_sample(installation)
    forecast_id, job_id = store_sample(installation)
    raise_alerts(installation.database, utc_now() + timedelta(days=400))
    with installation.database.write() as session:
        alerts = AlertRepository(session)
        found = {
            "schedule_id": ScheduleRepository(session).page(1).items[0].id,
            "subscription_id": alerts.subscriptions(1).items[0].id,
            "alert_id": alerts.page(1).items[0].id,
        }
    return {
        "study_id": study,
        "forecast_id": forecast_id,
        "job_id": job_id,
        "digest": coin_study().digest,
        "source_id": "counts",
        "key_id": installation.key.split("_")[1],
        **found,
    }


class TestWorkspaces:
    """One workspace full of everything, and another that must see none of it."""

    @pytest.fixture
    def ids(self, shared: Shared) -> dict[str, str]:
        """An id of each kind, all of the first workspace."""
        return shared.once(store_everything)

    @pytest.fixture
    def other(self, shared: Shared) -> Installation:
        return shared.installation.of("other")

    def test_every_route_with_an_id_says_404_for_what_is_another_workspaces(
        self, app: FastAPI, shared: Shared, shared_keyless: TestClient, ids: dict[str, str], other: Installation
    ) -> None:
        keyless = shared_keyless
        assert shared.client.post("/v1/previews", json={"document": coin_document()}).status_code == 202
        asked = 0
        for method, path in routes_of(app):
            names = set(re.findall(r"{(\w+)}", path)) - OF_NOBODY
            if (method, path) in OPEN or not names or (method, path) == ("PUT", "/v1/studies/{study_id}"):
                continue
            assert names <= set(ids), f"{path} has an id that this test does not know: add it to `ids`"
            address = path.format_map({**ids, "name": "horizon"})
            body = BODIES.get(f"{method} {path}", {})
            answer = keyless.request(method, address, headers=bearer(other.key), json=body)
            assert answer.status_code == 404, (method, address, answer.text[:300])
            told = [value for value in ids.values() if value not in address and value in answer.text]
            assert not told, (method, address)
            asked += 1
        assert asked > 35

    def test_ids_of_another_workspace_in_a_body_or_a_query_are_as_good_as_unknown(
        self, shared_keyless: TestClient, ids: dict[str, str], other: Installation
    ) -> None:
        keyless, headers = shared_keyless, bearer(other.key)
        for body in (
            {"study": "coin"},
            {"kind": "influence", "forecast": ids["forecast_id"]},
            {"kind": "influence", "study": "coin"},
        ):
            assert keyless.post("/v1/jobs", json=body, headers=headers).status_code == 404, body
        for path, body in (
            ("/v1/schedules", BODIES["POST /v1/schedules"]),
            ("/v1/subscriptions", BODIES["POST /v1/subscriptions"]),
        ):
            assert keyless.post(path, json=body, headers=headers).status_code == 404, path
        two = f"before={ids['forecast_id']}&after={ids['forecast_id']}"
        for path in (f"/v1/compare?{two}", f"/compare?{two}", "/new?study=coin"):
            assert keyless.get(path, headers=headers).status_code == 404, path

    def test_lists_and_pages_show_nothing_of_another_workspace(
        self, app: FastAPI, shared: Shared, shared_keyless: TestClient, ids: dict[str, str], other: Installation
    ) -> None:
        keyless, client = shared_keyless, shared.client
        secrets = {*ids.values(), "Does the coin show heads?", "Karabakh after"} - {"counts", "coin"}
        looked = 0
        for method, path in routes_of(app):
            if method != "GET" or "{" in path or (method, path) in OPEN or path in ("/v1/compare", "/compare"):
                continue
            answer = keyless.get(path, headers=bearer(other.key))
            assert answer.status_code == 200, path
            assert not [secret for secret in secrets if secret in answer.text], path
            looked += 1
        assert looked >= 8
        listed = [client.get(path).text for path in ("/v1/jobs", "/v1/studies", "/v1/schedules", "/v1/alerts", "/")]
        assert all(any(secret in text for secret in {*secrets, "coin"}) for text in listed), "its own sees it"

    def test_two_workspaces_have_studies_and_keys_of_one_name_for_themselves(
        self, keyless: TestClient, installation: Installation
    ) -> None:
        mine, theirs = bearer(installation.key), bearer(installation.of("other").key)
        for headers, title in ((mine, "Mine"), (theirs, "Theirs")):
            body = coin_document(title=title)
            assert keyless.put("/v1/studies/coin", json=body, headers=headers).status_code == 201
        assert keyless.get("/v1/studies/coin", headers=mine).json()["title"] == "Mine"
        assert keyless.get("/v1/studies/coin", headers=theirs).json()["title"] == "Theirs"
        jobs = [
            keyless.post("/v1/jobs", json={"study": "coin"}, headers={**headers, "Idempotency-Key": "one"}).json()
            for headers in (mine, theirs)
        ]
        assert [job["title"] for job in jobs] == ["Mine", "Theirs"]
        with installation.database.read() as session:
            assert [row.workspace for row in [StudyRepository(session).get("coin")] if row] == ["default"]
