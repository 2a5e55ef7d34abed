"""The page of a study in a browser: what is drawn, and what a reader can do there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from forecast.store import ScheduleRepository, SourceRepository
from tests.api.living_sample import store_living_sample
from tests.browser.conftest import NewSite, OpenPage, Site, keep_screenshot, resize
from tests.browser.test_pages import go_dark


@pytest.fixture(scope="module")
def address(new_site: NewSite) -> str:
    """Of a study that is only looked at."""
    site = new_site("study")
    return f"{site.url}/studies/{store_living_sample(site.installation)}"


@pytest.mark.parametrize("width", [1440, 380])
def test_a_study_is_shown_over_time(address: str, open_page: OpenPage, width: int) -> None:
    page = open_page(address, width=width)
    expect(page.locator(".history-chart .dot")).to_have_count(5)
    page.locator("#history details summary").first.click()
    expect(page.get_by_text("corrected data +0.21").first).to_be_visible()
    keep_screenshot(page, f"study-light-{width}")
    if width == 1440:
        resize(page, 1280)
        go_dark(page)
        keep_screenshot(page, "study-dark-1280")


def test_a_schedule_is_made_paused_run_and_deleted(site: Site, open_page: OpenPage) -> None:
    study = store_living_sample(site.installation)
    page = open_page(f"{site.url}/studies/{study}", refusals=True)
    form = page.locator("form.new-schedule")
    form.get_by_label("Cron").fill("every morning")
    form.get_by_role("button", name="Make it").click()
    expect(form.get_by_role("status")).to_contain_text("has 2 fields; expected minute, hour")
    form.get_by_label("Cron").fill("30 7 * * 1")
    form.get_by_label("Time zone").fill("Asia/Baku")
    form.get_by_role("button", name="Make it").click()
    expect(page.locator(".schedule")).to_have_count(2)
    made = page.locator(".schedule").first
    expect(made).to_contain_text("30 7 * * 1, Asia/Baku")
    made.get_by_role("button", name="Pause").click()
    expect(page.locator(".schedule").first).to_contain_text("paused")
    page.locator(".schedule").first.get_by_role("button", name="Go on").click()
    expect(page.locator(".schedule").first).to_contain_text("next due")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator(".schedule").first.get_by_role("button", name="Delete").click()
    expect(page.locator(".schedule")).to_have_count(2)
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".schedule").first.get_by_role("button", name="Delete").click()
    expect(page.locator(".schedule")).to_have_count(1)
    with site.installation.database.read() as session:
        assert [row.cron for row in ScheduleRepository(session).page(9).items] == ["0 6 1 * *"]
    page.get_by_role("button", name="Ask now").click()
    expect(page.locator("#sources")).to_contain_text("being asked")
    with site.installation.database.read() as session:
        source = SourceRepository(session).get(study, "counts")
        assert source is not None
        assert SourceRepository(session).is_wanted(source)


def test_keyboard_alone_reaches_every_button(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    wanted = page.locator("main button:visible").count()
    page.evaluate("""() => {
      window.reached = new Set();
      window.addEventListener("keyup", () => window.reached.add(document.activeElement), true);
    }""")
    for _ in range(120):
        page.keyboard.press("Tab")
    reached = page.evaluate("[...window.reached].filter((part) => part.tagName === 'BUTTON').length")
    assert reached == wanted >= 6


def test_evidence_is_added_by_form_with_a_confirmation_where_it_is_scored(site: Site, open_page: OpenPage) -> None:
    study = store_living_sample(site.installation)
    page = open_page(f"{site.url}/studies/{study}", refusals=True)
    page.get_by_text("Add evidence").click()
    judgments = page.locator(f"form[data-at='/v1/studies/{study}/judgments']")
    judgments.get_by_label("Expert").fill("<b>eve</b>")
    judgments.get_by_label("Probability").fill("2")
    judgments.get_by_role("button", name="Add it").click()
    expect(judgments.get_by_role("status")).to_contain_text("It could not be done")
    expect(judgments.get_by_role("status")).to_contain_text("expected")
    judgments.get_by_label("Expert").fill("eve")
    judgments.get_by_label("Probability").fill("0x1")
    judgments.get_by_role("button", name="Add it").click()
    expect(judgments.get_by_role("status")).to_contain_text("0x1")
    judgments.get_by_label("Probability").fill(" 0.35 ")
    judgments.get_by_label("Said on").fill("2021-06-01")
    judgments.get_by_role("button", name="Add it").click()
    # What it leaves open stays on the page until that was read.
    expect(judgments.get_by_role("status")).to_contain_text("Added, with a question")
    expect(judgments.get_by_role("status")).to_contain_text("which is over on the as-of date")
    page.reload()
    expect(page.locator("#evidence tbody tr").first).to_contain_text("expert eve, on 2021-06-01, probability 0.35")

    page.get_by_text("Add evidence").click()
    resolutions = page.locator(f"form[data-at='/v1/studies/{study}/resolutions']")
    resolutions.get_by_label("It turned out").select_option("no")
    resolutions.get_by_label("On", exact=True).fill("2021-11-02")
    resolutions.get_by_label("Source").fill("Us, again")
    page.once("dialog", lambda dialog: dialog.dismiss())
    resolutions.get_by_role("button", name="Add it").click()
    expect(page.locator("#ledger tbody tr").first).not_to_contain_text("Us, again")
    page.once("dialog", lambda dialog: dialog.accept())
    resolutions.get_by_role("button", name="Add it").click()
    expect(page.locator("#ledger")).to_contain_text("Us, again")
    expect(page.locator("#ledger")).to_contain_text("(corrected)")


def test_a_table_of_evidence_is_added_whole_or_not_at_all(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    study = store_living_sample(site.installation)
    page = open_page(f"{site.url}/studies/{study}", refusals=True)
    rows = page.locator("#evidence tbody tr")
    before = rows.count()
    page.get_by_text("Add evidence").click()
    form = page.locator("form.sends-table")
    form.get_by_label("Of").select_option("judgments")
    table = tmp_path / "said.csv"
    table.write_text("expert,outcome,probability,on\nann,heads,0.4,2021-06-01\nbob,tails,0.5,2021-06-01\n")
    form.get_by_label("CSV file").set_input_files(table)
    form.get_by_role("button", name="Add its rows").click()
    expect(form.get_by_role("status")).to_contain_text("tails")
    table.write_text("expert,outcome,probability,on\nann,heads,0.4,2021-06-01\nbob,heads,0.5,2021-06-01\n")
    form.get_by_label("CSV file").set_input_files(table)
    form.get_by_role("button", name="Add its rows").click()
    expect(form.get_by_role("status")).to_contain_text("Added, with a question")
    page.reload()
    expect(rows).to_have_count(before + 2)


def test_a_subscription_is_made_tested_and_ended_and_a_schedule_changed(site: Site, open_page: OpenPage) -> None:
    study = store_living_sample(site.installation)
    page = open_page(f"{site.url}/studies/{study}", refusals=True)
    page.get_by_text("Subscribe to alerts").click()
    form = page.locator("form.subscribes")
    form.get_by_label("Percent").fill("30")
    form.get_by_label("Of").select_option("outcome heads")
    form.get_by_role("button", name="Subscribe").click()
    made = page.locator(".subscriptions li")
    expect(made).to_have_count(2)
    expect(page.locator(".subscriptions")).to_contain_text("30")
    page.once("dialog", lambda dialog: dialog.accept())
    made.first.get_by_role("button", name="End").click()
    expect(made).to_have_count(1)

    page.get_by_text("Change its times").click()
    times = page.locator(".schedule form")
    times.get_by_label("Cron").fill("15 5 * * *")
    times.get_by_role("button", name="Change").click()
    expect(page.locator(".schedule").first).to_contain_text("15 5 * * *, UTC")
    keep_screenshot(page, "study-forms")
