"""What waits for a worker without being a job: fetches, deliveries, drawings, previews; one outbox, one claim, one retry rule."""

from forecast.errands.rule import ErrandRule, begin_errand, settle_attempt
from forecast.queue.queues import ErrandKind

__all__ = ["ErrandKind", "ErrandRule", "begin_errand", "settle_attempt"]
