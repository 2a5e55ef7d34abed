"""Every study that comes with the package loads, says where its numbers are from, and keeps its own rules."""

from __future__ import annotations

import calendar
import csv
import itertools
import math
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from forecast.study import (
    OutcomeKind,
    Spell,
    Trial,
    load_study,
    resolve_cases,
    resolve_judgments,
    resolve_observations,
)
from forecast.study.document.expression import And, Expression, Not, Occurs, Or
from priors import bundled_studies, study_path

NAMES = (
    "baseball",
    "conflict-recurrence",
    "karabakh-2021",
    "pumps",
    "rat-tumors",
    "replication-survey",
    "rossi",
    "seeds",
)

KARABAKH = study_path("karabakh-2021").parent
KARABAKH_AS_OF = date(2021, 9, 10)
MANDATE_AND_RESOLUTION_DATES = {
    "2025-11-10",
    "2025-05-10",
    "November 2025",
    "10 November 2025",
    "May 2025",
    "10 May 2025",
}
"""The end of the five-year term, which is when outcomes resolve, and the last day of notice before it."""
TERMS_OF_TREATIES = {"2032", "2042", "2044", "2050"}
"""Ends of base treaties that were in force on the as-of date, in the column `legal_basis`."""
YEARS_OF_SOURCES = {"2025"}
"""Of the README: when the paper appeared that describes the version of a data set whose rows end in 2020."""
ILLUSTRATIVE = "ILLUSTRATIVE"

MONTHS = tuple(calendar.month_name)[1:]


