"""Changes of a rate or of odds on stated days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from forecast.study.document.fields import Block, Day, OutcomeId, Text, field_error

MAX_LOG_RATIO: Final = 50.0
"""As of a link; also of all changes of an outcome that act on one day."""


class Change(Block):
    """A change of the present case's log rate or log odds on stated days, such as a notice period or an election.

    A stated probability of the present case has it inside. Reference classes, typical cases, distributions and defaults
    do not, so there it moves the answer. Changes of one outcome that act on one day are added.
    """

    outcome: OutcomeId
    """Id of the event or binary outcome that changes."""
    since: Annotated[Day, Field(alias="from")]
    """First day on which it acts; it may lie in the past."""
    to: Day | None = None
    """First day on which it no longer acts; absent: it stays."""
    log_ratio: Annotated[float, Field(strict=True, ge=-MAX_LOG_RATIO, le=MAX_LOG_RATIO)]
    """What is added: to an event's log rate on these days, to a binary outcome's log odds if its resolution date is one of
    them."""
    source: Text | None = None
    """Where the size comes from."""
    rationale: Text | None = None
    """Why there is such a change."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.to is not None and self.to <= self.since:
            raise field_error(
                f"to: {self.to} is not after from: {self.since}; expected a later day, the first on which the change no longer "
                "acts; correct one of them"
            )
        return self

    def acts_on(self, day: date) -> bool:
        """Whether it acts on a day."""
        return self.since <= day and (self.to is None or day < self.to)
