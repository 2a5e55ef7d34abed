"""Which statements contradict one another: of one expert, or of several together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forecast.errors import FieldError
from forecast.study.checks.coherence.claims import Claim, claims_at_one_time
from forecast.study.checks.coherence.groups import Groups, groups_of
from forecast.study.checks.coherence.patterns import Patterns, connected
from forecast.study.document.document import Study
from forecast.study.reading.problems import shown
from forecast.study.rows.judgments import Judgment, latest_judgments
from forecast.study.rows.row_reader import row_place
from forecast.wording.sentences import joined

MOST: Final = 10
"""Contradictions of one expert that are named, and of all experts together."""
_MOST_IN_ALL: Final = 100
"""The same of each expert alone over all experts, each of whom has one or more."""
_SEARCHED: Final = 3
"""So many times as many are looked for, to count the others."""
INCOHERENT: Final = "incoherent"
"""Code of the error where they are refused."""
_MOST_LISTED: Final = 8
"""Statements of several experts in one message."""
_SLACK: Final = 1e-9
"""For rounding in sums."""


@dataclass(frozen=True)
class Contradiction:
    """Statements that no distribution allows together; without any one of them there is a distribution."""

    name: str
    """Its kind, a word that does not change."""
    claims: tuple[Claim, ...]
    asked: str
    """What is wrong with them, in words."""
    _patterns: Patterns
    _judged: tuple[Claim, ...]
    """What is held against the patterns: the claims, or of several experts one for each question."""

    @property
    def distance(self) -> float:
        """How far the statements must move, on the log odds, to be possible together; none moves further."""
        return self._patterns.distance(self._judged)

    @property
    def experts(self) -> tuple[str, ...]:
        """Those who made the statements."""
        return tuple(dict.fromkeys(claim.expert for claim in self.claims))


def contradictions(
    study: Study, judgments: Iterable[Judgment], table_files: Mapping[str, str]
) -> tuple[Contradiction, ...]:
    """Contradictions within what each expert said at one time, then among experts who do not contradict themselves.

    Of an expert's statements about one question the last counts, as in the model. Experts may disagree: together they
    contradict one another only if no distribution lies, on each question, between the lowest and the highest of what they say.
    Of each expert some are named, and the last of them says how many there are beside these. The order of rows is of no account.

    Parameters
    ----------
    table_files
        CSV file by place in the document, for messages.
    """
    file = table_files.get("judgments")
    groups = groups_of(study)
    said: dict[str, list[Judgment]] = {}
    for judgment in latest_judgments(judgments):
        said.setdefault(judgment.expert, []).append(judgment)
    most = max(1, min(MOST, _MOST_IN_ALL // max(len(said), 1)))
    found: list[Contradiction] = []
    for expert, mine in sorted(said.items()):
        of_one = (each for claims in claims_at_one_time(study, mine) for each in _within(claims, groups, file))
        found += _named(of_one, most, f"of {shown(expert)}")
    named = {expert for contradiction in found for expert in contradiction.experts}
    others = [judgment for expert, mine in said.items() if expert not in named for judgment in mine]
    of_all = (each for claims in claims_at_one_time(study, others) for each in _among(claims, groups, file))
    return (*found, *_named(of_all, MOST, "of experts together"))


def _named(contradictions: Iterator[Contradiction], most: int, whose: str) -> list[Contradiction]:
    """The first ones; the last of these says how many more were found."""
    found = list(itertools.islice(contradictions, most * _SEARCHED))
    left = len(found) - most
    if left > 0:
        more = f"{left} or more others" if len(found) == most * _SEARCHED else f"{left} more"
        last = found[most - 1]
        found[most - 1] = replace(last, asked=f"{last.asked} And {more} {whose}.")
    return found[:most]


def incoherent_errors(study: Study, judgments: Iterable[Judgment], table_files: Mapping[str, str]) -> list[FieldError]:
    """The contradictions of a study that refuses them."""
    errors = []
    for found in contradictions(study, judgments, table_files):
        place = row_place(table_files.get("judgments"), "judgments", max(claim.row for claim in found.claims))
        message = (
            f"{found.asked} Expected statements that can be true together; correct one, or state `incoherent: keep`"
        )
        errors.append(FieldError(place, INCOHERENT, message))
    return errors


def _within(claims: tuple[Claim, ...], groups: Groups, file: str | None) -> Iterator[Contradiction]:
    """Of what one expert said at one time."""
    less_likely = list(_later_and_less_likely(claims))
    for first, later in less_likely:
        both = (first, later)
        asked = (
            f"{shown(first.expert)} says {_said(first, file)}, but only {_said(later, file)}, which is later: what has "
            "happened by the first day has happened by the second; which of the two is meant?"
        )
        yield Contradiction("later_date_less_likely", both, asked, Patterns(both, groups), both)
    named = {later for _, later in less_likely}
    for part in connected([claim for claim in claims if claim not in named], groups):
        for conflict, patterns in _conflicts(part, groups):
            yield _described(conflict, patterns, groups, file)


def _later_and_less_likely(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs about one outcome under one condition of which the later day has less; rounding is no excuse."""
    about: dict[object, list[Claim]] = {}
    for claim in sorted(claims, key=lambda claim: claim.event.day):
        about.setdefault((claim.event.outcome, claim.given), []).append(claim)
    for members in about.values():
        most = members[0]
        for claim in members[1:]:
            if claim.probability < most.probability - _SLACK:
                yield most, claim
            else:
                most = claim


