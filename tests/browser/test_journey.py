"""The whole way with the real service: a study is submitted, its job is watched, its forecast is read."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.api.stored_sample import karabakh_study
from tests.browser.conftest import OpenPage, keep_screenshot
from tests.browser.test_pages import wait_for_figures
from tests.stack import JOB_SECONDS, Stack

pytestmark = pytest.mark.stack

DRAWING_MILLISECONDS = 90_000
"""ArviZ's plots take five seconds to import, more beside a compilation."""

DIAGNOSTICS = (
    "trace", "rank", "trace-worst", "ess-evolution", "autocorrelation", "pairs", "energy", "prior-present",
    "survival-withdrawal", "predictive-events", "rootogram", "pareto-k", "loo-pit",
)  # fmt: skip


def test_a_submitted_study_is_watched_until_its_forecast_is_read(stack: Stack, open_page: OpenPage) -> None:
    # Long enough to be watched: the study as it is takes a second.
    study = karabakh_study().with_sampler(draws=3000)
    with stack.client as client:
        job_id = client.submit(document=study.canonical()).id
    page = open_page(f"{stack.url}/jobs/{job_id}")
    expect(page.locator("h1")).to_have_text("Karabakh after the 44-day war")
    expect(page.locator("#estimates li").first).to_be_visible(timeout=JOB_SECONDS * 1000)
    keep_screenshot(page, "journey-job")

    page.wait_for_url("**/forecasts/*", timeout=JOB_SECONDS * 1000)
    expect(page.locator(".verdict .badge")).to_contain_text("Published")
    presence = page.locator("#scenario-permanent_presence")
    expect(presence.locator(".probability")).to_have_text(re.compile(r"^[0-9]+(\.[0-9])?\s%$"))
    expect(presence.locator(".range")).to_have_text(re.compile(r"^[0-9.]+–[0-9.]+\s%$"))
    expect(page.locator("#outcome-withdrawal .words")).not_to_be_empty()
    wait_for_figures(page)
    summary = page.locator("details.cases summary", has_text="broken away from it").first
    summary.click()
    expect(page.get_by_text("D17", exact=True).first).to_be_visible()
    expect(page.locator("tr.check-failed")).to_have_count(0)
    keep_screenshot(page, "journey-forecast")

    page.get_by_role("link", name="See all diagnostics").click()
    expect(page.locator("#drawing")).to_have_count(0, timeout=DRAWING_MILLISECONDS)
    expect(page.locator(".notice-degraded")).to_have_count(0)
    wait_for_figures(page, DIAGNOSTICS)
    expect(page.locator("#figure-survival-withdrawal figcaption")).to_contain_text("ended this way")
    keep_screenshot(page, "journey-diagnostics")

    page.get_by_role("link", name="Scenario forecasts").click()
    expect(page.locator(".card .badge").first).to_contain_text("Published")
    keep_screenshot(page, "journey-home")
