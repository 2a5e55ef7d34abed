"""Pages that show what somebody with bad intent has written: script tags, 10,000 characters, marks of direction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from forecast.store import utc_now
from tests.api.html import HOSTILE
from tests.api.living_sample import add_forecast, store_living_sample
from tests.api.sample_answer import sample_forecast
from tests.api.stored_sample import store_sample
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import SCREENSHOTS, OpenPage, Site
from tests.coin import coin_study

ENDLESS = "W" * 3000 + "\u202e\u2067" + HOSTILE + " word" * 1200 + "<b>" * 200
"""Over 9,000 characters, a third of them without a place to break."""


def forecast(site: Site) -> str:
    sample = sample_forecast()
    outcomes = tuple(outcome.model_copy(update={"title": ENDLESS}) for outcome in sample.outcomes)
    changes = {"title": ENDLESS, "outcomes": outcomes, "verdict_reasons": (ENDLESS,)}
    return f"/forecasts/{store_sample(site.installation, sample.model_copy(update=changes))[0]}"


def diagnostics(site: Site) -> str:
    return f"{forecast(site)}/diagnostics"


def report(site: Site) -> str:
    return f"{forecast(site)}/report"


def home(site: Site) -> str:
    forecast(site)
    study(site)
    return "/"


def study(site: Site) -> str:
    return f"/studies/{store_living_sample(site.installation, ENDLESS)}"


def editor(site: Site) -> str:
    study(site)
    return "/new?study=coin"


def compare(site: Site) -> str:
    study(site)
    days = (datetime(2021, 7, 1, tzinfo=UTC), datetime(2021, 8, 1, tzinfo=UTC))
    before, after = (add_forecast(site.installation, day, 0.5, title=ENDLESS) for day in days)
    return f"/compare?before={before}&after={after}"


def job(site: Site) -> str:
    return f"/jobs/{site.installation.submit(coin_study(title=ENDLESS), now=utc_now())}"


@pytest.mark.parametrize("width", [1440, 380])
@pytest.mark.parametrize("address", [home, forecast, diagnostics, report, study, editor, compare, job])
def test_hostile_text_is_text_and_breaks_no_page(
    site: Site, open_page: OpenPage, address: Callable[[Site], str], width: int
) -> None:
    page = open_page(site.url + address(site), width=width)
    page.on("dialog", lambda dialog: pytest.fail(f"a script of the text ran: {dialog.message}"))
    expect(page.locator("h1").first).to_be_visible()
    assert page.evaluate("document.querySelectorAll('img[src=x], main b, main script:not([type])').length") == 0
    assert "7 * 7" in page.content()
    assert serious_violations(page) == []
    # Not the whole page: some are taller than Chromium can take at once.
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"hostile-{address.__name__}-{width}.png")
