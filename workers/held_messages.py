"""A message that cannot be acknowledged doesn't keep its worker from taking the next one.

A worker that holds as many messages as it may takes no more. When the network is gone at the moment a task ends, the
acknowledgement fails; Celery says so in the log, and Kombu keeps counting the message as held: once the network is back,
the worker lives, is connected, and hears nothing ever again. So the message is forgotten here; its copy at the queue's
server comes again much later, and the claim drops it.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual

from forecast.runtime.logs import get_logger

log = get_logger(__name__)


class ForgettingQoS(redis.QoS):
    """Counts the messages that a worker holds; one that is done with counts no more, whether or not the server knows."""

    def ack(self, delivery_tag: Any) -> None:
        """Tell the server that a message is done with."""
        try:
            super().ack(delivery_tag)
        except Exception:
            self._forget(delivery_tag)
            raise

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Tell the server that a message is refused."""
        try:
            super().reject(delivery_tag, requeue)
        except Exception:
            self._forget(delivery_tag)
            raise

    def _forget(self, delivery_tag: Any) -> None:
        virtual.QoS.ack(self, delivery_tag)
        log.warning("message_forgotten")


def forget_what_cannot_be_acknowledged() -> None:
    """Have every channel of this process count so; the class of the counter is an attribute of that of the channel."""
    redis.Channel.QoS = ForgettingQoS
