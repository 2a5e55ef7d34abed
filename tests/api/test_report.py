"""The report: one document with everything inside, safe to open anywhere."""

from __future__ import annotations

import base64
import hashlib
import re

from fastapi.testclient import TestClient

from forecast.figures.image import draw_png
from forecast.store import DrawingRepository, utc_now
from tests.api.html import BROWSER, HOSTILE, Elements, get, plain
from tests.api.sample_answer import degraded_forecast, explained_forecast, sample_figures, sample_forecast
from tests.api.stored_sample import store_sample
from tests.installation import Installation


def draw(installation: Installation, forecast_id: str) -> None:
    """The images of the figures that came with the forecast, as a worker draws them."""
    with installation.database.write() as session:
        drawings = DrawingRepository(session)
        row = drawings.get(forecast_id)
        assert row is not None
        images = {name: draw_png(figure) for name, figure in sample_figures(sample_forecast()).items()}
        drawings.finish(row, {}, images, [], utc_now())


def test_it_holds_the_answer_the_questions_the_figures_the_method_and_the_sources(
    client: TestClient, installation: Installation
) -> None:
    forecast_id, _ = store_sample(installation, explained_forecast())
    draw(installation, forecast_id)
    html = get(client, f"/forecasts/{forecast_id}/report")
    text = plain(Elements(html).text)
    assert "69 % 41–90 % ends ±0.8, ±0.4 pp likely Confidence: moderate ±0.45 pp" in text
    for words in (
        "What is asked",
        "Over time",
        "Indicators and factors",
        "What moves it",
        "Method, in words",
        "Sources",
    ):
        assert words in text
    assert "the last formed unit of the Russian peacekeeping contingent has left the area" in text, "the criteria"
    assert "counts driven by hidden factors" in text
    assert "Study digest (SHA-256)" in text
    pictures = Elements(html).of("img")
    assert [picture["src"][:22] for picture in pictures] == ["data:image/png;base64,"] * 3
    assert base64.b64decode(pictures[0]["src"][22:]).startswith(b"\x89PNG")


def test_it_needs_nothing_from_anywhere_and_allows_nothing_else(client: TestClient, installation: Installation) -> None:
    forecast_id, _ = store_sample(installation)
    answer = client.get(f"/forecasts/{forecast_id}/report", headers=BROWSER)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = Elements(answer.text)
    assert not page.of("script")
    assert not page.of("link")
    assert all("style" not in attributes for _, attributes in page.found)
    assert [meta["content"] for meta in page.of("meta") if meta.get("http-equiv")] == [policy]
    style = re.search(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "are being drawn" in page.text


def test_hostile_text_is_text_and_a_degraded_forecast_says_so(client: TestClient, installation: Installation) -> None:
    forecast_id, _ = store_sample(installation, degraded_forecast().model_copy(update={"title": HOSTILE}))
    html = get(client, f"/forecasts/{forecast_id}/report")
    assert HOSTILE in Elements(html).text
    assert "<script>alert" not in html
    assert "worst R-hat is 1.023" in html
    assert 'class="verdict verdict-degraded"' in html


def test_it_is_found_from_the_forecast(client: TestClient, installation: Installation) -> None:
    forecast_id, _ = store_sample(installation)
    links = [link["href"] for link in Elements(get(client, f"/forecasts/{forecast_id}")).of("a")]
    assert f"/forecasts/{forecast_id}/report" in links
    assert client.get("/forecasts/nonsense/report", headers=BROWSER).status_code == 404
