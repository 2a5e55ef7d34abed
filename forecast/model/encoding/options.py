"""Categorical outcomes as arrays: cases, ballots of the present case, rulings, and what experts say of all options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.membership import Memberships
from forecast.model.encoding.said import Opinions
from forecast.model.encoding.units import Unit
from forecast.study import Choice, Outcome, OutcomeKind, Resolved

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def option_arrays(
    outcomes: Sequence[Outcome],
    memberships: Memberships,
    opinions: Opinions,
    settled: Mapping[str, Resolved],
) -> dict[str, npt.ArrayLike]:
    """Ballots of categorical outcomes that are judged or resolved, and what is said of them.

    Parameters
    ----------
    outcomes
        The modelled ones, options as outcomes of their own.
    settled
        Outcomes and options that turned out true or not; empty leaves what happened out.
    """
    polls = list(opinions.polls.values())
    periods = {statement.outcome: statement.by_periods for statement in opinions.option_statements}
    choices = [part for parts in polls for part in parts]
    ballots: list[int] = []
    candidates: list[tuple[int, int, int]] = []
    rulings: list[int] = []
    ruled = [parts for parts in parts_of(outcomes) if any(_happened(settled, part) for part in parts)]
    for parts in [*polls, *ruled]:
        for chosen in memberships.readings(parts[:1]):
            ballots.append(next(iter(chosen.values()), 0))
            for part in parts:
                if parts in ruled and _happened(settled, part):
                    rulings.append(len(candidates))
                choice = choices.index(part) + 1 if parts in polls else 0
                candidates.append((len(ballots) - 1, memberships.variant(part, chosen), choice))
    return {
        "spread_outcome": _spread_places(outcomes),
        "ballot_option": np.array(ballots, dtype=np.int64),
        "ruling_candidate": np.array(rulings, dtype=np.int64),
        "poll_panel": np.zeros(len(polls), dtype=np.int64),
        "poll_steps": np.array([np.ceil(max(periods[name], 1.0)) for name in opinions.polls], dtype=float),
        "choice_poll": np.repeat(np.arange(len(polls)), [len(parts) for parts in polls]).astype(np.int64),
        **_columns(candidates, "candidate_ballot", "candidate_variant", "candidate_choice"),
        **_said(opinions, choices),
    }


def _said(opinions: Opinions, choices: Sequence[str]) -> dict[str, npt.ArrayLike]:
    experts = list(opinions.experts)
    words = [
        (place, choices.index(part), log_ratio)
        for place, statement in enumerate(opinions.option_statements)
        for part, log_ratio in statement.log_ratios.items()
    ]
    speakers = np.array([experts.index(said.expert) for said in opinions.option_statements], dtype=np.int64)
    table = np.asarray(words, dtype=float).reshape(-1, 3)
    opinion = table[:, 0].astype(np.int64)
    return {
        "opinion_expert": speakers,
        "inclination_expert": speakers[opinion],
        "word_opinion": opinion,
        "word_choice": table[:, 1].astype(np.int64),
        "word_inclination": np.arange(len(words)),
        "word_log_ratio": table[:, 2],
    }


def parts_of(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """The options of each categorical outcome, by their ids as outcomes of their own."""
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.kind is OutcomeKind.CATEGORICAL:
            found.setdefault(str(outcome.competes), []).append(outcome.id)
    return [tuple(parts) for parts in found.values()]


def _happened(settled: Mapping[str, Resolved], part: str) -> bool:
    return part in settled and settled[part].resolution == "yes"


def _spread_places(outcomes: Sequence[Outcome]) -> IntArray:
    """Whose spreads an outcome has: its own, or those of the first option of its outcome."""
    places = {outcome.id: place for place, outcome in enumerate(outcomes)}
    first = {part: places[parts[0]] for parts in parts_of(outcomes) for part in parts}
    return np.array([first.get(outcome.id, place) for place, outcome in enumerate(outcomes)], dtype=np.int64)


def tally_arrays(units: Sequence[Unit], weights: FloatArray, twins: IntArray) -> dict[str, npt.ArrayLike]:
    """Weighted counts of cases of categorical outcomes; those that are alike to the model add up to one."""
    cases: dict[tuple[str, str], list[int]] = {}
    for place, unit in enumerate(units):
        if isinstance(unit.data, Choice) and weights[place] > 0:
            cases.setdefault((unit.case.reference_class, unit.case.id), []).append(place)
    tallies: dict[tuple[int, ...], FloatArray] = {}
    for places in cases.values():
        alike = tuple(int(twins[place]) for place in places)
        counts = np.array([weights[place] * _chosen(units[place]) for place in places])
        tallies[alike] = tallies[alike] + counts if alike in tallies else counts
    sizes = [len(alike) for alike in tallies]
    return {
        "tally_first": np.cumsum([0, *sizes])[:-1].astype(np.int64),
        "mark_tally": np.repeat(np.arange(len(sizes)), sizes).astype(np.int64),
        "mark_unit": np.array([unit for alike in tallies for unit in alike], dtype=np.int64),
        "mark_count": np.concatenate([np.zeros(0), *tallies.values()]),
    }


def _chosen(unit: Unit) -> float:
    assert isinstance(unit.data, Choice)
    return unit.data.chosen


def _columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, npt.ArrayLike]:
    return dict(zip(names, np.array(rows, dtype=np.int64).reshape(-1, len(names)).T, strict=True))
