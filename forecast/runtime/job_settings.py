"""Settings of how jobs are run and how long processes wait; `forecast.runtime.settings` reads them with the others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from forecast.runtime.limit_settings import MEGABYTE


class JobSettings(BaseSettings):
    """How many jobs and calls there may be at a time, what one may take, and when it is given up."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    workspace_running: int = Field(default=64, ge=1)
    """Jobs of one workspace that may run at a time, unless it has its own limit."""
    workspace_queued: int = Field(default=500, ge=1)
    """Jobs of one workspace that may wait, unless it has its own limit."""
    workspace_daily: int = Field(default=5000, ge=1)
    """Jobs of one workspace accepted within 24 hours, unless it has its own limit."""
    concurrency: int = Field(default=1, ge=1, le=64)
    """Pool children of one worker; one job's sampling already uses all cores."""
    calls: int = Field(default=8, ge=1, le=64)
    """Sources and webhooks that one process calls at a time, in threads."""
    workspace_calls: int = Field(default=4, ge=1)
    """Of these, calls for one workspace at a time."""
    workspace_subscriptions: int = Field(default=200, ge=1)
    """Subscriptions that one workspace may have."""
    lease_seconds: float = Field(default=30.0, gt=0)
    """How long a running job may be silent before it is run again, in seconds."""
    heartbeat_seconds: float = Field(default=10.0, gt=0)
    """How often a running job renews its lease, in seconds."""
    progress_seconds: float = Field(default=1.0, gt=0)
    """How often a running job writes its progress and looks for a cancellation, in seconds."""
    dispatcher_interval_seconds: float = Field(default=2.0, gt=0)
    """Pause between two passes of the dispatcher, in seconds."""
    fresh_seconds: float = Field(default=40 * 86_400.0, gt=0)
    """Age in seconds from which a forecast is shown as stale; forty days by default."""
    least_schedule_seconds: float = Field(default=60.0, gt=0)
    """Shortest time between two due times of a schedule, in seconds."""
    max_attempts: int = Field(default=3, ge=1, le=20)
    """Attempts before a job whose worker dies fails."""
    deadline_seconds: float = Field(default=3600.0, gt=0, le=18_000)
    """Longest run of one attempt, in seconds."""
    queue_timeout_seconds: float = Field(default=86_400.0, gt=0)
    """Longest wait of a job in the queue before it fails, in seconds."""
    job_memory_bytes: int | None = Field(default=None, ge=500 * MEGABYTE)
    """Memory that one job may take, in bytes; by default four fifths of the machine's, divided by `concurrency`."""
    engine: Literal["kernel", "pymc"] = "kernel"
    """What samples: the compiled kernel, or the PyMC model that defines it, which takes many times as long."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """Threads of one job; by default all cores, divided by `concurrency`."""
    stop_grace_seconds: float = Field(default=15.0, gt=0)
    """How long a process may take to stop before it is killed, in seconds."""
