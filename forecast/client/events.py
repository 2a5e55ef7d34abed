"""The event stream of a watched job, read line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from forecast.jobs.view import JobView, ProgressView


@dataclass(frozen=True)
class JobUpdate:
    """One event of a watched job; `ended` is the whole job once it has ended."""

    state: str
    attempt: int
    progress: ProgressView | None
    queue_position: int | None
    ended: JobView | None = None


def parse_events(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """Event name, id and data of each event in a stream of lines (WHATWG HTML, section 9.2.6)."""
    event, event_id, data = "message", "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield event, event_id, "\n".join(data)
            event, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "id":
            event_id = value
        elif name == "data":
            data.append(value)


def read_update(event: str, data: str) -> JobUpdate:
    """What one event says."""
    found = json.loads(data)
    if event == "done":
        job = JobView.model_validate(found)
        return JobUpdate(job.state.value, job.attempt, job.progress, None, ended=job)
    progress = found.get("progress")
    return JobUpdate(
        found["state"],
        found["attempt"],
        ProgressView.model_validate(progress) if progress else None,
        found.get("queue_position"),
    )
