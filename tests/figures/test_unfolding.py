"""Orders of events, counted by hand and against all futures of a small simulation."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from forecast.figures.checks.unfolding import NOTHING, OTHERS, branches, count_paths

NEVER = np.inf


def test_orders_are_counted_up_to_the_third_event_and_the_horizon() -> None:
    times = np.array(
        [
            [1.0, 2.0, 3.0, 4.0],
            [2.0, 1.0, 5.0, 9.0],
            [NEVER, NEVER, NEVER, NEVER],
            [NEVER, 4.0, NEVER, NEVER],
            [NEVER, 4.0, 11.0, NEVER],
            [3.0, 3.0, 20.0, NEVER],
        ]
    )
    assert count_paths(times, ["a", "b", "c", "d"], 10.0) == Counter(
        {("b", NOTHING): 2, ("a", "b", "c"): 1, ("b", "a", "c"): 1, (NOTHING,): 1, ("a + b", NOTHING): 1}
    )


def test_boxes_fill_each_level_and_lie_below_their_parents() -> None:
    rng = np.random.default_rng(1)
    times = rng.exponential([5.0, 20.0, 60.0, 4000.0], (20_000, 4))
    paths = count_paths(times, ["a", "b", "c", "d"], 30.0)
    found = branches(paths, len(times))
    by_path = {box.path: box for box in found}
    assert sum(box.share for box in found if len(box.path) == 1) == pytest.approx(1.0)
    first = (times == times.min(axis=1, keepdims=True)) & (times <= 30)
    for place, name in enumerate("abc"):
        assert by_path[(name,)].share == pytest.approx(first[:, place].mean())
    assert by_path[("a", NOTHING)].share == pytest.approx(
        ((times[:, 0] <= 30) & (times[:, 1:].min(axis=1) > 30)).mean(), abs=1e-12
    )
    for path, box in by_path.items():
        if len(path) > 1 and path[-1] != OTHERS:
            parent = by_path[path[:-1]]
            assert parent.start - 1e-12 <= box.start <= box.start + box.share <= parent.start + parent.share + 1e-12
    assert (OTHERS,) in by_path, "what is rarer than 1 % is put together"


def test_outcomes_that_resolve_on_one_date_are_one_step() -> None:
    times = np.array([[12.0, 12.0, 12.0], [12.0, NEVER, 12.0], [12.0, 3.0, 12.0]])
    assert count_paths(times, ["a", "b", "c"], 24.0) == Counter(
        {("a + b + c", NOTHING): 1, ("a + c", NOTHING): 1, ("b", "a + c", NOTHING): 1}
    )
