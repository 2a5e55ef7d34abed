"""What one key can send, forty requests at once of up to 5 MB each, while another workspace looks at its pages.

python -m tests.load.attack --seconds 20 says for each kind of request what the web process and its children held at most,
and how long the other workspace waited; it ends with 1 where that is more than is promised.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from forecast.access import Scope, create_key
from forecast.access.workspaces import create_workspace
from forecast.store import Database, utc_now
from tests.coin import QUICK, coin_document
from tests.stack import Stack, running_stack

AT_ONCE: Final = 40
STREAMS: Final = 500
ALL_MEGABYTES: Final = 900.0
WEB_MEGABYTES: Final = 400.0
PATIENCE_SECONDS: Final = 2.0
WATCHED: Final = ("/", "/v1/studies")
ROWS: Final = 16_000
"""Of each of two tables; the document then has some 4.5 MB."""

Ask = Callable[[httpx2.Client, int], httpx2.Response]


@dataclass
class Kind:
    """What came of one kind of request."""

    name: str
    answers: dict[str, int] = field(default_factory=dict)
    megabytes: float = 0.0
    """Of the web process and its children, at most."""
    web_megabytes: float = 0.0
    looks: int = 0
    longest_seconds: float = 0.0
    """That the other workspace waited for a page or a list."""
    failed_looks: dict[str, int] = field(default_factory=dict)

    @property
    def is_within(self) -> bool:
        return (
            self.megabytes <= ALL_MEGABYTES
            and self.web_megabytes <= WEB_MEGABYTES
            and self.longest_seconds <= PATIENCE_SECONDS
            and self.looks > 0
            and not self.failed_looks
        )


def large_document(study: str = "large") -> dict[str, Any]:
    """A valid study about as large as one may be."""
    document = coin_document(study=study, sampler=QUICK)
    document["outcomes"][0]["reference"] = {"tosses": 0.5}
    cases = [{"id": f"{'case-' * 11}{number:06}", "successes": 1, "trials": 2} for number in range(ROWS)]
    judgments = [
        {"expert": f"{'x' * 40}{number % 300}", "outcome": "heads", "probability": 0.4, "on": "2020-12-01"}
        for number in range(ROWS)
    ]
    document["reference_classes"] = [{"id": "tosses", "title": "Tosses", "outcome": "heads", "rows": cases}]
    document["judgments"] = {"rows": judgments}
    return document


def kinds(forecast_id: str) -> Iterator[tuple[str, Ask]]:
    """What is asked, by name; the study is new each time, as far as that can be told."""
    text = json.dumps(large_document())
    body = text.encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("study.yaml", text)
    is_json = {"Content-Type": "application/json"}
    keys = json.dumps({f"k{number}": 1 for number in range(300_000)}).encode()
    names = json.dumps(
        coin_document(
            judgments={
                "rows": [
                    {"expert": "ann", "outcome": f"haeds-{number}", "probability": 0.5, "on": "2020-01-01"}
                    for number in range(20_000)
                ]
            }
        )
    ).encode()

    def named(number: int) -> bytes:
        return body.replace(b'"study": "large"', f'"study": "large-{number}"'.encode(), 1)

    yield "check", lambda client, _: client.post("/v1/check", content=body, headers=is_json)
    yield (
        "check of an archive",
        lambda client, _: client.post(
            "/v1/check", content=archive.getvalue(), headers={"Content-Type": "application/zip"}
        ),
    )
    yield "check of 300,000 keys", lambda client, _: client.post("/v1/check", content=keys, headers=is_json)
    yield "check of wrong names", lambda client, _: client.post("/v1/check", content=names, headers=is_json)
    yield (
        "put",
        lambda client, number: client.put(
            f"/v1/studies/large-{number % 7}", content=named(number % 7), headers=is_json
        ),
    )
    yield (
        "job",
        lambda client, number: client.post(
            "/v1/jobs", content=b'{"document": ' + named(number) + b"}", headers=is_json
        ),
    )
    yield "read", lambda client, number: client.get(f"/v1/studies/large-{number % 7}")
    yield (
        "evidence",
        lambda client, number: client.post(
            f"/v1/studies/large-{number % 7}/judgments",
            json=[
                {"expert": f"e{number}-{row}", "outcome": "heads", "probability": 0.3, "on": "2021-01-02"}
                for row in range(900)
            ],
        ),
    )
    yield (
        "query",
        lambda client, number: client.post(
            f"/v1/forecasts/{forecast_id}/query", json={"expression": "not " * (2 * (number % 40)) + "heads"}
        ),
    )
    yield "page", lambda client, _: client.get(f"/forecasts/{forecast_id}")


class Attack:
    """One service, an attacker with a key of one workspace, and a reader of pages in another."""

    def __init__(self, stack: Stack, seconds: float) -> None:
        self._stack = stack
        self._seconds = seconds
        self._keys = {name: self._make(name) for name in ("attacker", "other")}

    def _make(self, workspace: str) -> str:
        database = Database(self._stack.settings.database)
        try:
            with database.write() as session:
                create_workspace(session, workspace, workspace, utc_now())
                return create_key(session, workspace, "key", [Scope.READ, Scope.SUBMIT], utc_now()).text
        finally:
            database.dispose()

    def client(self, name: str, timeout: float = 120.0) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self._keys[name]}"}
        limits = httpx2.Limits(max_connections=None)
        return httpx2.Client(base_url=self._stack.url, headers=headers, trust_env=False, timeout=timeout, limits=limits)

    def run(self, name: str, ask: Ask) -> Kind:
        """Ask all the time, forty at once, and look."""
        kind, over = Kind(name), threading.Event()
        answers: Counter[str] = Counter()
        numbers = itertools.count()

        def attack() -> None:
            with self.client("attacker") as client:
                while not over.is_set():
                    try:
                        said = str(ask(client, next(numbers)).status_code)
                    except httpx2.HTTPError as error:
                        said = type(error).__name__
                    answers[said] += 1

        with ThreadPoolExecutor(AT_ONCE + 2) as threads:
            beside = [threads.submit(self._watch, kind, over), threads.submit(self._look, kind, over)]
            attacking = [threads.submit(attack) for _ in range(AT_ONCE)]
            time.sleep(self._seconds)
            over.set()
            for each in (*beside, *attacking):
                each.result()
        kind.answers = dict(answers)
        return kind

    def streams(self, job_id: str) -> Kind:
        """As many event streams as one caller can open."""
        kind, over = Kind("event streams"), threading.Event()
        answers: Counter[str] = Counter()
        with ExitStack() as open_streams, ThreadPoolExecutor(2) as threads:
            beside = [threads.submit(self._watch, kind, over), threads.submit(self._look, kind, over)]
            client = open_streams.enter_context(self.client("attacker", timeout=10.0))
            for _ in range(STREAMS):
                try:
                    answer = open_streams.enter_context(client.stream("GET", f"/v1/jobs/{job_id}/events"))
                    answers[str(answer.status_code)] += 1
                except httpx2.HTTPError as error:
                    answers[type(error).__name__] += 1
            time.sleep(self._seconds)
            over.set()
            for each in beside:
                each.result()
        kind.answers = dict(answers)
        return kind

    def _watch(self, kind: Kind, over: threading.Event) -> None:
        web = self._stack.process("-m api ")
        while not over.wait(0.1):
            own = resident(web)
            kind.web_megabytes = max(kind.web_megabytes, own)
            kind.megabytes = max(kind.megabytes, own + sum(resident(pid) for pid in children(web)))

    def _look(self, kind: Kind, over: threading.Event) -> None:
        failed: Counter[str] = Counter()
        with self.client("other") as client:
            while not over.wait(0.2):
                for path in WATCHED:
                    began = time.monotonic()
                    status = client.get(path).status_code
                    kind.longest_seconds = round(max(kind.longest_seconds, time.monotonic() - began), 2)
                    kind.looks += 1
                    if status != 200:
                        failed[f"{status} {path}"] += 1
        kind.failed_looks = dict(failed)


def resident(pid: int) -> float:
    """Megabytes that a process holds; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return int(fields[1]) * 4096 / 1e6


