"""The pages in a browser, over stored samples: what is drawn, what moves, what can be done."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from forecast.jobs.lifecycle import Claim, fail_job, record_progress
from forecast.jobs.states import FailureCode, JobState
from forecast.store import DrawingRepository, utc_now
from tests.api.stored_sample import complete_sample, karabakh_study, store_sample
from tests.browser.conftest import NewSite, OpenPage, Site, check_layout, keep_screenshot
from tests.waiting import wait_until

WIDTHS = [1280, 400]
"""Where dark is looked at on the page that was loaded in light, at the larger one."""
DARK_INK = "rgb(231, 229, 223)"

FIGURE_MILLISECONDS = 30_000
"""Plotly is five megabytes to read; on a busy machine that takes longer than an expectation usually waits."""


def wait_for_figures(page: Page, names: Sequence[str] = ("horizon",)) -> None:
    """Scroll to each figure, since they are drawn when they come near."""
    for name in names:
        page.locator(f"#figure-{name}").scroll_into_view_if_needed()
        drawn = page.locator(f"#figure-{name} [data-drawn=yes] .main-svg").first
        expect(drawn).to_be_visible(timeout=FIGURE_MILLISECONDS)


def go_dark(page: Page, figures: Sequence[str] = ()) -> None:
    """Change the colour scheme, and wait until the figures have followed."""
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("color", DARK_INK)
    for name in figures:
        label = page.locator(f"#figure-{name} .main-svg .xtick text").first
        expect(label).to_have_css("fill", DARK_INK, timeout=FIGURE_MILLISECONDS)


def keep_views(page: Page, name: str, width: int, figures: Sequence[str] = ()) -> None:
    """A picture in light, and at the larger of the widths one in dark."""
    keep_screenshot(page, f"{name}-light-{width}")
    if width == max(WIDTHS):
        go_dark(page, figures)
        keep_screenshot(page, f"{name}-dark-{width}")


def queue(site: Site) -> str:
    return site.installation.submit(karabakh_study(), now=utc_now())


def progress(site: Site, claim: Claim, **changes: object) -> None:
    shown = {"stage": "sample", "draws_done": 0, "draws_wanted": 10_000, "divergences": 0, "estimates": {}, **changes}
    with site.installation.database.write() as session:
        assert record_progress(session, claim, shown)


def read_forecast(page: Page) -> None:
    expect(page.locator("#scenario-permanent_presence .probability")).to_have_text("69\u00a0%")
    expect(page.locator(".verdict .badge")).to_contain_text("Published")
    wait_for_figures(page)
    page.locator("details.cases summary").first.click()
    expect(page.get_by_text("Denied forces without any agreement").first).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 400)])
def test_a_forecast_is_drawn_in_full(shown: dict[str, str], open_page: OpenPage, scheme: str, width: int) -> None:
    page = open_page(shown["plain"], scheme=scheme, width=width)
    read_forecast(page)
    keep_screenshot(page, f"forecast-{scheme}-{width}")


def test_figures_follow_the_theme_and_paper_is_light(shown: dict[str, str], open_page: OpenPage) -> None:
    page = open_page(shown["plain"], measured=False)  # paper has another layout
    read_forecast(page)
    check_layout(page)
    keep_screenshot(page, "forecast-light-1280")
    title = page.locator("#figure-horizon .ytitle")
    expect(title).to_have_css("fill", "rgb(28, 33, 39)")
    page.emulate_media(color_scheme="dark")
    expect(title).to_have_css("fill", DARK_INK)
    page.emulate_media(media="print")
    expect(title).to_have_css("fill", "rgb(0, 0, 0)")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator(".answer thead")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_diagnostics_are_drawn_in_full(shown: dict[str, str], open_page: OpenPage, width: int) -> None:
    page = open_page(shown["diagnostics"], width=width)
    wait_for_figures(page, ("trace", "rank"))
    page.locator("#figure-rank .table-alternative summary").click()
    expect(page.locator("#figure-rank tbody tr").first).to_contain_text("withdrawal")
    expect(page.locator("#drawing")).to_contain_text("being drawn")
    keep_views(page, "diagnostics", width, ("trace", "rank"))


def test_figures_appear_when_they_are_drawn(site: Site, open_page: OpenPage) -> None:
    forecast_id, _ = store_sample(site.installation)
    page = open_page(f"{site.url}/forecasts/{forecast_id}/diagnostics")
    expect(page.locator("#drawing")).to_be_visible()
    with site.installation.database.write() as session:
        drawings = DrawingRepository(session)
        row = drawings.get(forecast_id)
        assert row is not None
        drawings.finish(row, {}, {}, ["energy: ValueError: none"], utc_now())
    expect(page.get_by_text("energy: ValueError: none")).to_be_visible()
    expect(page.locator("#drawing")).to_have_count(0)


def test_parameters_are_sorted_filtered_and_paged(shown: dict[str, str], open_page: OpenPage) -> None:
    page = open_page(shown["diagnostics"])
    rows, visible = page.locator("#parameters tbody tr"), page.locator("#parameters tbody tr:visible")
    count = page.locator("#parameter-count")
    expect(count).to_have_text("76 parameters, 1 to 50 shown")
    expect(visible).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    expect(count).to_have_text("76 parameters, 51 to 76 shown")
    expect(visible).to_have_count(26)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="ESS bulk").click()
    expect(visible).to_have_count(50)
    expect(rows.first).to_contain_text("sigma[comprehensive_agreement]")
    expect(rows.last).to_contain_text("wiggle[comprehensive_agreement]")
    page.get_by_role("button", name="ESS bulk").click()
    expect(rows.first).to_contain_text("frailty_z[59]")
    expect(rows.last).to_contain_text("wiggle[comprehensive_agreement]")
    page.get_by_label("Filter").fill("tau with")
    expect(count).to_have_text("1 of 76 parameters")
    expect(visible).to_contain_text("tau[withdrawal]")
    page.get_by_label("Filter").fill("")
    page.get_by_label("reported only").check()
    expect(count).to_have_text("16 of 76 parameters")


def test_a_degraded_forecast_says_so_before_anything_else(shown: dict[str, str], open_page: OpenPage) -> None:
    page = open_page(shown["degraded"])
    expect(page.locator(".verdict")).to_contain_text("worst R-hat is 1.023")
    page.get_by_role("link", name="See the checks").click()
    expect(page.locator("tr.check-failed")).to_have_count(2)
    keep_screenshot(page, "forecast-degraded")


def test_a_job_is_followed_from_the_queue_to_its_forecast(site: Site, open_page: OpenPage) -> None:
    job_id = queue(site)
    page = open_page(f"{site.url}/jobs/{job_id}")
    expect(page.locator("#explanation")).to_have_text("waiting for a worker")
    claim = site.installation.claim(job_id, now=utc_now())
    progress(site, claim, stage="compile", draws_wanted=0)
    expect(page.locator("#explanation")).to_contain_text("the first time on a machine this takes some twenty seconds")
    expect(page.locator("#state")).to_have_text("running")
    chain = {"draws_done": 2100, "draws_wanted": 5000, "divergences": 1, "is_warming_up": False}
    progress(
        site,
        claim,
        draws_done=4200,
        divergences=3,
        estimates={"withdrawal": 0.314, "conversion": 0.0004},
        errors={"withdrawal": 0.021, "conversion": None},
        chain_estimates={"withdrawal": [0.29, 0.34], "conversion": [0.0004, 0.0004]},
        chains=[chain, {**chain, "is_warming_up": True}],
    )
    expect(page.locator("#draws")).to_have_text("4,200 of 10,000 draws")
    expect(page.locator("#divergences")).to_have_text("3")
    expect(page.locator("#estimates li")).to_have_count(2)
    expect(page.locator("#estimates li").first).to_have_text("31\u00a0%withdrawal±2.1\u00a0pp")
    expect(page.locator("#estimates li").last).to_have_text("<0.1\u00a0%conversion")
    expect(page.locator("#estimates li").first.locator(".chain-tick")).to_have_count(2)
    expect(page.locator("#chains tr")).to_have_text(
        ["Chain 0sampling2,100 of 5,0001", "Chain 1warming up2,100 of 5,0001"]
    )
    expect(page.locator("[data-stage=compile]")).to_have_class("done")
    expect(page.locator("[data-stage=sample]")).to_have_attribute("aria-current", "step")
    keep_screenshot(page, "job-running")
    complete_sample(site.installation, claim)
    page.wait_for_url("**/forecasts/*")
    expect(page.locator("h1")).to_have_text("Karabakh after the 44-day war")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_failed_job_says_why(site: Site, open_page: OpenPage, width: int) -> None:
    job_id = queue(site)
    page = open_page(f"{site.url}/jobs/{job_id}", width=width)
    claim = site.installation.claim(job_id, now=utc_now())
    with site.installation.database.write() as session:
        fail_job(session, claim, FailureCode.DEADLINE, "the attempt ran longer than 600 seconds")
    expect(page.get_by_text("the attempt ran longer than 600 seconds").first).to_be_visible()
    expect(page.get_by_text("Ask for fewer draws")).to_be_visible()
    keep_views(page, "job-failed", width)


def test_a_job_is_cancelled_from_its_page(site: Site, open_page: OpenPage) -> None:
    job_id = queue(site)
    page = open_page(f"{site.url}/jobs/{job_id}")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator("#state")).to_have_text("cancelled")
    expect(page.get_by_role("button")).to_have_count(0)
    assert site.installation.state(job_id) is JobState.CANCELLED


def test_a_running_job_is_asked_to_stop_from_its_page(site: Site, open_page: OpenPage) -> None:
    job_id = queue(site)
    progress(site, site.installation.claim(job_id, now=utc_now()), draws_done=10)
    page = open_page(f"{site.url}/jobs/{job_id}")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("button", name="Cancelling…")).to_be_disabled()
    wait_until(lambda: site.installation.job(job_id).cancel_requested, message="the request to be stored")


@pytest.fixture(scope="module")
def home(new_site: NewSite) -> str:
    """Its address, with a forecast and a job that waits."""
    site = new_site("home")
    store_sample(site.installation)
    queue(site)
    return site.url


@pytest.mark.parametrize("width", WIDTHS)
def test_home_shows_studies_and_jobs(home: str, open_page: OpenPage, width: int) -> None:
    page = open_page(home, width=width)
    expect(page.locator(".card .probability").first).to_have_text("69\u00a0%")
    expect(page.locator("#jobs tbody tr")).to_have_count(2)
    keep_views(page, "home", width)
    page.get_by_role("link", name="Karabakh after the 44-day war").first.click()
    page.wait_for_url("**/forecasts/*")


def test_pages_can_be_read_without_javascript(shown: dict[str, str], open_page: OpenPage) -> None:
    page = open_page(shown["plain"], javascript=False)
    expect(page.locator("#scenario-permanent_presence .probability")).to_have_text("69\u00a0%")
    page.locator(".table-alternative summary").click()
    expect(page.locator(".table-alternative tbody tr").last).to_contain_text("10 Sep 2026")
    expect(page.get_by_text("This figure is drawn with JavaScript").first).to_be_visible()
    diagnostics = open_page(f"{page.url}/diagnostics", javascript=False)
    expect(diagnostics.locator("#parameters tbody tr")).to_have_count(76)
    job = open_page(shown["queued_job"], javascript=False)
    expect(job.locator("#lead")).to_have_text("The job is stored and waits for a worker.")
