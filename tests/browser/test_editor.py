"""Writing a study in a browser: errors as one types, files from a folder or a zip, and storing it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from forecast.errands import ErrandKind
from forecast.jobs.previews import PriorAnswer, PriorOutcome
from forecast.store import ErrandRepository, PreviewRepository, StudyRepository, utc_now
from priors import study_path
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import NewSite, OpenPage, Site, keep_screenshot
from tests.browser.test_pages import WIDTHS, go_dark
from tests.waiting import wait_until

VALID = "It can be forecast: 1 outcome, 1 scenario, 0 cases, 0 indicators, 0 judgments."


@pytest.fixture
def page(site: Site, open_page: OpenPage) -> Page:
    """Where something will be stored."""
    page = open_page(f"{site.url}/new")
    expect(page.locator("#verdict")).to_have_text(VALID)
    return page


@pytest.fixture(scope="module")
def address(new_site: NewSite) -> str:
    """Where nothing is stored."""
    return f"{new_site('editor').url}/new"


@pytest.fixture
def draft(address: str, open_page: OpenPage) -> Page:
    page = open_page(address)
    expect(page.locator("#verdict")).to_have_text(VALID)
    return page


def test_what_a_valid_study_leaves_open_is_asked(draft: Page) -> None:
    page = draft
    text = page.locator("#text")
    outcome = page.evaluate("document.querySelector('#text').value.match(/- id: (\\w+)/)[1]")
    rows = "[{duration: 5, event: 1}]"
    text.fill(f"{text.input_value()}\nreference_classes:\n  - {{id: past, outcome: {outcome}, rows: {rows}}}\n")
    expect(page.locator("#errors .asked")).to_contain_text(f"does {outcome} belong to past?")
    expect(page.locator("#store")).to_be_enabled()
    assert serious_violations(page) == []


def test_errors_appear_at_their_lines_as_one_types(draft: Page) -> None:
    page = draft
    text = page.locator("#text")
    text.fill(text.input_value().replace("horizon: 24", "horizon: many\ncolour: red"))
    expect(page.locator("#store")).to_be_disabled()
    expect(page.locator("#verdict")).to_have_text("2 places are wrong, the first in line 5.")
    expect(page.locator("#errors li")).to_have_count(2)
    expect(page.locator("#errors li").first).to_contain_text("horizon")
    expect(page.locator(".gutter .wrong")).to_have_text(["● 5", "● 6"])
    page.get_by_role("button", name="Line 6").click()
    assert (
        page.evaluate(
            "window.getSelection().toString() || document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)"
        )
        == "colour: red"
    )
    assert serious_violations(page) == []
    keep_screenshot(page, "editor-errors")
    text.fill(text.input_value().replace("horizon: many\ncolour: red", "horizon: 12"))
    expect(page.locator("#verdict")).to_have_text(VALID)
    expect(page.locator("#store")).to_be_enabled()


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_the_screen(address: str, open_page: OpenPage, width: int) -> None:
    page = open_page(address, width=width)
    expect(page.locator("#verdict")).to_have_text(VALID)
    assert serious_violations(page) == []
    keep_screenshot(page, f"editor-light-{width}")
    if width == max(WIDTHS):
        go_dark(page)
        assert serious_violations(page) == []
        keep_screenshot(page, f"editor-dark-{width}")


def test_an_example_with_its_tables_is_stored_and_forecast(page: Page, site: Site) -> None:
    page.locator("#example").select_option(label="pumps")
    expect(page.locator("#verdict")).to_contain_text("10 cases")
    page.get_by_role("button", name="Store and forecast").click()
    page.wait_for_url("**/jobs/*")
    with site.installation.database.read() as session:
        assert StudyRepository(session).get("pumps") is not None


def test_what_was_typed_is_not_replaced_without_asking(draft: Page) -> None:
    page = draft
    text = page.locator("#text")
    text.fill(text.input_value().replace("What is asked", "What I typed"))
    expect(page.locator("#store")).to_be_enabled()
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog"):
        page.locator("#example").select_option(label="pumps")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    expect(text).to_have_value(re.compile("What I typed"))
    # That it asks again says that what was typed is still there.
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_event("dialog"):
        page.locator("#example").select_option(label="seeds")
    expect(page.locator("#verdict")).to_contain_text("21 cases")
    expect(text).not_to_have_value(re.compile("What I typed"))


def test_nothing_can_be_stored_while_other_text_is_being_checked(address: str, open_page: OpenPage) -> None:
    page = open_page(address, refusals=True)
    expect(page.locator("#verdict")).to_have_text(VALID)
    page.route("**/v1/check", lambda route: route.fulfill(status=413, body='{"detail": "too large"}'))
    page.locator("#example").select_option(label="pumps")
    expect(page.locator("#text")).to_have_value(re.compile("study: pumps"))
    expect(page.locator("#verdict")).to_contain_text("could not be checked")
    expect(page.locator("#store")).to_be_disabled()


def test_a_folder_and_a_zip_bring_their_tables(draft: Page, tmp_path: Path) -> None:
    page = draft
    folder = study_path("karabakh-2021").parent
    tables = sorted(folder.rglob("*.csv"))
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#table-list li")).to_have_count(len(tables))
    expect(page.locator("#verdict")).to_contain_text("It can be forecast: 10 outcomes")
    page.get_by_role("button", name=f"Remove {tables[0].relative_to(folder).as_posix()}").click()
    expect(page.locator("#verdict")).to_contain_text("wrong")
    packed = tmp_path / "study.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in (folder / "study.yaml", *tables):
            archive.write(file, file.relative_to(folder).as_posix())
    page.locator("#files").set_input_files(packed)
    expect(page.locator("#verdict")).to_contain_text("It can be forecast: 10 outcomes")
    not_a_zip = tmp_path / "broken.zip"
    not_a_zip.write_bytes(b"no")
    page.locator("#files").set_input_files(not_a_zip)
    expect(page.locator("#said")).to_contain_text("not a usable zip archive")


def test_a_stored_study_is_changed_into_another_version(page: Page, site: Site, open_page: OpenPage) -> None:
    page.get_by_role("button", name="Only store").click()
    page.wait_for_url("**/studies/my-study")
    page.get_by_role("link", name="Change the document").click()
    text = page.locator("#text")
    expect(page.locator("#verdict")).to_have_text(VALID)
    text.fill(text.input_value().replace("What is asked", "What is asked <b>now</b>"))
    expect(page.locator("#store-only")).to_be_enabled()
    page.get_by_role("button", name="Only store").click()
    page.wait_for_url("**/studies/my-study")
    expect(page.locator("h1")).to_have_text("What is asked <b>now</b>")
    with site.installation.database.read() as session:
        assert len(StudyRepository(session).versions("my-study")) == 2


def test_the_priors_alone_are_shown_when_a_worker_has_answered(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Look at the priors alone").click()
    expect(page.locator("#preview-said")).to_contain_text("a worker draws from the priors")
    outcome = PriorOutcome(
        id="agreement", title="An agreement <i>is</i> signed", kind="event", probability=0.214, low=0.05, high=0.5,
        words="unlikely", horizon=(),
    )  # fmt: skip
    curve = {"type": "scatter", "mode": "lines", "x": ["2027-01-01", "2028-01-01"], "y": [0, 0.2], "name": "agreement"}
    figure = {"data": [curve], "layout": {"xaxis": {"type": "date"}}}

    def waiting() -> tuple[str, ...]:
        """Their digests."""
        with site.installation.database.read() as session:
            due = ErrandRepository(session).due(ErrandKind.PREVIEW, utc_now(), utc_now())
            return tuple(digest for _, digest in PreviewRepository(session).next_due(due, utc_now(), 5))

    wait_until(lambda: bool(waiting()), message="the preview to be asked for")
    with site.installation.database.write() as session:
        row = PreviewRepository(session).get(waiting()[0])
        assert row is not None
        row.answer = PriorAnswer(outcomes=(outcome,), figure=figure, draws=2000).model_dump_json()
        row.made_at = utc_now()
    expect(page.locator("#preview-rows tr")).to_have_text(
        "An agreement <i>is</i> signed21\u00a0%5\u00a0% to 50\u00a0%unlikely"
    )
    expect(page.locator("#preview-figure .main-svg").first).to_be_visible()
    expect(page.locator("#preview-said")).to_contain_text("From 2,000 draws of the priors")
    assert serious_violations(page) == []
    keep_screenshot(page, "editor-preview")
