"""Whether outcomes of which one must occur can be conditioned on that; and which are spoken of as if one must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forecast.errors import FieldError
from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import About, OutcomeKind
from forecast.study.rows.evidence_tables import resolve_judgments, settled_outcomes

SUM_SLACK: Final = 0.02
"""By which probabilities of options that are rounded to per cent may miss 1."""


def exhaustive_errors(study: Study) -> list[FieldError]:
    """Everything that keeps a group of outcomes from being exhaustive; documents whose other fields are in order."""
    groups: dict[str, list[tuple[int, Outcome]]] = {}
    for index, outcome in enumerate(study.outcomes):
        if outcome.competes is not None and outcome.kind is OutcomeKind.EVENT:
            groups.setdefault(outcome.competes, []).append((index, outcome))
    errors = [
        FieldError(
            f"outcomes[{index}].exhaustive",
            "missing",
            f"{outcome.id!r} is exhaustive without `competes`; expected the label of the outcomes of which one must occur; "
            "give them one, or remove it",
        )
        for index, outcome in enumerate(study.outcomes)
        if outcome.exhaustive and outcome.competes is None and outcome.kind is OutcomeKind.EVENT
    ]
    for members in groups.values():
        stating = next((index for index, outcome in members if outcome.exhaustive), None)
        if stating is not None:
            path, outcomes = f"outcomes[{stating}].exhaustive", tuple(outcome for _, outcome in members)
            errors += _group_errors(study, outcomes, path)
            errors += _influence_errors(study, outcomes)
    return errors


def _group_errors(study: Study, members: tuple[Outcome, ...], path: str) -> Iterator[FieldError]:
    if len(members) < 2:
        yield FieldError(
            path,
            "alone",
            f"no other outcome competes for {members[0].competes!r}; expected two or more, of which one must occur; add "
            "the others, or remove `exhaustive`",
        )
    settled = settled_outcomes(study)
    if all(outcome.id in settled and settled[outcome.id].resolution == "no" for outcome in members):
        yield FieldError(
            path,
            "contradiction",
            f"{', '.join(outcome.id for outcome in members)} have all resolved no, while one of them must occur; expected one that "
            "can; correct the resolutions, add what is missing, or remove `exhaustive`",
        )
    late = next((o for o in members if o.at_risk_since is not None and o.at_risk_since > study.as_of), None)
    if late is not None:
        yield FieldError(
            path,
            "date_order",
            f"the risk of {late.id!r} begins on {late.at_risk_since}, after the as-of date {study.as_of}, while one of its "
            "group must occur: times within such a period are not worked out; expected a day up to the as-of date; correct it, or "
            "remove `exhaustive`",
        )
    has_history = any(outcome.at_risk_since is not None for outcome in members)
    references = [outcome.class_weights for outcome in members if not outcome.is_blend and outcome.class_weights]
    if has_history and any(weights != references[0] for weights in references):
        yield FieldError(
            path,
            "classes",
            f"the outcomes that compete for {members[0].competes!r} name different reference classes or weights, and some "
            "have `at_risk_since`: what their quiet time says of the class is not worked out; expected the same classes with "
            "the same weights; let them agree, say `blend`, or leave out `at_risk_since`",
        )


def _influence_errors(study: Study, members: tuple[Outcome, ...]) -> Iterator[FieldError]:
    """What comes into such a group would have to be conditioned along its whole path, which is not worked out."""
    names = {outcome.id for outcome in members}
    end = "is exhaustive: one of its group must occur; expected no {} onto such an outcome; remove it or `exhaustive`"
    for index, factor in enumerate(study.factors):
        for name in names & set(factor.effects):
            message = f"{name!r}, which {factor.id!r} moves, {end.format('effect of a factor')}"
            yield FieldError(f"factors[{index}].effects.{name}", "exhaustive", message)
    for index, link in enumerate(study.links):
        if link.effect_on in names:
            message = f"{link.effect_on!r}, on which {link.cause!r} acts, {end.format('link')}"
            yield FieldError(f"links[{index}].effect_on", "exhaustive", message)
        elif link.cause in names and any(outcome.id == link.effect_on for outcome in study.outcomes):
            prior = study.outcome(link.effect_on).prior
            elicited = prior.elicited if prior is not None else None
            if elicited is not None and elicited.on is not None and elicited.on < study.as_of:
                message = (
                    f"{link.cause!r} is exhaustive and acts on {link.effect_on!r}, whose probability was stated on {elicited.on}: "
                    "what was expected of it on that day is not worked out; expected a statement of the as-of date; remove "
                    "the `on`, the link or `exhaustive`"
                )
                yield FieldError(f"links[{index}]", "exhaustive", message)


def sums_to_one(study: Study) -> Iterator[tuple[str, str]]:
    """Outcomes that exclude one another, of which nothing says that one must occur, while what is stated of them adds up to 1.

    By one day, by one expert or by the priors of all of them. The name of the question, and what is asked.
    """
    groups: dict[str, list[Outcome]] = {}
    for outcome in study.outcomes:
        if outcome.competes is not None and study.sure_until(outcome) is None:
            groups.setdefault(outcome.competes, []).append(outcome)
    settled = settled_outcomes(study)
    for members in groups.values():
        if any(outcome.id in settled for outcome in members):
            continue
        who = [*_who_sums_to_one(study, members), *_priors_sum_to_one(study, members)]
        if len(members) > 1 and who:
            named = ", ".join(outcome.id for outcome in members)
            others = f" and {len(who) - 1} others" if len(who) > 1 else ""
            asked = (
                f"must one of {named} occur? What {who[0]}{others} stated of them adds up to 1, while the forecast leaves room "
                "for none of them; say `exhaustive: true` with one of them, or state what is left for none"
            )
            yield "adds_up_to_one", asked


def _who_sums_to_one(study: Study, members: list[Outcome]) -> Iterator[str]:
    ids = [outcome.id for outcome in members]
    said: dict[tuple[str, str], dict[str, float]] = {}
    for judgment in resolve_judgments(study):
        if judgment.outcome in ids and not judgment.given:
            found = said.setdefault((judgment.expert, judgment.by_day.isoformat()), {})
            found[judgment.outcome] = judgment.probability
    for expert in dict.fromkeys(expert for expert, _ in said):
        if any(
            name == expert and len(found) == len(ids) and abs(sum(found.values()) - 1.0) <= SUM_SLACK
            for (name, _), found in said.items()
        ):
            yield expert


def _priors_sum_to_one(study: Study, members: list[Outcome]) -> Iterator[str]:
    elicited = [outcome.prior.elicited if outcome.prior is not None else None for outcome in members]
    stated = [each for each in elicited if each is not None and each.about is About.PRESENT]
    if len(stated) < len(members) or len({(each.on, each.by) for each in stated}) > 1:
        return
    if abs(sum(each.probability.median for each in stated) - 1.0) <= SUM_SLACK:
        yield "their priors"
