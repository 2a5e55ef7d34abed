"""Signing in with a key and with a link, seeing who one is, and signing out."""

from __future__ import annotations

from playwright.sync_api import expect

from forecast.client import ForecastClient
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
