"""Whether criteria decide, whose dates are past, and what nothing informs."""

from __future__ import annotations

from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Study, load_study, study_from_document
from forecast.study.checks.questions import questions
from priors import bundled_studies, study_path
from tests.categories import categorical_outcome, election, spoken
from tests.documents import event_outcome, make_study

NAMES = {
    "unclear_criteria", "no_source", "no_threshold", "past_date", "another_date", "uninformed", "certainty", "one_person",
    "repeated_statement", "later_date_less_likely", "exclusive_sum", "incoherent", "incoherent_together",
}  # fmt: skip
CLEAR = {"criteria": "Signed by both, as published by the ministry.", "by": "2022-09-10"}


def asked(document: dict[str, Any], *names: str) -> list[str]:
    return [text for kind, text in questions(study_from_document(document)) if kind in names]


def with_criteria(document: dict[str, Any], criteria: str, **changes: Any) -> dict[str, Any]:
    document["outcomes"][1]["resolution"] = {**CLEAR, "criteria": criteria, **changes}
    document["outcomes"][0]["resolution"] = {**CLEAR, "by": "2023-01-01"}
    return document


@pytest.mark.parametrize(
    ("criteria", "changes", "name"),
    [
        ("x", {}, "unclear_criteria"),
        ("as above", {"source": "Reuters"}, "unclear_criteria"),
        ("A treaty is signed by both.", {}, "no_source"),
        ("Violence becomes significantly worse, according to UCDP.", {}, "no_threshold"),
        ("Large protests take place.", {"source": "ACLED"}, "no_threshold"),
        ("Tensions escalate by 2022-09-10.", {"source": "ACLED"}, "no_threshold"),
        ("Unemployment falls within the year.", {"source": "Eurostat"}, "no_threshold"),
        ("The government falls while inflation is high.", {"source": "Reuters"}, "no_threshold"),
    ],
)
def test_criteria_that_do_not_decide_are_asked_about(
    document: dict[str, Any], criteria: str, changes: dict[str, Any], name: str
) -> None:
    (text,) = asked(with_criteria(document, criteria, **changes), "unclear_criteria", "no_source", "no_threshold")
    assert asked(document, name) == [text]
    assert "agreement" in text


@pytest.mark.parametrize(
    ("criteria", "changes"),
    [
        ("A treaty is signed by both.", {"source": "The ministries"}),
        ("A treaty is signed, as published by either ministry.", {}),
        ("Fighting kills at least 100 persons within 30 days, according to UCDP.", {}),
        ("Large protests of at least ten thousand people.", {"source": "ACLED"}),
        ("The government falls in a vote of confidence.", {"source": "The parliament"}),
        ("The High Court decides for the plaintiff.", {"source": "The court"}),
        ("A high-court judge is arrested.", {"source": "Reuters"}),
    ],
)
def test_criteria_that_decide_are_not(document: dict[str, Any], criteria: str, changes: dict[str, Any]) -> None:
    assert asked(with_criteria(document, criteria, **changes), "unclear_criteria", "no_source", "no_threshold") == []


@pytest.mark.parametrize(
    "words",
    [
        "by 2021-06-30",
        "before 1 July 2021",
        "on or before 30 June 2021",
        "no later than the end of June 30, 2021",
        "until 30. Jun 2021",
    ],
)
def test_a_last_day_in_words_that_is_past_is_asked_about(document: dict[str, Any], words: str) -> None:
    (text,) = asked(with_criteria(document, f"A treaty is signed {words}.", source="s"), "past_date", "another_date")
    assert "the criteria of agreement end on 2021-06-30, which is not after the as-of date 2021-09-10" in text


def test_a_last_day_in_words_must_be_that_of_the_resolution(document: dict[str, Any]) -> None:
    (text,) = asked(with_criteria(document, "Signed by both by 31 December 2022.", source="s"), "another_date")
    assert "end on 2022-12-31, but what is forecast ends on 2022-09-10" in text
    for words in ("Signed by both by 10 September 2022.", "Signed under the statement of 10 November 2020."):
        assert asked(with_criteria(document, words, source="s"), "past_date", "another_date") == []


def test_before_a_day_leaves_the_one_that_precedes_it(document: dict[str, Any]) -> None:
    """The as-of date is 2021-09-10, and the outcome resolves on 2022-09-10."""

    def found(words: str) -> list[str]:
        return asked(with_criteria(document, f"Signed by both {words}.", source="s"), "past_date", "another_date")

    (text,) = found("before 11 September 2021")
    assert "end on 2021-09-10, which is not after the as-of date" in text
    assert found("before 2022-09-11") == found("before 2022-09-12") == []
    (text,) = found("before 2022-09-09")
    assert "end on 2022-09-08, but what is forecast ends on 2022-09-10" in text
    assert found("and not before 1 March 2021") == []


def test_outcomes_that_nothing_informs_are_asked_about(document: dict[str, Any]) -> None:
    (text,) = asked(document, "uninformed")
    assert text.startswith("what is known of withdrawal and agreement?")
    document["outcomes"][0]["prior"]["source"] = "Smith (2001)"
    document["judgments"] = {
        "rows": [{"expert": "ann", "outcome": "agreement", "probability": 0.2, "on": "2021-05-01"}]
    }
    assert asked(document, "uninformed") == []


