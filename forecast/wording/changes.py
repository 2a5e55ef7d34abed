"""Changes on stated days, in a sentence."""

from __future__ import annotations

import math
from datetime import timedelta

from forecast.answer import StatedChange
from forecast.wording.numbers import day, significant


def change_words(change: StatedChange, kind: str) -> str:
    """What a change does, and on which days: `From 1 March 2026 on, the rate of exit is multiplied by 2.7, as stated.`

    Parameters
    ----------
    kind
        Of its outcome, event or binary.
    """
    last = "on" if change.to is None else f"to {day(change.to - timedelta(days=1))}"
    ratio = significant(math.exp(change.log_ratio))
    what = (
        f"the rate of {change.outcome} is"
        if kind == "event"
        else f"the odds of {change.outcome}, if it resolves then, are"
    )
    return f"From {day(change.since)} {last}, {what} multiplied by {ratio}, as stated."
