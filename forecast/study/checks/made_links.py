"""Links that are made for conditional judgments: without one the model has no place for what such a judgment says.

P(deal | ceasefire) says how the two depend on one another, not how likely a deal is. Where no way of links leads from one to
the other, and they do not exclude one another, the judgment could only move the probability of the deal itself. So a link is
made that keeps the marginal of its effect, with a wide prior. It goes from what is supposed to what is judged, but the other
way where it could not act so: from what is settled on a later date, or on one that leaves too little of the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forecast.errors import FieldError
from forecast.study.checks.influences import closes_circle, fixed_days, wholes
from forecast.study.document.document import Study
from forecast.study.document.influences import Link
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import Normal, OutcomeKind
from forecast.study.rows.conditions import condition_text
from forecast.study.rows.evidence_tables import resolve_judgments, settled_outcomes
from forecast.study.rows.judgments import Judgment
from forecast.study.rows.settling import decided, is_open

PRIOR: Final = Normal(mean=0.0, sd=1.5)
"""Of the log ratio: from a twelfth to twelve times the odds, in nine of ten."""

_CIRCLE: Final = (
    "{0} is judged given {1}, and the study has no link through which the two depend on one another that keeps the marginal; "
    "one from {1} to {0} would close a circle of links among binary outcomes that all resolve on {2}, and each would have to come "
    "first; expected a link between the two with `base: marginal`; change `base`, or a date, or leave the judgment out"
)


@dataclass(frozen=True)
class MadeLink:
    """A link that a study does not state, and why it is made."""

    link: Link
    judged: str
    given: str
    """Condition of the first judgment that asks for it."""


def made_links(study: Study) -> tuple[MadeLink, ...]:
    """The links that are made for a study's judgments, as of its date."""
    return _Places(_stated(study), resolve_judgments(study)).find()


def asked_through(study: Study, judgments: Sequence[Judgment], link: Link) -> frozenset[str]:
    """Questions of conditional judgments that have no place without one of a study's links: it is what they speak of."""
    conditional = [judgment for judgment in judgments if judgment.given]
    if not conditional:
        return frozenset()
    others = tuple(other for other in study.links if other != link)
    places = _Places(study.model_copy(update={"links": others}), conditional)
    return frozenset(judgment.question for judgment in places.lacking())


def made_link_errors(study: Study, judgments: Sequence[Judgment]) -> list[FieldError]:
    """Judgments that have no place, and whose link would have to close a circle."""
    places = _Places(study, judgments)
    places.find()
    return places.errors


def _stated(study: Study) -> Study:
    """The study with the links of its document alone."""
    return study.model_copy(update={"links": study.links[: len(study.document.get("links", ()))]})


def with_made_links(study: Study) -> Study:
    """The study with links that are made for its judgments after those that its document states."""
    before = _stated(study)
    found = [made.link for made in made_links(study)]
    return study.model_copy(update={"links": (*before.links, *found)}) if found else study


