"""A message that cannot be acknowledged doesn't keep its worker from taking the next one.

A worker that has as many messages as it may hold takes no more. When the network is gone at the moment a task ends, the
acknowledgement fails; Celery says so in the log, and Kombu keeps counting the message as held: once the network is back,
the worker lives, is connected, and hears nothing ever again. So the message is forgotten here; its copy at the queue's
server comes again much later, and the claim drops it.
"""

from __future__ import annotations

from celery import Task
from celery.worker.request import Request
from kombu.transport.virtual import QoS

from forecast.logs import get_logger

log = get_logger(__name__)


class ForgettingRequest(Request):
    """A request that gives its place back, whether or not the server could be told."""

    def acknowledge(self) -> None:
        """Tell the server that the message is done with."""
        super().acknowledge()
        self._forget()

    def reject(self, requeue: bool = False) -> None:
        """Tell the server that the message is refused."""
        super().reject(requeue)
        self._forget()

    def _forget(self) -> None:
        message = self.message
        if not message.acknowledged:
            # What the transport's own class does after telling the server: the message no longer counts as held.
            QoS.ack(message.channel.qos, message.delivery_tag)
            log.warning("message_forgotten", task=self.name)


class ForgettingTask(Task):
    """The base of all tasks of a worker."""

    Request = f"{__name__}:ForgettingRequest"
