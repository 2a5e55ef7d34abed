"""axe-core over a page as it stands; run from outside, so that the page's own policy stays in force."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}
RUN = """async (tags) => (await axe.run(document, { resultTypes: ["violations"],
  runOnly: { type: "tag", values: tags } })).violations.flatMap((rule) => rule.nodes.map((node) =>
  [rule.id, node.impact ?? rule.impact ?? "", node.target.flat().join(" "), rule.help]))"""


def serious_violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical: rule, place and help. JavaScript must be on, or it never returns."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found: list[list[str]] = page.evaluate(RUN, TAGS)
    return [f"{rule}: {place} ({text})" for rule, impact, place, text in found if impact in SERIOUS]