class _Places:
    """Which links the conditional judgments of a study lack."""

    def __init__(self, study: Study, judgments: Sequence[Judgment]) -> None:
        settled = settled_outcomes(study)
        self._study = study
        self._outcomes: Mapping[str, Outcome] = {part.id: part for part in study.parts}
        self._decided = frozenset(decided(study, settled))
        self._days = {name: study.resolves_by(name) for name in self._outcomes}
        self._fixed, self._wholes = fixed_days(study), wholes(study)
        self._about: dict[tuple[str, str], dict[str, Judgment]] = {}
        """By what is judged and what is supposed, the first judgment of each question."""
        for judgment in judgments:
            if judgment.given and is_open(judgment, study, settled):
                for supposed, _ in judgment.given:
                    self._about.setdefault((judgment.outcome, supposed), {}).setdefault(judgment.question, judgment)
        self._links: list[Link] = []
        self._onward: dict[str, list[Link]] = {}
        """Links by cause."""
        for link in study.links:
            self._add(link)
        self.errors: list[FieldError] = []

    def _add(self, link: Link) -> None:
        self._links.append(link)
        self._onward.setdefault(link.cause, []).append(link)

    def find(self) -> tuple[MadeLink, ...]:
        """The links, in the order of the study's outcomes, whatever that of the judgments."""
        found = []
        for effect in self._outcomes.values():
            for supposed in self._outcomes.values():
                for at_once in (True, False):
                    lacking = self._lacking(effect.id, supposed.id, at_once=at_once)
                    if lacking and (link := self._made(effect, supposed, lacking)) is not None:
                        self._add(link)
                        found.append(MadeLink(link, effect.id, condition_text(lacking[0].given)))
        return tuple(found)

    def lacking(self) -> Iterator[Judgment]:
        """The first judgment of each question that has no place for something that it supposes."""
        for judged, supposed in self._about:
            for at_once in (True, False):
                yield from self._lacking(judged, supposed, at_once=at_once)

    def _lacking(self, judged: str, supposed: str, *, at_once: bool) -> list[Judgment]:
        """Judgments on an outcome that suppose another one, and have no place for it."""
        if supposed in self._decided:
            return []
        about = self._about.get((judged, supposed), {}).values()
        return [j for j in about if j.at_once == at_once and not self._has_place(j, supposed)]

    def _has_place(self, judgment: Judgment, supposed: str) -> bool:
        """Whether links, or that the two exclude one another, make an outcome depend on what is supposed."""
        judged, other = self._outcomes[judgment.outcome], self._outcomes[supposed]
        if judged.competes is not None and judged.competes == other.competes:
            return True
        direct = [link for link in self._onward.get(other.id, ()) if link.effect_on == judged.id]
        if any(not link.keeps_marginal or not other.is_modelled for link in direct):
            return True
        if self._leads(other.id, judged.id, judgment):
            return True
        return not judgment.at_once and self._leads(judged.id, other.id, judgment)

    def _leads(self, start: str, end: str, judgment: Judgment) -> bool:
        """Whether links that act on the way of a judgment lead from one outcome to another, past what else it supposes."""
        closed = ({name for name, _ in judgment.given} | self._decided) - {start, end}
        reached, new = {start}, {start}
        while new:
            new = {
                link.effect_on
                for cause in new
                for link in self._onward.get(cause, ())
                if link.effect_on not in reached and link.effect_on not in closed and self._acts(link, judgment)
            }
            reached |= new
            if end in reached:
                return True
        return False

    def _acts(self, link: Link, judgment: Judgment) -> bool:
        """Whether a link keeps the marginal, and its cause comes before its effect and the date of a judgment."""
        cause, effect = self._outcomes[link.cause], self._outcomes[link.effect_on]
        if not link.keeps_marginal or not cause.is_modelled or OutcomeKind.CATEGORICAL in (cause.kind, effect.kind):
            return False  # what outcomes owe to options is not in conditional judgments
        if cause.kind is not OutcomeKind.BINARY or (judgment.at_once and cause.id in dict(judgment.given)):
            return True
        day = self._days[cause.id]
        if effect.kind is OutcomeKind.BINARY:
            return day <= self._days[effect.id]
        dates = [judgment.by_day]
        if effect.id != judgment.outcome:
            dates += [self._days[name] for name, _ in judgment.given if self._is_binary(name)]
        return day < max(dates)

    def _is_binary(self, name: str) -> bool:
        return self._outcomes[name].kind is OutcomeKind.BINARY

    def _made(self, judged: Outcome, supposed: Outcome, lacking: Sequence[Judgment]) -> Link | None:
        for cause, effect in self._directions(judged, supposed, lacking):
            link = Link.model_construct(cause=cause.id, effect_on=effect.id, log_ratio=PRIOR)
            is_taken = any(other.effect_on == effect.id for other in self._onward.get(cause.id, ()))
            if not is_taken and not closes_circle(self._links, link, self._fixed, self._wholes):
                return link
        message = _CIRCLE.format(judged.id, supposed.id, self._days[judged.id])
        self.errors.append(FieldError("judgments", "circle", message))
        return None

    def _directions(
        self, judged: Outcome, supposed: Outcome, lacking: Sequence[Judgment]
    ) -> Iterator[tuple[Outcome, Outcome]]:
        """(cause, effect): as the judgments say it, unless what is supposed is settled too late for that; then the other way."""
        if lacking[0].at_once or supposed.kind is not OutcomeKind.BINARY:
            yield supposed, judged
            return
        day = self._study.calendar.periods_until(self._days[supposed.id])
        until = min(judgment.by_periods for judgment in lacking)
        # Until its date a binary outcome acts on nothing: on an event it must leave half of the way or more.
        is_in_time = day <= (until if judged.kind is OutcomeKind.BINARY else until / 2.0)
        if is_in_time:
            yield supposed, judged
        if not is_in_time or self._days[supposed.id] == self._days[judged.id]:
            yield judged, supposed
