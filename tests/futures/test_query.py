"""Queries on stored futures: seeing, doing, errors with paths, and a process that stays light."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from forecast.futures.query import InsufficientDrawsError, QueryAnswer, QueryError, QueryRequest, answer_query
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import StoredFutures, StoredScenario, open_futures
from forecast.study import Calendar, Period
from tests.futures.posteriors import everything, make_posterior
from tests.futures.present import make_present
from tests.summary.test_archive import make_tree

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from forecast.summary.archive import write_tree

    encoded = everything()
    found = tmp_path_factory.mktemp("stored") / "draws.nc"
    write_tree(make_tree(encoded, make_posterior(encoded))[0], found)
    return found


@pytest.fixture(scope="module")
def common_cause() -> StoredFutures:
    """o0 raises o1 and o2; o3 and o4 exclude one another; o5 is binary and raises o2."""
    present = make_present(
        [[0.04] * 24, [0.02] * 24, [0.02] * 24, [0.03] * 24, [0.03] * 24, [0.0] * 24], groups=[0, 1, 2, 3, 3, 5],
        links={(0, 1): 2.0, (0, 2): 2.0, (5, 2): 1.0}, yes={5: 0.5}, resolves=[24, 24, 24, 24, 24, 10.5], draws=4000, chains=4,
    )  # fmt: skip
    return StoredFutures(
        Calendar(Period.MONTH, date(2021, 9, 10)), 24, present, simulate_futures(present, replicates=5, seed=4), 4,
        (StoredScenario("both", "Both", "o1 and o2"),),
    )  # fmt: skip


def ask(stored: StoredFutures, expression: str, **changes: Any) -> QueryAnswer:
    return answer_query(stored, QueryRequest.model_validate({"expression": expression, **changes}))


def test_observing_and_doing_differ_under_a_common_cause(common_cause: StoredFutures) -> None:
    plain = ask(common_cause, "o2")
    seen = ask(common_cause, "o2", observe=["o1"])
    done = ask(common_cause, "o2", do=[{"outcome": "o1", "at": 0}])
    assert seen.probability > plain.probability + 4 * np.hypot(seen.mcse, plain.mcse)
    assert done.probability == plain.probability == done.unconditional.probability
    assert seen.unconditional.probability == plain.probability
    assert seen.futures < plain.futures == done.futures == 20_000


def test_observing_and_doing_agree_where_nothing_leads_to_the_condition(common_cause: StoredFutures) -> None:
    seen = ask(common_cause, "o2", observe=["o5"])
    done = ask(common_cause, "o2", do=[{"outcome": "o5", "at": 10.5}])
    assert abs(seen.probability - done.probability) < 3 * np.hypot(seen.mcse, done.mcse)
    assert done.probability > done.unconditional.probability + 4 * done.mcse


def test_doing_and_observing_together_filter_the_world_in_which_it_was_done(common_cause: StoredFutures) -> None:
    both = ask(common_cause, "o0", observe=["o2"], do=[{"outcome": "o1", "at": None}])
    assert both.probability > both.unconditional.probability
    assert ask(common_cause, "o1", do=[{"outcome": "o1", "at": None}]).probability == 0.0
    assert ask(common_cause, "o4", do=[{"outcome": "o3", "at": 3}]).probability == 0.0


def test_all_answers_for_every_outcome_and_scenario(common_cause: StoredFutures) -> None:
    answer = ask(common_cause, "o1", observe=["o0"], all=True)
    assert [counted.id for counted in answer.outcomes] == [f"o{place}" for place in range(6)]
    assert [counted.id for counted in answer.scenarios] == ["both"]
    assert answer.outcomes[0].probability == 1.0
    assert (answer.outcomes[1].probability, answer.outcomes[1].mcse) == (answer.probability, answer.mcse)
    assert answer.outcomes[2].unconditional.probability == ask(common_cause, "o2").probability


def test_too_few_futures_are_said_and_not_divided(common_cause: StoredFutures) -> None:
    with pytest.raises(
        InsufficientDrawsError, match=r"holds in [\d,]+ of 20,000 futures.*at least 200.*futures_per_draw"
    ):
        ask(common_cause, "o2", observe=["by(o0, 1) and by(o1, 1) and by(o3, 1)"])
    with pytest.raises(InsufficientDrawsError, match="holds in 0 of"):
        ask(common_cause, "o2", observe=["o3", "o4"])


def test_an_answer_equals_the_forecast_it_is_asked_of(path: Path) -> None:
    stored = open_futures(path)
    for position, outcome in enumerate(stored.outcomes):
        times = stored.futures.times[:, :, position]
        assert ask(stored, outcome).probability == pytest.approx((times <= stored.resolves[outcome]).mean())
    assert [scenario.id for scenario in ask(stored, "war", all=True).scenarios] == ["calm", "order"]


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"expression": "o9"}, "expression", "not an outcome"),
        ({"expression": "(" * 1000}, "expression", "ends"),
        ({"expression": "by(o0, 99)"}, "expression", "1 to 24 periods"),
        ({"observe": ["o1", "o1 and"]}, "observe[1]", "ends"),
        ({"do": [{"outcome": "o8", "at": 1}]}, "do[0].outcome", "not an outcome"),
        ({"do": [{"outcome": "o0", "at": 30}]}, "do[0].at", "after the horizon"),
        ({"do": [{"outcome": "o5", "at": 11}]}, "do[0].at", "after its resolution date"),
        ({"do": [{"outcome": "o0", "at": 1}, {"outcome": "o0", "at": None}]}, "do[1].outcome", "also in do"),
        ({"do": [{"outcome": "o3", "at": 1}, {"outcome": "o4", "at": 2}]}, "do[1].outcome", "exclude one another"),
    ],
)
def test_what_cannot_be_answered_says_where(
    common_cause: StoredFutures, changes: dict[str, Any], path: str, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        answer_query(common_cause, QueryRequest.model_validate({"expression": "o0", **changes}))
    assert [error.path for error in caught.value.errors] == [path]
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        {"expression": "a", "do": [{"outcome": "a"}]},  # without a time it would mean never
        {"expression": "a", "do": [{"outcome": "a", "at": -1}]},
        {"expression": "a", "do": [{"outcome": "a", "at": float("nan")}]},
        {"expression": "a", "given": ["b"]},
        {"expression": ""},
        {"expression": "(" * 10_000},
    ],
)
def test_a_malformed_request_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QueryRequest.model_validate(document)


@pytest.mark.parametrize(
    ("do", "at", "words"),
    [
        ([("o0", 4.6)], "do[0].at", "after the day by which one of its group must occur; expected 0 to 4.5"),
        ([("o0", None), ("o1", None)], "do[0].at", "with 'o0' none is left of outcomes of which one must occur"),
    ],
)
def test_doing_leaves_one_that_must_occur(do: list[tuple[str, float | None]], at: str, words: str) -> None:
    present = make_present([[0.1] * 6, [0.2] * 6], groups=[0, 0], sure={0, 1}, resolves=[4.5, 4.5], draws=100)
    stored = StoredFutures(
        Calendar(Period.MONTH, date(2021, 9, 10)), 6, present, simulate_futures(present, replicates=2, seed=4), 4, ()
    )
    with pytest.raises(QueryError) as caught:
        ask(stored, "o1", do=[{"outcome": name, "at": time} for name, time in do])
    assert caught.value.errors[0].path == at
    assert words in caught.value.errors[0].message
    assert ask(stored, "o1", do=[{"outcome": "o0", "at": None}]).probability == 1.0
    assert ask(stored, "o0", do=[{"outcome": "o0", "at": 4.5}]).probability == 1.0


def test_many_threads_get_the_same_answers(path: Path) -> None:
    def work(place: int) -> float:
        return ask(open_futures(path), "war", do=[{"outcome": "agreement", "at": 1 + place % 3}]).probability

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(24)))
    assert found == found[:3] * 8
    assert len(set(found)) > 1


def test_a_query_loads_no_science(path: Path) -> None:
    heavy = ("pymc", "pytensor", "numba", "arviz", "arviz_stats", "xarray", "pandas", "scipy", "polars")
    code = f"""
import json, pathlib, sys
from forecast.futures.query import QueryRequest, answer_query
from forecast.futures.stored import open_futures
stored = open_futures(pathlib.Path({str(path)!r}))
request = QueryRequest(expression="war", observe=["agreement"], do=[{{"outcome": "exit", "at": 3}}], all=True)
assert answer_query(stored, request).futures > 0
print(json.dumps([name for name in {heavy!r} if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
