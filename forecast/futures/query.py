"""Questions to a stored forecast: the probability of an expression, given what is observed or what is done.

`observe` keeps the futures in which an expression is true: the belief after learning it. `do` makes an outcome occur
(or never occur) and simulates again: its own causes are cut, so it says nothing about them. Given both, `observe`
filters the futures under the intervention. Light: no PyMC, ArviZ, xarray or SciPy.

References
----------
Seeing and doing: Pearl (2009), Causality, chapter 3, doi:10.1017/CBO9780511803161.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from forecast.answer import Probability, icd203_words
from forecast.answer.parts import Part
from forecast.errors import ExpressionError, FieldError, ForecastError
from forecast.futures.present import BINARY, CATEGORICAL
from forecast.futures.scenarios import (
    LEAST_EFFECTIVE_DRAWS,
    BoolArray,
    Estimate,
    conditional_each,
    draws_left,
    estimate_each,
    evaluate,
)
from forecast.futures.simulation import Futures
from forecast.futures.stored import StoredFutures
from forecast.study import Expression, Occurs, parse_expression, time_problems
from forecast.study.document.grammar import MAX_CHARACTERS

MAX_CONDITIONS = 50
"""Observations, and interventions, of one query; a study has at most that many outcomes."""

Text = Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]


class QueryError(ForecastError, ValueError):
    """A query cannot be read; `errors` names every place that was found to be wrong."""

    code = "query_invalid"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


class InsufficientDrawsError(ForecastError, ValueError):
    """Too few futures satisfy what is observed."""

    code = "insufficient_draws"

    def __init__(self, effective_draws: float, futures: int, total: int) -> None:
        self.effective_draws, self.futures, self.total = effective_draws, futures, total
        super().__init__(
            f"observe holds in {futures:,} of {total:,} futures, worth {effective_draws:.0f} independent ones; expected "
            f"at least {LEAST_EFFECTIVE_DRAWS}; weaken the condition, or run the forecast with more "
            "sampler.futures_per_draw or draws"
        )


class Intervention(BaseModel):
    """An outcome that is made to occur."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    outcome: Annotated[str, Field(min_length=1, max_length=200)]
    """Id of the outcome."""
    at: Annotated[float, Field(ge=0.0)] | None
    """When it occurs, in periods from the as-of date, 0 to the horizon; null: it never occurs."""


class QueryRequest(BaseModel):
    """A question about a stored forecast."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    expression: Text
    """What is asked, an expression over outcomes as in a scenario's `when`."""
    observe: Annotated[tuple[Text, ...], Field(max_length=MAX_CONDITIONS)] = ()
    """Expressions that are observed to be true, all together."""
    do: Annotated[tuple[Intervention, ...], Field(max_length=MAX_CONDITIONS)] = ()
    """Outcomes that are made to occur or never to occur; their causes are cut."""
    all: bool = False
    """Whether to answer for every outcome and scenario of the study as well."""


class Unconditional(Part):
    """The same probability with nothing observed and nothing done."""

    probability: Probability
    """The probability."""
    mcse: float
    """Monte Carlo standard error of `probability`, in units of probability."""


class Counted(Part):
    """One probability under the conditions of a query."""

    id: str
    """Id of the outcome or scenario."""
    probability: Probability
    """Its probability under the conditions."""
    mcse: float
    """Monte Carlo standard error of `probability`, in units of probability."""
    effective_draws: float
    """How many independent futures the answer is based on."""
    words: str
    """The ICD 203 wording of the probability, such as `very unlikely`."""
    unconditional: Unconditional
    """The same with nothing observed and nothing done."""


class QueryAnswer(Part):
    """The answer to a question about a stored forecast."""

    expression: str
    """The expression as it was read."""
    observe: tuple[str, ...]
    """The observed expressions as they were read."""
    do: tuple[Intervention, ...]
    """The interventions."""
    probability: Probability
    """Probability of the expression under the conditions."""
    mcse: float
    """Monte Carlo standard error of `probability`, in units of probability."""
    effective_draws: float
    """How many independent futures the answer is based on; with `observe`, how many it leaves."""
    futures: int
    """How many simulated futures were counted; with `observe`, in how many it holds."""
    words: str
    """The ICD 203 wording of the probability, such as `very unlikely`."""
    unconditional: Unconditional
    """The same with nothing observed and nothing done."""
    outcomes: tuple[Counted, ...] = ()
    """Each outcome by its resolution date; empty unless `all` was requested."""
    scenarios: tuple[Counted, ...] = ()
    """Each scenario; empty unless `all` was requested."""


