"""Notes beside the checks of the gate: information for readers that no threshold decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import xarray as xr

from forecast.answer import Check
from forecast.futures.shape import everything_asked
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import CLIP, Outcome, Spell
from forecast.summary.rolled import probability_quantiles
from forecast.wording.sentences import joined


def make_notes(encoded: EncodedStudy, prior: xr.Dataset) -> tuple[Check, ...]:
    """All notes on an answer; `prior` is the group `prior` of `draws.nc`."""
    found = [
        *_settled(encoded),
        *_late_entries(encoded),
        *_default_priors(encoded),
        *((name, None, asked) for name, asked in everything_asked(encoded.study)),
        *_shrunk(encoded),
        *_unused(encoded),
        *_judgments(encoded),
        *_implied(encoded, prior),
    ]
    return tuple(
        Check(name=name, passed=None, value=value, threshold=None, message=message) for name, value, message in found
    )


type Note = tuple[str, float | None, str]


def _settled(encoded: EncodedStudy) -> Iterator[Note]:
    for outcome, found in encoded.settled.items():
        why = f" ({found.source})" if found.source is not None and found.is_counted else ""
        message = (
            f"{outcome} is known to have turned out {found.resolution} on {found.on}{why}; nothing about it is open"
        )
        yield "settled", None, message


def _late_entries(encoded: EncodedStudy) -> Iterator[Note]:
    """Note on cases with late entry where cases have a frailty."""
    for outcome in encoded.study.outcomes:
        late = [
            unit
            for unit in encoded.units
            if unit.outcome == outcome.id
            and unit.case.weight > 0
            and isinstance(unit.data, Spell)
            and unit.data.entry > 0
        ]
        if late and outcome.pooling.case_sd > 0:
            message = (
                f"{len(late)} cases of {outcome.id} entered observation after their risk began; they count as survivors "
                "of cases that differ by case_sd, so early risks rest on what is assumed of cases that were never seen"
            )
            yield "late_entry", float(len(late)), message


def _default_priors(encoded: EncodedStudy) -> Iterator[Note]:
    for outcome in encoded.study.outcomes:
        if outcome.options is not None:
            if outcome.options[0].probability is None:
                message = f"outcome {outcome.id} states no probabilities of its options; before evidence all are alike"
                yield "default_prior", None, message
        elif outcome.is_modelled and outcome.prior is None:
            used = outcome.prior_on_scale(encoded.study.horizon)
            yield "default_prior", None, f"outcome {outcome.id} states no prior; {used} was used on its scale"


def _unused(encoded: EncodedStudy) -> Iterator[Note]:
    """Parts of the document that the numbers do not depend on."""
    study = encoded.study
    for outcome in study.outcomes:
        if not outcome.is_modelled and outcome.prior is not None:
            message = f"the prior of {outcome.id} is not used: its probability comes from the counts of its indicator"
            yield "unused_prior", None, message
    for indicator in study.indicators:
        if not encoded.signals.observations.get(indicator.id):
            message = f"indicator {indicator.id} has no observation as of {study.as_of}, so it says nothing"
            yield "no_observation", None, message
    for factor in study.factors:
        if factor.id not in encoded.factors:
            message = (
                f"factor {factor.id} is left out: no indicator of it was observed, and what it might do is part of what "
                "classes and cases spread"
            )
            yield "unobserved_factor", None, message


def _judgments(encoded: EncodedStudy) -> Iterator[Note]:
    opinions = encoded.opinions
    clipped = sum(j.clipped for j in opinions.judgments) + sum(r.clipped for r in opinions.track_records)
    clipped += sum(statement.clipped for statement in opinions.option_statements)
    if clipped:
        message = f"{clipped} stated probabilities were below {CLIP:g} or above {1 - CLIP:g}; they were read as these"
        yield "clipped", float(clipped), message


def _implied(encoded: EncodedStudy, prior: xr.Dataset) -> Iterator[Note]:
    """What the priors alone say of the present case before any evidence, with what is in it beside the stated prior."""
    for outcome in encoded.study.parts:
        if not outcome.is_modelled or outcome.id in encoded.settled:
            continue
        low, median, high = probability_quantiles(prior, outcome.id, (0.05, 0.5, 0.95))
        message = (
            f"before any case or history, {outcome.id} has probability {median:.2f} by its date ({low:.2f} to {high:.2f}, "
            f"90 %): {_origin(encoded, outcome)}"
        )
        yield "prior", float(median), message


def _beside_the_prior(encoded: EncodedStudy, outcome: Outcome) -> list[str]:
    """What else the prior probability of an outcome holds; what moves a competitor moves it as well."""
    rivals = [
        o.id for o in encoded.study.outcomes if o.id == outcome.id or (o.competes and o.competes == outcome.competes)
    ]
    parts = {
        "the spread of classes and cases": True,
        "covariates": bool(encoded.study.covariates),
        "stated changes": any(change.outcome in rivals for change in encoded.study.changes),
        "competing outcomes": len(rivals) > 1,
        "links": any(
            link.effect_on in rivals and not link.keeps_marginal
            for link in encoded.study.links
            if (link.cause, link.effect_on) in encoded.links
        ),
        "factors": any(moved in rivals for moved, _ in encoded.effects),
    }
    return [words for words, is_there in parts.items() if is_there]


def _origin(encoded: EncodedStudy, outcome: Outcome) -> str:
    if outcome.id in encoded.stated:
        return "what its prior was solved for, with all that spreads it"
    return f"the stated prior with {joined(_beside_the_prior(encoded, outcome))}"


def _shrunk(encoded: EncodedStudy) -> Iterator[Note]:
    """Spreads that gave way to a stated probability."""
    for name, level in encoded.stated.items():
        if level.factor < 1.0:
            message = (
                f"the spreads of {name} that the study does not state are {level.factor:.2f} of their defaults, so that the "
                "present case can have the stated probability"
            )
            yield "shrunk_spreads", level.factor, message


def latest_known(encoded: EncodedStudy) -> date | None:
    """The latest day on which a piece of the evidence became known; None when none has a date."""
    as_of, opinions = encoded.study.as_of, encoded.opinions
    spells = [data for unit in encoded.units if isinstance(data := unit.data, Spell)]
    days = [spell.exited for spell in spells if spell.exited is not None and (spell.event or spell.exited < as_of)]
    days += [observation.known_at for found in encoded.signals.observations.values() for observation in found]
    days += [judgment.known_at for judgment in opinions.judgments]
    days += [statement.known_at for statement in opinions.option_statements]
    days += [record.on for record in opinions.track_records if record.on is not None]
    return max(days, default=None)
