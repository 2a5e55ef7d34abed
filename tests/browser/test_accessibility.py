"""Every page under axe-core, by keyboard alone, and with its details open."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import serious_violations
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import go_dark, wait_for_figures

PAGES = (
    "home",
    "empty_home",
    "forecast",
    "degraded",
    "diagnostics",
    "study",
    "compare",
    "queued_job",
    "failed_job",
    "nowhere",
    "reference",
)

WITH_CONTROLS = {"forecast", "diagnostics", "study", "compare", "queued_job"}
FIGURES = {
    "forecast": ("horizon", "indicator-incidents", "factor-tension"),
    "diagnostics": ("trace", "rank"),
}

OPEN_DETAILS = "() => document.querySelectorAll('details').forEach((part) => { part.open = true; })"
NOTE_WHERE_KEYS_LEAD = """() => {
  window.reached = [];
  window.addEventListener("keyup", () => window.reached.push(document.activeElement.dataset.mark ?? ""), true);
}"""


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_a_page(shown: dict[str, str], open_page: OpenPage, name: str) -> None:
    page = open_page(shown[name], measured=False, refusals=name == "nowhere")
    if name in WITH_CONTROLS:
        check_keyboard(page)
    page.evaluate(OPEN_DETAILS)
    # What Plotly draws is part of the page.
    figures = FIGURES.get(name, ())
    wait_for_figures(page, figures)
    assert serious_violations(page) == []
    go_dark(page, figures)
    assert serious_violations(page, colours_alone=True) == [], "in dark"


def check_keyboard(page: Page) -> None:
    """Alone it reaches everything, the way past the head of the page first."""
    wanted = _reachable(page)
    page.evaluate(NOTE_WHERE_KEYS_LEAD)
    for _ in range(len(wanted) + 21):
        page.keyboard.press("Tab")
    reached: list[str] = page.evaluate("window.reached")
    assert "Skip to the content" in reached[0]
    assert sorted(wanted - set(reached)) == []
    page.evaluate("document.activeElement.blur()")


def _reachable(page: Page) -> set[str]:
    """Marks of everything that can be used and is shown; each is put on its element."""
    marks: list[str] = page.evaluate("""() => {
      const usable = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
        .filter((part) => !part.disabled && part.checkVisibility());
      usable.forEach((part, place) => { part.dataset.mark = `${place} ${part.tagName} ${part.textContent.trim().slice(0, 40)}`; });
      return usable.map((part) => part.dataset.mark);
    }""")
    return set(marks)


FAULTY = """() => {
  document.querySelector("main").insertAdjacentHTML("beforeend", `
    <p data-style="color: #777; background: #999">One</p> <p data-style="color: hsl(0 0% 60% / .9)">Two</p>
    <p data-style="color: color(srgb .6 .6 .6); background: rgba(255, 255, 255, .9)">Three</p>
    <div data-style="opacity: .4; background: lab(90 0 0)"><span data-style="color: oklch(.6 .1 20)">Four</span></div>
    <div data-style="background: rgb(0 0 0 / .3); mix-blend-mode: multiply"><b data-style="color: red">Five</b></div>
    <img src="/static/favicon.svg"><input><div role="button" aria-checked="maybe"></div>`);
  // The page's policy allows no attribute of this kind.
  for (const part of document.querySelectorAll("[data-style]")) part.style.cssText = part.dataset.style;
}"""


def test_axe_finds_what_is_wrong(shown: dict[str, str], open_page: OpenPage) -> None:
    page = open_page(shown["empty_home"], measured=False)
    page.evaluate(FAULTY)
    rules = [violation.partition(":")[0] for violation in serious_violations(page)]
    assert rules.count("color-contrast") >= 4
    assert {"label", "image-alt", "aria-allowed-attr"} <= set(rules)