def answer_query(stored: StoredFutures, request: QueryRequest) -> QueryAnswer:
    """The probability of an expression over the futures in which everything observed holds, after what is done.

    Raises
    ------
    QueryError
        An expression cannot be read, or an intervention makes no sense.
    InsufficientDrawsError
        `observe` leaves fewer than `LEAST_EFFECTIVE_DRAWS`.
    """
    problems: list[FieldError] = []
    asked = _read(stored, request.expression, "expression", problems)
    observed = [_read(stored, text, f"observe[{place}]", problems) for place, text in enumerate(request.observe)]
    problems += _intervention_problems(stored, request.do)
    if problems or asked is None:
        raise QueryError(problems)
    events: dict[str, Expression] = {"": asked}
    if request.all:
        events |= {f"outcome {outcome}": Occurs(outcome) for outcome in stored.outcomes}
        events |= {f"scenario {s.id}": parse_expression(s.when, stored.names) for s in stored.scenarios}

    futures = stored.intervene({d.outcome: np.inf if d.at is None else d.at for d in request.do})
    conditions = [_happened(stored, futures, condition) for condition in observed if condition is not None]
    holds = np.logical_and.reduce(conditions) if conditions else None
    plain = _estimate(stored, stored.futures, events.values(), None)
    is_plain = holds is None and not request.do
    answers = plain if is_plain else _estimate(stored, futures, events.values(), holds)
    counted = {
        name: Counted(
            id=name.partition(" ")[2],
            probability=answer.probability,
            mcse=answer.mcse,
            effective_draws=answer.effective_draws,
            words=icd203_words(answer.probability),
            unconditional=Unconditional(probability=before.probability, mcse=before.mcse),
        )
        for name, answer, before in zip(events, answers, plain, strict=True)
    }
    first = counted.pop("")
    return QueryAnswer(
        expression=str(asked),
        observe=tuple(str(condition) for condition in observed),
        do=request.do,
        probability=first.probability,
        mcse=first.mcse,
        effective_draws=first.effective_draws,
        futures=futures.count if holds is None else int(holds.sum()),
        words=first.words,
        unconditional=first.unconditional,
        outcomes=tuple(answer for name, answer in counted.items() if name.startswith("outcome ")),
        scenarios=tuple(answer for name, answer in counted.items() if name.startswith("scenario ")),
    )


def _read(stored: StoredFutures, text: str, path: str, problems: list[FieldError]) -> Expression | None:
    try:
        expression = parse_expression(text, stored.names)
    except ExpressionError as error:
        problems.append(FieldError(path, "expression_invalid", str(error)))
        return None
    answers = {o: stored.calendar.day_after(stored.resolves[o]) for o in stored.outcomes if stored.kind(o) == BINARY}
    found = time_problems(expression, stored.calendar, stored.horizon, answers)
    problems.extend(FieldError(path, "outside_forecast", problem) for problem in found)
    return expression


def _intervention_problems(stored: StoredFutures, do: tuple[Intervention, ...]) -> list[FieldError]:
    problems = []
    seen: dict[str, int] = {}
    for place, intervention in enumerate(do):
        path, outcome, at = f"do[{place}]", intervention.outcome, intervention.at
        if outcome not in stored.outcomes:
            message = f"{outcome!r} is not an outcome of the study; expected one of {', '.join(stored.outcomes)}"
            problems.append(FieldError(f"{path}.outcome", "unknown_id", message))
            continue
        if outcome in seen:
            message = f"{outcome!r} is also in do[{seen[outcome]}]; expected each outcome once; remove one"
            problems.append(FieldError(f"{path}.outcome", "duplicate", message))
        rival = next((r for r in stored.rivals(outcome) if r in seen and do[seen[r]].at is not None), None)
        if at is not None and rival is not None:
            message = f"{outcome!r} and {rival!r} exclude one another; expected at most one that occurs; remove one"
            problems.append(FieldError(f"{path}.outcome", "competes", message))
        seen.setdefault(outcome, place)
        problems += _sure_problems(stored, do, place)
        is_dated = stored.kind(outcome) in (BINARY, CATEGORICAL)
        last = stored.resolves[outcome] if is_dated else float(stored.horizon)
        deadline = stored.present.deadline(stored.outcomes.index(outcome))
        if at is not None and at > min(last, deadline):
            limit = "the day by which one of its group must occur" if deadline < last else "the horizon"
            limit, last = "its resolution date" if is_dated else limit, min(last, deadline)
            message = f"{at:g} is after {limit}; expected 0 to {last:g} periods, or null for never; lower it"
            problems.append(FieldError(f"{path}.at", "outside_forecast", message))
    return problems


def _sure_problems(stored: StoredFutures, do: tuple[Intervention, ...], place: int) -> list[FieldError]:
    """Whether an outcome that is never to occur is the last one left of a group of which one must."""
    outcome, present = do[place].outcome, stored.present
    own = stored.outcomes.index(outcome)
    settled = {name: present.settled[stored.outcomes.index(name)] for name in (outcome, *stored.rivals(outcome))}
    never = {each.outcome for each in do if each.at is None}
    has_occurred = any(np.isfinite(time) for time in settled.values())
    may_occur = {name for name, time in settled.items() if np.isnan(time)} - never
    if do[place].at is not None or not present.is_sure[own] or has_occurred or may_occur:
        return []
    message = (
        f"with {outcome!r} none is left of outcomes of which one must occur; expected one at least that may; remove it, or ask "
        "for one that occurs"
    )
    return [FieldError(f"do[{place}].at", "exhaustive", message)]


def _happened(stored: StoredFutures, futures: Futures, expression: Expression) -> BoolArray:
    return evaluate(expression, futures, resolves=stored.resolves, calendar=stored.calendar)


def _estimate(
    stored: StoredFutures, futures: Futures, events: Iterable[Expression], holds: BoolArray | None
) -> list[Estimate]:
    happened = [_happened(stored, futures, event) for event in events]
    replicates, chains = futures.times.shape[1], futures.chains
    if holds is None:
        return estimate_each(np.array([event.sum(axis=1) for event in happened]), replicates, chains)
    condition = holds.sum(axis=1)
    left = draws_left(estimate_each(condition[None], replicates, chains)[0])
    if left < LEAST_EFFECTIVE_DRAWS:
        raise InsufficientDrawsError(left, int(holds.sum()), futures.count)
    joint = np.array([(event & holds).sum(axis=1) for event in happened])
    return conditional_each(joint, condition, replicates, chains)
