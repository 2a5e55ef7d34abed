"""What a judgment supposes: that some outcomes occur, and others do not, as in ``ceasefire and not war``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from forecast.study.reading.problems import shown

MAX_CONDITIONS: Final = 3
"""Outcomes that one judgment may suppose. With the judged one they have 16 worlds."""

_SIGNS: Final = frozenset("()&|!,")
"""Of conditions in other notations."""

type Condition = tuple[tuple[str, bool], ...]
"""Outcomes that are supposed, by id in their order, and whether each occurs; nothing for an unconditional judgment."""


def condition_text(condition: Condition) -> str:
    """As it is written: ``ceasefire and not war``."""
    return " and ".join(name if occurs else f"not {name}" for name, occurs in condition)


def parse_condition(text: str) -> Condition:
    """The condition in a cell, whatever outcomes there are; in whatever order it names them, it is the same.

    Raises
    ------
    ValueError
        With what was seen, what was expected, and what to do.
    """
    found = list(_terms(text))
    twice = [name for name, times in Counter(name for name, _ in found).items() if times > 1]
    if twice:
        raise ValueError(f"{shown(twice[0])} is supposed twice; expected each outcome once; remove one")
    if len(found) > MAX_CONDITIONS:
        raise ValueError(
            f"{len(found)} outcomes are supposed; expected at most {MAX_CONDITIONS}; leave out what matters least, or the row"
        )
    return tuple(sorted(found))


def written_alike(text: str) -> str:
    """A condition as it is written by us: the same in whatever order it names outcomes. One that cannot be read stays as it is."""
    try:
        return condition_text(parse_condition(text))
    except ValueError:
        return text


def _terms(text: str) -> Iterator[tuple[str, bool]]:
    words: list[str] = []
    for word in [*text.split(), "and"]:
        if word != "and":
            words.append(word)
            continue
        *negation, name = words or [""]
        if negation not in ([], ["not"]) or name in ("", "not") or _SIGNS & set(name):
            raise ValueError(
                f"{shown(text)} is no condition; expected up to {MAX_CONDITIONS} outcomes of the study, `not` before those that "
                "do not occur and `and` between them; write ceasefire and not war, or leave it blank"
            )
        yield name, not negation
        words = []
