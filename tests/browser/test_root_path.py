"""The service below a path of a host, behind nginx, which takes the path off."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, Response, expect

from forecast.client.client import ForecastClient
from forecast.runtime.settings import Settings
from tests.browser.conftest import OpenPage, Site, served
from tests.browser.samples import store_compared, store_pages
from tests.coin import coin_document
from tests.installation import installation_in
from tests.programs import find_program
from tests.waiting import wait_until
from workers.address import choose_address

ROOT = "/forecasts"
"""The path that is most easily confused: pages of the service begin with it as well."""

CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location {root}/ {{
      proxy_pass {behind}/;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
    location / {{
      return 418 "this is another service";
    }}
  }}
}}
"""


@contextmanager
def nginx_before(behind: str, folder: Path) -> Iterator[str]:
    """The address of the service below `ROOT`; whatever asks beside it is answered 418."""
    program = find_program("nginx")
    port = choose_address(Settings(port=0)).port
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, root=ROOT, behind=behind))
    process = subprocess.Popen([str(program), "-p", str(folder), "-c", str(file)], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}{ROOT}"
    try:
        with ForecastClient(url) as client:
            wait_until(client.is_healthy, 30, "nginx")
        yield url
    finally:
        process.kill()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What is stored for pages, below the path."""
    with (
        installation_in(tmp_path_factory.mktemp("below") / "home", root_path=ROOT) as installation,
        served(installation) as behind,
        nginx_before(behind, tmp_path_factory.mktemp("nginx")) as url,
    ):
        yield Site(url, installation)


@pytest.fixture(scope="module")
def pages(below: Site) -> dict[str, str]:
    return {**store_pages(below.installation), "compare": store_compared(below.installation), "new": "/new"}


def client_of(site: Site) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {site.installation.key}"}
    return httpx2.Client(headers=headers, trust_env=False, timeout=30)


def sign_in(page: Page, site: Site) -> None:
    page.get_by_role("textbox", name="Key").fill(site.installation.key)
    page.get_by_role("button", name="Sign in").click()


def test_a_browser_signs_in_and_every_page_stays_below_the_path(
    open_page: OpenPage, below: Site, pages: dict[str, str]
) -> None:
    page = open_page(f"{below.url}/access", refusals=True)
    expect(page).to_have_url(f"{below.url}/sign-in?next=/access")
    sign_in(page, below)
    expect(page).to_have_url(f"{below.url}/access")
    cookies = page.context.cookies()
    assert [cookie["path"] for cookie in cookies] == [ROOT]

    astray: list[str] = []

    def look(response: Response) -> None:
        if response.status >= 400 and not response.url.endswith("/nowhere"):
            astray.append(f"{response.status} {response.url}")

    page.on("response", look)
    for path in pages.values():
        page.goto(below.url + path, wait_until="networkidle")
        leads = page.evaluate(
            "[...document.querySelectorAll('[href], [src], [action]')].map(e => e.href ?? e.src ?? e.action)"
        )
        host = urlsplit(below.url).netloc
        own = [str(lead) for lead in leads if isinstance(lead, str) and urlsplit(lead).netloc == host]
        assert own, path
        assert [lead for lead in own if not lead.startswith(below.url + "/")] == [], path
    assert astray == []
    page.get_by_role("link", name="Access").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{below.url}/sign-in")
    assert page.context.cookies() == []


def test_scripts_ask_below_the_path(open_page: OpenPage, below: Site) -> None:
    page = open_page(f"{below.url}/sign-in?next=/new")
    sign_in(page, below)
    expect(page).to_have_url(f"{below.url}/new")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    with page.expect_response(f"**{ROOT}/v1/check"):
        page.locator("select").first.select_option(index=1)
    assert [path for path in asked if not path.startswith(f"{ROOT}/")] == []


def test_answers_lead_below_the_path(below: Site) -> None:
    with client_of(below) as client:
        made = client.post(f"{below.url}/v1/jobs", json={"document": coin_document()})
        assert made.status_code == 202, made.text
        job = made.json()["id"]
        assert made.headers["location"] == f"{ROOT}/v1/jobs/{job}"
        assert client.get(urljoin(below.url, made.headers["location"])).json()["id"] == job
        # A stream comes as it is made, and ends.
        with client.stream("GET", f"{below.url}/v1/jobs/{job}/events") as stream:
            lines = stream.iter_lines()
            assert "event: progress" in (next(lines), next(lines), next(lines))
            assert client.post(f"{below.url}/v1/jobs/{job}/cancel").is_success
            assert any(line == "event: done" for line in lines)
        problem = client.get(f"{below.url}/v1/jobs/01a00000-0000-7000-8000-000000000000").json()
        assert problem["type"] == f"{ROOT}/problems/not_found"
        assert client.get(urljoin(below.url, problem["type"])).json()["code"] == "not_found"
        assert client.get(f"{below.url}/openapi.json").json()["servers"] == [{"url": ROOT}]
        assert client.put(f"{below.url}/v1/studies/coin", json=coin_document()).is_success
        feed = client.get(f"{below.url}/v1/studies/coin/alerts.atom").text
        assert f'href="{below.url}/v1/studies/coin/alerts.atom"' in feed
        home = client.get(f"{below.url}/").text
        assert f"{below.url}/v1/" in home, "the commands to copy lead here"


def test_a_sign_in_address_is_below_the_path(open_page: OpenPage, below: Site) -> None:
    with ForecastClient(below.url, key=below.installation.key) as client:
        address = client.sign_in_address("/access")
    page = open_page(address)
    expect(page).to_have_url(f"{below.url}/access")


@pytest.mark.parametrize("root", [ROOT, "/tools/scenarios"])
def test_probes_are_answered_with_and_without_the_path(tmp_path: Path, root: str) -> None:
    with installation_in(tmp_path / "home", root_path=root) as installation, served(installation) as url:
        for path in ("/healthz", "/readyz"):
            assert {httpx2.get(url + before + path, trust_env=False).status_code for before in ("", root)} == {200}
        # Where nothing can be confused, the path may stay on everything.
        found = httpx2.get(f"{url}{root}/sign-in", trust_env=False)
        assert (found.status_code == 200) == (root != ROOT)
