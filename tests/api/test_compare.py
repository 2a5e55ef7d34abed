"""Two forecasts side by side, over HTTP and on their page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from tests.api.html import BROWSER, HOSTILE, Elements, get, plain
from tests.api.living_sample import add_forecast, store_living_sample
from tests.api.shared import Shared
from tests.api.stored_sample import store_sample
from tests.installation import Installation


@pytest.fixture
def client(shared: Shared) -> TestClient:
    return shared.client


@pytest.fixture
def installation(shared: Shared) -> Installation:
    return shared.installation


@pytest.fixture
def pair(shared: Shared) -> tuple[str, str]:
    return shared.once(store_pair)


def store_pair(installation: Installation) -> tuple[str, str]:
    """Forecasts of 42 % and 61 %, each with an error of 0.6 points."""
    store_living_sample(installation, HOSTILE)
    days = (datetime(2021, 7, 1, tzinfo=UTC), datetime(2021, 8, 1, tzinfo=UTC))
    return add_forecast(installation, days[0], 0.42), add_forecast(installation, days[1], 0.61)


def test_a_difference_is_marked_when_it_is_more_than_noise(client: TestClient, pair: tuple[str, str]) -> None:
    found = client.get("/v1/compare", params={"before": pair[0], "after": pair[1]}).json()
    (row,) = found["rows"]
    assert row["after"]["change"] == pytest.approx(0.19)
    assert row["after"]["change_mcse"] == pytest.approx(0.006 * 2**0.5)
    assert row["after"]["beyond_noise"] is True
    assert {"name": "as of", "before": "2021-07-01", "after": "2021-08-01"} in found["differences"]
    html = get(client, f"/compare?before={pair[0]}&after={pair[1]}")
    page = Elements(html)
    assert "42 %27–62 % 61 %46–81 % +19.0 ± 0.85 pp moved" in plain(page.text)
    assert "1 of 1 probability moved by more than noise" in plain(page.text)
    assert HOSTILE in page.text
    assert "<script>alert" not in html
    assert f'value="{pair[0]}" selected' in html


def test_a_difference_within_noise_says_so(
    client: TestClient, installation: Installation, pair: tuple[str, str]
) -> None:
    near = add_forecast(installation, datetime(2021, 8, 2, tzinfo=UTC), 0.615)
    text = plain(Elements(get(client, f"/compare?before={pair[1]}&after={near}")).text)
    assert "+0.5 ± 0.85 pp within noise" in text
    assert "0 of 1 probability moved" in text
    same = plain(Elements(get(client, f"/compare?before={near}&after={near}")).text)
    assert "no change" in same
    assert "Nothing that is recorded" in same


def test_the_history_leads_to_the_two_side_by_side(client: TestClient, pair: tuple[str, str]) -> None:
    links = [link["href"] for link in Elements(get(client, "/studies/coin")).of("a")]
    assert f"/compare?before={pair[0]}&after={pair[1]}" in links


def test_forecasts_of_two_studies_and_unknown_ones_are_refused(
    client: TestClient, installation: Installation, pair: tuple[str, str]
) -> None:
    other, _ = store_sample(installation)
    answer = client.get("/v1/compare", params={"before": pair[0], "after": other})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_comparable")
    assert "'coin'" in answer.json()["detail"]
    assert "'karabakh-2021'" in answer.json()["detail"]
    page = client.get("/compare", params={"before": pair[0], "after": other}, headers=BROWSER)
    assert page.status_code == 422
    assert page.headers["content-type"].startswith("text/html")
    for before in ("nonsense", "\0", "01980000-0000-7000-8000-000000000001"):
        assert client.get("/v1/compare", params={"before": before, "after": pair[0]}).status_code == 404
    missing = client.get("/compare", headers=BROWSER)
    assert missing.status_code == 422
    assert missing.headers["content-type"].startswith("text/html")
