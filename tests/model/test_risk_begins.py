"""A present case of which nothing has been observed yet, or which is at risk only from a day to come, as the program sees it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from forecast.errors import StudyError
from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.bands_ahead import bands_ahead
from forecast.summary.posterior import present_case
from tests.documents import NO_POOLING, event_outcome, make_study
from tests.futures.posteriors import make_posterior

BANDS = {**NO_POOLING, "age_bands": [0, 3]}


def judged(by: str, **more: Any) -> dict[str, Any]:
    return {
        "judgments": {
            "rows": [{"expert": "x", "outcome": "exit", "probability": 0.4, "on": "2020-01-01", "by": by, **more}]
        }
    }


def encoded(*outcomes: dict[str, Any], **more: Any) -> EncodedStudy:
    """A monthly study as of 2020-01-01, two years ahead."""
    return encode_study(make_study(*outcomes, horizon=24, **more))


def judged_probability(study: EncodedStudy) -> tuple[float, *tuple[float, ...]]:
    """At one point of the program, and the rate of each outcome there."""
    found = get_program().load(study.arrays).quantities(np.zeros((1, study.arrays.parameters)))
    return float(expit(found["judged_log_odds"][0, 0])), *np.exp(found["theta"][0]).tolist()


@pytest.mark.parametrize("since", ["2020-01-01", "2020-04-16", "2021-06-01"])
def test_nothing_has_been_observed_of_it(since: str) -> None:
    found = encoded(event_outcome(at_risk_since=since))
    assert found.arrays.lengths["history"] == 0
    plain = encoded(event_outcome())
    changed = {name for name in found.arrays if not np.array_equal(found.arrays[name], plain.arrays[name])}
    assert not changed


@pytest.mark.parametrize(("since", "begins"), [("2020-01-01", 0.0), ("2020-04-16", 3.5), ("2021-01-01", 12.0)])
def test_time_ahead_is_that_from_the_day_on_by_age(since: str, begins: float) -> None:
    found = encoded(event_outcome(at_risk_since=since, pooling=BANDS))
    assert found.ages["exit"] == -begins
    (_, _, first), (_, _, rest) = bands_ahead(found)
    assert (first + rest)[:12] == pytest.approx(np.clip(np.arange(1, 13) - begins, 0, 1))
    assert (first.sum(), rest.sum()) == pytest.approx((3.0, 21.0 - begins))
    assert present_case(found, make_posterior(found)).begins.tolist() == [begins]


@pytest.mark.program
@pytest.mark.parametrize("since", [None, "2020-01-01", "2020-04-16", "2020-12-31"])
@pytest.mark.parametrize("by", ["2021-01-01", "2021-07-01", "2022-01-01"])
def test_a_judged_event_has_the_hazard_of_the_time_at_risk(since: str | None, by: str) -> None:
    at_risk = {} if since is None else {"at_risk_since": since}
    study = encoded(event_outcome(pooling=BANDS, **at_risk), **judged(by))
    between = study.study.calendar.periods_until
    begins = 0.0 if since is None else between(date.fromisoformat(since))
    found, rate = judged_probability(study)
    assert found == pytest.approx(-np.expm1(-rate * (between(date.fromisoformat(by)) - begins)))


@pytest.mark.program
def test_a_judged_event_competes_with_what_is_at_risk_then() -> None:
    """Alone until the rival's risk begins in month 6, then each with its hazard."""
    until, begins = 12.0, 6.0
    rival = event_outcome(id="stay", competes="end", at_risk_since="2020-07-01")
    study = encoded(event_outcome(competes="end"), rival, **judged("2021-01-01"))
    found, rate, other = judged_probability(study)
    alone = -np.expm1(-rate * begins)
    exact = alone + np.exp(-rate * begins) * -np.expm1(-(rate + other) * (until - begins)) * rate / (rate + other)
    assert found == pytest.approx(exact)


@pytest.mark.program
def test_an_older_statement_speaks_of_the_time_at_risk_alone() -> None:
    study = encoded(event_outcome(at_risk_since="2020-04-16"), **judged("2021-01-01", on="2018-01-01"))
    found, rate = judged_probability(study)
    assert found == pytest.approx(-np.expm1(-rate * 8.5))


@pytest.mark.parametrize("since", ["2020-01-01", "2020-07-01"])
def test_a_stated_probability_is_that_of_the_time_at_risk(since: str) -> None:
    """Without spreads the log rate solves P = 1 - exp(-r t) at each quantile."""
    quantiles = {"low": 0.1, "median": 0.3, "high": 0.6}
    study = encoded(event_outcome(prior={"probability": quantiles, "by": 12}, at_risk_since=since))
    level = study.stated["exit"]
    time = 12.0 - study.study.calendar.periods_until(date.fromisoformat(since))
    assert level.law.mean == pytest.approx(np.log(-np.log1p(-0.3) / time), abs=0.01)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (judged("2020-07-01"), "cannot have happened, as it is at risk from 2020-07-01"),
        (judged("2020-03-01"), "cannot have happened"),
        ({"judgments": {"rows": [{"expert": "x", "outcome": "war", "given": "exit", "probability": 0.4,
                                  "on": "2020-01-01", "by": "2020-06-01"}]}}, "'exit' cannot have happened"),
    ],
)  # fmt: skip
def test_a_judgment_of_a_day_before_the_risk_is_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        encoded(event_outcome(at_risk_since="2020-07-01"), event_outcome(id="war"), **more)
