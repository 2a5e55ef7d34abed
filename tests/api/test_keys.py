"""Keys over HTTP: who makes, lists and revokes them."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from forecast.access import Scope
from tests.api.access_helpers import bearer, key_with
from tests.api.shared import Shared
from tests.installation import Installation


class TestKeysOverHttp:
    def test_an_admin_makes_lists_and_revokes_keys_of_his_workspace(
        self, client: TestClient, anybody: TestClient, installation: Installation
    ) -> None:
        made = client.post("/v1/keys", json={"name": "Desk three", "scopes": ["submit"], "days": 30})
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        key = made.json()["key"]
        mine = anybody.get("/v1/access", headers=bearer(key)).json()
        assert (mine["workspace"], mine["name"], mine["scopes"]) == ("default", "Desk three", ["read", "submit"])
        listed = client.get("/v1/keys")
        assert "Desk three" in [row["name"] for row in listed.json()["items"]]
        assert key not in listed.text
        assert client.delete(f"/v1/keys/{made.json()['id']}").status_code == 204
        assert anybody.get("/v1/access", headers=bearer(key)).status_code == 401

    def test_nobody_gives_what_he_has_not(self, anybody: TestClient, installation: Installation) -> None:
        admin = key_with(installation, Scope.ADMIN)
        body = {"name": "x", "scopes": ["metrics"]}
        answer = anybody.post("/v1/keys", json=body, headers=bearer(admin))
        assert (answer.status_code, answer.json()["code"]) == (422, "key_invalid")

    @pytest.mark.parametrize(
        "body",
        [
            {"name": "", "scopes": ["read"]},
            {"name": "x\n", "scopes": ["read"]},
            {"name": "x" * 201, "scopes": ["read"]},
            {"name": "x", "scopes": []},
            {"name": "x", "scopes": ["all"]},
            {"name": "x", "scopes": ["read"], "days": 0},
            {"name": "x", "scopes": ["read"], "days": 1e9},
            {"name": "x", "scopes": ["read"], "workspace": "other"},
            {"name": "x", "scopes": ["read"], "hash": "0"},
        ],
    )
    def test_a_key_that_makes_no_sense_is_refused(self, shared: Shared, body: dict[str, Any]) -> None:
        before = shared.client.get("/v1/keys").json()["items"]
        assert shared.client.post("/v1/keys", json=body).status_code == 422
        assert [row["id"] for row in shared.client.get("/v1/keys").json()["items"]] == [row["id"] for row in before]
