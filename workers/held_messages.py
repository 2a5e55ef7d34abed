"""Keeps a message that cannot be acknowledged from blocking its worker.

A worker takes no message beyond the number that it may hold (its prefetch limit). When the network is down at the
moment a task ends, the acknowledgement fails. Celery logs that, but Kombu keeps counting the message as held. Once the
network is back, the worker is connected and never receives another message. So the message is forgotten here. Redis
redelivers its copy much later, and the claim drops it.

Open upstream: celery/celery#10302, which follows #10205. This module can go when a release of Kombu releases the message itself
where an acknowledgement fails; tests/fault/test_queue_faults.py then passes without it.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual

from forecast.runtime.logs import get_logger

log = get_logger(__name__)


class ForgettingQoS(redis.QoS):
    """Counts the messages that a worker holds; a finished one no longer counts, whether or not the server knows."""

    def ack(self, delivery_tag: Any) -> None:
        """Acknowledge a message at the server."""
        try:
            super().ack(delivery_tag)
        except Exception:
            self._forget(delivery_tag)
            raise

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Reject a message at the server."""
        try:
            super().reject(delivery_tag, requeue)
        except Exception:
            self._forget(delivery_tag)
            raise

    def _forget(self, delivery_tag: Any) -> None:
        virtual.QoS.ack(self, delivery_tag)
        log.warning("message_forgotten")


def forget_what_cannot_be_acknowledged() -> None:
    """Make every channel of this process count like this; the channel class names its counter's class."""
    redis.Channel.QoS = ForgettingQoS
