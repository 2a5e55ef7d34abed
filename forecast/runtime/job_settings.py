"""Settings of how jobs are run and how patient everybody is; `forecast.runtime.settings` reads them with the others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from forecast.runtime.limit_settings import MEGABYTE


class JobSettings(BaseSettings):
    """How many jobs and calls there may be at a time, what one may take, and when it is given up."""

    workspace_running: int = Field(
        default=64, ge=1, description="Jobs of one workspace that may run at a time, unless it has its own limit."
    )
    workspace_queued: int = Field(
        default=500, ge=1, description="Jobs of one workspace that may wait, unless it has its own limit."
    )
    workspace_daily: int = Field(
        default=5000,
        ge=1,
        description="Jobs of one workspace accepted within 24 hours, unless it has its own limit.",
    )
    concurrency: int = Field(
        default=1, ge=1, le=64, description="Pool children of one worker; one job's sampling already uses all cores."
    )
    calls: int = Field(
        default=8, ge=1, le=64, description="Sources and webhooks that one process asks at a time, in threads."
    )
    workspace_calls: int = Field(default=4, ge=1, description="Of these, how many may be under way for one workspace.")
    workspace_subscriptions: int = Field(default=200, ge=1, description="Subscriptions that one workspace may have.")
    lease_seconds: float = Field(
        default=30.0, gt=0, description="How long a running job may stay silent before it is run again."
    )
    heartbeat_seconds: float = Field(default=10.0, gt=0, description="How often a running job renews its lease.")
    progress_seconds: float = Field(
        default=1.0, gt=0, description="How often a running job writes its progress and looks for a cancellation."
    )
    dispatcher_interval_seconds: float = Field(
        default=2.0, gt=0, description="Pause between two passes of the dispatcher."
    )
    fresh_seconds: float = Field(
        default=40 * 86_400.0, gt=0, description="Age from which a forecast is shown as stale; forty days by default."
    )
    least_schedule_seconds: float = Field(
        default=60.0, gt=0, description="Shortest time between two due times of a schedule."
    )
    max_attempts: int = Field(default=3, ge=1, le=20, description="Attempts before a job whose worker dies is failed.")
    deadline_seconds: float = Field(default=3600.0, gt=0, le=18_000, description="Longest run of one attempt.")
    queue_timeout_seconds: float = Field(
        default=86_400.0, gt=0, description="Longest wait of a job in the queue before it is failed."
    )
    job_memory_bytes: int | None = Field(
        default=None,
        ge=500 * MEGABYTE,
        description="Memory that one job may take; by default four fifths of the machine's, divided by `concurrency`.",
    )
    engine: Literal["kernel", "pymc"] = Field(
        default="kernel",
        description="What samples: the compiled kernel, or the PyMC model that defines it, which takes many times as long.",
    )
    threads: int | None = Field(
        default=None, ge=1, le=1024, description="Threads of one job; by default all cores, divided by `concurrency`."
    )
    stop_grace_seconds: float = Field(
        default=15.0, gt=0, description="How long a process may take to stop before it is killed."
    )
