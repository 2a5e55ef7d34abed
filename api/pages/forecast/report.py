"""A forecast as one self-contained document for paper: figures, method in words, sources."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from fastapi.responses import HTMLResponse
from markupsafe import Markup

from api.pages.forecast.figures import GROUPS, OF_SIGNALS, FigureSlot
from api.pages.forecast.view import ForecastPage
from api.pages.shared.assets import STATIC
from api.pages.shared.page import PAGE_HEADERS, PageContext, render_html
from forecast.answer.thresholds import ESS_PUBLISHED, RHAT_PUBLISHED

STYLE: Final = (STATIC / "report.css").read_text(encoding="utf-8")
STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""The same in the header and in the document, which may be opened from a disk."""

FIGURES_FIRST: Final = (
    ("futures", "Over time", ("horizon", "unfolding")),
    ("signals", "Indicators and factors", OF_SIGNALS),
)
GROUPS_SHOWN: Final = (*FIGURES_FIRST, *(group for group in GROUPS if group[0] != "sampler"))
"""How the sampler fared is on the diagnostics page; the checks say what came of it."""

MAX_SOURCES: Final = 200
MODEL: Final = (
    "One hierarchical Bayesian model holds everything the study states. Each outcome has a level: the log of its "
    "rate per period, or its log odds. Levels of reference classes scatter around a mean that has the stated prior; "
    "the present case borrows from the classes by the stated weights, and what is left goes to a class not seen."
)


@dataclass(frozen=True)
class Picture:
    """One figure, inside the document."""

    title: str
    caption: str
    data_url: str


@dataclass(frozen=True)
class PictureGroup:
    """Figures under one heading."""

    heading: str
    figures: tuple[Picture, ...]


@dataclass(frozen=True, kw_only=True)
class ReportPage(PageContext):
    """One stored forecast on paper."""

    template: ClassVar[str] = "report.html"

    style: Markup
    policy: str
    forecast: ForecastPage
    groups: tuple[PictureGroup, ...]
    waiting: str
    """Empty, or why there are no figures yet."""
    method: tuple[str, ...]
    sources: tuple[str, ...]


def build_report(
    forecast: ForecastPage, slots: Sequence[FigureSlot], images: Mapping[str, bytes], *, is_drawn: bool
) -> ReportPage:
    """The report of a forecast's page.

    Parameters
    ----------
    images
        PNGs by the names of their figures.
    is_drawn
        Whether all images are there that there will be.
    """
    return ReportPage(
        page_title=forecast.page_title,
        json_url=forecast.json_url,
        # Our own stylesheet: nothing of a study is in it.
        style=Markup(STYLE),  # noqa: S704
        policy=POLICY,
        forecast=forecast,
        groups=_groups(slots, images),
        waiting="" if is_drawn else "The figures are being drawn; ask for the report again in a minute.",
        method=_method(forecast),
        sources=_sources(forecast),
    )


def respond_report(page: ReportPage) -> HTMLResponse:
    """The report as an answer: it may be saved and opened anywhere."""
    return HTMLResponse(render_html(page), headers={**PAGE_HEADERS, "Content-Security-Policy": POLICY})


def in_report(name: str) -> bool:
    """Whether the figure of this name has a place in a report."""
    return any(name.startswith(begin) for _, _, begin in GROUPS_SHOWN)


def _groups(slots: Sequence[FigureSlot], images: Mapping[str, bytes]) -> tuple[PictureGroup, ...]:
    found = []
    for _, heading, begin in GROUPS_SHOWN:
        shown = tuple(
            _picture(slot, images[slot.name])
            for start in begin
            for slot in slots
            if slot.name.startswith(start) and slot.name in images
        )
        if shown:
            found.append(PictureGroup(heading, shown))
    return tuple(found)


def _picture(slot: FigureSlot, image: bytes) -> Picture:
    return Picture(slot.title, slot.caption, f"data:image/png;base64,{base64.b64encode(image).decode()}")


def _method(forecast: ForecastPage) -> tuple[str, ...]:
    """What was done, of the blocks that this study has."""
    words = [MODEL]
    if forecast.evidence:
        words.append(
            "Historical cases inform their classes. For events, a case counts with the time for which it was watched "
            "(censoring included; where cases differ, one that was first watched late counts as a survivor), in age bands "
            "within which the risk is constant; events of competing outcomes are censorings. For yes-or-no outcomes, with "
            "its successes and trials."
        )
    if forecast.indicators or forecast.factors:
        words.append(
            "Indicators are counts driven by hidden factors that move slowly over time (first-order autoregressions); "
            "factors move the outcomes by stated effects. A period that was not observed says nothing; zero is a count."
        )
    if forecast.opinions:
        words.append(
            "Stated probabilities enter with the bias, spread and shared error of those who state them, learned from "
            "their track records where there are any; so ten experts who err together count for fewer than ten."
        )
    if forecast.links:
        changing = any(link.course for link in forecast.links)
        words.append(
            "Once an outcome has occurred, it changes the risk of others by the stated links"
            + (", some of which begin later or fade." if changing else ".")
        )
        if any(link.is_made for link in forecast.links):
            words.append(
                "Links that conditional judgments need and the study does not state were made, with a wide prior."
            )
    words.extend(forecast.changes)
    words.append(
        "Posterior draws (NUTS) are rolled forward into simulated futures. Every probability is a count over the same "
        "futures, so that no two contradict each other; its interval is the posterior spread of the probability itself."
    )
    words.append(
        f"A forecast is published when chains agree (R-hat at most {RHAT_PUBLISHED:g}), effective sample sizes are at least "
        f"{ESS_PUBLISHED:g}, "
        "divergences are rare and the Monte Carlo errors small; otherwise it says why it is degraded or refused."
    )
    return tuple(words)


def _sources(forecast: ForecastPage) -> tuple[str, ...]:
    """Everything that the document names as a source: of questions, priors and cases."""
    found: dict[str, None] = {}
    for question in forecast.questions:
        found |= dict.fromkeys(filter(None, (question.source, question.prior_source)))
    for outcome in forecast.evidence:
        for row in outcome.classes:
            for case in row.members:
                found |= dict.fromkeys(filter(None, (case.source_url or case.source,)))
    return tuple(found)[:MAX_SOURCES]