def rows(table: str, folder: str = "cases") -> list[dict[str, str]]:
    with (KARABAKH / folder / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_studies_are_found_by_name() -> None:
    assert bundled_studies() == NAMES
    assert all(study_path(name).is_file() for name in NAMES)


def test_unknown_study_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(LookupError, match="rat-tumors"):
        study_path("rats")


@pytest.mark.parametrize("name", NAMES)
def test_bundled_study_loads_with_its_evidence(name: str) -> None:
    study = load_study(study_path(name))
    assert study.study == name
    assert resolve_cases(study) or resolve_judgments(study)


@pytest.mark.parametrize("name", NAMES)
def test_bundled_study_says_how_each_outcome_resolves_and_where_its_prior_is_from(name: str) -> None:
    for outcome in load_study(study_path(name)).outcomes:
        assert len(outcome.resolution.criteria) > 100
        assert outcome.resolution.source
        if outcome.kind is OutcomeKind.THRESHOLD:  # its indicator says all about it
            continue
        assert outcome.prior is not None
        assert outcome.prior.source
        assert outcome.prior.rationale


@pytest.mark.parametrize("name", NAMES)
def test_readme_names_a_source_and_a_licence(name: str) -> None:
    text = (study_path(name).parent / "README.md").read_text(encoding="utf-8")
    assert "## Sources and licence" in text
    assert re.search(r"doi:10\.\d{4,}/", text)
    assert re.search(r"\b(CC0|CC BY\s+4\.0|MIT|BSD)\b", text)


def later_dates(text: str) -> Iterator[str]:
    """Dates, months and years after the as-of date, as they stand in the text."""
    names = "|".join(MONTHS)
    for found in re.finditer(rf"(?:(\d{{1,2}} )?({names}) )?\b(\d{{4}})\b(?:-(\d{{2}})(?:-(\d{{2}}))?)?", text):
        day_before, month_name, year, month, day = found.groups()
        named_month = MONTHS.index(month_name) + 1 if month_name else 0
        when = int(year), int(month or named_month), int(day or day_before or 0)
        if when[0] <= 2100 and when > (KARABAKH_AS_OF.year, KARABAKH_AS_OF.month, KARABAKH_AS_OF.day):
            yield found.group()


@pytest.mark.parametrize(
    "path", sorted(path for path in KARABAKH.rglob("*.*") if path.suffix != ".png"), ids=lambda path: path.name
)
def test_karabakh_names_nothing_that_happened_after_its_as_of_date(path: Path) -> None:
    allowed = MANDATE_AND_RESOLUTION_DATES | {
        "deployments.csv": TERMS_OF_TREATIES,
        "README.md": YEARS_OF_SOURCES,
    }.get(path.name, set())
    assert set(later_dates(path.read_text(encoding="utf-8"))) <= allowed


def test_a_later_event_would_be_noticed() -> None:
    assert list(later_dates("as of 2021-09-10, ended 2021-09-11, in 2022 and October 2021")) == [
        "2021-09-11",
        "2022",
        "October 2021",
    ]


def test_the_present_deployment_is_in_no_reference_class() -> None:
    study = load_study(study_path("karabakh-2021"))
    assert "D01" not in {case.id for case in resolve_cases(study)}


def test_each_deployment_is_in_at_most_one_class_and_successors_of_conversions_in_none() -> None:
    study = load_study(study_path("karabakh-2021"))
    classes = {"breakaway", "missions", "host_treaty"}
    used = [case.id for case in resolve_cases(study) if case.reference_class in classes]
    assert len(used) == len(set(used)) == 23
    assert not {"D12", "D13"} & set(used)


def test_weights_of_deployments_follow_the_rule_of_the_readme() -> None:
    checked = {"page": 1.0, "dataset": 1.0, "partial": 0.9, "unverified": 0.7}
    for row in rows("deployments.csv"):
        if row["reference_class"] == "none":
            assert row["why"].startswith("Left out: "), row["id"]
            continue
        checking = checked[row["verification"]] * (0.5 if row["confidence"] == "low" else 1.0)
        assert float(row["checking"]) == pytest.approx(checking), row["id"]
        product = float(row["similarity"]) * checking * float(row["sharing"])
        assert float(row["weight"]) == pytest.approx(product, abs=0.0005), row["id"]
        assert row["inherited"] == "0", row["id"]


def test_none_of_the_22_efforts_at_a_settlement_succeeded() -> None:
    study = load_study(study_path("karabakh-2021"))
    trials = [case.data for case in resolve_cases(study) if isinstance(case.data, Trial)]
    assert len(trials) == 22
    assert sum(trial.successes for trial in trials) == 0
    topics = {"comprehensive", "political", "withdrawal", "peacekeepers"}
    expected = {row["id"] for row in rows("mediation.csv") if row["topic"] in topics and row["start"] < "2020-11-01"}
    assert {row["id"] for row in rows("mediation.csv") if row["group"] == "settlement"} == expected


def test_each_invented_number_says_so_in_its_table_and_its_title() -> None:
    study = load_study(study_path("karabakh-2021"))
    files = {path.stem for path in (KARABAKH / "indicators").glob("*.csv")}
    assert files == {indicator.id for indicator in study.indicators}
    for indicator in study.indicators:
        marks = {row["verification"] for row in rows(f"{indicator.id}.csv", "indicators")}
        assert marks <= {ILLUSTRATIVE, "public", "page", "partial", "dataset", "unverified"}, indicator.id
        assert ("illustrative" in (indicator.title or "")) == (ILLUSTRATIVE in marks), indicator.id
        assert (ILLUSTRATIVE in (indicator.source or "")) == (ILLUSTRATIVE in marks), indicator.id


def test_each_invented_expert_says_so_in_the_name_and_each_row_in_its_note() -> None:
    study = load_study(study_path("karabakh-2021"))
    experts = {judgment.expert for judgment in resolve_judgments(study)}
    assert experts
    assert all(expert.startswith("illustrative-") for expert in experts)
    assert all(row["note"].startswith(ILLUSTRATIVE) for row in rows("judgments.csv", "opinions"))


def test_a_month_whose_clashes_were_not_counted_is_absent_and_one_of_low_confidence_is_half_covered() -> None:
    study = load_study(study_path("karabakh-2021"))
    seen = {count.period: count for count in resolve_observations(study)["clash_days"]}
    table = {date.fromisoformat(f"{row['period']}-01"): row for row in rows("clash_days.csv", "indicators")}
    assert set(table) - set(seen) == {date(2020, 11, 1)}
    assert {count.exposure for period, count in seen.items() if table[period]["confidence"] == "low"} == {0.5}
    assert {count.exposure for period, count in seen.items() if table[period]["confidence"] != "low"} == {1.0}
    assert seen[date(2021, 1, 1)].value == 0


def spells(reference_class: str) -> list[Spell]:
    """The quiet spells of one class of karabakh-2021."""
    study = load_study(study_path("karabakh-2021"))
    cases = [case.data for case in resolve_cases(study) if case.reference_class == reference_class]
    return [case for case in cases if isinstance(case, Spell)]


@pytest.mark.parametrize(("reference_class", "number"), [("territorial_spells", 294), ("own_spells", 6)])
def test_spells_of_peace_are_observed_from_the_age_at_which_a_recurrence_can_be_coded(
    reference_class: str, number: int
) -> None:
    found = spells(reference_class)
    assert len(found) == number
    assert all(spell.entry == 12.0 for spell in found)


def test_the_six_spells_of_this_conflict_all_ended_in_fighting_and_are_in_no_other_class() -> None:
    assert all(spell.event == "renewed_war" for spell in spells("own_spells"))
    assert {row["id"] for row in rows("peace_spells.csv") if row["group"] == "own"} == {f"388-{n}" for n in range(1, 7)}
    assert not [row for row in rows("peace_spells.csv") if row["id"].startswith("388-") and row["group"] != "own"]


def test_the_lower_bar_of_spells_counts_a_quarter_between_what_its_three_ratios_say() -> None:
    study = load_study(study_path("karabakh-2021"))
    (bar,) = [change.log_ratio for change in study.changes if change.outcome == "renewed_war"]
    at_risk = sum(spell.exit - spell.entry for spell in spells("own_spells"))
    by_time = (2 / 318) / (6 / at_risk)
    nearest = [
        (before, after)
        for before, after in itertools.pairwise(rows("peace_spells.csv"))
        if before["recurred"] == "1" and before["id"].split("-")[0] == after["id"].split("-")[0]
    ]
    wars = sum(after["max_intensity"] == "2" for _, after in nearest)
    assert (round(at_risk), len(nearest), wars) == (179, 130, 19)
    assert wars / len(nearest) < by_time < math.exp(bar) < 2 / 6


def test_the_five_headline_scenarios_of_karabakh_resolve_on_one_day() -> None:
    study = load_study(study_path("karabakh-2021"))
    headline = [scenario.id for scenario in study.scenarios[:5]]
    assert headline == ["renewed_war", "western_reengagement", "protectorate", "managed_hedge", "frozen"]
    assert {study.resolves_by(outcome.id) for outcome in study.outcomes} == {date(2025, 11, 10)}


def truth(expression: Expression, occurred: frozenset[str]) -> bool:
    """Whether an expression of bare outcomes holds when exactly `occurred` have."""
    match expression:
        case Occurs(outcome):
            return outcome in occurred
        case Not(item):
            return not truth(item, occurred)
        case And(items):
            return all(truth(item, occurred) for item in items)
        case Or(items):
            return any(truth(item, occurred) for item in items)
    raise AssertionError(f"{expression} is about time")


def test_exactly_one_of_the_five_headline_scenarios_of_karabakh_holds_whatever_happens() -> None:
    study = load_study(study_path("karabakh-2021"))
    headline = [scenario.expression for scenario in study.scenarios[:5]]
    outcomes = [outcome.id for outcome in study.outcomes]
    for size in range(len(outcomes) + 1):
        for occurred in itertools.combinations(outcomes, size):
            assert sum(truth(expression, frozenset(occurred)) for expression in headline) == 1, occurred
