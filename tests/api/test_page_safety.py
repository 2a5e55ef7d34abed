"""Pages against hostile text, other hosts and stale files."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from plotly.offline import get_plotlyjs_version

from api.pages.home import HomePage
from api.pages.shared.assets import STATIC, asset_url
from api.pages.shared.page import TEMPLATES
from forecast.jobs.lifecycle import fail_job
from forecast.jobs.states import FailureCode
from forecast.store import utc_now
from tests.api.html import BROWSER, HOSTILE, Elements, get
from tests.api.sample_answer import sample_forecast
from tests.api.shared import Shared
from tests.api.stored_sample import store_sample
from tests.coin import coin_study
from tests.installation import Installation


class TestSafety:
    def test_hostile_text_is_shown_as_text(self, client: TestClient, installation: Installation) -> None:
        sample = sample_forecast()
        outcome = sample.outcomes[0]
        known = outcome.reference.classes[0]
        member = known.members[0].model_copy(
            update={"id": HOSTILE, "note": HOSTILE, "source": "javascript:alert(1)", "event": HOSTILE}
        )
        known = known.model_copy(update={"title": HOSTILE, "members": (member, *known.members[1:])})
        reference = outcome.reference.model_copy(update={"classes": (known,)})
        outcome = outcome.model_copy(update={"title": HOSTILE, "reference": reference})
        forecast = sample.model_copy(update={"title": HOSTILE, "outcomes": (outcome, *sample.outcomes[1:])})
        forecast_id, _ = store_sample(installation, forecast)
        job_id = installation.submit(coin_study(title=HOSTILE), now=utc_now())
        claim = installation.claim(job_id, now=utc_now())
        with installation.database.write() as session:
            fail_job(session, claim, FailureCode.DATA_ERROR, HOSTILE)
        for path in ("/", f"/forecasts/{forecast_id}", f"/jobs/{job_id}"):
            html = get(client, path)
            page = Elements(html)
            assert HOSTILE in page.text, path
            assert "<script>alert" not in html
            assert not [image for image in page.of("img") if "onerror" in image]
            assert not [link for link in page.of("a") if link["href"].startswith("javascript")]

    def test_no_page_holds_inline_script_or_style(self, every_page: dict[str, str]) -> None:
        for html in every_page.values():
            page = Elements(html)
            for _, attributes in page.found:
                assert "style" not in attributes
                assert not [name for name in attributes if name.startswith("on")]
            assert not page.of("style")
            for script in page.of("script"):
                assert "src" in script or script["type"] == "application/json"

    def test_no_page_loads_anything_from_another_host(self, every_page: dict[str, str]) -> None:
        for html in every_page.values():
            page = Elements(html)
            loaded = [attributes.get("src") or attributes.get("data-figure") for _, attributes in page.found]
            loaded += [link["href"] for link in page.of("link")]
            assert all(address.startswith("/") and not address.startswith("//") for address in loaded if address)
        # Plotly's part names hosts in its credits, and in what draws maps; a page's policy lets it load from none.
        for file in (file for file in STATIC.iterdir() if not file.name.startswith("plotly-basic")):
            rest = file.read_text().replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in rest
            assert "https://" not in rest

    def test_nothing_inline_is_allowed_by_the_policy(self, client: TestClient) -> None:
        policy = client.get("/").headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy

    @pytest.mark.parametrize(
        "path",
        [
            "/jobs/nonsense",
            "/forecasts/nonsense",
            "/forecasts/01980000-0000-7000-8000-000000000001",
            "/jobs/%00",
            "/forecasts/" + "x" * 3000,
            "/nowhere",
        ],
    )
    def test_an_unknown_address_is_a_page_that_says_so(self, shared: Shared, path: str) -> None:
        answer = shared.client.get(path, headers=BROWSER)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is nothing here" in answer.text
        assert len(answer.text) < 6000

    def test_programs_still_get_problems(self, client: TestClient) -> None:
        for path, headers in (("/v1/jobs/nonsense", BROWSER), ("/nowhere", {"Accept": "application/json"})):
            answer = client.get(path, headers=headers)
            assert answer.headers["content-type"] == "application/problem+json"


class TestAssets:
    def test_plotly_is_of_the_version_that_figures_are_made_for_and_kept(self, client: TestClient) -> None:
        url = asset_url("plotly-basic.min.js")
        answer = client.get(url)
        assert answer.status_code == 200
        assert f"plotly.js (basic - minified) v{get_plotlyjs_version()}" in answer.text[:200]
        assert "immutable" in answer.headers["cache-control"]
        assert re.fullmatch(r"/static/plotly-basic\.min\.js\?v=[0-9a-f]+", url)

    def test_an_address_without_the_version_is_checked_again(self, client: TestClient) -> None:
        assert client.get("/static/style.css").headers["cache-control"] == "no-cache"
        assert "immutable" in client.get(asset_url("style.css")).headers["cache-control"]
        assert client.get("/static/style.css?v=old").headers["cache-control"] == "no-cache"

    def test_a_file_is_compressed_for_a_client_that_can_read_it(self, client: TestClient) -> None:
        """Plotly's too; a part of a file, and a file for others, are sent as they are."""
        for name in ("style.css", "plotly-basic.min.js"):
            plain = client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
            packed = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
            assert "content-encoding" not in plain.headers
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.content == plain.content
            assert int(packed.headers["content-length"]) < len(plain.content) / 2
            some = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
            assert (some.status_code, some.content) == (206, plain.content[:10])
            known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}
            assert client.get(f"/static/{name}", headers=known).status_code == 304

    @pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/nothing.js"])
    def test_nothing_else_is_served(self, shared: Shared, path: str) -> None:
        assert shared.client.get(path).status_code == 404


def test_the_pages_are_packaged_with_the_code() -> None:
    root = Path(__file__).resolve().parents[2]
    assert TEMPLATES.is_relative_to(root / "api")
    assert STATIC.is_relative_to(root / "api")
    assert dataclasses.is_dataclass(HomePage)
