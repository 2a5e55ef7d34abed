"""Pages that show hostile input: script tags, 10,000 characters, marks of direction."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from forecast.store import utc_now
from tests.api.html import HOSTILE
from tests.api.living_sample import store_living_sample
from tests.api.sample_answer import sample_forecast
from tests.api.stored_sample import store_sample
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import SCREENSHOTS, NewSite, OpenPage, resize
from tests.browser.samples import store_compared
from tests.coin import coin_study

ENDLESS = "W" * 3000 + "\u202e\u2067" + HOSTILE + " word" * 1200 + "<b>" * 200
"""Over 9,000 characters, a third of them without a place to break."""


PAGES = ("home", "forecast", "diagnostics", "report", "study", "editor", "compare", "job")


@pytest.fixture(scope="module")
def hostile(new_site: NewSite) -> dict[str, str]:
    """Addresses by what is shown there."""
    site, compared = new_site("hostile"), new_site("hostile-compared")
    sample = sample_forecast()
    outcomes = tuple(outcome.model_copy(update={"title": ENDLESS}) for outcome in sample.outcomes)
    changes = {"title": ENDLESS, "outcomes": outcomes, "verdict_reasons": (ENDLESS,)}
    forecast = f"{site.url}/forecasts/{store_sample(site.installation, sample.model_copy(update=changes))[0]}"
    study = store_living_sample(site.installation, ENDLESS)
    return {
        "home": site.url,
        "forecast": forecast,
        "diagnostics": f"{forecast}/diagnostics",
        "report": f"{forecast}/report",
        "study": f"{site.url}/studies/{study}",
        "editor": f"{site.url}/new?study={study}",
        "compare": compared.url + store_compared(compared.installation, title=ENDLESS),
        "job": f"{site.url}/jobs/{site.installation.submit(coin_study(title=ENDLESS), now=utc_now())}",
    }


@pytest.mark.parametrize("name", PAGES)
def test_hostile_text_is_text_and_breaks_no_page(hostile: dict[str, str], open_page: OpenPage, name: str) -> None:
    # On a phone first, where the most moves while a page loads.
    page = open_page(hostile[name], width=380)
    page.on("dialog", lambda dialog: pytest.fail(f"a script of the text ran: {dialog.message}"))
    expect(page.locator("h1").first).to_be_visible()
    for width in (380, 1440):
        resize(page, width)
        assert page.evaluate("document.querySelectorAll('img[src=x], main b, main script:not([type])').length") == 0
        assert "7 * 7" in page.content()
        assert serious_violations(page) == []
        # Not the whole page: some are taller than Chromium can take at once.
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"hostile-{name}-{width}.png")


@pytest.mark.parametrize("name", PAGES)
def test_hostile_text_moves_nothing_while_it_loads_on_a_wide_screen(
    hostile: dict[str, str], open_page: OpenPage, name: str
) -> None:
    page = open_page(hostile[name], width=1440)
    expect(page.locator("h1").first).to_be_visible()
