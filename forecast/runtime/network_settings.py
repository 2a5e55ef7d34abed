"""Settings of how the service is reached, and which hosts it may call; `forecast.runtime.settings` reads them with the
others."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from forecast.runtime.setting_values import (
    LISTED,
    require_hosts,
    require_listening,
    require_networks,
    require_origins,
    require_root_path,
)

LONGEST_SECONDS: Final = 100 * 366 * 86_400.0
"""Of any time that can be set; dates end in the year 9999."""


class NetworkSettings(BaseSettings):
    """Where the service listens, what stands before it, and which hosts its sources and webhooks may be at."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    host: Annotated[str, AfterValidator(require_listening)] = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 picks a free one."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, LISTED, AfterValidator(require_hosts)] = ()
    """Further names that a request's Host header may carry, with commas between."""
    root_path: Annotated[str, AfterValidator(require_root_path)] = Field(default="", max_length=256)
    """Path below which a proxy serves the service, such as `/forecasts`; the proxy removes it."""
    cors_origins: Annotated[tuple[str, ...], NoDecode, LISTED, AfterValidator(require_origins)] = ()
    """Origins whose pages may use the interface with a key, such as `https://desk.example`."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, LISTED, AfterValidator(require_networks)] = ()
    """Addresses of proxies whose X-Forwarded headers (scheme and client) are believed, with commas between."""
    outgoing_hosts: Annotated[tuple[str, ...], NoDecode, LISTED, AfterValidator(require_hosts)] = ()
    """Hosts that sources and webhooks may call, with commas between; `.example.org` for all below it, `*` for any; none
    by default."""
    outgoing_private: bool = False
    """Let sources and webhooks call addresses of private networks and of this machine."""
    outgoing_plain_http: bool = False
    """Let sources and webhooks call http:// addresses."""
    outgoing_seconds: float = Field(default=30.0, gt=0, le=600)
    """Longest wait for a source or a webhook, in seconds."""
    webhook_retry_seconds: Annotated[tuple[float, ...], NoDecode, LISTED] = Field(
        default=(5.0, 30.0, 120.0, 600.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0), max_length=30
    )
    """Pauses in seconds between attempts to deliver an alert, with commas between; after the last one it is marked as
    failed."""

    fetch_retry_seconds: Annotated[tuple[float, ...], NoDecode, LISTED] = Field(default=(0.0, 60.0), max_length=30)
    """Pauses in seconds between attempts to fetch a source whose process was killed meanwhile, with commas between. After the
    last one the source counts as failing."""
    drawing_retry_seconds: Annotated[tuple[float, ...], NoDecode, LISTED] = Field(default=(0.0, 0.0), max_length=30)
    """The same for the figures of a forecast; after the last one it stays without them."""
    preview_retry_seconds: Annotated[tuple[float, ...], NoDecode, LISTED] = Field(default=(0.0, 0.0), max_length=30)
    """The same for previews of priors; after the last one the preview says that it failed."""

    @field_validator("webhook_retry_seconds", "fetch_retry_seconds", "drawing_retry_seconds", "preview_retry_seconds")
    @classmethod
    def _pauses(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= pause <= LONGEST_SECONDS for pause in value):
            raise ValueError("expected pauses of 0 seconds or more")
        return value
