"""Writes api/examples.json: of each operation a request and its answer, as a running service gave it about a small study.

``python -m tests.contract.openapi_examples`` starts a service, asks it everything once and writes the file; then write
docs/openapi.json again. Long lists and texts are shortened, and secrets are cut off.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2

from api.description import EXAMPLES_FILE
from forecast.store import Database
from forecast.timeline.ledger import score_due
from tests.contract.openapi import interface
from tests.stack import Stack
from tests.waiting import wait_until

LONGEST_LIST: Final = 2
LONGEST_TEXT: Final = 160
PARTS_OF_MANY: Final = frozenset({"layout", "$defs", "properties"})
"""Objects of which two entries are shown."""
SECRETS: Final = re.compile(r"^(fc_\w{8}|whsec_|/sign-in#).*")
PATIENCE_SECONDS: Final = 300.0

STUDY: Final[dict[str, Any]] = {
    "study": "ceasefire",
    "title": "A ceasefire and the talks about it",
    "as_of": "2025-06-30",
    "period": "month",
    "horizon": 12,
    "outcomes": [
        {
            "id": "collapse",
            "title": "The ceasefire collapses",
            "kind": "event",
            "resolution": {"criteria": "25 battle deaths within a calendar month.", "source": "The monitoring mission"},
            "prior": {"probability": {"low": 0.05, "median": 0.2, "high": 0.5}, "rationale": "Earlier ceasefires"},
            "reference": {"ceasefires": 0.8},
        },
        {
            "id": "talks",
            "title": "Talks are held",
            "kind": "binary",
            "resolution": {"criteria": "Both sides meet in person.", "by": "2025-12-31"},
            "prior": {"probability": {"low": 0.2, "median": 0.5, "high": 0.8}, "rationale": "An invitation is out"},
        },
    ],
    "reference_classes": [
        {
            "id": "ceasefires",
            "outcome": "collapse",
            "rows": [
                {"id": f"ceasefire-{number}", "duration": duration, "event": event}
                for number, (duration, event) in enumerate(
                    [(4, "collapse"), (9, "collapse"), (22, "collapse"), (36, "no"), (48, "no")], start=1
                )
            ],
        }
    ],
    "factors": [{"id": "tension", "title": "Tension", "effects": {"collapse": "normal(0.5, 0.3)"}}],
    "indicators": [
        {
            "id": "incidents",
            "title": "Reported incidents",
            "factor": "tension",
            "rows": [
                {"period": f"2025-{month:02d}-01", "value": value}
                for month, value in enumerate((3, 5, 4, 7, 6), start=1)
            ],
        }
    ],
    "judgments": {
        "rows": [{"expert": "ann", "outcome": "talks", "probability": 0.6, "on": "2025-06-20", "by": "2025-12-31"}]
    },
    "links": [{"cause": "talks", "effect_on": "collapse", "log_ratio": "normal(-0.7, 0.3)"}],
    "scenarios": [{"id": "calm", "title": "Talks and no collapse", "when": "talks and not collapse"}],
    "sources": [{"id": "mission", "url": "https://example.org/incidents.csv", "values": {"indicator": "incidents"}}],
    "sampler": {"draws": 1000, "tune": 400, "chains": 4, "seed": 5},
}


@dataclass
class Recorder:
    """A client that keeps what it asked and what it was answered."""

    client: httpx2.Client
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, operation: str, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request, kept under the operation's id."""
        answer = self.client.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        entry: dict[str, Any] = {} if body is None else {"request": shortened(body)}
        found = answer.json() if "application/json" in answer.headers.get("content-type", "") else None
        if found is not None:
            entry |= {"status": str(answer.status_code), "answer": shortened(found)}
        if entry:
            self.kept[operation] = entry
        return found

    def until(self, method: str, path: str, key: str, values: tuple[Any, ...]) -> Any:
        """What an address answers once it has one of some values; not kept."""
        return wait_until(
            lambda: found if (found := self.client.request(method, path).json())[key] in values else None,
            PATIENCE_SECONDS,
        )


