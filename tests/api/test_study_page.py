"""The page of a study over time: history with causes, schedules, sources, evidence, alerts, ledger."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from tests.api.html import BROWSER, HOSTILE, Elements, get, plain
from tests.api.living_sample import add_forecast, store_living_sample
from tests.api.shared import Shared
from tests.coin import coin_document
from tests.installation import Installation


@pytest.fixture
def html(shared: Shared) -> str:
    return get(shared.client, f"/studies/{shared.once(store_living_sample)}")


def test_history_says_how_far_each_probability_moved_and_why(html: str) -> None:
    text = plain(Elements(html).text)
    assert "The coin shows heads outcome heads 66 %51–86 % +8.0 ± 0.85 pp" in text
    assert (
        "10 May 2021 66 % 51–86 % +8.0 ± 0.85 pp time +0.21 ± 0.020, corrected data +0.21 ± 0.020, new evidence +0.21 ± 0.020"
        in text
    )
    assert "10 Jan 2021 42 % 27–62 % –" in text, "the first has nothing before it"
    assert "10 Feb 2021 44 % 29–64 % +2.0 ± 0.85 pp" in text
    assert "10 Apr 2021 58 % 43–78 % −3.0 ± 0.85 pp" in text
    assert "time, corrected data, new evidence" in text


def test_the_chart_has_its_numbers_in_words_and_stays_within_its_frame(html: str) -> None:
    (chart,) = [part for part in Elements(html).of("svg") if part.get("class") == "history-chart"]
    assert "10 Jan 2021 42\u00a0%; 10 Feb 2021 44\u00a0%" in chart["aria-label"]
    points = [part for part in Elements(html).of("circle") if part["class"] == "dot"]
    across = [float(part["cx"].rstrip("%")) for part in points]
    assert (len(points), across) == (5, sorted(across))
    places = re.findall(r'(?:cx|cy|x1|x2|y1|y2)="([\d.]+)%"', html)
    assert all(0 <= float(place) <= 100 for place in places)


def test_what_keeps_it_current_is_listed(html: str) -> None:
    text = plain(Elements(html).text)
    assert "0 6 1 * *, UTC next due" in text
    assert "1 March 2021, 06:00 UTC skipped nothing has changed since job x" in text
    assert "counts https://example.org/tables/judgments.csv 0 5 * * *, UTC failing" in text
    assert "2 failures in a row: example.org answered 503, expected 200" in text
    assert "expert bob, on 2021-05-01, probability 0.9" in text
    assert "After a look" in text
    assert "heads rises above" not in text
    assert "heads crosses 60 %." in text
    assert "heads rose above 60 %: 44 % to 61 %" in text
    assert "listed only" in text


def test_the_ledger_has_all_forecasters_side_by_side(html: str) -> None:
    text = plain(Elements(html).text)
    assert "The coin shows heads heads yes 1 Nov 2021" in text
    assert "Published forecasts 5 1" in text
    assert "Expert ann 5 1 0.090" in text


def test_buttons_carry_requests_that_the_service_has(shared: Shared, html: str) -> None:
    buttons = [part for part in Elements(html).of("button") if "data-do" in part]
    assert len(buttons) == 8
    forms = [{"data-do": "PATCH" if "data-method" in part else "POST", **part} for part in Elements(html).of("form")]
    buttons += [form for form in forms if "data-at" in form]
    paths = shared.client.get("/openapi.json").json()["paths"]
    for button in buttons:
        pattern = re.sub(r"/v1/schedules/[^/]+", "/v1/schedules/{schedule_id}", button["data-at"])
        pattern = re.sub(r"/v1/subscriptions/[^/]+", "/v1/subscriptions/{subscription_id}", pattern)
        pattern = re.sub(
            r"/v1/studies/coin/(judgments|resolutions|observations)", r"/v1/studies/{study_id}/\1", pattern
        )
        pattern = re.sub(r"/studies/coin/sources/counts", "/studies/{study_id}/sources/{source_id}", pattern)
        assert button["data-do"].lower() in paths[pattern], button


def test_a_study_without_a_past_says_so(client: TestClient) -> None:
    assert client.put("/v1/studies/coin", json=coin_document()).status_code == 201
    text = plain(Elements(get(client, "/studies/coin")).text)
    for words in (
        "No forecast yet",
        "No schedule",
        "no tables elsewhere",
        "Nothing has come",
        "No subscriptions.",
        "resolved yet",
    ):
        assert words in text


def test_hostile_text_is_shown_as_text(client: TestClient, installation: Installation) -> None:
    page = get(client, f"/studies/{store_living_sample(installation, HOSTILE)}")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "{{ 7 * 7 }}" in page


def test_a_study_that_is_not_there_is_a_page_too(shared: Shared) -> None:
    answer = shared.client.get("/studies/nobody", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_what_has_no_place_in_the_history_is_listed_and_not_drawn(
    client: TestClient, installation: Installation
) -> None:
    study = store_living_sample(installation)
    made_at = datetime(2021, 8, 1, tzinfo=UTC)
    add_forecast(installation, made_at, 0.05, version=None)
    add_forecast(installation, made_at, 0.95, verdict="refused")
    text = plain(Elements(get(client, f"/studies/{study}")).text)
    assert "heads 66 %" in text
    assert "a document sent with a job, beside the history" in text
    assert "refused by its checks, not compared" in text
    assert "10 Jan 2021 42 % 27–62 % – Forecasts" in text, "nothing to compare with is no noise"


def test_with_refused_forecasts_alone_they_are_listed(client: TestClient, installation: Installation) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    add_forecast(installation, datetime(2021, 8, 1, tzinfo=UTC), 0.95, verdict="refused")
    text = plain(Elements(get(client, "/studies/coin")).text)
    assert "No forecast has a place in the history yet." in text
    assert "refused by its checks" in text


def test_a_subscription_to_what_the_study_no_longer_asks_says_so(
    client: TestClient, installation: Installation
) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    wanted = {"study": "coin", "kind": "threshold", "threshold": 0.125, "outcome": "heads"}
    assert client.post("/v1/subscriptions", json=wanted).status_code == 201
    changed = coin_document()
    changed["outcomes"][0]["id"] = "tails"
    assert client.put("/v1/studies/coin", json=changed).status_code == 200
    text = plain(Elements(get(client, "/studies/coin")).text)
    assert "heads crosses 12.5 %." in text
    assert "heads is no longer in the study" in text
