"""What moves a forecast, in a browser: asked for from its page, shown on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from forecast.jobs.states import JobKind
from tests.api.sample_explanations import attribution
from tests.api.stored_sample import store_explanation, store_sample
from tests.browser.conftest import NewSite, OpenPage, Site
from tests.browser.test_pages import WIDTHS, keep_views, wait_for_figures
from tests.explanations import KINDS

FIGURES = ("indicator-incidents", "factor-tension")


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_that_explains_a_forecast_is_shown(shown: dict[str, str], open_page: OpenPage, width: int) -> None:
    page = open_page(f"{shown['forecast']}#explanation", width=width)
    expect(page.locator("#attribution-scenario-permanent_presence")).to_contain_text("becomes permanent")
    expect(page.locator(".waterfall").first.locator("tbody tr")).to_have_count(6)
    expect(page.locator("[data-compute]")).to_have_count(0)
    expect(page.locator("tr.sensitive")).to_have_count(2)
    wait_for_figures(page, FIGURES)
    keep_views(page, "explained", width, FIGURES)


@pytest.fixture(scope="module")
def unexplained(new_site: NewSite) -> tuple[str, str]:
    """The address of a site and its forecast; each kind of explanation is asked for by one test alone."""
    site = new_site("unexplained")
    return site.url, store_sample(site.installation)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_an_explanation_is_asked_for_and_its_job_leads_back_to_it(
    unexplained: tuple[str, str], open_page: OpenPage, kind: JobKind
) -> None:
    url, forecast_id = unexplained
    page = open_page(f"{url}/forecasts/{forecast_id}")
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
