"""What moves a forecast, in a browser: asked for from its page, shown on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from forecast.jobs.states import JobKind
from tests.api.sample_answer import explained_forecast
from tests.api.sample_explanations import attribution
from tests.api.stored_sample import store_explanation, store_sample
from tests.browser.conftest import OpenPage, Site, keep_screenshot
from tests.browser.test_pages import VIEWS, wait_for_figures
from tests.explanations import KINDS


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_everything_that_explains_a_forecast_is_shown(site: Site, open_page: OpenPage, scheme: str, width: int) -> None:
    forecast_id, _ = store_sample(site.installation, explained_forecast())
    page = open_page(f"{site.url}/forecasts/{forecast_id}#explanation", scheme=scheme, width=width)
    expect(page.locator("#attribution-scenario-permanent_presence")).to_contain_text("becomes permanent")
    expect(page.locator(".waterfall").first.locator("tbody tr")).to_have_count(6)
    expect(page.locator("[data-compute]")).to_have_count(0)
    expect(page.locator("tr.sensitive")).to_have_count(2)
    wait_for_figures(page, ("indicator-incidents", "factor-tension"))
    keep_screenshot(page, f"explained-{scheme}-{width}")


@pytest.mark.parametrize("kind", KINDS)
def test_an_explanation_is_asked_for_and_its_job_leads_back_to_it(
    site: Site, open_page: OpenPage, kind: JobKind
) -> None:
    forecast_id, _ = store_sample(site.installation)
    page = open_page(f"{site.url}/forecasts/{forecast_id}")
    page.get_by_role("button", name=f"Compute the {kind.value}").click()
    page.wait_for_url("**/jobs/*")
    expect(page.locator(".lead .eyebrow")).to_contain_text(kind.value)
    expect(page.get_by_role("link", name="a forecast")).to_have_attribute("href", f"/forecasts/{forecast_id}")


def test_an_ended_explanation_goes_to_its_place_on_the_forecast(site: Site, open_page: OpenPage) -> None:
    forecast_id, _ = store_sample(site.installation)
    job_id = store_explanation(site.installation, forecast_id, JobKind.ATTRIBUTION, attribution())
    page = open_page(f"{site.url}/jobs/{job_id}")
    page.get_by_role("link", name="Read the attribution").click()
    page.wait_for_url(f"**/forecasts/{forecast_id}#attribution")
    expect(page.locator(".waterfall").first).to_be_in_viewport()
