"""Signing in with a key and with a link, seeing who one is, and signing out."""

from __future__ import annotations

from playwright.sync_api import expect

from forecast.access import Scope, create_key, list_keys
from forecast.client.client import ForecastClient
from forecast.store import utc_now
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import KEYS, OpenPage, Site, keep_screenshot


def test_a_browser_signs_in_with_a_key_sees_who_it_is_and_signs_out(open_page: OpenPage, site: Site) -> None:
    key = KEYS.pop(site.url.removeprefix("http://"))
    page = open_page(f"{site.url}/access", refusals=True)
    expect(page).to_have_url(f"{site.url}/sign-in?next=/access")
    assert serious_violations(page) == []
    keep_screenshot(page, "sign-in")
    page.get_by_role("textbox", name="Key").fill("fc_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_contain_text("no key of this installation")
    page.get_by_role("textbox", name="Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("default")
    assert serious_violations(page) == []
    keep_screenshot(page, "access")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site.url}/sign-in")


def test_a_link_signs_a_browser_in_by_itself_and_leaves_no_word_in_the_address(open_page: OpenPage, site: Site) -> None:
    key = KEYS.pop(site.url.removeprefix("http://"))
    with ForecastClient(site.url, key=key) as client:
        address = client.sign_in_address("/access")
    page = open_page(address)
    expect(page).to_have_url(f"{site.url}/access")
    expect(page.get_by_role("heading", level=1)).to_have_text("default")


def test_a_key_for_days_that_are_no_number_is_not_made(open_page: OpenPage, site: Site) -> None:
    page = open_page(f"{site.url}/access")
    page.get_by_text("Make a key").click()
    page.get_by_label("Whose, or what for").fill("Desk three")
    page.get_by_label("read", exact=False).first.check()
    days, said = page.get_by_label("Holds for so many whole days (empty: never ends)"), page.get_by_role("status")
    for wrong in ("soon", "0", "1.5", "-3"):
        days.fill(wrong)
        page.get_by_role("button", name="Make it").click()
        expect(said).to_contain_text(f'"{wrong}" is no number of days')
    page.reload()
    expect(page.get_by_role("rowheader", name="Desk three")).to_have_count(0)
    page.get_by_text("Make a key").click()
    page.get_by_label("Whose, or what for").fill("Desk three")
    page.get_by_label("read", exact=False).first.check()
    days.fill("30")
    page.get_by_role("button", name="Make it").click()
    expect(said).to_contain_text("Made. Keep it now")
    page.reload()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Desk three"))
    expect(row).to_contain_text("until")
    # It made another, which ends with it.
    installation = site.installation
    with installation.database.write() as session:
        (made,) = [key for key in list_keys(session) if key.name == "Desk three"]
        create_key(session, "default", "Its own", [Scope.READ], utc_now(), made_by=made.id)
    page.reload()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke Desk three and the keys that it made: 1").click()
    for name in ("Desk three", "Its own"):
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
        expect(row).to_contain_text("revoked")
    assert serious_violations(page) == []
