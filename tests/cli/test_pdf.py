"""Reports as PDF: of a real report, and nothing outside the document is ever read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecast.cli.pdf import PaperError, html_to_pdf
from tests.api.sample_answer import explained_forecast
from tests.api.stored_sample import store_sample
from tests.api.test_report import draw
from tests.command_line import forecast
from tests.installation import Installation, installation_in
from tests.web_process import web_process


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


@pytest.mark.service
def test_a_report_is_written_as_pdf_and_as_html(installation: Installation, tmp_path: Path) -> None:
    forecast_id, _ = store_sample(installation, explained_forecast())
    draw(installation, forecast_id)
    paper, page = tmp_path / "report.pdf", tmp_path / "report.html"
    with web_process(installation) as url:
        for file in (paper, page):
            done = forecast("report", forecast_id, "--out", file, "--url", url)
            assert done.returncode == 0, done.stderr
        unknown = forecast("report", "01980000-0000-7000-8000-000000000001", "--out", page, "--url", url)
        odd = forecast("report", forecast_id, "--out", tmp_path / "report.docx", "--url", url)
    content = paper.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 50_000, "three figures are in it"
    assert "data:image/png;base64," in page.read_text()
    assert unknown.returncode != 0
    assert "there is no forecast" in unknown.stderr
    assert odd.returncode != 0
    assert "expected .html or .pdf" in odd.stderr


@pytest.mark.parametrize(
    "body",
    [
        '<img src="file:///etc/hostname">',
        '<img src="http://127.0.0.1:9/x.png">',
        '<link rel="stylesheet" href="file:///etc/hostname">',
        "<style>@import url(http://127.0.0.1:9/x.css);</style>",
    ],
)
def test_nothing_outside_the_document_is_read(body: str) -> None:
    with pytest.raises(PaperError, match="outside of itself"):
        html_to_pdf(f"<html><body>{body}</body></html>")


def test_a_missing_library_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(PaperError, match=r"scenario-forecast\[pdf\]"):
        html_to_pdf("<p>x</p>")