def test_categorical_outcomes_are_informed_by_what_is_said_of_their_options() -> None:
    """Cases count options, statements are about them, and none of them can name a source."""

    def found(study: Study) -> list[str]:
        return [text for kind, text in questions(study) if kind == "uninformed"]

    assert found(election()) == []
    assert found(election(judgments=None)) == []
    stated = categorical_outcome({"id": "left", "probability": 0.4}, {"id": "right", "probability": 0.6})
    (text,) = found(make_study(stated))
    assert text == (
        "what is known of winner? No case and no judgment speaks of it, so that the answer is the probabilities of its options, "
        "which name no source; add evidence"
    )
    assert found(make_study(stated, judgments={"rows": spoken("ann", {"left": 0.5, "right": 0.5})})) == []
    rows = [{"outcome": "winner", "resolution": "left", "on": "2019-12-20"}]
    known = make_study(stated, resolutions={"rows": rows})
    assert not {kind for kind, _ in questions(known)} & {"uninformed", "no_source"}


def test_a_threshold_without_a_count_is_asked_about(document: dict[str, Any]) -> None:
    document["indicators"] = [{"id": "deaths", "rows": [{"period": "2021-08", "value": 3}]}]
    document["outcomes"].append(
        {
            "id": "surge",
            "title": "A surge",
            "kind": "threshold",
            "indicator": "deaths",
            "at_least": 10,
            "resolution": {"criteria": "Ten deaths in a month.", "source": "s"},
        }
    )
    assert not any("surge" in text for text in asked(document, "uninformed"))
    document["indicators"][0]["rows"][0]["value"] = None
    assert any("No count of deaths is known" in text for text in asked(document, "uninformed"))


def test_what_is_settled_is_not_asked_about(document: dict[str, Any]) -> None:
    document["resolutions"] = {"rows": [{"outcome": "agreement", "resolution": "yes", "on": "2021-08-01"}]}
    with_criteria(document, "x")
    assert asked(document, "unclear_criteria") == []


RESOLVED: dict[str, Any] = {"outcome": "agreement", "resolution": "no", "on": "2021-08-01"}


@pytest.mark.parametrize("change", [{"resolution": "yes"}, {"resolution": "ambiguous"}, {"on": "2021-07-31"}])
def test_two_resolutions_known_on_one_day_must_agree(document: dict[str, Any], change: dict[str, Any]) -> None:
    rows = [{**RESOLVED, "known_at": "2021-08-02"}, {**RESOLVED, "known_at": "2021-08-02", **change}]
    for order in (rows, rows[::-1]):
        with pytest.raises(StudyError) as caught:
            study_from_document({**document, "resolutions": {"rows": order}})
        (error,) = caught.value.errors
        assert error.path == "resolutions.rows[1].resolution"
        assert "in resolutions.rows[0], both known on 2021-08-02" in error.message
    for correction in (rows[0], {**rows[1], "known_at": "2021-08-03"}):
        study_from_document({**document, "resolutions": {"rows": [rows[0], correction]}})


def rivals(*rows: tuple[str, str, str], as_of: str = "2020-01-01", **changes: Any) -> list[str]:
    """Errors of a study of two outcomes that compete, by rows of outcome, resolution and the day on which it is known."""
    both = [event_outcome(id=id, **{"competes": "government", **changes}) for id in ("left", "right")]
    table = [
        {"outcome": id, "resolution": said, "on": "2019-12-01", "known_at": known_at} for id, said, known_at in rows
    ]
    try:
        make_study(*both, event_outcome(), as_of=as_of, resolutions={"rows": table})
    except StudyError as error:
        return [f"{found.path} {found.code} {found.message}" for found in error.errors]
    return []


@pytest.mark.parametrize(("first", "second"), [("2019-12-02", "2019-12-02"), ("2019-12-02", "2019-12-20")])
def test_outcomes_that_exclude_one_another_do_not_both_happen(first: str, second: str) -> None:
    (found,) = rivals(("left", "yes", first), ("right", "yes", second))
    assert found.startswith("resolutions.rows[1].resolution contradiction right is resolved yes here and left in ")
    assert "left in resolutions.rows[0], but outcomes that compete ('government') exclude one another" in found
    assert rivals(("left", "yes", first), ("right", "no", second)) == []
    assert rivals(("left", "yes", first), ("right", "ambiguous", second)) == []
    assert rivals(("left", "yes", first), ("exit", "yes", second)) == []
    assert rivals(("left", "yes", first), ("right", "yes", second), competes=None) == []
    assert rivals(("left", "yes", first), ("left", "no", "2019-12-25"), ("right", "yes", "2019-12-25")) == []


def test_what_is_known_later_counts_too() -> None:
    (found,) = rivals(("left", "yes", "2019-12-02"), ("right", "yes", "2020-03-01"))
    assert found.startswith("resolutions.rows[1].resolution contradiction")
    corrected = ("left", "yes", "2019-12-02"), ("right", "yes", "2019-12-03"), ("left", "no", "2020-03-01")
    (found,) = rivals(*corrected)
    assert found.startswith("resolutions.rows[1].resolution contradiction")
    assert rivals(*corrected, as_of="2020-03-01") == []


@pytest.mark.parametrize("name", bundled_studies())
def test_nothing_of_this_is_asked_of_the_bundled_studies(name: str) -> None:
    named = {kind for kind, _ in questions(load_study(study_path(name)))}
    assert named.isdisjoint(NAMES)
