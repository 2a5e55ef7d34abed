"""The page for what went wrong: what was asked for, why it cannot be shown, where to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from api.pages.shared.page import PageContext


@dataclass(frozen=True, kw_only=True)
class FailurePage(PageContext):
    """An error as a page."""

    template: ClassVar[str] = "failure.html"

    status: str
    heading: str
    detail: str
    advice: str


def build_failure(status: int, heading: str, detail: str) -> FailurePage:
    """The page of an error with this HTTP status."""
    if status == 404:
        advice = "See whether the address is complete, or start from the list of studies."
    elif status >= 500:
        advice = "Try again in a moment. If it stays, see the log of the service."
    else:
        advice = "Start from the list of studies."
    return FailurePage(
        page_title=heading,
        status=str(status),
        heading=heading,
        detail=detail[:1].upper() + detail[1:],
        advice=advice,
    )
