"""The page of a study in a browser: what is drawn, and what a reader can do there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from forecast.store import ScheduleRepository, SourceRepository
from tests.api.living_sample import store_living_sample
from tests.browser.conftest import OpenPage, Site, keep_screenshot


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1280), ("light", 380)])
def test_a_study_is_shown_over_time(site: Site, open_page: OpenPage, scheme: str, width: int) -> None:
    page = open_page(f"{site.url}/studies/{store_living_sample(site.installation)}", scheme=scheme, width=width)
    expect(page.locator(".history-chart .dot")).to_have_count(5)
    page.locator("#history details summary").first.click()
    expect(page.get_by_text("corrected data +0.21").first).to_be_visible()
    keep_screenshot(page, f"study-{scheme}-{width}")


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
    assert source.requested_at is not None


def test_keyboard_alone_reaches_every_button(site: Site, open_page: OpenPage) -> None:
    page = open_page(f"{site.url}/studies/{store_living_sample(site.installation)}")
    wanted = page.locator("main button:visible").count()
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "document.activeElement.tagName === 'BUTTON' ? [...document.querySelectorAll('button')].indexOf(document.activeElement) : -1"
        )
        if found >= 0:
            reached.add(found)
    assert len(reached) == wanted >= 6
