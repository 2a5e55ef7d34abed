"""The stated probabilities of a study as groups of plain numbers, and which of them cannot be solved at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from forecast.errors import FieldError
from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.changes import Changes, changes_of, shift_of
from forecast.model.encoding.present import Standardization
from forecast.model.encoding.stated.law import Law
from forecast.model.encoding.stated.statement import FIELDS, NOT_AT_RISK, Group, Member, Spreads, Statement
from forecast.study import About, Outcome, OutcomeKind, Study, settled_outcomes

MOST_SEGMENTS: Final = 240
"""Of a competing group: members times segments on the way to a date. Beyond it, solving takes minutes."""


def find_groups(study: Study, standardizations: Mapping[str, Standardization]) -> tuple[Group, ...]:
    """The groups with something to solve for, in the study's order."""
    outcomes = [outcome for outcome in study.outcomes if outcome.is_modelled]
    names = dict.fromkeys(outcome.competes or outcome.id for outcome in outcomes)
    rivals = [[o for o in outcomes if (o.competes or o.id) == name] for name in names]
    return tuple(
        Group(
            tuple(_member(study, outcome, members, standardizations) for outcome in members),
            members[0].kind is OutcomeKind.BINARY,
            study.sure_until(members[0]) is not None,
        )
        for members in rivals
        if any(states_present(outcome) for outcome in members)
    )


def states_present(outcome: Outcome) -> bool:
    """Whether its prior is a stated probability of the present case."""
    elicited = outcome.prior.elicited if outcome.prior is not None else None
    return outcome.is_modelled and elicited is not None and elicited.about is About.PRESENT


def statement_errors(study: Study) -> Iterator[FieldError]:
    """Statements about a time in which the outcome is not yet possible, and those that are too many to solve."""
    for index, outcome in enumerate(study.outcomes):
        if not states_present(outcome) or outcome.kind is not OutcomeKind.EVENT:
            continue
        on, by = _time(study, outcome)
        if outcome.at_risk_since is not None and _age(study, outcome, on) + by <= 0.0:
            yield FieldError(
                f"outcomes[{index}].prior.by",
                "date_order",
                f"{by:g} periods from {on} end before {outcome.at_risk_since}, when the risk begins; expected a later "
                "end; raise `by`, or state a later `on`",
            )
            continue
        rivals = [other for other in study.outcomes if other is outcome or _excludes(outcome, other)]
        segments = len(_statement(study, outcome, rivals).lengths[0])
        if len(rivals) > 1 and len(rivals) * segments > MOST_SEGMENTS:
            yield FieldError(
                f"outcomes[{index}].prior.probability",
                "too_much_work",
                f"{len(rivals)} outcomes that compete, over {segments} stretches between their age bands; expected at most "
                f"{MOST_SEGMENTS} in all; give fewer `age_bands`, the same ones to each, or state it `about: typical`",
            )


def quiet_periods(study: Study, outcome: Outcome) -> float:
    """Time at risk of an outcome before the day of the statement about it."""
    return max(_age(study, outcome, _time(study, outcome)[0]), 0.0)


def _excludes(outcome: Outcome, other: Outcome) -> bool:
    return outcome.competes is not None and outcome.competes == other.competes


def _time(study: Study, outcome: Outcome) -> tuple[date, float]:
    """Day of a statement, and the periods from there that it speaks of."""
    assert outcome.prior is not None
    assert outcome.prior.elicited is not None
    elicited = outcome.prior.elicited
    on, until = elicited.on or study.as_of, _sure_within(study, outcome, elicited.on or study.as_of)
    if until is None:
        return on, float(elicited.by or study.horizon)
    return on, min(float(elicited.by or until), until)


def _sure_within(study: Study, outcome: Outcome, on: date) -> float | None:
    """Periods from a day until one of the group must have occurred; None where none has to."""
    until = study.sure_until(outcome)
    # Of a group that is over by then, nothing follows from the statement: a period stands for the time.
    return None if until is None else max(study.calendar.periods_between(on, until), 1.0)


