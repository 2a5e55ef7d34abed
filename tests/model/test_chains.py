"""What takes part in the chain of a conditional judgment, when it happens, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.model.encoding.checking import require_encodable
from forecast.model.encoding.encoded import EncodedStudy
from tests.documents import binary_outcome, event_outcome, make_study
from tests.model.test_encode_opinions import encode, said


def chain_of(row: dict[str, Any], links: list[tuple[str, str]], **changes: Any) -> EncodedStudy:
    outcomes = [event_outcome(id=name) for name in "abcdefg"] + [binary_outcome()]
    made = [{"cause": cause, "effect_on": effect, "log_ratio": "normal(1, 0.5)"} for cause, effect in links]
    return encode(row, outcomes=outcomes, links=made, **changes)


@pytest.mark.parametrize(
    ("links", "worlds"),
    [
        ([("a", "b")], 4),
        ([("b", "a")], 4),
        ([("c", "a"), ("c", "b")], 8),
        ([("a", "c"), ("c", "b")], 8),
        ([("c", "a"), ("d", "b")], 8),  # nothing that both depend on: a link is made, and c acts on both
        ([("a", "c"), ("b", "c")], 4),  # an effect of both: a link is made
        ([("a", "b"), ("b", "c")], 4),  # what comes of the effect has no part
        ([("a", "b"), *((cause, effect) for cause in "cdefg" for effect in "ab")], 16),  # as many as there is room for
        ([("agreement", "b"), ("agreement", "a")], 4),  # settled later than the date
    ],
)
def test_a_chain_holds_what_makes_effect_and_condition_depend_on_one_another(
    links: list[tuple[str, str]], worlds: int
) -> None:
    """An outcome that is settled after the date has no part; without dependence there is no chain."""
    links = [*links, ("a", "b")] if ("agreement", "b") in links else links
    a = chain_of(said("x", "b", by=12, given="a"), links).arrays
    assert a.lengths["world"] == worlds
    assert a.lengths["condition"] == min(worlds, 1)


def test_a_chain_goes_on_to_the_date_on_which_its_condition_is_settled() -> None:
    """The agreement is settled in month 48; by month 12, later, or not by then: three for the effect, two for the agreement."""
    encoded = chain_of(said("x", "b", by=12, given="agreement"), [("b", "agreement")])
    a = encoded.arrays
    assert a.lengths["world"] == 6
    early, late = (a["stake_length"][a["turn_contest"][a["stake_turn"]] == contest].sum() for contest in (0, 2))
    assert (early, late) == (pytest.approx(12), pytest.approx(36))
    assert (a["condition_joint"].sum(), a["condition_rest"].sum()) == (1, 2)
    assert a["turn_variant"][-1] == 8


@pytest.mark.parametrize(
    ("given", "changes", "worlds", "joint", "rest"),
    [
        ("not a", {}, 4, 1, 1),
        ("a and not c", {}, 8, 1, 1),
        ("a and c and not d", {}, 16, 1, 1),
        # By month 12, later, or not: what the agreement of month 48 is supposed beside counts where it is in time, or is not.
        ("a and agreement", {"by": 12}, 18, 1, 2),
        ("not a and agreement", {"by": 12}, 18, 2, 4),
        ("a and c", {"given_at": "once"}, 10, 1, 1),
    ],
)
def test_the_worlds_of_several_conditions_say_what_each_outcome_does(
    given: str, changes: dict[str, Any], worlds: int, joint: int, rest: int
) -> None:
    a = chain_of(said("x", "b", given=given, **changes), []).arrays
    assert a.lengths["world"] == worlds
    assert (a["condition_joint"].sum(), a["condition_rest"].sum()) == (joint, rest)


def test_that_a_rival_does_not_occur_needs_no_link() -> None:
    """Neither, the judged one or its rival: the rest is the world of neither."""
    outcomes = [event_outcome(id=name, competes="end") for name in "ab"]
    encoded = encode(said("x", "b", given="not a"), outcomes=outcomes)
    a = encoded.arrays
    assert encoded.links == ()
    assert (a.lengths["world"], a["condition_joint"].tolist(), a["condition_rest"].tolist()) == (
        3,
        [[0, 0, 1]],
        [[1, 0, 0]],
    )


def test_what_is_known_to_be_so_has_no_part_in_a_chain() -> None:
    settled = {"rows": [{"outcome": "a", "resolution": "yes", "on": "2019-12-01"}]}
    row = said("x", "b", given="a and not c")
    assert chain_of(row, [("a", "b"), ("c", "b")], resolutions=settled).arrays.lengths["world"] == 4
    assert chain_of({**row, "given": "a"}, [("a", "b")], resolutions=settled).arrays.lengths["condition"] == 0
    assert chain_of({**row, "given": "not a"}, [("a", "b")], resolutions=settled).arrays.lengths["question"] == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("a and c", "supposes 'a' beside 'c', but its link to 'b' acts at once; expected it alone, or a link with"),
        (
            "not many",
            "that 'many' does not occur, which is a count, so that its effect has no level without it; expected that link",
        ),
        ("many and not c", "supposes 'many' beside 'c'"),
    ],
)
def test_what_acts_at_once_is_supposed_alone(given: str, words: str) -> None:
    threshold = {"id": "many", "title": "Many", "kind": "threshold", "indicator": "counts", "at_least": 5,
                 "resolution": {"criteria": "As counted."}}  # fmt: skip
    links = [("a", "none"), ("c", "marginal"), ("many", "marginal")]
    study = make_study(
        *[event_outcome(id=name) for name in "abc"],
        threshold,
        indicators=[{"id": "counts", "rows": [{"period": "2019-11", "value": 2}]}],
        links=[
            {"cause": cause, "effect_on": "b", "log_ratio": "normal(1, 0.5)", "base": base} for cause, base in links
        ],
        judgments={"rows": [said("x", "b", given=given)]},
    )
    with pytest.raises(StudyError) as caught:
        require_encodable(study)
    (error,) = caught.value.errors
    assert error.code == "judged_at_once"
    assert words in error.message


def test_that_a_cause_without_which_a_level_is_stated_does_not_occur_is_that_level() -> None:
    outcomes = [event_outcome(id=name) for name in "ab"]
    links = [{"cause": "a", "effect_on": "b", "log_ratio": "normal(1, 0.5)", "base": "none"}]
    encoded = encode(said("x", "b", given="not a"), said("x", "b"), outcomes=outcomes, links=links)
    assert encoded.arrays["part_link"].tolist() == [0, 0]


def test_a_leg_is_gone_through_by_halves_and_back() -> None:
    """Strang: of each leg the first contest takes half, the last one the whole, and the first the other half."""
    a = chain_of(said("x", "b", by=12, given="a"), [("a", "b")]).arrays
    assert a["stake_variant"][:6].tolist() == [1, 0, 1, 1, 0, 1]
    assert a["stake_length"][:6] == pytest.approx([0.25, 0.5, 0.25] * 2)
    assert a["stake_length"].sum() == pytest.approx(24)


@pytest.mark.parametrize("course", [{"half_life": 6}, {"delay": 11}])
@pytest.mark.parametrize(
    ("faded", "base"),
    [(("a", "b"), "marginal"), (("b", "a"), "marginal"), (("c", "b"), "marginal"), (("a", "b"), "none")],
)
def test_a_link_that_fades_or_waits_is_refused_wherever_a_condition_depends_on_it(
    faded: tuple[str, str], base: str, course: dict[str, Any]
) -> None:
    """From the condition, back onto it, from a cause of both; one that has no part in the question may fade."""
    pairs = [("a", "b"), ("c", "a"), ("c", "b"), ("b", "a"), ("b", "d")]
    plain = [{"cause": cause, "effect_on": effect, "log_ratio": "normal(1, 0.5)"} for cause, effect in pairs]
    outcomes = [event_outcome(id=name) for name in "abcd"]
    row = said("x", "b", by=12, given="a")

    def study(changed: tuple[str, str]) -> Any:
        links = [
            {**link, **course, "base": base} if pair == changed else link
            for pair, link in zip(pairs, plain, strict=True)
        ]
        return make_study(*outcomes, links=links, judgments={"rows": [row]})

    with pytest.raises(StudyError) as caught:
        require_encodable(study(faded))
    (error,) = caught.value.errors
    assert (error.path, error.code) == (f"links[{pairs.index(faded)}]", "judged_course")
    assert f"depends on the link from {faded[0]!r} to {faded[1]!r}" in error.message
    require_encodable(study(("b", "d")))


def test_conditional_judgments_that_cost_too_much_are_refused_before_anything_is_sampled() -> None:
    pairs = [("a", "b"), ("c", "a"), ("c", "b"), ("d", "c")]
    rows = [said("x", "b", by=f"{2021 + k // 12}-{1 + k % 12:02}-01", given="a") for k in range(45)]
    study = make_study(
        *[
            event_outcome(id=name, pooling={**event_outcome()["pooling"], "age_bands": list(range(40))})
            for name in "abcd"
        ],
        links=[{"cause": cause, "effect_on": effect, "log_ratio": "normal(1, 0.5)"} for cause, effect in pairs],
        judgments={"rows": rows},
    )
    with pytest.raises(StudyError, match=r"steps through what may happen.*expected at most 50,000"):
        require_encodable(study)


def test_the_check_looks_at_days_of_statements_whose_cause_is_that_of_a_link_that_is_made() -> None:
    """As of the statement's day no case is known, so a covariate has no scale: a run refuses that, and so does the check."""
    row = {"entered": "2019-09-01", "exited": "2019-10-01", "event": "yes", "mountains": 1, "known_at": "2019-11-01"}
    rows = [row | {"id": f"c{number}", "mountains": number} for number in range(3)]
    study = make_study(
        event_outcome(covariates={"mountains": 1}),
        binary_outcome(
            prior={"probability": {"median": 0.3, "low": 0.1, "high": 0.6}, "on": "2019-06-01", "rationale": "x"}
        ),
        covariates=[{"id": "mountains"}],
        reference_classes=[{"id": "past", "outcome": "exit", "covariates": ["mountains"], "rows": rows}],
        judgments={"rows": [said("x", "agreement", given="exit", by=None)]},
    )
    with pytest.raises(StudyError, match="mountains"):
        require_encodable(study)
