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
        self, client: TestClient, keyless: TestClient, installation: Installation
    ) -> None:
        made = client.post("/v1/keys", json={"name": "Desk three", "scopes": ["submit"], "days": 30})
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        key = made.json()["key"]
        mine = keyless.get("/v1/access", headers=bearer(key)).json()
        assert (mine["workspace"], mine["name"], mine["scopes"]) == ("default", "Desk three", ["read", "submit"])
        listed = client.get("/v1/keys")
        assert "Desk three" in [row["name"] for row in listed.json()["items"]]
        assert key not in listed.text
        assert client.delete(f"/v1/keys/{made.json()['id']}").status_code == 204
        assert keyless.get("/v1/access", headers=bearer(key)).status_code == 401

    def test_a_caller_gives_only_its_own_scopes(self, keyless: TestClient, installation: Installation) -> None:
        admin = key_with(installation, Scope.ADMIN)
        body = {"name": "x", "scopes": ["metrics"]}
        answer = keyless.post("/v1/keys", json=body, headers=bearer(admin))
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


@pytest.mark.parametrize("days", [0, -1, 0.5, 1e9, "soon", "30 days", "30", True, [30]])
def test_days_that_are_no_whole_number_of_at_least_1_are_refused(shared: Shared, days: object) -> None:
    answer = shared.client.post("/v1/keys", json={"name": "x", "scopes": ["read"], "days": days})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/days"]


def test_a_key_is_revoked_with_those_that_it_made_and_these_made(
    client: TestClient, keyless: TestClient, installation: Installation
) -> None:
    def make(maker: dict[str, str] | None, name: str) -> tuple[str, dict[str, str]]:
        body = {"name": name, "scopes": ["admin"]}
        made = keyless.post("/v1/keys", json=body, headers=maker or bearer(installation.key)).json()
        return made["id"], bearer(made["key"])

    first, of_first = make(None, "first")
    second, of_second = make(of_first, "second")
    third, of_third = make(of_second, "third")
    other, of_other = make(None, "other")
    made_by = {row["id"]: row["made_by"] for row in client.get("/v1/keys").json()["items"]}
    local = installation.key.split("_")[1]
    assert made_by == {local: None, first: local, second: first, third: second, other: local}
    page = client.get("/access").text
    assert "With those it made (2)" in page
    assert f'data-revoke="{first}" data-made="2"' in page
    assert client.delete(f"/v1/keys/{first}", params={"with_made": "perhaps"}).status_code == 422
    assert client.delete(f"/v1/keys/{first}", params={"with_made": "true"}).status_code == 204
    held = [keyless.get("/v1/access", headers=key).status_code for key in (of_first, of_second, of_third, of_other)]
    assert held == [401, 401, 401, 200]


def test_a_key_alone_is_revoked_where_nothing_else_is_asked_for(
    client: TestClient, keyless: TestClient, installation: Installation
) -> None:
    maker = client.post("/v1/keys", json={"name": "maker", "scopes": ["admin"]}).json()
    body = {"name": "made", "scopes": ["read"]}
    made = keyless.post("/v1/keys", json=body, headers=bearer(maker["key"])).json()
    assert client.delete(f"/v1/keys/{maker['id']}").status_code == 204
    assert keyless.get("/v1/access", headers=bearer(made["key"])).status_code == 200
    # What is over can still be asked for: those that it made are left.
    assert "With those it made (1)" in client.get("/access").text
    assert client.delete(f"/v1/keys/{maker['id']}?with_made=true").status_code == 204
    assert keyless.get("/v1/access", headers=bearer(made["key"])).status_code == 401
