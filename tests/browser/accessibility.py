"""axe-core over a page as it stands; run from outside, so that the page's own policy stays in force."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose findings depend on colours."""
SERIOUS = {"serious", "critical"}
RUN = """async (only) => (await axe.run(document, { resultTypes: ["violations"], runOnly: only })).violations.flatMap((rule) => rule.nodes.map((node) =>
  [rule.id, node.impact ?? rule.impact ?? "", node.target.flat().join(" "), rule.help]))"""


def serious_violations(page: Page, *, colours_alone: bool = False) -> list[str]:
    """What axe-core finds serious or critical: rule, place and help. JavaScript must be on, or it never returns.

    Parameters
    ----------
    colours_alone
        Where nothing but the colours of the page has changed since it was looked at.
    """
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found: list[list[str]] = page.evaluate(
        RUN, {"type": "rule", "values": COLOURS} if colours_alone else {"type": "tag", "values": TAGS}
    )
    return [f"{rule}: {place} ({text})" for rule, impact, place, text in found if impact in SERIOUS]
