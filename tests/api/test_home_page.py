"""The home page: each study with its probabilities, their past, what is due next and its alerts."""

from __future__ import annotations

from datetime import UTC, date, datetime

from fastapi.testclient import TestClient

from forecast.alerts.raising import raise_alerts
from forecast.store import utc_now
from tests.api.html import Elements, get, plain
from tests.api.living_sample import add_forecast, store_living_sample
from tests.installation import Installation


def test_a_study_shows_how_it_moved_and_what_is_due_next(client: TestClient, installation: Installation) -> None:
    store_living_sample(installation)
    page = Elements(get(client, "/"))
    assert "66 % The coin shows heads 51–86 %+8.0 ± 0.85 pp" in plain(page.text)
    assert "next due 1 February 2021, 06:00 UTC" in plain(page.text)
    (chart,) = [part for part in page.of("svg") if part.get("class") == "history-chart"]
    assert "10 May 2021 66\u00a0%" in chart["aria-label"]


def test_alerts_of_late_are_counted(client: TestClient, installation: Installation) -> None:
    store_living_sample(installation)
    assert "lately" not in get(client, "/"), "its alerts are of years ago"
    add_forecast(installation, utc_now(), 0.3, as_of=date(2021, 8, 1))
    raise_alerts(installation.database, utc_now())
    assert "1 alert lately" in plain(Elements(get(client, "/")).text), "it fell below the threshold of 60 %"


def test_a_newest_forecast_outside_the_history_is_shown_by_itself(
    client: TestClient, installation: Installation
) -> None:
    store_living_sample(installation)
    add_forecast(installation, datetime(2021, 8, 1, tzinfo=UTC), 0.95, verdict="refused")
    page = Elements(get(client, "/"))
    assert [part for part in page.of("svg") if part.get("class") == "history-chart"] == []
    assert "95 % The coin shows heads 80–>99.9 %" in plain(page.text)
