"""The what-if panel in a browser, over real futures."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from forecast.futures.query import Counted
from forecast.wording import numbers
from tests.api.asked_sample import count, store_asked
from tests.api.stored_sample import store_sample
from tests.browser.conftest import NewSite, OpenPage, Site, keep_screenshot
from tests.futures_file import HORIZON


@pytest.fixture(scope="module")
def address(new_site: NewSite) -> str:
    """Of a forecast; asking it stores nothing."""
    site = new_site("asked")
    return f"{site.url}/forecasts/{store_asked(site.installation)}"


@pytest.fixture
def page(address: str, open_page: OpenPage) -> Page:
    return open_page(address)


def condition(page: Page, outcome: str) -> Locator:
    return page.locator(f"#what-if-form [data-outcome={outcome}] select")


def row(page: Page, key: str) -> Locator:
    return page.locator(f'#what-if-form [data-key="{key}"]')


def show(page: Page) -> None:
    page.get_by_role("button", name="Show what follows").click()


def test_observing_and_forcing_give_what_the_futures_say(page: Page) -> None:
    condition(page, "talks").select_option(label="observe: comes true")
    show(page)
    said = page.locator("#what-if-said")
    observed = count(observe=["talks"])
    expect(said).to_contain_text(f"Counted in {observed.futures:,} simulated futures")
    leaves = observed.outcomes[0]
    expect(row(page, "outcome leaves").locator(".after")).to_have_text(numbers.percent(leaves.probability, leaves.mcse))
    expect(row(page, "outcome talks").locator(".after")).to_have_text(">99.9\u00a0%")
    expect(row(page, "outcome leaves").locator(".change")).to_have_text(f"+{_change(leaves):.1f}\u00a0pp")
    neither = observed.scenarios[0]
    expect(row(page, "scenario neither").locator(".change")).to_have_text(f"−{-_change(neither):.1f}\u00a0pp")
    keep_screenshot(page, "what-if")

    condition(page, "talks").select_option(label="as it is")
    condition(page, "leaves").select_option(label="force: happens")
    period = page.locator("#what-if-form [data-outcome=leaves] input")
    expect(period).to_have_attribute("max", str(HORIZON))
    period.fill("3")
    condition(page, "stays").select_option(label="observe: does not")
    show(page)
    expect(row(page, "outcome leaves").locator(".after")).to_have_text(">99.9\u00a0%")
    forced = count(do=[{"outcome": "leaves", "at": 3}], observe=["not stays"])
    expect(said).to_contain_text(f"Counted in {forced.futures:,} simulated futures")
    talks = forced.outcomes[2]
    expect(row(page, "outcome talks").locator(".after")).to_have_text(numbers.percent(talks.probability, talks.mcse))


def _change(counted: Counted) -> float:
    return 100 * (counted.probability - counted.unconditional.probability)


def test_too_few_draws_and_mistakes_are_said_in_words(address: str, open_page: OpenPage) -> None:
    # A problem is an answer with a status of 422, which the browser writes to its console.
    page = open_page(address, refusals=True)
    condition(page, "leaves").select_option(label="observe: comes true")
    condition(page, "stays").select_option(label="observe: comes true")
    show(page)
    said = page.locator("#what-if-said")
    expect(said).to_contain_text("Too few draws fulfil the conditions")
    expect(said).to_contain_text("weaken the condition")
    expect(row(page, "outcome talks").locator(".after")).to_have_text("–")
    for outcome in ("leaves", "stays"):
        condition(page, outcome).select_option(label="force: happens")
    show(page)
    expect(said).to_contain_text("exclude one another")


def test_a_period_is_asked_for_only_where_something_is_forced(page: Page) -> None:
    period = page.locator("#what-if-form [data-outcome=leaves] input")
    expect(period).to_be_disabled()
    condition(page, "leaves").select_option(label="force: happens")
    expect(period).to_be_enabled()
    period.fill("99")
    show(page)
    # The browser holds back a number beyond the horizon.
    expect(page.locator("#what-if-said")).to_have_text("")
    # Talks are asked about by July, six months ahead.
    expect(page.locator("#what-if-form [data-outcome=talks] input")).to_have_attribute("max", "6")
    page.get_by_role("button", name="Clear").click()
    expect(period).to_be_disabled()
    expect(condition(page, "leaves")).to_have_value("")
    show(page)
    expect(page.locator("#what-if-said")).to_have_text("Choose a condition for at least one outcome.")


def test_the_address_holds_the_question(page: Page, open_page: OpenPage) -> None:
    condition(page, "talks").select_option(label="observe: does not")
    condition(page, "leaves").select_option(label="force: happens")
    page.locator("#what-if-form [data-outcome=leaves] input").fill("2")
    condition(page, "stays").select_option(label="force: never")
    show(page)
    expect(page.locator("#what-if-said")).to_contain_text("Counted in")
    assert page.url.endswith("?observe=not+talks&do=leaves%402&do=stays%40never#what-if")
    seen = row(page, "scenario neither").locator(".after").inner_text()

    sent = open_page(page.url, measured=False)
    expect(condition(sent, "talks")).to_have_value("observe-no")
    expect(sent.locator("#what-if-form [data-outcome=leaves] input")).to_have_value("2")
    expect(row(sent, "scenario neither").locator(".after")).to_have_text(seen)
    sent.get_by_role("button", name="Clear").click()
    assert "?" not in sent.url


def test_an_address_of_outcomes_that_are_not_here_asks_nothing(page: Page, open_page: OpenPage) -> None:
    address = page.url
    other = open_page(f"{address}?observe=<script>&do=nobody@3&do=talks%40x")
    expect(condition(other, "talks")).to_have_value("")
    expect(other.locator("#what-if-said")).to_have_text("")


def test_few_draws_are_a_warning(page: Page) -> None:
    condition(page, "leaves").select_option(label="observe: does not")
    condition(page, "stays").select_option(label="observe: does not")
    show(page)
    said = page.locator("#what-if-said")
    expect(said).to_contain_text("Counted in")
    expect(said).to_have_class("said")
    condition(page, "talks").select_option(label="observe: comes true")
    show(page)
    effective = count(observe=["not leaves", "not stays", "talks"]).effective_draws
    assert 200 < effective < 625, "the sample lies between the bound of the answer and that of the warning"
    expect(said).to_contain_text("These are few")
    expect(said).to_have_class("said warned")


def test_a_forecast_of_an_older_version_says_that_it_cannot_be_asked(site: Site, open_page: OpenPage) -> None:
    forecast_id, _ = store_sample(site.installation, write_draws=write_without_futures)
    page = open_page(f"{site.url}/forecasts/{forecast_id}", refusals=True)
    condition(page, "withdrawal").select_option(label="force: never")
    show(page)
    expect(page.locator("#what-if-said")).to_contain_text("run the forecast again")


def write_without_futures(path: Path) -> None:
    from netCDF4 import Dataset

    with Dataset(path, "w") as root:
        root.createGroup("posterior")


def test_the_panel_says_how_to_ask_without_javascript(address: str, open_page: OpenPage) -> None:
    page = open_page(address, javascript=False)
    expect(page.locator("#what-if-form")).to_be_hidden()
    expect(page.locator("#what-if .unscripted")).to_be_visible()
    expect(page.locator("#what-if .unscripted")).to_contain_text("forecast query")
