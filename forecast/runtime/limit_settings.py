"""Settings of how much the service accepts; `forecast.runtime.settings` reads them with the others.

The limits of studies are the format's own or narrower: what is refused by the format is refused whatever is set here.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MEGABYTE: Final = 1_000_000


class LimitSettings(BaseSettings):
    """How large requests, documents, studies and what they ask for may be."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    max_queued: int = Field(default=1000, ge=1)
    """Jobs in the queue before new ones are refused."""
    max_body_bytes: int = Field(default=8 * MEGABYTE, ge=1024)
    """Largest request body, in bytes."""
    max_document_bytes: int = Field(default=5 * MEGABYTE, ge=1024)
    """Largest study document with its tables as rows, in bytes."""
    max_outcomes: int = Field(default=50, ge=1, le=50)
    """Outcomes of a study."""
    max_cases: int = Field(default=20_000, ge=1, le=20_000)
    """Historical cases of a study."""
    max_table_rows: int = Field(default=20_000, ge=1, le=20_000)
    """Rows of one table of a study."""
    max_horizon: int = Field(default=600, ge=1, le=600)
    """Periods that a study looks ahead."""
    max_draws: int = Field(default=320_000, ge=200, le=320_000)
    """Posterior draws of one job, all chains together."""
    max_futures: int = Field(default=800_000, ge=200, le=800_000)
    """Simulated futures of one job."""
    max_draw_bytes: int = Field(default=2000 * MEGABYTE, ge=MEGABYTE, le=2000 * MEGABYTE)
    """Memory that the posterior draws of one job may take, in bytes, estimated before it is accepted."""
    check_memory_bytes: int = Field(default=200 * MEGABYTE, ge=50 * MEGABYTE)
    """Memory that reading or checking one study may take, in bytes."""
    check_cpu_seconds: float = Field(default=30.0, gt=0)
    """CPU time that reading or checking one study may take, in seconds."""
    query_memory_bytes: int = Field(default=300 * MEGABYTE, ge=50 * MEGABYTE)
    """Memory that one question to a forecast may take, in bytes."""
    query_cpu_seconds: float = Field(default=30.0, gt=0)
    """CPU time that one question to a forecast may take, in seconds."""
    max_connections: int = Field(default=500, ge=8)
    """Connections of one web process."""
    max_connections_of_address: int = Field(default=100, ge=4)
    """Connections of one address; those of trusted proxies are not counted."""
    header_seconds: float = Field(default=15.0, gt=0)
    """Longest wait for the headers of a request, in seconds."""
    body_seconds: float = Field(default=120.0, gt=0)
    """Longest wait for the body of a request, in seconds."""
    requests_at_once: int = Field(default=6, ge=1)
    """Requests of one key in work at a time in a web process; others wait for their turn."""
    uploads_at_once: int = Field(default=32, ge=1)
    """Requests of one key whose bodies are still arriving, in a web process."""
    streams_at_once: int = Field(default=32, ge=1)
    """Event streams, and waits for a job, of one key in a web process."""
    max_expression_characters: int = Field(default=4000, ge=1, le=4000)
    """Longest expression of a question to a forecast, in characters."""
