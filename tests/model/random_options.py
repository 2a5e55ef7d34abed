"""Random cases, ballots and statements of categorical outcomes, for studies of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np


def options_of(rng: np.random.Generator, n: dict[str, int]) -> dict[str, Any]:
    """Tallies of two to four marks, ballots under options of memberships or none, one poll or two, and their statements."""
    marks = _sizes(rng, n["tally"] if n["unit"] else 0)
    polls = _sizes(rng, n["poll"])
    ballots = [(poll, size) for poll, size in enumerate(polls) for _ in range(rng.integers(1, 3))]
    ballots += [(-1, size) for size in _sizes(rng, n["ruling"])]
    first = np.cumsum([0, *polls])
    candidates = [
        (b, first[poll] + k + 1 if poll >= 0 else 0) for b, (poll, size) in enumerate(ballots) for k in range(size)
    ]
    ruled = [place for place, (b, choice) in enumerate(candidates) if not choice and candidates[place - 1][0] != b]
    opinions = [(int(rng.integers(0, len(polls))), e) for e in range(n["expert"]) for _ in range(2)] if polls else []
    words = [(m, first[poll] + k) for m, (poll, _) in enumerate(opinions) for k in range(polls[poll])]
    experts = np.array([e for _, e in opinions], dtype=int)
    choices = np.repeat(np.arange(len(polls)), polls)
    n |= {"tally": len(marks), "mark": sum(marks), "ballot": len(ballots), "candidate": len(candidates)}
    n |= {"choice": len(choices), "opinion": len(opinions), "word": len(words), "inclination": len(words)}
    of, choice = np.array(words, dtype=int).reshape(-1, 2).T
    return {
        "spread_outcome": np.array([0, 1, 1]),
        "tally_first": np.cumsum([0, *marks])[:-1],
        "mark_tally": np.repeat(np.arange(len(marks)), marks),
        "mark_unit": rng.integers(0, max(n["unit"], 1), sum(marks)),
        "mark_count": rng.integers(0, 5, sum(marks)) * 0.5,
        "ballot_option": rng.integers(0, n["option"] + 1, len(ballots)),
        "candidate_ballot": np.array([b for b, _ in candidates], dtype=int),
        "candidate_variant": rng.integers(0, n["variant"], len(candidates)),
        "candidate_choice": np.array([choice for _, choice in candidates], dtype=int),
        "ruling_candidate": np.array(ruled, dtype=int),
        "poll_panel": np.zeros(len(polls), dtype=int),
        "poll_steps": rng.integers(1, 30, len(polls)),
        "choice_poll": choices,
        "opinion_expert": experts,
        "word_opinion": of,
        "word_choice": choice,
        # In any order, but a word has an inclination of the expert whose word it is.
        "word_inclination": (inclination := rng.permutation(len(words))),
        "inclination_expert": experts[of][np.argsort(inclination)],
        "word_log_ratio": rng.normal(0, 1, len(words)),
    }


def _sizes(rng: np.random.Generator, count: int) -> list[int]:
    """How many options each of some outcomes has."""
    return [int(size) for size in rng.integers(2, 5, count)]