def shortened(value: Any, name: str = "") -> Any:
    """A value with short lists and texts, and without secrets."""
    if isinstance(value, dict):
        kept = list(value.items())[: LONGEST_LIST if name in PARTS_OF_MANY else None]
        return {key: shortened(item, key) for key, item in kept}
    if isinstance(value, list):
        return [shortened(item) for item in value[:LONGEST_LIST]]
    if name == "host":
        return "forecaster"
    if isinstance(value, str):
        value = SECRETS.sub(r"\1...", value)
        return value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 4] + " ..."
    return value


def record(ask: Recorder, stack: Stack) -> None:
    """Ask everything once, over half a year by the service's clock."""
    for operation, path in (
        ("show_health", "/healthz"),
        ("show_version", "/version"),
        ("explain_problem", "/problems/not_found"),
        ("list_examples", "/v1/examples"),
        ("show_example", "/v1/examples/karabakh-2021"),
        ("show_schema", "/v1/schema"),
        ("show_access", "/v1/access"),
    ):
        ask(operation, "GET", path)
    ask("check_study", "POST", "/v1/check", STUDY)
    digest = ask("ask_preview", "POST", "/v1/previews", {"document": STUDY})["digest"]
    ask("put_study", "PUT", "/v1/studies/ceasefire", STUDY)
    first = _forecast(ask("post_job", "POST", "/v1/jobs", {"study": "ceasefire"})["id"], ask)
    stack.clock.set(datetime(2025, 8, 1, 9, tzinfo=UTC))
    second = _second_forecast(ask)
    _explain(ask, second)
    _schedule(ask)
    _subscribe(ask)
    _read_forecast(ask, first, second)
    stack.clock.set(datetime(2026, 1, 5, 9, tzinfo=UTC))
    _read_study(ask, stack)
    ask("list_sources", "GET", "/v1/studies/ceasefire/sources")
    ask("fetch_source", "POST", "/v1/studies/ceasefire/sources/mission/fetch")
    ask.until("GET", f"/v1/previews/{digest}", "state", ("ready",))
    ask("show_preview", "GET", f"/v1/previews/{digest}")
    _keys(ask)
    ask("show_readiness", "GET", "/readyz")


def _forecast(job: str, ask: Recorder) -> str:
    """The forecast of a job, once it has ended; its id."""
    found: str = ask.until("GET", f"/v1/jobs/{job}", "state", ("succeeded",))["forecast_id"]
    return found


def _second_forecast(ask: Recorder) -> str:
    rows = [{"indicator": "incidents", "period": "2025-06-01", "value": 9, "known_at": "2025-07-02"}]
    ask("post_observations", "POST", "/v1/studies/ceasefire/observations", {"rows": rows})
    said = {"expert": "ben", "outcome": "talks", "probability": 0.7, "on": "2025-07-05", "by": "2025-12-31"}
    ask("post_judgments", "POST", "/v1/studies/ceasefire/judgments", said)
    job = ask.client.post("/v1/jobs", json={"study": "ceasefire", "as_of": "2025-08-01"}).json()["id"]
    forecast = _forecast(job, ask)
    ask("show_job", "GET", f"/v1/jobs/{job}")
    return forecast


def _explain(ask: Recorder, forecast: str) -> None:
    job = ask.client.post("/v1/jobs", json={"kind": "triage", "forecast": forecast}).json()["id"]
    ask.until("GET", f"/v1/jobs/{job}", "state", ("succeeded",))
    ask("list_jobs", "GET", "/v1/jobs")
    job = ask.client.post("/v1/jobs", json={"kind": "influence", "forecast": forecast}).json()["id"]
    ask("cancel_job", "POST", f"/v1/jobs/{job}/cancel")


