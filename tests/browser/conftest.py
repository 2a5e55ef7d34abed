"""A Chromium to look at the pages with, and a service to look at."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect, sync_playwright

from api.app import create_app
from tests.browser.samples import store_compared, store_pages
from tests.installation import Installation, installation_in
from tests.stack import Stack
from tests.waiting import wait_until

SCREENSHOTS = Path(__file__).parent / "screenshots"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MILLISECONDS = 30_000
"""How long to wait for what a page is about to show: on a busy machine it takes longer than the usual five seconds."""
expect.set_options(timeout=PATIENCE_MILLISECONDS)
REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium writes for every answer with a status from 400 to 499, expected or not."""
LARGEST_SHIFT = 0.1
"""Cumulative layout shift that a reader hardly notices (web.dev/articles/cls)."""

# What moves after the reader has acted, moves because of that; on a busy machine it takes longer than the half second
# that the browser allows for it. Shifts are told after a frame: `takeShift` waits for one and asks for what is untold.
MEASURE_SHIFT = """
{
  window.layoutShift = 0;
  window.actedAt = Infinity;
  for (const type of ["pointerdown", "keydown", "input"]) {
    window.addEventListener(type, (event) => { window.actedAt = Math.min(window.actedAt, event.timeStamp); }, true);
  }
  const addShifts = (entries) => {
    for (const entry of entries) {
      if (!entry.hadRecentInput && entry.startTime < window.actedAt) window.layoutShift += entry.value;
    }
  };
  const shifts = new PerformanceObserver((list) => addShifts(list.getEntries()));
  shifts.observe({ type: "layout-shift", buffered: true });
  window.takeShift = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => {
    addShifts(shifts.takeRecords());
    resolve(window.layoutShift);
  })));
}
"""

KEYS: dict[str, str] = {}
"""Key by host and port of the services that there are."""

OpenPage = Callable[..., Page]


def session_cookies(url: str) -> list[Any]:
    """The cookie of a browser that has been signed in, as the page for it does; none where there is no key."""
    address = urlsplit(url)
    key = KEYS.get(address.netloc)
    return [] if key is None else _signed_in(f"{address.scheme}://{address.netloc}", key)


@cache
def _signed_in(own: str, key: str) -> list[Any]:
    answer = httpx2.post(f"{own}/sign-in", data={"key": key}, headers={"Origin": own}, trust_env=False, timeout=30)
    assert answer.status_code == 303, answer.text
    return [{"name": name, "value": value, "url": own} for name, value in answer.cookies.items()]


@dataclass(frozen=True)
class Site:
    """A web process over an installation of its own; there is no worker."""

    url: str
    installation: Installation


NewSite = Callable[[str], Site]


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def own_key(request: pytest.FixtureRequest) -> None:
    """The service that tests share lets their browsers in."""
    if "stack" in request.fixturenames:
        stack: Stack = request.getfixturevalue("stack")
        KEYS[urlsplit(stack.url).netloc] = stack.key


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages, and fails the test if one writes an error, asks another host, moves while it loads or is too wide.

    `refusals` lets the service refuse what the page asks it.
    """
    contexts, faults, pages = [], [], []

    def open_one(
        url: str,
        *,
        scheme: str = "light",
        width: int = 1280,
        javascript: bool = True,
        measured: bool = True,
        refusals: bool = False,
    ) -> Page:
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.add_cookies(session_cookies(url))
        page = context.new_page()
        page.add_init_script(MEASURE_SHIFT)
        own = urlsplit(url).netloc

        def hear(message: ConsoleMessage) -> None:
            is_refusal = refusals and message.text.startswith(REFUSED)
            if message.type in {"error", "warning"} and not is_refusal:
                faults.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda request: faults.append(request.url) if urlsplit(request.url).netloc not in {own, ""} else None,
        )

        def refuse(dialog: Dialog) -> None:
            faults.append(f"asked while it loaded: {dialog.message}")
            dialog.dismiss()

        page.on("dialog", refuse)
        page.goto(url)
        page.remove_listener("dialog", refuse)
        if javascript and measured:
            pages.append(page)
        return page

    yield open_one
    try:
        for page in pages:
            check_layout(page)
    finally:
        for context in contexts:
            context.close()
    assert faults == []


def check_layout(page: Page) -> None:
    """Nothing has moved much while the page loaded, and it is not too wide."""
    assert page.evaluate("window.takeShift()") < LARGEST_SHIFT
    check_width(page)


def check_width(page: Page) -> None:
    """Nothing sticks out of the window as wide as it is."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def resize(page: Page, width: int) -> None:
    """Make the window wider or narrower, and see that the page fits as it is and as it becomes."""
    check_width(page)
    # What moves now, moves because of this.
    page.evaluate("window.actedAt = Math.min(window.actedAt, performance.now())")
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("window.innerWidth") == width
    check_width(page)


@contextmanager
def served(installation: Installation) -> Iterator[str]:
    """The address of an application over an installation, in a thread."""
    # As asyncio makes its own: of others it does not switch off Nagle's delay, and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(installation.settings), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, message="the web process to listen")
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        KEYS[address] = installation.key
        yield f"http://{address}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def _site_in(home: Path, **settings: Any) -> Iterator[Site]:
    with installation_in(home, **settings) as installation, served(installation) as url:
        yield Site(url, installation)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A web process to look at, with nothing stored."""
    with _site_in(tmp_path / "home") as site:
        yield site


@pytest.fixture(scope="session")
def new_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewSite]:
    """Makes sites that tests share: the first test that needs one stores everything, and no test changes it."""
    on_postgresql = request.config.getoption("--database") == "postgresql"
    with ExitStack() as sites:

        def make(name: str) -> Site:
            url = request.getfixturevalue("postgresql").migrated_database() if on_postgresql else None
            return sites.enter_context(_site_in(tmp_path_factory.mktemp(name) / "home", database_url=url))

        yield make


@pytest.fixture(scope="session")
def shown(new_site: NewSite) -> dict[str, str]:
    """Addresses of pages that are only looked at, by what they show."""
    pages, compared, empty = (new_site(name) for name in ("pages", "compared", "empty"))
    return {
        **{name: pages.url + path for name, path in store_pages(pages.installation).items()},
        "compare": compared.url + store_compared(compared.installation),
        "empty_home": empty.url,
    }


def keep_screenshot(page: Page, name: str) -> None:
    """Leave a picture of the whole page for people."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
