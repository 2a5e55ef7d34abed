"""Whether factors and links can move what they say they move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from forecast.errors import FieldError
from forecast.study.document.document import Study
from forecast.study.document.influences import Link
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import OutcomeKind
from forecast.study.reading.suggest import unknown_name
from forecast.study.rows.observations import resolution_word

_NO_LEVEL = "expected an event or binary outcome: the probability of a threshold comes from its indicator; remove it"


def factor_errors(study: Study) -> list[FieldError]:
    """Effects on outcomes that are unknown, or that no factor can move."""
    outcomes = {part.id: part for part in study.parts}
    errors: list[FieldError] = []
    for index, factor in enumerate(study.factors):
        for name in factor.effects:
            path = f"factors[{index}].effects.{name}"
            errors += unknown_name(path, name, outcomes, "an outcome")
            if name in outcomes and outcomes[name].kind is OutcomeKind.THRESHOLD:
                errors.append(FieldError(path, "kind", f"an effect on the threshold outcome {name!r}; {_NO_LEVEL}"))
    return errors


def link_errors(study: Study) -> list[FieldError]:
    """Links between outcomes that are unknown or the same, that exclude one another, or that form a circle at one time."""
    outcomes = {part.id: part for part in study.parts}
    errors: list[FieldError] = []
    seen: dict[tuple[str, str], int] = {}
    for index, link in enumerate(study.links):
        path = f"links[{index}]"
        errors += unknown_name(f"{path}.cause", link.cause, outcomes, "an outcome")
        errors += unknown_name(f"{path}.effect_on", link.effect_on, outcomes, "an outcome")
        first = seen.setdefault((link.cause, link.effect_on), index)
        if link.cause == link.effect_on:
            message = f"{link.cause!r} is linked to itself; expected two outcomes; remove it"
            errors.append(FieldError(path, "self_link", message))
        elif first != index:
            message = f"{link.cause} to {link.effect_on} is also links[{first}]; expected one link; remove one"
            errors.append(FieldError(path, "duplicate_link", message))
        elif link.cause in outcomes and link.effect_on in outcomes:
            errors += _pair_errors(outcomes[link.cause], outcomes[link.effect_on], path)
            errors += _option_errors(link, outcomes[link.cause], outcomes[link.effect_on], path)
            errors += _delay_errors(study, link, path)
    return [*errors, *_circle_errors(study)]


def _pair_errors(cause: Outcome, effect_on: Outcome, path: str) -> Iterator[FieldError]:
    if effect_on.kind is OutcomeKind.THRESHOLD:
        yield FieldError(
            f"{path}.effect_on", "kind", f"a link onto the threshold outcome {effect_on.id!r}; {_NO_LEVEL}"
        )
    if cause.competes is not None and cause.competes == effect_on.competes:
        message = (
            f"{cause.id!r} and {effect_on.id!r} compete for {cause.competes!r}, so only one of them can happen; expected "
            "outcomes that can follow one another; remove the link"
        )
        yield FieldError(path, "excluded", message)


def _option_errors(link: Link, cause: Outcome, effect_on: Outcome, path: str) -> Iterator[FieldError]:
    """What a link with an option may not say: it acts at once and stays, and leaves probabilities of options alone."""
    if OutcomeKind.CATEGORICAL not in (cause.kind, effect_on.kind):
        return
    for key, value in (("delay", link.delay or None), ("half_life", link.half_life)):
        if value is not None:
            message = (
                f"{value:g} on a link with an option; expected none: such a link acts at once and stays; remove it"
            )
            yield FieldError(f"{path}.{key}", "kind", message)
    if effect_on.kind is OutcomeKind.CATEGORICAL and not link.keeps_marginal:
        message = f"none on a link onto the option {effect_on.id!r}; expected marginal: one of the options turns out true; remove it"
        yield FieldError(f"{path}.base", "kind", message)


def _delay_errors(study: Study, link: Link, path: str) -> Iterator[FieldError]:
    # Whatever the day: a study that knows of it may be looked at as of an earlier one.
    rows = (study.resolutions.rows or ()) if study.resolutions is not None else ()
    occurred = any(
        row.get("outcome") == link.cause and resolution_word(row.get("resolution"), ()) == "yes" for row in rows
    )
    if link.delay >= study.horizon and not occurred:
        message = (
            f"{link.delay:g} periods with a horizon of {study.horizon}, while {link.cause!r} has not occurred, so that "
            "the link could not act; expected a shorter delay; correct it, lengthen `horizon` or remove the link"
        )
        yield FieldError(f"{path}.delay", "beyond_horizon", message)


def _circle_errors(study: Study) -> Iterator[FieldError]:
    """Circles among binary and categorical outcomes that resolve on one day, where none could be decided before the others.

    Each link is added in turn; one that leads back to its own cause closes a circle and is left out.
    """
    days, whole = fixed_days(study), wholes(study)
    onward: dict[str, list[str]] = {}
    for index, link in enumerate(study.links):
        day = _common_day(link, days)
        if day is None:
            continue
        way = _find_way(onward, whole[link.effect_on], whole[link.cause])
        if way is None:
            onward.setdefault(whole[link.cause], []).append(whole[link.effect_on])
            continue
        message = (
            f"{' -> '.join([whole[link.cause], *way])} is a circle of links among binary and categorical outcomes that all resolve on {day}; "
            "expected none, as each would have to come first; remove one of the links or change a date"
        )
        yield FieldError(f"links[{index}]", "circle", message)


def closes_circle(links: Sequence[Link], link: Link, days: Mapping[str, date], whole: Mapping[str, str]) -> bool:
    """Whether one link more leads back to its own cause, among outcomes that resolve on one day.

    Parameters
    ----------
    days, whole
        Those of the study: `fixed_days` and `wholes`.
    """
    day, onward = _common_day(link, days), dict[str, list[str]]()
    for other in links:
        if day is not None and _common_day(other, days) == day:
            onward.setdefault(whole[other.cause], []).append(whole[other.effect_on])
    return day is not None and _find_way(onward, whole[link.effect_on], whole[link.cause]) is not None


def fixed_days(study: Study) -> dict[str, date]:
    """The day of each outcome that is settled on one day and no other, and of each option."""
    dated = [o for o in study.outcomes if o.kind in (OutcomeKind.BINARY, OutcomeKind.CATEGORICAL)]
    return {part.id: study.resolves_by(part.id) for outcome in dated for part in outcome.parts}


def wholes(study: Study) -> dict[str, str]:
    """The outcome that each option is of, and each other outcome itself: options of one are settled together."""
    return {part.id: outcome.id for outcome in study.outcomes for part in outcome.parts}


def _common_day(link: Link, days: Mapping[str, date]) -> date | None:
    """The day on which both ends of a link resolve, None when they are no two outcomes with one date."""
    day = days.get(link.cause)
    return day if link.cause != link.effect_on and day == days.get(link.effect_on) else None


def _find_way(onward: dict[str, list[str]], start: str, end: str) -> list[str] | None:
    """A chain of outcomes from `start` to `end` along the links, None when there is none."""
    ways = [[start]]
    reached = {start}
    while ways:
        way = ways.pop()
        if way[-1] == end:
            return way
        for following in onward.get(way[-1], []):
            if following not in reached:
                reached.add(following)
                ways.append([*way, following])
    return None
