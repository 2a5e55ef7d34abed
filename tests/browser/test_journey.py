"""The whole way with the real service: a study is submitted, its job is watched, its forecast is read."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from forecast.answer import StoredForecast
from priors import study_path
from tests.api.stored_sample import karabakh_study
from tests.browser.conftest import OpenPage, keep_screenshot
from tests.browser.test_pages import FIGURE_MILLISECONDS, wait_for_figures
from tests.living import living_document
from tests.stack import JOB_SECONDS, Stack

pytestmark = pytest.mark.stack

DRAWING_MILLISECONDS = 90_000
"""ArviZ's plots take five seconds to import, more beside a compilation."""

FEW = "sampler: {draws: 150, tune: 300, "
"""What is done with a forecast does not depend on how well it was sampled."""

DIAGNOSTICS = (
    "trace", "rank", "trace-worst", "ess-evolution", "autocorrelation", "pairs", "energy", "prior-present",
    "survival-withdrawal", "predictive-events", "rootogram", "pareto-k", "loo-pit",
)  # fmt: skip


def test_a_submitted_study_is_watched_until_its_forecast_is_read(
    stack: Stack, open_page: OpenPage, karabakh: StoredForecast
) -> None:
    document = living_document(title="A small study", sampler={"draws": 20_000, "tune": 300, "chains": 2})
    with stack.held(having="estimates"):
        with stack.client as client:
            job_id = client.submit(document=document).id
        page = open_page(f"{stack.url}/jobs/{job_id}")
        expect(page.locator("h1")).to_have_text("A small study")
        expect(page.locator("#estimates li").first).to_be_visible(timeout=JOB_SECONDS * 1000)
        keep_screenshot(page, "journey-job")

    page.wait_for_url("**/forecasts/*", timeout=JOB_SECONDS * 1000)
    page.goto(f"{stack.url}/forecasts/{karabakh.forecast_id}")
    expect(page.locator(".verdict .badge")).to_contain_text("Published")
    presence = page.locator("#scenario-permanent_presence")
    expect(presence.locator(".probability")).to_have_text(re.compile(r"^[0-9]+(\.[0-9])?\s%$"))
    expect(presence.locator(".range")).to_have_text(
        re.compile(r"^[0-9.]+–[0-9.]+\s%(\s+ends ±[0-9.]+, ±[0-9.]+\spp)?\s*$")
    )
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
    # Other tests use the same service: of the study's forecasts another one may be the newest.
    expect(page.locator(".card", has_text="Karabakh after the 44-day war").locator(".badge").first).to_be_visible()
    keep_screenshot(page, "journey-home")


def test_a_study_is_uploaded_forecast_asked_scheduled_and_compared(
    stack: Stack, open_page: OpenPage, tmp_path: Path
) -> None:
    folder = tmp_path / "karabakh-2021"
    shutil.copytree(study_path("karabakh-2021").parent, folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    small = text.replace("sampler: {", FEW)
    assert small != text
    (folder / "study.yaml").write_text(small, encoding="utf-8")
    page = open_page(f"{stack.url}/new")
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#verdict")).to_contain_text("It can be forecast: 10 outcomes", timeout=15_000)
    page.get_by_role("button", name="Look at the priors alone").click()
    expect(page.locator("#preview-rows tr")).to_have_count(10, timeout=JOB_SECONDS * 1000)
    expect(page.locator("#preview-figure .main-svg").first).to_be_visible(timeout=FIGURE_MILLISECONDS)
    keep_screenshot(page, "journey-editor")
    page.get_by_role("button", name="Store and forecast").click()
    page.wait_for_url("**/jobs/*")
    page.wait_for_url("**/forecasts/*", timeout=JOB_SECONDS * 1000)
    expect(page.locator(".verdict .badge")).to_be_visible()
    expect(page.locator("#questions")).to_contain_text("Resolves yes when")

    form = page.locator("#what-if-form")
    form.locator("[data-outcome=mediation_success] select").select_option("force-at")
    form.get_by_role("button", name="Show what follows").click()
    expect(page.locator("#what-if-said")).to_contain_text("simulated futures")
    moved = form.locator('[data-key="outcome mediation_success"]')
    expect(moved.locator(".after")).to_have_text(">99.9\u00a0%")
    assert "do=mediation_success%401" in page.url
    keep_screenshot(page, "journey-what-if")

    page.get_by_role("link", name="karabakh-2021: history").click()
    page.wait_for_url("**/studies/karabakh-2021")
    schedule = page.locator("form.new-schedule")
    schedule.get_by_label("Cron").fill("0 6 1 * *")
    schedule.get_by_label("also when nothing has changed").check()
    schedule.get_by_role("button", name="Make it").click()
    expect(page.locator(".schedule")).to_have_count(1)
    page.get_by_role("button", name="Forecast as of 2021-09-10").click()
    page.wait_for_url("**/jobs/*")
    page.wait_for_url("**/forecasts/*", timeout=JOB_SECONDS * 1000)
    page.get_by_role("link", name="karabakh-2021: history").click()
    expect(page.locator("#history .history-chart").first).to_be_visible()
    expect(page.locator("#forecasts-heading")).to_be_visible()
    keep_screenshot(page, "journey-study")
    page.get_by_role("link", name="side by side").first.click()
    page.wait_for_url("**/compare?*")
    study = karabakh_study()
    expect(page.locator("#probabilities tbody tr")).to_have_count(len(study.outcomes) + len(study.scenarios))
    expect(page.locator(".standfirst")).to_contain_text("moved by more than noise")
    expect(page.locator(".compare-moved")).to_have_count(0)
    keep_screenshot(page, "journey-compare")

    page.get_by_role("link", name="After", exact=True).click()
    page.get_by_role("link", name="See all diagnostics").click()
    expect(page.locator("#drawing")).to_have_count(0, timeout=DRAWING_MILLISECONDS)
    page.get_by_role("link", name="The forecast", exact=True).click()
    wait_for_figures(page, ("horizon", "unfolding"))
    expect(page.locator("#figure-unfolding figcaption")).to_contain_text("simulated futures")
    keep_screenshot(page, "journey-forecast-drawn")
