"""Whether changes on stated days can change what they name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from forecast.errors import FieldError
from forecast.study.document.change import MAX_LOG_RATIO
from forecast.study.document.document import Study
from forecast.study.document.prior import OutcomeKind
from forecast.study.reading.suggest import unknown_name

_SLACK: Final = 1e-9
"""For rounding in sums."""


def change_errors(study: Study) -> list[FieldError]:
    """Changes of outcomes that are unknown or have no level, and those that are too large together.

    An outcome that is settled keeps its changes: they act in its past, and later rows of resolutions must not make a
    study invalid.
    """
    outcomes = {outcome.id: outcome for outcome in study.outcomes}
    errors: list[FieldError] = []
    for index, change in enumerate(study.changes):
        path = f"changes[{index}].outcome"
        errors += unknown_name(path, change.outcome, outcomes, "an outcome")
        if change.outcome in outcomes and outcomes[change.outcome].kind is OutcomeKind.THRESHOLD:
            message = (
                f"a change of the threshold outcome {change.outcome!r}; expected an event or binary outcome: the probability "
                "of a threshold comes from its indicator; remove it"
            )
            errors.append(FieldError(path, "kind", message))
        elif change.outcome in outcomes and outcomes[change.outcome].options is not None:
            message = (
                f"a change of the categorical outcome {change.outcome!r}; expected an event or binary outcome: what changes the "
                "share of an option is stated as a link or a factor; remove it"
            )
            errors.append(FieldError(path, "kind", message))
    return [*errors, *_too_large(study)]


def _too_large(study: Study) -> Iterator[FieldError]:
    """Of each outcome, the first day from which on the sum is beyond the limit."""
    for outcome in dict.fromkeys(change.outcome for change in study.changes):
        steps = [
            (day, sign * change.log_ratio, index)
            for index, change in enumerate(study.changes)
            if change.outcome == outcome
            for day, sign in ((change.since, 1.0), (change.to, -1.0))
            if day is not None
        ]
        total = 0.0
        for day, together in itertools.groupby(sorted(steps), key=lambda step: step[0]):
            found = list(together)
            total += sum(step for _, step, _ in found)
            if abs(total) > MAX_LOG_RATIO + _SLACK:
                yield FieldError(
                    f"changes[{found[-1][2]}].log_ratio",
                    "too_large",
                    f"from {day} on changes of {outcome!r} sum to {total:g}; expected {-MAX_LOG_RATIO:g} to {MAX_LOG_RATIO:g}, "
                    "on the log rate or log odds; lower them",
                )
                break
