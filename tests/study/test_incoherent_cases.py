"""Small inputs from real use: what is said of each, with the rows of its table as a spreadsheet counts them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from forecast.errors import StudyError
from forecast.study import load_study
from forecast.study.checks.questions import questions

HEAD = "expert,outcome,by,probability,on,given\n"
PANEL = ("ann", "bo", "cy", "di", "eli")


def event(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": name,
        "kind": "event",
        "resolution": {"criteria": "x"},
        "prior": {"distribution": "normal(-4.5, 1.0)"},
        "pooling": {"class_sd": 0, "case_sd": 0, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]},
        **changes,
    }


def binary(name: str, by: str = "2026-06-30") -> dict[str, Any]:
    return {
        "id": name,
        "title": name,
        "kind": "binary",
        "resolution": {"criteria": "x", "by": by},
        "prior": {"distribution": "normal(0, 1.5)"},
        "pooling": {"class_sd": 0, "case_sd": 0},
    }


RIVALS = (event("left", competes="g"), event("right", competes="g"))
PEACE = (binary("ceasefire"), binary("deal", "2026-12-31"))
LINK = [{"cause": "ceasefire", "effect_on": "deal", "log_ratio": "normal(0, 2)"}]
KINDS = {
    "later_date_less_likely", "exclusive_sum", "incoherent", "incoherent_together", "one_person", "certainty",
    "repeated_statement",
}  # fmt: skip


def asked(folder: Path, outcomes: tuple[dict[str, Any], ...], rows: str, **changes: Any) -> list[tuple[str, str]]:
    document = {
        "study": "panel",
        "title": "A panel's judgments",
        "as_of": "2024-01-15",
        "period": "month",
        "horizon": 36,
        "outcomes": list(outcomes),
        "judgments": {"table": "j.csv"},
        **changes,
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(document))
    (folder / "j.csv").write_text(HEAD + rows)
    return [found for found in questions(load_study(folder / "study.yaml")) if found[0] in KINDS]


def by_all(*rows: str) -> str:
    return "".join(f"{expert},{row}\n" for expert in PANEL for row in rows)


def assert_named(found: list[tuple[str, str]], name: str, size: int) -> None:
    """One for each expert, with the right rows of the file."""
    assert [kind for kind, _ in found] == [name] * len(PANEL)
    for place, (expert, (_, text)) in enumerate(zip(PANEL, found, strict=True)):
        assert text.startswith(f"'{expert}' says ")
        rows = range(2 + size * place, 2 + size * (place + 1))
        assert [row for row in range(2, 20) if f"(j.csv row {row})" in text] == list(rows)


@pytest.mark.parametrize(("early", "late", "named"), [(0.40, 0.20, True), (0.20, 0.40, False)])
def test_a_later_date(tmp_path: Path, early: float, late: float, named: bool) -> None:
    rows = by_all(f"coup,2024-12-31,{early:.2f},2024-01-10,", f"coup,2026-12-31,{late:.2f},2024-01-10,")
    found = asked(tmp_path, (event("coup"),), rows)
    if named:
        assert_named(found, "later_date_less_likely", 2)
        assert "coup by 2024-12-31 0.4 (j.csv row 2), but only coup by 2026-12-31 0.2 (j.csv row 3)" in found[0][1]
    else:
        assert found == []


def test_outcomes_that_exclude_one_another(tmp_path: Path) -> None:
    found = asked(tmp_path, RIVALS, by_all("left,,0.60,2024-01-10,", "right,,0.70,2024-01-10,"))
    assert_named(found, "exclusive_sum", 2)
    assert "add up to 1.3" in found[0][1]


def test_a_condition_its_effect_and_the_effect_given_it(tmp_path: Path) -> None:
    """With a deal of 0.35 and 0.6 given a ceasefire all can be true; with 0.1 and 0.9 not."""
    first = "ceasefire,,0.5,2024-01-10,"
    incoherent = by_all(first, "deal,,0.1,2024-01-10,", "deal,,0.9,2024-01-10,ceasefire")
    found = asked(tmp_path, PEACE, incoherent)
    assert_named(found, "incoherent", 3)
    assert "the others leave 0.45 to 0.95 for deal" in found[0][1]
    coherent = by_all(first, "deal,,0.35,2024-01-10,", "deal,,0.6,2024-01-10,ceasefire")
    assert asked(tmp_path, PEACE, coherent, links=LINK) == []


def test_one_person_in_three_spellings(tmp_path: Path) -> None:
    rows = "Ann Lee,deal,,0.9,2024-01-10,\nann lee,deal,,0.9,2024-01-10,\nAnn  Lee,deal,,0.9,2024-01-11,\nbo,deal,,0.2,2024-01-10,\n"
    ((name, text),) = asked(tmp_path, (binary("deal"),), rows)
    assert name == "one_person"
    assert "'Ann Lee' (j.csv row 2); 'ann lee' (j.csv row 3); 'Ann  Lee' (j.csv row 4) one person?" in text
    assert "bo" not in text


def test_one_per_cent_written_as_one(tmp_path: Path) -> None:
    rows = "ann,deal,,1,2024-01-10,\nbo,deal,,0.02,2024-01-10,\ncy,deal,,0.01,2024-01-10,\n"
    ((name, text),) = asked(tmp_path, (binary("deal"),), rows)
    assert name == "certainty"
    assert "by the 1 of 'ann' (j.csv row 2)" in text
    assert "0.01" in text


def test_yes_and_no_on_one_day(tmp_path: Path) -> None:
    rows = [{"outcome": "coup", "resolution": answer, "on": "2024-01-15"} for answer in ("no", "yes")]
    for order in (rows, rows[::-1]):
        with pytest.raises(StudyError) as caught:
            asked(tmp_path, (event("coup"),), "ann,coup,,0.3,2024-01-10,\n", resolutions={"rows": order})
        (error,) = caught.value.errors
        assert (error.path, error.code) == ("resolutions.rows[1].resolution", "contradiction")
        assert "resolutions.rows[0]" in error.message
