"""What cannot be used: each mistake is one error with its path, what was seen and what to do."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import study_from_document

Path = tuple[str | int, ...]
REMOVE = object()


def changed(document: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """The document with another value (or none) at a place."""
    document = copy.deepcopy(document)
    at: Any = document
    for part in path[:-1]:
        at = at[part]
    if value is REMOVE:
        del at[path[-1]]
    elif isinstance(at, list) and path[-1] == len(at):
        at.append(value)
    else:
        at[path[-1]] = value
    return document


def errors_of(document: object) -> list[tuple[str, str]]:
    with pytest.raises(StudyError) as caught:
        study_from_document(document)
    return [(error.path, error.message) for error in caught.value.errors]


O0: Path = ("outcomes", 0)
O1: Path = ("outcomes", 1)
RC: Path = ("reference_classes", 0)

BAD: list[tuple[Path, object, str, str]] = [
    # The frame of the document.
    (("titel",), "x", "titel", "unknown key 'titel'; .* did you mean 'title'"),
    (("title",), REMOVE, "title", "the key is required"),
    (("study",), "No Such", "study", "is not an id"),
    (("study",), "x" * 65, "study", "is not an id"),
    (("title",), 3, "title", "3 given; expected text"),
    (("title",), "x" * 20_001, "title", "20,001 characters; expected at most 20,000"),
    (("as_of",), "2021-02-30", "as_of", "no day of the calendar"),
    (("as_of",), "10.9.2021", "as_of", "expected text such as 2021-09-10"),
    (("as_of",), 2021, "as_of", "is not a date"),
    (("as_of",), "9999-12-31", "as_of", "years 1000 to 2999"),
    (("period",), "fortnight", "period", "'day', 'week', 'month', 'quarter' or 'year'"),
    (("horizon",), 0, "horizon", "0 given; expected at least 1"),
    (("horizon",), 601, "horizon", "601 given; expected at most 600"),
    (("horizon",), 1.5, "horizon", "whole number"),
    (("horizon",), "24", "horizon", "whole number"),
    (("horizon",), True, "horizon", "whole number"),
    (("outcomes",), [], "outcomes", "at least 1"),
    (("outcomes",), {}, "outcomes", "expected a list"),
    (("outcomes", 0), 5, "outcomes[0]", "expected a mapping"),
    # Outcomes.
    ((*O0, "id"), "With-Capital", "outcomes[0].id", "is not an id"),
    ((*O0, "id"), "before", "outcomes[0].id", "word of the expression grammar"),
    ((*O1, "id"), "withdrawal", "outcomes[1].id", r"also the id of outcomes\[0\]"),
    ((*O0, "kind"), "events", "outcomes[0].kind", "'event', 'binary', 'threshold' or 'categorical'"),
    ((*O0, "resolution"), REMOVE, "outcomes[0].resolution", "required"),
    ((*O0, "resolution", "crit"), "x", "outcomes[0].resolution.crit", "did you mean 'criteria'"),
    ((*O0, "resolution", "by"), "2021-09-10", "outcomes[0].resolution.by", "not after the as-of date 2021-09-10"),
    ((*O0, "resolution", "by"), "2023-09-11", "outcomes[0].resolution.by", "after the end of the horizon, 2023-09-10"),
    ((*O1, "resolution", "by"), REMOVE, "outcomes[1].resolution.by", "binary outcome without a date"),
    ((*O0, "at_risk_since"), "2023-09-10", "outcomes[0].at_risk_since", "the last day that counts"),
    ((*O1, "at_risk_since"), "2020-09-10", "outcomes[1].at_risk_since", "event outcomes only"),
    ((*O1, "competes"), "ends", "outcomes[1].competes", "event outcomes only"),
    ((*O1, "pooling"), {"age_bands": [0, 1]}, "outcomes[1].pooling.age_bands", "event outcomes only"),
    ((*O0, "prior"), {}, "outcomes[0].prior", "neither of distribution and probability"),
    ((*O0, "prior", "probability"), {"low": 0.1, "median": 0.2, "high": 0.3}, "outcomes[0].prior", "both of"),
    ((*O0, "prior", "by"), 3, "outcomes[0].prior", "by without probability"),
    ((*O0, "prior", "distribution"), "normal(0, 0)", "outcomes[0].prior.distribution", "out of range"),
    (
        (*O0, "prior"),
        {"probability": {"low": 0.3, "median": 0.2, "high": 0.5}},
        "outcomes[0].prior.probability",
        "expected low < median < high",
    ),
    (
        (*O0, "prior"),
        {"distribution": {"probability": {"low": 0, "median": 0.2, "high": 0.5}}},
        "outcomes[0].prior.distribution.probability.low",
        "expected more than 0",
    ),
    (
        (*O0, "prior"),
        {"distribution": {"probability": {"low": 0.1, "median": 0.2, "hihg": 0.5, "high": 0.5}}},
        "outcomes[0].prior.distribution.probability.hihg",
        "did you mean 'high'",
    ),
    ((*O0, "pooling"), {"class_sd": -1}, "outcomes[0].pooling.class_sd", "at least 0"),
    ((*O0, "pooling"), {"class_sd": "1"}, "outcomes[0].pooling.class_sd", "a number; write it without quotes"),
    ((*O0, "pooling"), {"age_bands": [1, 2]}, "outcomes[0].pooling", "start at 0"),
    ((*O0, "pooling"), {"age_bands": [0, 2, 2]}, "outcomes[0].pooling", "rise strictly"),
    ((*O0, "pooling"), {"age_bands": list(range(41))}, "outcomes[0].pooling.age_bands", "at most 40"),
    ((*O0, "reference"), {"island": 0.6, "nowhere": 0.1}, "outcomes[0].reference.nowhere", "not a reference class"),
    ((*O1, "reference"), {"island": 0.1}, "outcomes[1].reference.island", "does not serve 'agreement'"),
    ((*O0, "reference"), {"island": 1.1}, "outcomes[0].reference", "the weights sum to 1.1; expected at most 1"),
    ((*O0, "reference"), {"island": -0.1}, "outcomes[0].reference.island", "at least 0"),
    ((*O0, "reference"), {"one_of": {"nowhere": 0.1}}, "outcomes[0].reference.one_of.nowhere", "not a reference class"),
    ((*O0, "reference"), {"blend": {"island": 1.1}}, "outcomes[0].reference.blend", "the weights sum to 1.1"),
    ((*O0, "reference"), {"blend": {"island": -1}}, "outcomes[0].reference.blend.island", "at least 0"),
    ((*O0, "reference"), {"one_of": ["island"]}, "outcomes[0].reference.one_of", "expected a mapping"),
    ((*O0, "reference"), {"one_of": {"island": 0.5}, "blend": {"island": 0.5}}, "outcomes[0].reference", "give one of them"),
    ((*O0, "reference"), {"island": 0.5, "blend": {"island": 0.5}}, "outcomes[0].reference.island", "unknown key"),
    ((*O0, "covariates"), {}, "outcomes[0].covariates", "no value of 'consent', which the class 'island' uses"),
    ((*O0, "covariates", "consnt"), 1, "outcomes[0].covariates.consnt", "did you mean 'consent'"),
    ((*O0, "covariates", "consent"), "maybe", "outcomes[0].covariates.consent", "expected a number"),
    ((*O0, "indicator"), "x", "outcomes[0].indicator", "threshold outcomes only"),
    ((*O1, "at_least"), 3, "outcomes[1].at_least", "threshold outcomes only"),
    # Reference classes.
    ((*RC, "outcome"), "withdrawl", "reference_classes[0].outcome[0]", "did you mean 'withdrawal'"),
    ((*RC, "outcome"), ["withdrawal", "agreement"], "reference_classes[0].columns", "no column 'successes'"),
    ((*RC, "success_columns"), {"withdrawal": "how"}, "reference_classes[0].success_columns.withdrawal",
     "not a binary outcome of the class"),
    ((*RC, "trial_columns"), {"agreement": "how"}, "reference_classes[0].trial_columns.agreement",
     "not a binary outcome of the class"),
    ((*RC, "covariates"), ["consent", "terrain"], "reference_classes[0].covariates[1]", "not a covariate of the study"),
    ((*RC, "rows"), REMOVE, "reference_classes[0]", "no rows; expected `table"),
    ((*RC, "columns", "entered"), "strat", "reference_classes[0].columns.entered", "did you mean 'start'"),
    ((*RC, "columns", "entred"), "start", "reference_classes[0].columns.entred", "did you mean 'entered'"),
    ((*RC, "columns", "duration"), "start", "reference_classes[0].columns", "several of dates"),
    ((*RC, "columns"), {}, "reference_classes[0].columns", "none of dates"),
    ((*RC, "where"), {"strat": 1}, "reference_classes[0].where.strat", "no column 'strat'"),
    ((*RC, "where"), {"id": "Z"}, "reference_classes[0].where", "no row of reference_classes.0..rows meets"),
    ((*RC, "where"), {"id": {"in": 1}}, "reference_classes[0].where.id", "{not: value or list}"),
    ((*RC, "where"), {"id": []}, "reference_classes[0].where.id", "at least one"),
    ((*RC, "event_value"), {"agreement": "x", "withdrawal": "left"}, "reference_classes[0].event_value.agreement",
     "not an event of the class"),
    ((*RC, "rows", 0, "how"), "Left", "reference_classes[0].rows[0].how", "looks like 'left'"),
    ((*RC, "rows", 0, "end"), "1999-01-01", "reference_classes[0].rows[0].end", "1999-01-01 is before entry on 2000-01-31"),
    ((*RC, "rows", 0, "end"), "2000-01-31", "reference_classes[0].rows[0].end", "no time at risk"),
    ((*RC, "rows", 0, "end"), None, "reference_classes[0].rows[0].end", "the date is blank"),
    ((*RC, "rows", 0, "start"), None, "reference_classes[0].rows[0].start", "blank; expected a date"),
    ((*RC, "rows", 0, "start"), "2000", "reference_classes[0].rows[0].start", "not a date"),
    ((*RC, "rows", 0, "consent"), None, "reference_classes[0].rows[0].consent", "zero is not missing"),
    ((*RC, "rows", 0, "consent"), "nan", "reference_classes[0].rows[0].consent", "not a covariate's value"),
    ((*RC, "rows", 0, "consent"), 1e300, "reference_classes[0].rows[0].consent", "not a covariate's value"),
    ((*RC, "rows", 1, "id"), "A", "reference_classes[0].rows[1].id", "goes on here after its event"),
    ((*RC, "rows", 1, "id"), " ", "reference_classes[0].rows[1].id", "blank"),
    ((*RC, "rows", 0, "weight"), 1.5, "reference_classes[0].rows[0].weight", "from 0 to 1"),
    ((*RC, "rows", 0, "origin"), "2000-02-01", "reference_classes[0].rows[0].origin", "is after entry"),
    # The other blocks.
    (("covariates", 0, "sd"), 0, "covariates[0].sd", "more than 0"),
    (("covariates", 0, "standardize"), "yes", "covariates[0].standardize", "true or false"),
    (("covariates", 1), {"id": "consent"}, "covariates[1].id", "also the id of covariates"),
    (("factors",), [{"id": "friction", "effects": {"nothing": "normal(0, 1)"}}], "factors[0].effects.nothing",
     "not an outcome"),
    (("indicators",), [{"id": "x", "factor": "f", "rows": [{"period": "2021-03", "value": 1}]}], "indicators[0].factor",
     "not a factor"),
    (("indicators",), [{"id": "x", "direction": 0, "rows": [{"period": "2021-03", "value": 1}]}],
     "indicators[0].direction", "1 or -1"),
    (("links",), [{"cause": "agreement", "effect_on": "x", "log_ratio": "normal(0, 1)"}], "links[0].effect_on",
     "not an outcome"),
    (("links",), [{"cause": "agreement", "effect_on": "agreement", "log_ratio": "normal(0, 1)"}], "links[0]", "itself"),
    (("links",), [{"cause": "agreement", "effect_on": "withdrawal", "log_ratio": "normal(0, 1)"}] * 2, "links[1]",
     r"is also links\[0\]"),
    (("dependence",), {"eta": 0}, "dependence.eta", "more than 0"),
    (("experts",), {"bias_sd": 0.0}, "experts.bias_sd", "more than 0"),
    (("experts",), {"error_sd": 11.0}, "experts.error_sd", "at most 10"),
    (("experts",), {"slope_sd": 3.5}, "experts.slope_sd", "at most 3"),
    (("experts",), {"slope": 1.0}, "experts.slope", "unknown key 'slope'"),
    (("experts",), {"slope_mean_sd": "wide"}, "experts.slope_mean_sd", "expected a number"),
    (("scenarios",), [{"id": "s", "title": "S", "when": "agreement or"}], "scenarios[0].when", "position 13"),
    (("scenarios",), [{"id": "s", "title": "S", "when": "agreemnt"}], "scenarios[0].when", "did you mean 'agreement'"),
    (("scenarios",), [{"id": "s", "title": "S", "when": "(" * 10_000 + "agreement" + ")" * 10_000}],
     "scenarios[0].when", "20,009 characters; expected at most 4,000"),
    (("scenarios",), [{"id": "s", "title": "S", "when": "by(agreement, 2030-01-01)"}], "scenarios[0].when",
     "outside the forecast"),
    (("scenarios",), [{"id": "s", "title": "S", "when": "by(agreement, 25)"}], "scenarios[0].when", "1 to 24 periods"),
    (("sampler",), {"draws": 99}, "sampler.draws", "at least 100"),
    (("sampler",), {"chains": 1}, "sampler.chains", "at least 2"),
    (("sampler",), {"seed": -1}, "sampler.seed", "at least 0"),
    (("sampler",), {"target_accept": 1.0}, "sampler.target_accept", "at most 0.999"),
    (("sampler",), {"drwas": 99}, "sampler.drwas", "did you mean 'draws'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("at", "value", "path", "words"), BAD, ids=[f"{path}: {words}"[:60] for _, _, path, words in BAD]
)
def test_a_mistake_is_one_error_with_its_path(
    dated: dict[str, Any], at: Path, value: object, path: str, words: str
) -> None:
    errors = errors_of(changed(dated, at, value))
    assert [where for where, _ in errors] == [path]
    with pytest.raises(StudyError, match=words):
        study_from_document(changed(dated, at, value))


def test_the_document_that_the_mistakes_are_made_in_is_good(dated: dict[str, Any]) -> None:
    assert len(study_from_document(dated).cases) == 3


@pytest.mark.parametrize(
    ("number", "words"), [(51, "51 given; expected at most 50"), (2_000, "2,000 given; expected at most 50")]
)
def test_too_many_outcomes_are_one_error(document: dict[str, Any], number: int, words: str) -> None:
    document["outcomes"] = [{**document["outcomes"][0], "id": f"o{i}"} for i in range(number)]
    errors = errors_of(document)
    assert [path for path, _ in errors] == ["outcomes"]
    assert words in errors[0][1]


def test_an_outcome_without_any_information_is_an_error(document: dict[str, Any]) -> None:
    del document["outcomes"][0]["prior"]
    ((path, message),) = errors_of(document)
    assert path == "outcomes[0]"
    assert "has no information as of 2021-09-10" in message


def test_cases_or_a_judgment_are_information(dated: dict[str, Any]) -> None:
    del dated["outcomes"][0]["prior"]
    del dated["outcomes"][1]["prior"]
    said = {"expert": "x", "outcome": "agreement", "by": "2022-09-10", "probability": 0.2, "on": "2021-05-01"}
    dated["judgments"] = {"rows": [said]}
    study_from_document(dated)
    dated["judgments"] = {"rows": [{**said, "on": "2021-11-01"}]}
    assert [path for path, _ in errors_of(dated)] == ["outcomes[1]"]


def test_mistakes_in_several_places_are_reported_at_once(dated: dict[str, Any]) -> None:
    dated["outcomes"][0]["resolution"]["by"] = "2021-01-01"
    dated["outcomes"][0]["reference"] = {"island": 2}
    dated["reference_classes"][0]["rows"][1]["consent"] = ""
    dated["scenarios"] = [{"id": "s", "title": "S", "when": "nothing"}]
    assert [path for path, _ in errors_of(dated)] == [
        "outcomes[0].resolution.by",
        "outcomes[0].reference",
        "reference_classes[0].rows[1].consent",
        "scenarios[0].when",
    ]


def test_at_most_fifty_mistakes_are_listed(dated: dict[str, Any]) -> None:
    row = dated["reference_classes"][0]["rows"][0]
    dated["reference_classes"][0]["rows"] = [{**row, "id": str(i), "consent": None} for i in range(80)]
    errors = errors_of(dated)
    assert len(errors) == 51
    assert errors[-1][1].startswith("and 30 more")


def test_weights_of_three_thirds_are_not_over_one(dated: dict[str, Any]) -> None:
    group = dated["reference_classes"][0]
    dated["reference_classes"] = [{**group, "id": f"c{i}"} for i in range(3)]
    dated["outcomes"][0]["reference"] = {f"c{i}": 1 / 3 + 1e-10 for i in range(3)}
    study_from_document(dated)


def test_a_covariate_of_a_class_without_weight_need_not_be_given(dated: dict[str, Any]) -> None:
    dated["outcomes"][0]["reference"] = {"island": 0}
    del dated["outcomes"][0]["covariates"]
    study_from_document(dated)


@pytest.mark.parametrize("outcome", ["agreement", "withdrawal"])
def test_a_class_needs_the_columns_of_its_outcomes_kind(document: dict[str, Any], outcome: str) -> None:
    rows = {"agreement": [{"duration": 1, "event": 1}], "withdrawal": [{"successes": 1}]}
    document["reference_classes"] = [{"id": "past", "outcome": outcome, "rows": rows[outcome]}]
    ((path, message),) = errors_of(document)
    assert path == "reference_classes[0].columns"
    assert ("successes" if outcome == "agreement" else "exposure") in message


@pytest.mark.parametrize("document", [None, [], "x", 3, {}, {"study": None}, {1: 2}])
def test_what_is_no_document_at_all_is_an_error(document: object) -> None:
    assert errors_of(document)


def test_a_bad_item_does_not_also_count_as_a_missing_one(document: dict[str, Any]) -> None:
    plain = {**document, "outcomes": [{**document["outcomes"][0], "colour": "red"}]}
    assert [path for path, _ in errors_of(plain)] == ["outcomes[0].colour"]
