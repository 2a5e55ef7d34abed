"""What is said of a statement that cannot be met: what was seen, what would do, what to change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from forecast.errors import FieldError
from forecast.model.encoding.stated.fitting import fit_shares, level_of_share
from forecast.model.encoding.stated.groups import quiet_periods
from forecast.model.encoding.stated.rounds import Settled, Unsettled, settle
from forecast.model.encoding.stated.solving import Solved, largest_factor
from forecast.model.encoding.stated.statement import FACTORS, FIELDS, Group, Member, Spreads, Statement
from forecast.study import Study

_NEARER: Final = 4
"""Times that shares are moved to what the nearest laws come to."""
_HALVINGS: Final = 6
"""Of the way on which an end of the interval is moved."""


def unmet(study: Study, group: Group, found: Unsettled) -> FieldError:
    """The error of the member whose statement is not met."""
    member = group.members[found.place]
    assert member.statement is not None
    index = [outcome.id for outcome in study.outcomes].index(member.outcome)
    seen = _shown(member.statement.quantiles)
    scaled = _narrower(group, [found.place])
    together = ""
    if scaled is None and len(group.members) > 1:
        scaled = _narrower(group, range(len(group.members)))
        together = f", and those of {', '.join(o.outcome for o in group.members if o is not member)} by as much"
    if scaled is not None and _stated(member):
        stated = ", ".join(f"{name} {scale:g}" for name, scale in _stated(member))
        most = ", ".join(f"{name} at most {_rounded_down(scale * scaled)}" for name, scale in _stated(member))
        return FieldError(
            f"outcomes[{index}].pooling",
            "too_wide",
            f"{stated}: what classes, cases and ages may differ by is alone wider than the stated {seen} of "
            f"{member.outcome!r}; expected {most}{together}; lower them together, leave them out so that they follow the prior, "
            "or state a wider interval",
        )
    path = f"outcomes[{index}].prior.probability"
    if group.is_sure:
        return FieldError(path, "not_met", _unmet_shares(study, group, member))
    if (near := _nearest(group, found.place)) is not None:
        return FieldError(
            path,
            "not_met",
            f"no law of the level has the stated {seen}{_besides(study, group, member)}; the nearest with this median "
            f"is {_shown(near)}; state that, or move the median",
        )
    return FieldError(
        path,
        "not_met",
        f"no law of the level has the stated {seen}{_besides(study, group, member)}, nor any other interval about this "
        "median; expected a statement that goes with what else the study says; move the median, or correct the other",
    )


def _unmet_shares(study: Study, group: Group, member: Member) -> str:
    """What is said where one of the group must occur: all statements are about parts of one whole."""
    assert member.statement is not None
    asked = [group.members[place] for place in group.asked]
    others = [each.outcome for each in group.members if each.statement is None]
    expected = (
        f"a share that goes with the priors of {', '.join(others)}, which state none"
        if others
        else "parts of one whole: medians that add up to about 1 by the day by which one must, or to what may have occurred "
        "by an earlier date, and to somewhat less where the intervals are wide"
    )
    near = _nearest_shares(group)
    fitting = ", ".join(f"{each.outcome} {_shown(triple)}" for each, triple in zip(asked, near or (), strict=False))
    nearest = f"the nearest that fit are {fitting}; state those" if near else "correct what else the study says of them"
    more = f", or a probability of {', '.join(others)} as well" if others else ""
    return (
        f"one of {', '.join(each.outcome for each in group.members)} must occur, and no levels of theirs have the stated "
        f"{_shown(member.statement.quantiles)} of {member.outcome!r}{_besides(study, group, member)}; expected {expected}; "
        f"{nearest}{more}"
    )


def _nearest_shares(group: Group) -> list[tuple[float, float, float]] | None:
    """Triples of all members that state some, near the stated ones, that can be met; None where none is found."""
    for _ in range(_NEARER):
        start = [member.law if member.statement is None else level_of_share(group, member) for member in group.members]
        fit = fit_shares(group, group.shrunk(FACTORS[-1]), start)
        members, found = [*group.members], []
        for place, log_odds in zip(group.asked, fit.quantiles, strict=True):
            low, median, high = (_rounded(group.from_scale(value)) for value in log_odds)
            if not 0.0 < low < median < high < 1.0:
                return None
            statement = members[place].statement
            assert statement is not None
            members[place] = replace(members[place], statement=replace(statement, quantiles=(low, median, high)))
            found.append((low, median, high))
        group = replace(group, members=tuple(members))
        if isinstance(settle(group, group.shrunk(FACTORS[-1]), start), Settled):
            return found
    return None


def _besides(study: Study, group: Group, member: Member) -> str:
    """What else the statement has to go with."""
    statement, found = member.statement, []
    assert statement is not None
    if statement.quiet and (quiet := quiet_periods(study, study.outcome(member.outcome))) > 0.0:
        found.append(f"after {quiet:.3g} quiet periods")
    rivals = [other.outcome for other in group.members if other is not member]
    if rivals:
        medians = [other.statement.quantiles[1] for other in group.members if other.statement is not None]
        found.append(f"beside {', '.join(rivals)} (stated medians sum to {sum(medians):.3g})")
    if any(member.covariates):
        names = [c.id for c, load in zip(study.covariates, member.covariates, strict=True) if load]
        found.append(f"with the effects of {', '.join(names)}")
    return " " + ", ".join(found) if found else ""


def _stated(member: Member) -> list[tuple[str, float]]:
    return [
        (name, scale)
        for name, scale in zip(FIELDS, member.spreads.scales, strict=True)
        if name in member.fixed and scale > 0.0
    ]


def _narrower(group: Group, places: Sequence[int]) -> float | None:
    """The largest factor of the stated spreads of some members that would do; None where none would."""
    if not any(_stated(group.members[place]) for place in places):
        return None

    def spreads(factor: float) -> Sequence[Spreads]:
        found = group.shrunk(factor)
        for place in places:
            found[place] = group.members[place].spreads.times(factor)
        return found

    scaled = largest_factor(group, spreads)
    return scaled.factor if isinstance(scaled, Solved) and scaled.factor < 1.0 else None


def _nearest(group: Group, place: int) -> tuple[float, float, float] | None:
    """The triple with the same median whose ends are the least away on the log odds, among those that can be met."""
    statement = group.members[place].statement
    assert statement is not None
    low, median, high = (group.on_scale(p) for p in statement.quantiles)
    ways = (
        (low, 2.0 * median - low),  # the upper end, up to the mirror image of the lower one
        (2.0 * median - high, high),
        (median + 0.02 * (low - median), median + 0.02 * (high - median)),
    )
    found = [end for way in ways if (end := _along(group, place, (low, median, high), way)) is not None]

    def moved(triple: tuple[float, float, float]) -> float:
        return sum(abs(_log_odds(p) - _log_odds(q)) for p, q in zip(triple, statement.quantiles, strict=True))

    return min(found, key=moved, default=None)


def _along(
    group: Group, place: int, stated: tuple[float, float, float], ends: tuple[float, float]
) -> tuple[float, float, float] | None:
    """The first triple on a straight way to other ends that can be met, by halving; None where the last cannot."""
    low, median, high = stated

    def triple(share: float) -> tuple[float, float, float]:
        moved = (low + share * (ends[0] - low), median, high + share * (ends[1] - high))
        first, middle, last = (_rounded(group.from_scale(value)) for value in moved)
        return first, middle, last

    if not _is_met(group, place, triple(1.0)):
        return None
    unmet_share, met_share = 0.0, 1.0
    for _ in range(_HALVINGS):
        share = 0.5 * (unmet_share + met_share)
        if _is_met(group, place, triple(share)):
            met_share = share
        else:
            unmet_share = share
    return triple(met_share)


def _is_met(group: Group, place: int, quantiles: Sequence[float]) -> bool:
    if not 0.0 < quantiles[0] < quantiles[1] < quantiles[2] < 1.0:
        return False
    member = group.members[place]
    assert member.statement is not None
    statement: Statement = replace(member.statement, quantiles=(quantiles[0], quantiles[1], quantiles[2]))
    members = [*group.members]
    members[place] = replace(member, statement=statement)
    changed = replace(group, members=tuple(members))
    start = [each.law for each in members]
    return isinstance(settle(changed, changed.shrunk(FACTORS[-1]), start), Settled)


def _rounded(probability: float) -> float:
    """To two digits of its smaller side."""
    side = max(min(probability, 1.0 - probability), 1e-15)
    return round(probability, 1 - math.floor(math.log10(side)))


def _rounded_down(scale: float) -> str:
    digits = 1 - math.floor(math.log10(scale))
    return f"{math.floor(scale * 10**digits) / 10**digits:g}"


def _shown(quantiles: Sequence[float]) -> str:
    low, median, high = quantiles
    return f"{median:g} [{low:g}, {high:g}]"


def _log_odds(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)
