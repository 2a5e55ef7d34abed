"""A report as PDF, made without a browser and without any request to the network."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, Final

from forecast.errors import ForecastError

NEEDED: Final = (
    "PDF needs WeasyPrint and the Pango library: install `scenario-forecast[pdf]` and, on Debian, libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0; or write the report as .html and print it from a browser"
)


class PaperError(ForecastError, RuntimeError):
    """A report cannot be made into a PDF here."""

    code: ClassVar[str] = "pdf_unavailable"


def html_to_pdf(html: str) -> bytes:
    """The PDF of a self-contained document; only what lies inside it is read, no file and no address.

    Raises
    ------
    PaperError
        When WeasyPrint or its library is missing, or the document refers to anything outside of itself.
    """
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    try:
        # An extra; it takes a second and a half to import.
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError, URLFetcher
    except (ImportError, OSError) as error:
        raise PaperError(f"{NEEDED} ({error})") from error
    fetcher: Any = URLFetcher(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
    try:
        return bytes(HTML(string=html, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True))
    except FatalURLFetchingError as error:  # a BaseException
        raise PaperError(
            f"the document refers to something outside of itself: {error}; ask for a new report"
        ) from error
