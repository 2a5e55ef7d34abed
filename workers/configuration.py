"""Celery's settings, one by one for a measured reason. Worker and beat both use them."""

from __future__ import annotations

from typing import Any, Final

from forecast.queue.publish import QUEUES, TICK_TASK, VISIBILITY_TIMEOUT_SECONDS
from forecast.queue.queues import Queue
from forecast.runtime.settings import Settings

TICK_SECONDS: Final = 5.0
BACKSTOP_SECONDS: Final = 120.0
"""How much later than the longest deadline Celery kills a child that did not end by itself."""

CHILD_START_SECONDS: Final = 120.0
"""A spawned child is a fresh interpreter; with every core busy, Celery's own 4 s kill it over and over."""


def celery_settings(settings: Settings, prefix: str) -> dict[str, Any]:
    """Celery's configuration for one installation, whose keys at the queue's server begin with a prefix."""
    return {
        "broker_url": settings.broker_url,
        "task_default_queue": Queue.JOBS.value,
        "task_routes": {task: {"queue": queue.value} for task, queue in QUEUES.items()},
        # Results live in the database. With a result backend, a publish blocks while Redis is down and then asks for
        # a restart of the application.
        "result_backend": None,
        "task_ignore_result": True,
        # Never pickle: a message must not be able to run code.
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        # What is unacknowledged is really being worked on, and an orderly stop returns it to the queue.
        "task_acks_late": True,
        # A task that kills its worker would be redelivered for ever (celery #9082); the lease counts attempts.
        "task_reject_on_worker_lost": False,
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": settings.concurrency,
        # OpenMP and the sampler's threads do not survive a fork.
        "worker_pool_start_method": "spawn",
        "worker_proc_alive_timeout": CHILD_START_SECONDS,
        # True kills the running task and loses its message when Redis restarts.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_soft_shutdown_timeout": settings.stop_grace_seconds,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # The dispatcher retries.
        "task_publish_retry": False,
        "broker_transport_options": {
            # Queues, bindings, what is not acknowledged: nothing of two installations meets on one server.
            "global_keyprefix": prefix,
            "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
            # Without timeouts and health checks a worker stops consuming after a network fault, and logs nothing.
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        # The attempt ends itself at its deadline; this is for one that is stuck in native code.
        "task_time_limit": settings.deadline_seconds + BACKSTOP_SECONDS,
        "beat_max_loop_interval": TICK_SECONDS,
        "beat_schedule": {
            "tick": {"task": TICK_TASK, "schedule": TICK_SECONDS, "options": {"expires": 4 * TICK_SECONDS}}
        },
        "timezone": "UTC",
        "enable_utc": True,
    }
