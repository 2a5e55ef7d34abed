"""Two versions of a study, and the documents between them that change one thing at a time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from forecast.study import Study, study_from_document, with_as_of, with_sampler
from forecast.study.arriving.comparison import Cause, changes_between, is_same_question
from tests.documents import binary_outcome, event_outcome
from tests.living import living_study

MARCH = {"period": "2020-03", "value": 5, "known_at": "2020-04-02"}


def study(as_of: str, *rows: dict[str, Any], **changes: Any) -> Study:
    """Monthly incidents behind one outcome, as of a day, with these observations."""
    base = living_study(outcomes=[event_outcome()])
    document = base.canonical()
    document["as_of"] = as_of
    document["indicators"][0]["rows"] = [*document["indicators"][0]["rows"], *rows]
    return study_from_document({**document, **changes})


def values(found: Study | None) -> dict[str, Any]:
    assert found is not None
    return {str(row["period"])[:7]: row["value"] for row in found.document["indicators"][0]["rows"]}


def steps(before: Study, after: Study) -> dict[Cause, Study | None]:
    changes = changes_between(before, after)
    assert [change.cause for change in changes] == [Cause.METHOD, Cause.CLOCK, Cause.DATA, Cause.WORLD]
    assert changes[-1].study is after
    return {change.cause: change.study for change in changes}


def test_each_document_changes_one_thing() -> None:
    """February is corrected after the first forecast, March is new, and the level's prior is another one."""
    corrected = {"period": "2020-02", "value": 5, "known_at": "2020-04-20"}
    outcome = event_outcome(prior={"distribution": "normal(-2, 1)"})
    before = study("2020-03-15")
    after = study("2020-05-01", corrected, MARCH, outcomes=[outcome])
    found = steps(before, after)
    method, clock, data = found[Cause.METHOD], found[Cause.CLOCK], found[Cause.DATA]
    assert method is not None
    assert clock is not None
    assert data is not None
    old = values(before)
    assert method.as_of == before.as_of
    assert values(method) == old
    assert method.outcomes == after.outcomes != before.outcomes
    assert clock.as_of == data.as_of == after.as_of
    assert values(clock) == old
    assert old == {"2020-01": 4, "2020-02": 6}
    assert values(data) == {**old, "2020-02": 5}
    assert values(after) == {**old, "2020-02": 5, "2020-03": 5}


def test_what_was_written_down_but_not_yet_known_is_news() -> None:
    before, after = study("2020-03-15", MARCH), study("2020-05-01", MARCH)
    found = steps(before, after)
    assert "2020-03" not in values(found[Cause.METHOD])
    assert "2020-03" not in values(found[Cause.DATA])


def test_a_part_in_percent_was_known_when_it_was_counted() -> None:
    part = {"period": "2020-03", "value": 5, "exposure": "40 %"}
    found = steps(study("2020-03-15", part), study("2020-05-01"))
    assert "2020-03" in values(found[Cause.CLOCK])
    assert "2020-03" not in values(found[Cause.DATA])


def test_evidence_that_was_withdrawn_is_a_correction() -> None:
    before = study("2020-03-15", {"period": "2019-12", "value": 2})
    found = steps(before, study("2020-03-15"))
    assert "2019-12" in values(found[Cause.CLOCK])
    assert "2019-12" not in values(found[Cause.DATA])


def test_a_new_judgment_is_news_and_a_changed_one_a_correction() -> None:
    said = {"expert": "ann", "outcome": "agreement", "on": "2020-02-01", "by": "2024-01-01"}
    first, second = {**said, "probability": 0.3}, {**said, "on": "2020-04-01", "probability": 0.5}
    changed = {**said, "probability": 0.4}
    outcomes = [event_outcome(), binary_outcome()]
    before = study("2020-03-01", outcomes=outcomes, judgments={"rows": [first]})
    after = study("2020-05-01", outcomes=outcomes, judgments={"rows": [changed, second]})
    found = steps(before, after)
    data, clock = found[Cause.DATA], found[Cause.CLOCK]
    assert data is not None
    assert clock is not None
    assert [row["probability"] for row in clock.document["judgments"]["rows"]] == [0.3]
    assert [row["probability"] for row in data.document["judgments"]["rows"]] == [0.4]


def test_time_beyond_an_outcomes_date_cannot_stand_without_its_resolution() -> None:
    resolved = {"rows": [{"outcome": "agreement", "resolution": "yes", "on": "2024-01-01"}]}
    both = [event_outcome(), binary_outcome()]
    before = study("2023-12-01", outcomes=both)
    after = study("2024-02-01", outcomes=both, resolutions=resolved)
    found = steps(before, after)
    assert found[Cause.METHOD] is not None
    assert found[Cause.CLOCK] is found[Cause.DATA] is None


def test_the_question_is_the_document_without_evidence_day_and_sampler() -> None:
    first = study("2020-03-15")
    assert is_same_question(first, with_sampler(study("2020-05-01", MARCH), draws=500))
    assert is_same_question(first, with_as_of(first, date(2020, 4, 1)))
    judged = study(
        "2020-05-01",
        judgments={
            "rows": [{"expert": "a", "outcome": "exit", "probability": 0.2, "on": "2020-04-01", "by": "2024-01-01"}]
        },
    )
    assert is_same_question(first, judged)
    assert not is_same_question(first, study("2020-03-15", horizon=48))
    assert not is_same_question(
        first, study("2020-03-15", outcomes=[event_outcome(prior={"distribution": "normal(-2, 1)"})])
    )


def test_other_assumptions_about_experts_are_another_question_and_a_change_of_the_method() -> None:
    before, after = study("2020-03-15"), study("2020-05-01", MARCH, experts={"slope_mean_sd": 1.0})
    assert not is_same_question(before, after)
    assert is_same_question(study("2020-03-15", experts={"slope_mean_sd": 1.0}), after)
    method = steps(before, after)[Cause.METHOD]
    assert method is not None
    assert (method.experts.slope_mean_sd, method.as_of) == (1.0, before.as_of)
    assert values(method) == values(before)


def test_a_stated_probability_on_its_day_is_the_same_question_on_a_later_one(document: dict[str, Any]) -> None:
    document["outcomes"][0]["prior"] = {"probability": {"low": 0.1, "median": 0.3, "high": 0.6}}
    first = study_from_document(document)
    moved = with_as_of(first, first.as_of + timedelta(days=40))
    assert moved.outcomes[0].prior is not None
    assert moved.outcomes[0].prior.on == first.as_of
    assert is_same_question(first, moved)
    restated = study_from_document({**document, "as_of": moved.as_of.isoformat()})
    assert not is_same_question(first, restated)


def test_codes_for_missing_values_have_no_day() -> None:
    """A row that is left out because its day is unknown is there all along."""
    row = {"expert": "A", "outcome": "exit", "probability": 0.3, "by": "2020-12-01"}
    judgments = {"rows": [{**row, "on": "NA"}, {**row, "on": "2020-03-01"}], "missing": ["NA"]}
    found = steps(study("2020-03-15", judgments=judgments), study("2020-05-01", MARCH, judgments=judgments))
    assert found[Cause.WORLD] is not None