def _out_of_it(study: Study, outcome: Outcome, rivals: Sequence[Outcome], on: date) -> set[str]:
    """Those known not to occur when the others were spoken of, where one must; an outcome with a statement was spoken of."""
    settled = settled_outcomes(study)
    gone = {
        rival.id
        for rival in rivals
        if rival.id in settled
        and settled[rival.id].resolution == "no"
        and settled[rival.id].on <= on
        and not states_present(rival)
    }
    return gone if study.sure_until(outcome) is not None and len(rivals) > len(gone) + 1 else set()


def _member(
    study: Study, outcome: Outcome, rivals: Sequence[Outcome], standardizations: Mapping[str, Standardization]
) -> Member:
    serving = {group.id for group in study.reference_classes if outcome.id in group.outcomes}
    weights = [weight for name, weight in outcome.class_weights.items() if name in serving]
    # One class, whichever it is, spreads as a class does; an average of several spreads less.
    parts = [*weights, min(max(1.0 - sum(weights), 0.0), 1.0)] if outcome.is_blend else [1.0]
    normal = outcome.prior_on_scale(study.horizon)
    return Member(
        outcome.id,
        Spreads.of(outcome),
        frozenset(outcome.pooling.model_fields_set) & frozenset(FIELDS),
        sum(weight**2 for weight in parts) ** 0.5,
        tuple(
            covariate.sd * standardizations[covariate.id].apply(outcome.covariates[covariate.id])
            if covariate.id in outcome.covariates
            else 0.0
            for covariate in study.covariates
        ),
        outcome.bands(study.horizon) if outcome.kind is OutcomeKind.EVENT else (0.0,),
        Law(normal.mean, normal.sd),
        _statement(study, outcome, rivals) if states_present(outcome) else None,
    )


def _statement(study: Study, outcome: Outcome, rivals: Sequence[Outcome]) -> Statement:
    assert outcome.prior is not None
    assert outcome.prior.elicited is not None
    elicited = outcome.prior.elicited
    stated = elicited.probability
    found = Statement((stated.low, stated.median, stated.high), stated.level, (), (), ())
    if outcome.kind is not OutcomeKind.EVENT:
        return replace(found, shift=shift_of(study, outcome))
    on, by = _time(study, outcome)
    courses = [changes_of(study, rival, on) for rival in rivals]
    ages = [_age(study, rival, on) for rival in rivals]
    bands = [AgeBands(rival.bands(study.horizon)) for rival in rivals]
    end = _sure_within(study, outcome, on) or by
    gone = _out_of_it(study, outcome, rivals, on)
    edges = {0.0, by, end}
    for age, own in zip(ages, bands, strict=True):
        edges.update(start - age for start in own.starts if 0.0 < start - age < end)
    edges.update(edge for course in courses for edge in course.edges(0.0, end))
    segments = list(itertools.pairwise(sorted(edges)))
    return replace(
        found,
        lengths=tuple(tuple(course.length(start, stop) for start, stop in segments) for course in courses),
        at_bands=tuple(
            tuple(
                own.band_of(age + (start + stop) / 2.0) if age + stop > 0.0 and rival.id not in gone else NOT_AT_RISK
                for start, stop in segments
            )
            for rival, age, own in zip(rivals, ages, bands, strict=True)
        ),
        quiet=tuple(tuple(_quiet(study, rival, own, age)) for rival, age, own in zip(rivals, ages, bands, strict=True)),
        ahead=sum(stop <= by for _, stop in segments),
    )


def _quiet(study: Study, outcome: Outcome, bands: AgeBands, age: float) -> list[float]:
    course = Changes() if outcome.at_risk_since is None else changes_of(study, outcome, outcome.at_risk_since)
    found: list[float] = course.exposure(bands, 0.0, max(age, 0.0)).tolist()
    return found


def _age(study: Study, outcome: Outcome, on: date) -> float:
    """On the day of a statement; negative where the risk begins later. Without a beginning the present case is new."""
    since = outcome.at_risk_since
    return 0.0 if since is None else study.calendar.age_on(since, on)