def children(pid: int) -> list[int]:
    """Of a process, and theirs."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        own = [int(word) for thread in threads for word in (thread / "children").read_text(encoding="ascii").split()]
    except OSError:
        return []
    return own + [further for child in own for further in children(child)]


def run_attack(seconds: float, only: str = "") -> list[Kind]:
    """Every kind, one after the other, on a service as it is set up by default."""
    with running_stack(requests_per_minute=6000) as stack:
        attack = Attack(stack, seconds)
        with attack.client("attacker") as client:
            job = client.post("/v1/jobs", json={"document": coin_document(sampler=QUICK)}).json()["id"]
            while not (done := client.get(f"/v1/jobs/{job}").json())["forecast_id"]:
                time.sleep(0.2)
            forecast_id = done["forecast_id"]
            for number in range(7):
                client.put(f"/v1/studies/large-{number}", json=large_document(f"large-{number}")).raise_for_status()
        found = [told(attack.run(name, ask)) for name, ask in kinds(forecast_id) if only in name]
        with stack.held(), attack.client("attacker") as client:
            waiting = client.post("/v1/jobs", json={"document": coin_document(sampler=QUICK)})
            if only in "event streams" and waiting.is_success:
                found.append(told(attack.streams(waiting.json()["id"])))
    return found


def told(kind: Kind) -> Kind:
    """The same, said at once."""
    print(json.dumps({**asdict(kind), "is_within": kind.is_within}), flush=True)
    return kind


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    given = parser.parse_args()
    found = run_attack(given.seconds, given.only)
    return 0 if all(kind.is_within for kind in found) else 1


if __name__ == "__main__":
    sys.exit(main())