def _conflicts(claims: tuple[Claim, ...], groups: Groups) -> Iterator[tuple[tuple[Claim, ...], Patterns]]:
    """Smallest sets of claims that no distribution has, until what is left of them is coherent."""
    if len(claims) < 2:
        return
    patterns = Patterns(claims, groups)
    left = list(claims)
    while not patterns.allow(left):
        needed = left
        for claim in left:
            fewer = [other for other in needed if other is not claim]
            if not patterns.allow(fewer):
                needed = fewer
        yield tuple(needed), patterns
        left = [claim for claim in left if claim is not needed[-1]]


def _described(conflict: tuple[Claim, ...], patterns: Patterns, groups: Groups, file: str | None) -> Contradiction:
    listed = joined([_said(claim, file) for claim in conflict])
    expert = shown(conflict[0].expert)
    of_one_group = len({(groups.of[claim.event.outcome], claim.given) for claim in conflict}) == 1
    total = sum(claim.probability for claim in conflict)
    if len({claim.event.outcome for claim in conflict}) == len(conflict) and of_one_group:
        if total > 1.0:
            asked = f"{expert} says {listed}: they exclude one another, but add up to {total:g}; which of them is less?"
            return Contradiction("exclusive_sum", conflict, asked, patterns, conflict)
        asked = f"{expert} says {listed}: one of them must occur, but they add up to {total:g}; which of them is more?"
        return Contradiction("exhaustive_sum", conflict, asked, patterns, conflict)
    last = max(conflict, key=lambda claim: (not claim.given, claim.order()))
    low, high = patterns.left_by(last, [claim for claim in conflict if claim is not last])
    asked = (
        f"{expert} says {listed}, which no distribution allows together: the others leave {low:.3g} to {high:.3g} for "
        f"{last.words}; which of them is meant otherwise?"
    )
    return Contradiction("incoherent", conflict, asked, patterns, conflict)


def _among(claims: tuple[Claim, ...], groups: Groups, file: str | None) -> Iterator[Contradiction]:
    """Of several experts: each question with all that lies between the lowest and the highest of what they say."""
    asked: dict[object, list[Claim]] = {}
    for claim in claims:
        asked.setdefault((claim.event, claim.given), []).append(claim)
    ranges = [
        replace(members[0], low=min(each.low for each in members), high=max(each.high for each in members))
        for members in asked.values()
    ]
    for part in connected(ranges, groups):
        for conflict, patterns in _conflicts(part, groups):
            every = tuple(claim for key in conflict for claim in asked[key.event, key.given])
            listed = [f"{_said(claim, file)} of {shown(claim.expert)}" for claim in every]
            if len(listed) > _MOST_LISTED:
                listed = [*listed[:_MOST_LISTED], f"{len(listed) - _MOST_LISTED} more"]
            question = (
                f"{joined(listed)} cannot be true together, although none of these experts contradicts himself: no distribution "
                "lies between what they say; do all speak of the same outcomes and days?"
            )
            yield Contradiction("incoherent_together", every, question, patterns, conflict)


def _said(claim: Claim, file: str | None) -> str:
    place = row_place(file, "judgments", claim.row)
    return f"{claim.words} {claim.probability:g} ({place})"
