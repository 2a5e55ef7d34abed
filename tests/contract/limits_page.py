"""Writes docs/limits.md: every limit with its setting, its default and the code of its error.

``python -m tests.contract.limits_page`` writes it; tests/contract/test_limits_page.py holds it true.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from api import desks, protocol, requests, turns
from api.routes import previews
from forecast.futures import query
from forecast.outgoing import guard
from forecast.runtime.limit_settings import LimitSettings
from forecast.runtime.settings import Settings
from forecast.store.repositories import evidence
from forecast.study.arriving import arrivals
from forecast.study.reading import plain_data as reader
from forecast.study.reading import table
from forecast.study.reading import table_files as sources
from forecast.study.rows import row_reader

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "limits.md"

CODES: Final = {
    "max_queued": "backlog_full",
    "max_body_bytes": "body_too_large",
    "max_document_bytes": "body_too_large",
    "max_outcomes": "study_invalid (too_large)",
    "max_cases": "study_invalid (too_large)",
    "max_table_rows": "study_invalid (too_large)",
    "max_horizon": "study_invalid (too_large)",
    "max_draws": "study_invalid (too_large)",
    "max_futures": "study_invalid (too_large)",
    "max_draw_bytes": "study_invalid (too_large)",
    "check_memory_bytes": "study_invalid (too_much_work)",
    "check_cpu_seconds": "study_invalid (too_much_work)",
    "query_memory_bytes": "query_too_large",
    "query_cpu_seconds": "query_too_large",
    "max_connections": "too_many_connections",
    "max_connections_of_address": "too_many_connections",
    "header_seconds": "request_timeout",
    "body_seconds": "request_timeout",
    "requests_at_once": "queries_busy, after half a minute",
    "uploads_at_once": "too_many_requests",
    "streams_at_once": "too_many_requests",
    "max_expression_characters": "query_invalid (too_long)",
}
"""Of every setting of `LimitSettings`."""
OTHER_CODES: Final = {
    "requests_per_minute": "too_many_requests",
    "refused_per_minute": "too_many_requests",
    "workspace_running": "none: the job waits",
    "workspace_queued": "quota_exceeded",
    "workspace_daily": "quota_exceeded",
    "workspace_calls": "none: the call waits",
    "workspace_subscriptions": "quota_exceeded",
    "calls": "none: the call waits",
    "max_attempts": "worker_lost, of a job",
    "deadline_seconds": "deadline, of a job",
    "queue_timeout_seconds": "queue_timeout, of a job",
    "job_memory_bytes": "memory_limit, of a job",
    "least_schedule_seconds": "schedule_invalid",
    "outgoing_seconds": "fetch_failed, of a source; of a webhook a failed try",
    "source_max_bytes": "fetch_failed, of a source",
}
FIXED: Final = (
    ("Bytes of a document with its tables", reader.MAX_BYTES, "body_too_large"),
    ("Values of a document", reader.MAX_NODES, "study_invalid (too_large)"),
    ("Values outside the rows of tables", reader.MAX_STRUCTURE, "study_invalid (too_large)"),
    ("Keys of one mapping", reader.MAX_KEYS, "study_invalid (too_many_keys)"),
    ("Levels of nesting", reader.MAX_DEPTH, "study_invalid (too_deep)"),
    ("Rows of a table", table.MAX_ROWS, "study_invalid (rows)"),
    ("Columns of a table", table.MAX_COLUMNS, "study_invalid (columns)"),
    ("Cells of all tables", table.MAX_CELLS, "study_invalid (too_large)"),
    ("Characters of a cell", table.MAX_CELL_CHARACTERS, "study_invalid (cell)"),
    ("Errors of a table that are remembered", row_reader.MOST_ERRORS, "none: fifty are reported"),
    ("Files of an archive or a form", sources.MAX_MEMBERS, "study_invalid (too_many_files)"),
    ("Rows of evidence in one request", arrivals.MAX_ARRIVALS, "study_invalid (too_many)"),
    ("Rows of evidence of a study", evidence.MAX_STORED, "evidence_full"),
    ("Conditions, and interventions, of a query", query.MAX_CONDITIONS, "request_invalid"),
    ("Bytes of a body without a document", requests.SMALL_BYTES, "body_too_large"),
    ("Bytes of an address with its query", protocol.MAX_LINE_BYTES, "address_too_long"),
    ("Bytes of the headers", protocol.MAX_HEADER_BYTES, "headers_too_large"),
    ("Characters of an idempotency key", requests.MAX_KEY_CHARACTERS, "header_invalid"),
    (
        "Seconds that a request waits for a job (`Prefer: wait`)",
        int(requests.MAX_WAIT_SECONDS),
        "none: it is answered then",
    ),
    ("Seconds that a request waits for its turn", int(turns.WAIT_SECONDS), "queries_busy"),
    ("Checks or queries of a workspace that wait", desks.MOST_OF_WORKSPACE, "queries_busy"),
    ("Checks or queries that wait in all", desks.MOST_WAITING, "queries_busy"),
    ("Previews that wait", previews.MOST_WAITING, "backlog_full"),
    ("Characters of the address of a source or webhook", guard.MAX_ADDRESS, "url_refused"),
)
"""Limits without a setting."""


def page() -> str:
    """The page as it should be."""
    settings = [(name, code, LimitSettings.model_fields[name]) for name, code in CODES.items()]
    settings += [(name, code, Settings.model_fields[name]) for name, code in OTHER_CODES.items()]
    lines = [
        "# Limits",
        "",
        "What the service accepts, and what it answers to more. Made by `python -m tests.contract.limits_page`.",
        "",
        "| limit | setting | default | error |",
        "| --- | --- | --- | --- |",
    ]
    for name, code, field in settings:
        words = " ".join((field.description or "").split()).rstrip(".").replace("|", "/")
        default = "by the machine" if field.default is None else f"{field.default:,}"
        lines.append(f"| {words} | `FORECAST_{name.upper()}` | {default} | {code} |")
    lines += [f"| {words} | | {value:,} | {code} |" for words, value, code in FIXED]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
