"""What every page has, and how one is rendered."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages.shared.assets import asset_url
from api.root_path import root_path, with_root
from forecast.answer import thresholds
from forecast.wording import numbers

TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates"

PLOTLY_STYLES: Final = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
)
"""The two style elements that Plotly 7.1 makes: an empty one, which it fills rule by rule, and that of its maps, which
we do not draw. With them allowed by hash, nothing else inline is. The browser tests fail when a later Plotly differs."""

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'self'; style-src 'self' {' '.join(PLOTLY_STYLES)}; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

PAGE_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # A page shows ages and states of now; the browser asks again each time.
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """Everything a template may use is a field of its page's context; a contract test compares them."""

    template: ClassVar[str]

    page_title: str
    json_url: str | None = None
    """The same data as JSON."""


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = asset_url
    environment.globals["root_path"] = root_path
    environment.globals["thresholds"] = thresholds
    environment.globals["numbers"] = numbers
    return environment


ENVIRONMENT: Final = _make_environment()


def context_names(page: PageContext) -> dict[str, Any]:
    """The names that a page's template sees."""
    return {field.name: getattr(page, field.name) for field in fields(page)}


def render_html(page: PageContext) -> str:
    """The page as HTML."""
    return with_root(ENVIRONMENT.get_template(page.template).render(context_names(page)))


def respond(page: PageContext, status: int = 200) -> HTMLResponse:
    """The page as an answer to a browser."""
    return HTMLResponse(render_html(page), status_code=status, headers=PAGE_HEADERS)
