"""The largest pages: they hold everything, do not move while they load, and stay within the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.api.large_sample import CASES, OUTCOMES, PARAMETERS, large_forecast
from tests.api.stored_sample import store_sample
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import NewSite, OpenPage, keep_screenshot


@pytest.fixture(scope="module")
def address(new_site: NewSite) -> str:
    """Of the forecast."""
    site = new_site("large")
    return f"{site.url}/forecasts/{store_sample(site.installation, large_forecast())[0]}"


@pytest.mark.parametrize("width", [1440, 380])
def test_a_forecast_of_20_outcomes_and_400_cases_is_shown(address: str, open_page: OpenPage, width: int) -> None:
    page = open_page(address, width=width)
    expect(page.locator("#answer tr[id^=outcome-]")).to_have_count(OUTCOMES)
    expect(page.locator("details.cases tbody tr")).to_have_count(CASES)
    keep_screenshot(page, f"large-{width}")


def test_700_parameters_stay_usable(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/diagnostics")
    count, shown = page.locator("#parameter-count"), page.locator("#parameters tbody tr:visible")
    expect(count).to_have_text(f"{PARAMETERS} parameters, 1 to 50 shown")
    for _ in range(PARAMETERS // 50 - 1):
        page.get_by_role("button", name="Next").click()
    expect(count).to_have_text(f"{PARAMETERS} parameters, 651 to 700 shown")
    page.locator("#parameters th button").first.click()
    expect(shown).to_have_count(50)
    page.get_by_label("Filter").fill("frailty_z 68")
    expect(shown.first).to_contain_text("frailty_z")
    assert serious_violations(page) == []
