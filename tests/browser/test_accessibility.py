"""Every page under axe-core, by keyboard alone, and with its details open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from forecast.jobs.lifecycle import fail_job
from forecast.jobs.states import FailureCode
from forecast.store import utc_now
from tests.api.living_sample import add_forecast, store_living_sample
from tests.api.sample_answer import degraded_forecast, explained_forecast
from tests.api.stored_sample import karabakh_study, store_sample
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_pages import wait_for_figures


def home(site: Site) -> str:
    store_sample(site.installation)
    store_living_sample(site.installation)
    return "/"


def empty_home(_: Site) -> str:
    return "/"


def forecast(site: Site) -> str:
    return f"/forecasts/{store_sample(site.installation, explained_forecast())[0]}"


def degraded(site: Site) -> str:
    return f"/forecasts/{store_sample(site.installation, degraded_forecast())[0]}"


def diagnostics(site: Site) -> str:
    return f"/forecasts/{store_sample(site.installation)[0]}/diagnostics"


def study(site: Site) -> str:
    return f"/studies/{store_living_sample(site.installation)}"


def compare(site: Site) -> str:
    store_living_sample(site.installation)
    days = (datetime(2021, 7, 1, tzinfo=UTC), datetime(2021, 8, 1, tzinfo=UTC))
    before, after = (add_forecast(site.installation, day, 0.4 + 0.1 * place) for place, day in enumerate(days))
    return f"/compare?before={before}&after={after}"


def queued_job(site: Site) -> str:
    return f"/jobs/{site.installation.submit(karabakh_study(), now=utc_now())}"


def failed_job(site: Site) -> str:
    job_id = site.installation.submit(karabakh_study(), now=utc_now())
    claim = site.installation.claim(job_id, now=utc_now())
    with site.installation.database.write() as session:
        fail_job(session, claim, FailureCode.DATA_ERROR, "the table has no column duration")
    return f"/jobs/{job_id}"


def nowhere(_: Site) -> str:
    return "/nowhere"


PAGES: tuple[Callable[[Site], str], ...] = (
    home,
    empty_home,
    forecast,
    degraded,
    diagnostics,
    study,
    compare,
    queued_job,
    failed_job,
    nowhere,
)

FIGURES = {
    "forecast": ("horizon", "indicator-incidents", "factor-tension"),
    "diagnostics": ("trace", "rank"),
}

OPEN_DETAILS = "() => document.querySelectorAll('details').forEach((part) => { part.open = true; })"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_a_serious_violation(
    site: Site, open_page: OpenPage, address: Callable[[Site], str], scheme: str
) -> None:
    path = address(site)
    page = open_page(site.url + path, scheme=scheme, measured=False, refusals=path == "/nowhere")
    page.evaluate(OPEN_DETAILS)
    # What Plotly draws is part of the page.
    wait_for_figures(page, FIGURES.get(address.__name__, ()))
    assert serious_violations(page) == []


def test_axe_finds_what_is_wrong(site: Site, open_page: OpenPage) -> None:
    page = open_page(site.url, measured=False)
    page.evaluate("document.querySelector('h1').append(document.createElement('input'))")
    assert [found for found in serious_violations(page) if found.startswith("label:")]


@pytest.mark.parametrize("address", [forecast, diagnostics, study, compare, queued_job])
def test_the_keyboard_alone_reaches_everything(site: Site, open_page: OpenPage, address: Callable[[Site], str]) -> None:
    page = open_page(site.url + address(site), measured=False)
    wanted = _reachable(page)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    reached = {page.evaluate(MARK)}
    for _ in range(len(wanted) + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(MARK))
    assert sorted(wanted - reached) == []


MARK = "() => document.activeElement.dataset.mark ?? ''"


def _reachable(page: Page) -> set[str]:
    """Marks of everything that can be used and is shown; each is put on its element."""
    marks: list[str] = page.evaluate("""() => {
      const usable = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
        .filter((part) => !part.disabled && part.checkVisibility());
      usable.forEach((part, place) => { part.dataset.mark = `${place} ${part.tagName} ${part.textContent.trim().slice(0, 40)}`; });
      return usable.map((part) => part.dataset.mark);
    }""")
    return set(marks)
