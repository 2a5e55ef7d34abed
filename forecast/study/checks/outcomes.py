"""Whether one outcome makes sense within its study: dates, kind, prior, weights and covariates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from forecast.errors import FieldError
from forecast.study.checks.options import option_errors
from forecast.study.checks.thresholds import period_errors, threshold_errors
from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import FIT_TOLERANCE, About, OutcomeKind
from forecast.study.document.reference import Reference
from forecast.study.reading.suggest import nearest_hint
from forecast.study.rows.observations import Resolved

_WEIGHT_SLACK = 1e-9
"""Weights such as three times 1/3 may exceed 1 by rounding."""


def outcome_errors(
    study: Study, outcome: Outcome, path: str, end: date, settled: Mapping[str, Resolved]
) -> list[FieldError]:
    """Everything wrong with one outcome.

    Parameters
    ----------
    end
        The last day of the horizon.
    settled
        Outcomes that are known to have turned out yes or no.
    """
    if unreadable := period_errors(study, outcome, path):
        return unreadable
    return [
        *_date_errors(study, outcome, path, end, settled),
        *_kind_errors(outcome, path),
        *threshold_errors(study, outcome, path, settled),
        *option_errors(outcome, path),
        *_prior_errors(study, outcome, path),
        *_weight_errors(study, outcome, path),
        *_covariate_errors(study, outcome, path),
    ]


def _date_errors(
    study: Study, outcome: Outcome, path: str, end: date, settled: Mapping[str, Resolved]
) -> Iterator[FieldError]:
    since, by = outcome.at_risk_since, outcome.resolution.by
    last = end if by is None else min(by, end)
    if since is not None and since >= last:
        yield FieldError(
            f"{path}.at_risk_since",
            "date_order",
            f"{since} is not before {last}, the last day that counts, so that the event could never happen; expected an "
            "earlier day, since when it is possible; correct it, lengthen `horizon` or move `by`",
        )
    names_past = _ended_period(study, outcome)
    is_settled = bool(settled.keys() & {part.id for part in outcome.parts})
    if (names_past or (by is not None and by <= study.as_of)) and not is_settled:
        yield FieldError(
            f"{path}.window.period" if names_past else f"{path}.resolution.by",
            "date_order",
            f"{by or names_past} is not after the as-of date {study.as_of}; expected a later day, or a row of "
            "resolutions that says how it turned out (yes or no); add that, correct it, or use an earlier as_of",
        )
    elif by is not None and by > end:
        yield FieldError(
            f"{path}.resolution.by",
            "beyond_horizon",
            f"{by} is after the end of the horizon, {end}; expected a day up to that; lengthen `horizon` or correct it",
        )
    if by is None and outcome.kind is OutcomeKind.BINARY:
        yield FieldError(
            f"{path}.resolution.by",
            "missing",
            "a binary outcome without a date; expected the day it resolves; add `by`",
        )


def _ended_period(study: Study, outcome: Outcome) -> date | None:
    """The last day of a named period that is over."""
    if outcome.window.period is None:
        return None
    last = study.resolves_by(outcome.id)
    return last if last <= study.as_of else None


def _kind_errors(outcome: Outcome, path: str) -> Iterator[FieldError]:
    if outcome.kind is OutcomeKind.THRESHOLD:
        for key, is_given in (("reference", outcome.reference is not None), ("covariates", bool(outcome.covariates))):
            if is_given:
                message = f"{key} on a threshold outcome; expected none: its indicator says all about it; remove it"
                yield FieldError(f"{path}.{key}", "kind", message)
    if outcome.kind is OutcomeKind.EVENT:
        return
    given = {
        "competes": outcome.competes is not None,
        "exhaustive": outcome.exhaustive,
        "at_risk_since": outcome.at_risk_since is not None,
        "pooling.age_bands": outcome.pooling.age_bands is not None,
    }
    for key, is_given in given.items():
        if is_given:
            message = f"{key} on a {outcome.kind} outcome; expected it on event outcomes only; remove it or change kind"
            yield FieldError(f"{path}.{key}", "kind", message)


def _prior_errors(study: Study, outcome: Outcome, path: str) -> Iterator[FieldError]:
    elicited = outcome.prior.elicited if outcome.prior is not None else None
    if elicited is None:
        return
    if elicited.on is not None and elicited.on > study.as_of:
        yield FieldError(
            f"{path}.prior.on",
            "date_order",
            f"{elicited.on} is after the as-of date {study.as_of}; expected a day up to that, on which the probability "
            "was stated; correct it or use a later as_of",
        )
    # A threshold outcome has no level, so that nothing is fitted; statements about the present case are solved, not fitted.
    if outcome.kind is OutcomeKind.THRESHOLD or elicited.about is About.PRESENT:
        return
    error = elicited.fit_error(outcome.kind, study.horizon)
    if error > FIT_TOLERANCE:
        stated = elicited.probability
        fitted = elicited.fitted(outcome.kind, study.horizon)
        yield FieldError(
            f"{path}.prior.probability",
            "poor_fit",
            f"low {stated.low:g}, median {stated.median:g}, high {stated.high:g} fit no normal on the scale of {outcome.kind} "
            f"outcomes: the closest has {fitted[0]:.3g}, {fitted[1]:.3g}, {fitted[2]:.3g}; expected all within "
            f"{FIT_TOLERANCE:g}; move the quantiles, state them `about: present`, or give `distribution: normal(m, s)`",
        )


def _weight_errors(study: Study, outcome: Outcome, path: str) -> Iterator[FieldError]:
    if outcome.kind is OutcomeKind.THRESHOLD:
        return
    weights, place = outcome.class_weights, f"{path}.reference"
    if isinstance(outcome.reference, Reference):
        place += outcome.reference.word
    classes = {group.id: group.outcomes for group in study.reference_classes}
    serving = [name for name, outcomes in classes.items() if outcome.id in outcomes]
    known = {other.id for other in study.outcomes}
    for name in weights:
        if name not in classes:
            message = f"{name!r} is not a reference class of the study; expected one; {nearest_hint(name, classes)}"
            yield FieldError(f"{place}.{name}", "unknown_id", message)
        elif name not in serving and known.issuperset(classes[name]):  # else the class's own error says it
            message = f"the class {name!r} does not serve {outcome.id!r}; expected one that does; {nearest_hint(name, serving)}"
            yield FieldError(f"{place}.{name}", "unknown_id", message)
    total = sum(weights.values())
    if total > 1.0 + _WEIGHT_SLACK:
        message = f"the weights sum to {total:g}; expected at most 1 (the rest goes to a new class); lower them"
        yield FieldError(place, "weights", message)


def _covariate_errors(study: Study, outcome: Outcome, path: str) -> Iterator[FieldError]:
    if outcome.kind is OutcomeKind.THRESHOLD:
        return
    known = {covariate.id for covariate in study.covariates}
    for name in outcome.covariates:
        if name not in known:
            message = f"{name!r} is not a covariate of the study; expected one; {nearest_hint(name, known)}"
            yield FieldError(f"{path}.covariates.{name}", "unknown_id", message)
    weights = outcome.class_weights
    needed: dict[str, str] = {}
    for group in study.reference_classes:
        if outcome.id in group.outcomes and weights.get(group.id, 0.0) > 0.0:
            for name in known.intersection(group.covariates):
                needed.setdefault(name, group.id)
    for name, group_id in sorted(needed.items()):
        if name not in outcome.covariates:
            message = f"no value of {name!r}, which the class {group_id!r} uses; expected the present case's; add it"
            yield FieldError(f"{path}.covariates", "missing", message)
