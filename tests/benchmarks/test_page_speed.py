"""When the largest page can be used: the end of its last long task, seen from the browser; and what a page weighs."""

from __future__ import annotations

import statistics
import time

import pytest
from playwright.sync_api import Page

from tests.api.large_sample import large_forecast
from tests.api.stored_sample import store_sample
from tests.browser.conftest import OpenPage, Site, browser, open_page, site

__all__ = ["browser", "open_page", "site"]

TIMES = 5
INTERACTIVE_MILLISECONDS = 1500.0
"""What a reader of the largest page is promised on a machine of two cores."""
QUIET_MILLISECONDS = 1500

MEASURE = """(() => {
  const seen = window.measured = { long: [] };
  new PerformanceObserver((list) => list.getEntries().forEach((entry) =>
    seen.long.push([entry.startTime, entry.duration]))).observe({ type: "longtask", buffered: true });
})();"""
READ = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const ends = window.measured.long.map(([start, length]) => start + length);
  return { interactive: Math.max(page.domContentLoadedEventEnd, ...ends), response: page.responseEnd,
    blocking: window.measured.long.reduce((sum, [, length]) => sum + Math.max(0, length - 50), 0) };
}"""


def measure(page: Page, url: str) -> dict[str, float]:
    page.goto(url)
    page.wait_for_timeout(QUIET_MILLISECONDS)
    found: dict[str, float] = page.evaluate(READ)
    return found


@pytest.mark.parametrize("rest", ["", "/diagnostics"])
def test_the_largest_pages_can_be_used_soon(site: Site, open_page: OpenPage, rest: str) -> None:
    forecast_id, _ = store_sample(site.installation, large_forecast())
    page = open_page(site.url, measured=False)
    page.add_init_script(MEASURE)
    runs = [measure(page, f"{site.url}/forecasts/{forecast_id}{rest}") for _ in range(TIMES)]
    print(f"\n/forecasts/…{rest}")
    for name in ("response", "interactive", "blocking"):
        print(f"  {name}: median {statistics.median(run[name] for run in runs):.0f} ms")
    assert statistics.median(run["interactive"] for run in runs) < INTERACTIVE_MILLISECONDS


MEGABIT = 1_000_000 / 8
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6 * MEGABIT, "uploadThroughput": 0.75 * MEGABIT}
"""A slow line, as throttled measurements of pages usually assume."""


def test_what_a_page_weighs_and_when_its_first_figure_stands(site: Site, open_page: OpenPage) -> None:
    forecast_id, _ = store_sample(site.installation)
    page = open_page(site.url, measured=False)
    browser = page.context.new_cdp_session(page)
    browser.send("Network.enable")
    browser.send("Network.setCacheDisabled", {"cacheDisabled": True})
    browser.send("Network.emulateNetworkConditions", SLOW)
    browser.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    sizes: list[float] = []
    browser.on("Network.loadingFinished", lambda found: sizes.append(found["encodedDataLength"]))
    began = time.perf_counter()
    page.goto(f"{site.url}/forecasts/{forecast_id}", wait_until="commit")
    page.locator("[id^=figure-]").first.scroll_into_view_if_needed(timeout=120_000)  # one is drawn when it comes near
    page.wait_for_selector("[data-drawn=yes] .main-svg", timeout=120_000, state="attached")
    first = time.perf_counter() - began
    page.wait_for_load_state("networkidle")
    print(
        f"\nat 1.6 Mbit/s and a quarter of the CPU: first figure after {first:.1f} s, {sum(sizes) / 1e3:.0f} kB in {len(sizes)} answers"
    )
    assert sum(sizes) < 1_000_000
