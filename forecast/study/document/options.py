"""Categorical outcomes: exactly one of named options turns out true.

For the model each option is a part: an outcome of its own, `winner.left` for the option `left` of `winner`, with a score
whose softmax over the options is its probability. Scores have independent normal laws with the standard deviation
spread / sqrt(2), so that the log ratio of any two has the standard deviation `spread`, whatever their number and order. Two
options are a binary outcome.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from forecast.study.document.fields import Block, OpenProbability, OutcomeId, RequiredText

DEFAULT_SPREAD: Final = 1.5
"""Standard deviation of the log ratio of two options, as of the log odds of a binary outcome that states no prior."""
MOST_OPTIONS: Final = 20
BETWEEN: Final = "."
"""Between the id of an outcome and that of its option; no id has it."""
ROUNDING: Final = 0.005
"""By which each of several probabilities that add up to 1 may be rounded."""


class Option(Block):
    """One of the options of a categorical outcome."""

    id: OutcomeId
    """Id of the option, unique among those of its outcome: as ids of outcomes."""
    title: RequiredText | None = None
    """Title for readers; absent: the id."""
    probability: OpenProbability | None = None
    """Its probability before evidence; all options state one, adding up to 1, or none does: then all are alike."""


def part_id(outcome: str, option: str) -> str:
    """Id of an option as an outcome of its own."""
    return f"{outcome}{BETWEEN}{option}"


def as_written(id: str) -> str:
    """An outcome as an expression names it: ``option(winner, left)`` for a part."""
    outcome, between, option = id.partition(BETWEEN)
    return f"option({outcome}, {option})" if between else id


def part_titles(document: Mapping[str, Any]) -> dict[str, str]:
    """Titles of the outcomes of a canonical document, with the options of a categorical one in its place."""
    found: dict[str, str] = {}
    for block in document.get("outcomes") or ():
        for option in block.get("options") or ():
            found[part_id(block["id"], option["id"])] = f"{block['title']}: {option.get('title') or option['id']}"
        if not block.get("options"):
            found[block["id"]] = str(block["title"])
    return found


def add_up(probabilities: Iterable[float]) -> bool:
    """Whether probabilities add up to 1, each rounded to two digits perhaps."""
    found = list(probabilities)
    return abs(math.fsum(found) - 1.0) <= ROUNDING * len(found) + 1e-9


def centred_logs(probabilities: Sequence[float]) -> tuple[float, ...]:
    """Logs of probabilities less their mean."""
    logs = [math.log(probability) for probability in probabilities]
    mean = math.fsum(logs) / len(logs)
    return tuple(value - mean for value in logs)
