"""Whether it can be decided later what happened: criteria, their dates, and what speaks of an outcome at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import OutcomeKind, Prior
from forecast.study.reading.problems import shown
from forecast.study.rows.evidence_tables import resolve_observations, settled_outcomes
from forecast.study.rows.judgment_rows import Statements
from forecast.study.rows.settling import decided
from forecast.wording.sentences import joined

type Question = tuple[str, str]

_FEWEST_WORDS: Final = 3
"""Criteria with fewer words than this name nothing that can be decided."""
_MOST_LISTED: Final = 5
_DEGREE: Final = re.compile(
    r"\b(significant(?:ly)?|substantial(?:ly)?|considerabl[ey]|major|serious(?:ly)?|severe(?:ly)?|large-scale|large|heavy|"
    r"heavily|widespread|massive|sharp(?:ly)?|dramatic(?:ally)?|notabl[ey]|many|several|frequent(?:ly)?|escalat\w+|"
    r"deteriorat\w+|improv\w+|worsen\w*|intensif\w+|increas\w+|decreas\w+|rises?|falls?|high|low)\b",
    re.IGNORECASE,
)
"""Words of degree, which need a number to be decided."""
_NO_DEGREE: Final = re.compile(
    r"\b(?:high|low)[- ](?:court|commission\w*|representative|command|council|authority|judicial|countries|seas?|school)\b|"
    r"\bmajor[- ]generals?\b|"
    r"\b(?:government|cabinet|coalition|regime|junta|administration|city|town|village|capital|stronghold|dynasty|monarchy)"
    r"\s+(?:rises?|falls?)\b|\b(?:rises?|falls?) (?:from power|in battle|to (?:the )?(?:rebels?|insurgents?|enemy))\b",
    re.IGNORECASE,
)
"""Where such words are part of a name, or say that something ends."""
_NUMBER: Final = re.compile(
    r"\d|%|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|dozen|hundred|thousand|million|half|third|quarter|"
    r"twice|doubles?|any|all|every|no|none|first)\b",
    re.IGNORECASE,
)
_NAMED_SOURCE: Final = re.compile(
    r"https?://|\baccording to\b|\bas (?:reported|published|announced|recorded|counted|stated|scored|given|listed)\b|"
    r"\b(?:reported|published|announced|recorded|certified|declared|confirmed) by\b",
    re.IGNORECASE,
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_LAST_DAY: Final = re.compile(
    r"(?<!not )\b(?:(?P<before>before)|by|until|till|no later than|not later than|on or before|up to)\s+"
    r"(?:the\s+end\s+of\s+)?(?:the\s+)?(?:"
    rf"(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})|(?P<day>\d{{1,2}})\.?\s+(?P<month>{_MONTH})\.?,?\s+(?P<year>\d{{4}})|"
    rf"(?P<month_first>{_MONTH})\.?\s+(?P<day_last>\d{{1,2}}),?\s+(?P<year_last>\d{{4}}))\b",
    re.IGNORECASE,
)


def questions_of_resolution(study: Study, statements: Statements) -> Iterator[Question]:
    """Criteria that do not decide, dates that are past, and outcomes of which nothing speaks."""
    over = decided(study, settled_outcomes(study))
    unsettled = [outcome for outcome in study.outcomes if not all(part.id in over for part in outcome.parts)]
    yield from _criteria(unsettled)
    for outcome in unsettled:
        yield from _dates_in_words(study, outcome)
    judged = {judgment.outcome for judgment in statements.judgments}
    judged |= {statement.outcome for statement in statements.option_statements}
    yield from _uninformed(study, unsettled, judged)


def _criteria(outcomes: Sequence[Outcome]) -> Iterator[Question]:
    """Criteria that say too little, that do not name who decides, or no number where they need one."""
    unclear, unsourced = [], []
    for outcome in outcomes:
        text = outcome.resolution.criteria
        if len(text.split()) < _FEWEST_WORDS:
            unclear.append(f"{outcome.id} ({shown(text)})")
        elif outcome.resolution.source is None and not _NAMED_SOURCE.search(text):
            unsourced.append(outcome.id)
    if unclear:
        asked = (
            f"what decides {_joined(unclear)}? These criteria say too little; say what must be true, and who says so"
        )
        yield "unclear_criteria", asked
    if unsourced:
        asked = f"who or what says whether {_joined(unsourced, 'or')} has occurred? No `source` is named; name one in `resolution`"
        yield "no_source", asked
    for outcome in outcomes:
        text = outcome.resolution.criteria
        degree = _DEGREE.search(_NO_DEGREE.sub("", text))
        if degree and not _NUMBER.search(_LAST_DAY.sub("", text)) and outcome.kind is not OutcomeKind.THRESHOLD:
            asked = (
                f"how much is {degree[0].lower()!r} in the criteria of {outcome.id}? They name no threshold; give a number "
                "that decides"
            )
            yield "no_threshold", asked


def _dates_in_words(study: Study, outcome: Outcome) -> Iterator[Question]:
    """Last days that criteria or title state beside the one in `by`."""
    resolves = study.resolves_by(outcome.id)
    for key, text in (("criteria", outcome.resolution.criteria), ("title", outcome.title)):
        for match in _LAST_DAY.finditer(text):
            day = _day_of(match)
            if day is None:
                continue
            if day <= study.as_of:
                asked = (
                    f"the {key} of {outcome.id} end on {day}, which is not after the as-of date {study.as_of}: is another "
                    "day meant? Correct it, or add the row of resolutions that says how it turned out"
                )
                yield "past_date", asked
            elif abs((day - resolves).days) > 1:
                asked = (
                    f"the {key} of {outcome.id} end on {day}, but what is forecast ends on {resolves}: which is meant? State "
                    "the same day in `resolution.by`"
                )
                yield "another_date", asked


def _day_of(match: re.Match[str]) -> date | None:
    """The last day that counts: `before` a day leaves the one that precedes it."""
    found = match.groupdict()
    try:
        if found["iso"]:
            day = date.fromisoformat(found["iso"])
        else:
            month = _MONTHS[(found["month"] or found["month_first"]).lower()]
            day = date(int(found["year"] or found["year_last"]), month, int(found["day"] or found["day_last"]))
        return day - timedelta(days=1) if found["before"] else day
    except (ValueError, OverflowError):
        return None


def _uninformed(study: Study, unsettled: Sequence[Outcome], judged: set[str]) -> Iterator[Question]:
    """Outcomes of which no case, judgment or count speaks, and whose prior does not say where it comes from."""
    served = {group.id: group.outcomes for group in study.reference_classes}
    parts = {outcome.id: [part.id for part in outcome.parts] for outcome in study.outcomes}
    seen = {
        outcome
        for case in study.cases
        if case.weight > 0
        for outcome in served[case.reference_class]
        if any(case.seen(part) is not None for part in parts[outcome])
    }
    observations = resolve_observations(study)
    bare = []
    for outcome in unsettled:
        if outcome.kind is OutcomeKind.THRESHOLD:
            uncounted = [name for name in outcome.indicators if not observations.get(name)]
            if uncounted:
                asked = (
                    f"what is known of {outcome.id}? No count of {_joined(uncounted)} is known as of {study.as_of}, so that the "
                    "answer is what is assumed of counts"
                )
                yield "uninformed", asked
        elif outcome.id in seen or not judged.isdisjoint((outcome.id, *parts[outcome.id])):
            continue
        elif outcome.kind is OutcomeKind.CATEGORICAL:
            asked = (
                f"what is known of {outcome.id}? No case and no judgment speaks of it, so that the answer is the probabilities "
                "of its options, which name no source; add evidence"
            )
            yield "uninformed", asked
        elif not _says_where_from(outcome.prior):
            bare.append(outcome.id)
    if bare:
        asked = (
            f"what is known of {_joined(bare)}? No case and no judgment speaks of it, and its prior names neither `source` nor "
            "`rationale`; say where it comes from, or add evidence"
        )
        yield "uninformed", asked


def _says_where_from(prior: Prior | None) -> bool:
    return prior is not None and bool(prior.source or prior.rationale)


def _joined(words: Sequence[str], last: str = "and") -> str:
    """A list as a sentence has it, the first ones by name."""
    shown_ones = (
        [*words] if len(words) <= _MOST_LISTED else [*words[:_MOST_LISTED], f"{len(words) - _MOST_LISTED} more"]
    )
    return joined(shown_ones, last)