def _read_study(ask: Recorder, stack: Stack) -> None:
    row = {"outcome": "talks", "resolution": "yes", "on": "2025-11-10", "source": "Both governments"}
    ask("post_resolutions", "POST", "/v1/studies/ceasefire/resolutions", row)
    for operation, path in (
        ("list_studies", ""),
        ("show_study", "/ceasefire"),
        ("list_study_versions", "/ceasefire/versions"),
        ("list_study_forecasts", "/ceasefire/forecasts"),
        ("show_latest_forecast", "/ceasefire/latest"),
        ("list_evidence", "/ceasefire/evidence"),
    ):
        ask(operation, "GET", f"/v1/studies{path}")
    # The dispatcher does this every hour.
    assert score_due(Database(stack.settings.database), stack.clock.now)
    ask("show_ledger", "GET", "/v1/studies/ceasefire/ledger")


def _read_forecast(ask: Recorder, first: str, second: str) -> None:
    ask("show_forecast", "GET", f"/v1/forecasts/{second}")
    ask("show_diagnostics", "GET", f"/v1/forecasts/{second}/diagnostics")
    ask("list_figures", "GET", f"/v1/forecasts/{second}/plots")
    ask("show_figure", "GET", f"/v1/forecasts/{second}/plots/horizon.json")
    ask("compare_forecasts", "GET", f"/v1/compare?before={first}&after={second}")
    question = {"expression": "collapse", "observe": ["talks"], "do": [], "all": False}
    ask("query_forecast", "POST", f"/v1/forecasts/{second}/query", question)


def _schedule(ask: Recorder) -> None:
    wanted = {"study": "ceasefire", "title": "Each month", "cron": "0 6 1 * *", "timezone": "Europe/Berlin"}
    schedule = ask("post_schedule", "POST", "/v1/schedules", wanted)["id"]
    ask("list_schedules", "GET", "/v1/schedules")
    ask("run_schedule", "POST", f"/v1/schedules/{schedule}/run")
    ask("list_schedule_runs", "GET", f"/v1/schedules/{schedule}/runs")
    ask("patch_schedule", "PATCH", f"/v1/schedules/{schedule}", {"enabled": False})
    ask("show_schedule", "GET", f"/v1/schedules/{schedule}")


def _subscribe(ask: Recorder) -> None:
    wanted = {"study": "ceasefire", "kind": "threshold", "outcome": "collapse", "threshold": 0.3}
    address = {"url": "https://example.org/alerts"}
    subscription = ask("post_subscription", "POST", "/v1/subscriptions", wanted | address)["id"]
    alert = ask("test_subscription", "POST", f"/v1/subscriptions/{subscription}/test")["id"]
    ask("list_subscriptions", "GET", "/v1/subscriptions")
    ask("show_subscription", "GET", f"/v1/subscriptions/{subscription}")
    ask("post_subscription_secret", "POST", f"/v1/subscriptions/{subscription}/secret")
    ask("list_alerts", "GET", "/v1/alerts")
    ask("show_alert", "GET", f"/v1/alerts/{alert}")
    ask("replay_alert", "POST", f"/v1/alerts/{alert}/replay")
    ask("patch_subscription", "PATCH", f"/v1/subscriptions/{subscription}", {"title": "Collapse", "enabled": False})


def _keys(ask: Recorder) -> None:
    ask("post_key", "POST", "/v1/keys", {"name": "dashboard", "scopes": ["read"], "days": 90})
    ask("list_keys", "GET", "/v1/keys")
    ask("post_sign_in_link", "POST", "/v1/sign-in-links")


def main() -> None:
    """Record and write."""
    with tempfile.TemporaryDirectory() as home:
        stack = Stack(Path(home), outgoing_hosts="example.org")
        stack.clock.set(datetime(2025, 7, 1, 9, tzinfo=UTC))
        stack.start()
        try:
            with httpx2.Client(base_url=stack.url, headers=stack.headers, timeout=60.0) as client:
                ask = Recorder(client)
                record(ask, stack)
        finally:
            stack.stop()
    order = [operation["operationId"] for methods in interface()["paths"].values() for operation in methods.values()]
    kept = {name: ask.kept[name] for name in order if name in ask.kept}
    EXAMPLES_FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
