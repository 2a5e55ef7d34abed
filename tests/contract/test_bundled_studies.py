"""Every study that comes with the package loads, says where its numbers are from, and keeps its own rules."""

from __future__ import annotations

import calendar
import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from forecast.study import Trial, load_study, require_supported, resolve_cases
from priors import bundled_studies, study_path

NAMES = ("baseball", "conflict-recurrence", "karabakh-2021", "rat-tumors", "rossi", "seeds")

KARABAKH = study_path("karabakh-2021").parent
KARABAKH_AS_OF = date(2021, 9, 10)
MANDATE_AND_RESOLUTION_DATES = {"2025-11-10", "2025-05-10", "November 2025", "10 November 2025", "May 2025"}
"""The end of the five-year term, which is when outcomes resolve, and the last day of notice before it."""
TERMS_OF_TREATIES = {"2032", "2042", "2044", "2050"}
"""Ends of base treaties that were in force on the as-of date, in the column `legal_basis`."""


MONTHS = tuple(calendar.month_name)[1:]


def rows(table: str) -> list[dict[str, str]]:
    with (KARABAKH / "cases" / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_studies_are_found_by_name() -> None:
    assert bundled_studies() == NAMES
    assert all(study_path(name).is_file() for name in NAMES)


def test_unknown_study_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(LookupError, match="rat-tumors"):
        study_path("rats")


@pytest.mark.parametrize("name", NAMES)
def test_bundled_study_loads_and_can_be_run(name: str) -> None:
    study = load_study(study_path(name))
    assert study.study == name
    require_supported(study)
    assert resolve_cases(study)


@pytest.mark.parametrize("name", NAMES)
def test_bundled_study_says_how_each_outcome_resolves_and_where_its_prior_is_from(name: str) -> None:
    for outcome in load_study(study_path(name)).outcomes:
        assert len(outcome.resolution.criteria) > 100
        assert outcome.resolution.source
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
    allowed = MANDATE_AND_RESOLUTION_DATES | (TERMS_OF_TREATIES if path.name == "deployments.csv" else set())
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
    used = [case.id for case in resolve_cases(study) if not isinstance(case.data, Trial)]
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
