"""What is said of a stated probability that cannot be met, and how few of them there are."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.special import expit, logit

from forecast.errors import StudyError
from tests.documents import Document, make_study
from tests.model.test_stated_priors import NO_AGES, binary, encoded, event
from tests.suite.sizes import sized


def refused(*outcomes: Document, **changes: Any) -> StudyError:
    with pytest.raises(StudyError) as caught:
        encoded(*outcomes, **changes)
    return caught.value


def test_stated_spreads_that_are_wider_than_the_statement_are_an_error_with_what_would_do() -> None:
    pooling = {"class_sd": 0.7, "case_sd": 0.5, "trend_sd": 0.5, "wiggle_sd": 0.3}
    error = refused(event(0.03, 0.1, 0.3, pooling=pooling)).errors[0]
    assert (error.path, error.code) == ("outcomes[0].pooling", "too_wide")
    assert "class_sd 0.7" in error.message
    most = {}
    for name in pooling:
        most[name] = float(error.message.split(f"{name} at most ")[1].split(",")[0].split(";")[0])
    encoded(event(0.03, 0.1, 0.3, pooling=most))
    wider = {name: 1.1 * scale for name, scale in most.items()}
    assert refused(event(0.03, 0.1, 0.3, pooling=wider)).errors[0].code == "too_wide"


def test_spreads_of_rivals_that_are_all_too_wide_are_named_together() -> None:
    """One alone would not do: the others' spreads leave no law whatever its own are."""

    def rivals(spread: float) -> list[Document]:
        pooling = {"class_sd": spread, "case_sd": spread, **NO_AGES}
        return [event(0.05, 0.2, 0.5, id=name, competes="end", pooling=pooling) for name in ("stay", "leave")]

    error = refused(*rivals(1.5)).errors[0]
    assert (error.path, error.code) == ("outcomes[1].pooling", "too_wide")
    assert "and those of stay by as much" in error.message
    encoded(*rivals(float(error.message.split("class_sd at most ")[1].split(",")[0])))


def test_a_triple_that_no_law_has_is_an_error_with_the_nearest_that_would_do() -> None:
    error = refused(binary(0.05, 0.9, 0.905)).errors[0]
    assert (error.path, error.code) == ("outcomes[0].prior.probability", "not_met")
    low, high = (float(n) for n in error.message.split("is 0.9 [")[1].split("]")[0].split(", "))
    encoded(binary(low, 0.9, high))


def test_outcomes_that_exclude_one_another_cannot_all_be_likely() -> None:
    error = refused(
        event(0.6, 0.7, 0.8, competes="end", pooling=NO_AGES),
        event(0.6, 0.7, 0.8, id="conversion", competes="end", pooling=NO_AGES),
    ).errors[0]
    assert "stated medians sum to 1.4" in error.message


def test_a_statement_that_ends_before_the_risk_begins_is_an_error() -> None:
    error = refused(event(0.03, 0.1, 0.3, at_risk_since="2019-12-01", on="2019-01-01", by=3)).errors[0]
    assert (error.path, error.code) == ("outcomes[0].prior.by", "date_order")


def test_few_of_a_grid_of_triples_are_refused_with_the_default_pooling() -> None:
    refusals, asked = [], 0
    grid = [
        (float(expit(logit(m) - down)), m, float(expit(logit(m) + up)))
        for m in (0.002, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 0.998)
        for down in (0.3, 0.8, 1.6, 3.0)
        for up in (0.3, 0.8, 1.6, 3.0)
    ]
    for triple in grid[:: sized(1, 5)]:
        for make in (event, binary):
            asked += 1
            try:
                solved_only(make(*triple))
            except StudyError:
                refusals.append((make.__name__, *triple))
    print(f"{len(refusals)} of {asked} refused")
    assert len(refusals) <= asked / 10, f"{len(refusals)} of {asked}: {refusals}"


def solved_only(outcome: Document) -> None:
    from forecast.model.encoding.stated import groups, rounds, solving, statement

    (group,) = groups.find_groups(make_study(outcome), {})
    start = [member.law for member in group.members]
    for factor in (1.0, statement.FACTORS[-1]):
        if isinstance(rounds.settle(group, group.shrunk(factor), start), rounds.Settled):
            return
    found = solving.largest_factor(group, group.shrunk)
    if isinstance(found, rounds.Unsettled):
        raise StudyError([])
