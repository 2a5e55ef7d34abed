"""How long futures and queries take; printed by `make bench`, the best of three.

The promises: 50,000 futures of 60 periods and 10 outcomes with factors, links and competition within 1 s on two cores;
a query on 20,000 stored futures of 9 outcomes within 0.2 s; everything that is done with a posterior of that size,
storing it included, within 3 s.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import xarray as xr

from forecast.futures.query import QueryRequest, answer_query
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import StoredFutures, open_futures
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.archive import assemble_tree, write_tree
from forecast.summary.outcomes import summarize_outcomes, summarize_remainder, summarize_scenarios
from forecast.summary.pairs import summarize_pairs
from forecast.summary.rolled import outcome_probabilities, roll_forward
from tests.documents import binary_outcome, event_outcome, make_study
from tests.futures.posteriors import make_posterior
from tests.futures.present import make_present


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the best of three, and the last result."""
    seconds, result = [], None
    for _ in range(3):
        start = perf_counter()
        result = work()
        seconds.append(perf_counter() - start)
    return min(seconds), result


def large_study() -> EncodedStudy:
    """Nine outcomes over 60 months, two factors with five effects, eight links, eleven scenarios."""
    events = [event_outcome(id=f"e{k}", **({"competes": "end"} if k < 2 else {})) for k in range(6)]
    binaries = [binary_outcome(id=f"b{k}") for k in range(2)]
    threshold = {"id": "t", "title": "T", "kind": "threshold", "indicator": "i", "at_least": 30,
                 "resolution": {"criteria": "As counted."}}  # fmt: skip
    rows = [{"period": f"201{year}-{month:02d}", "value": 5 + month} for year in (8, 9) for month in range(1, 13)]
    pairs = ["e5 e1", "b0 e2", "e2 e3", "b1 e0", "e3 b0", "e4 e5", "t e1", "b0 e4"]
    return encode_study(make_study(
        *events, *binaries, threshold,
        factors=[{"id": f, "effects": effects} for f, effects in (
            ("f", {"e0": "normal(0.3, 0.3)", "e2": "normal(0.3, 0.3)", "b0": "normal(0.3, 0.3)"}),
            ("g", {"e1": "normal(0.3, 0.3)", "e4": "normal(0.3, 0.3)"}),
        )],
        indicators=[{"id": "i", "factor": "f", "rows": rows}, {"id": "k", "factor": "g", "rows": rows}],
        links=[{"cause": c, "effect_on": e, "log_ratio": "normal(0.5, 0.3)"} for c, e in map(str.split, pairs)],
        scenarios=[{"id": f"s{k}", "title": "S", "when": f"e{k % 6} and not before(b0, t) or by(e2, {k + 1})"}
                   for k in range(11)],
    ))  # fmt: skip


def post_process(encoded: EncodedStudy, posterior: xr.Dataset, path: Path, parts: dict[str, float]) -> None:
    """What a forecast does between its posterior and its stored file, without diagnostics and figures."""
    start = perf_counter()

    def note(name: str) -> None:
        nonlocal start
        parts[name], start = perf_counter() - start, perf_counter()

    rolled = roll_forward(encoded, posterior, seed=1)
    note("roll forward")
    summarize_outcomes(encoded, posterior, rolled, None)
    summarize_scenarios(encoded, rolled)
    summarize_remainder(encoded, rolled)
    note("outcomes and scenarios")
    summarize_pairs(rolled)
    note("pairs")
    prior = {str(name): values.values[0] for name, values in make_posterior(encoded, chains=1, draws=1000).items()}
    start = perf_counter()
    reported = posterior.merge(outcome_probabilities(encoded, posterior, rolled))
    tree = assemble_tree(encoded, reported, xr.Dataset(), xr.Dataset(), prior, None, rolled, seed=1)
    note("prior, predictive, tree")
    write_tree(tree, path)
    note("store")


def ask(stored: StoredFutures, at: float, **changes: Any) -> None:
    document = {"expression": "e1 or before(b0, e2)", "observe": ["e3"], "do": [{"outcome": "b0", "at": at}], **changes}
    answer_query(stored, QueryRequest.model_validate(document))


def test_futures_are_fast(capsys: pytest.CaptureFixture[str]) -> None:
    present = make_present(
        np.full((10, 60), 0.01), groups=[0, 0, 0, 3, 4, 5, 6, 7, 8, 9], yes={7: 0.3, 8: 0.5}, draws=10_000,
        states={"a": (0.0, 0.8), "b": (1.0, 0.7)},
        effects={(0, "a"): 0.3, (1, "a"): 0.3, (1, "b"): 0.2, (3, "b"): 0.3, (4, "a"): 0.1, (5, "b"): 0.2, (7, "a"): 0.3},
        links={(7, 1): -0.7, (8, 0): 0.5, (3, 4): 1.0, (4, 5): 0.5, (5, 8): 0.3, (0, 6): 0.5, (1, 6): 0.3, (6, 9): 0.2},
    )  # fmt: skip
    one, _ = timed(lambda: simulate_futures(present, replicates=5, seed=1, threads=1))
    two, futures = timed(lambda: simulate_futures(present, replicates=5, seed=1))
    assert futures.count == 50_000
    with capsys.disabled():
        print(f"\n50,000 futures x 60 periods x 10 outcomes: {two:.2f} s on two threads, {one:.2f} s on one")
    assert two < 1.0


def test_what_follows_the_posterior_and_queries_are_fast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    encoded = large_study()
    posterior = make_posterior(encoded, draws=1000)
    parts: dict[str, float] = {}
    whole, _ = timed(lambda: post_process(encoded, posterior, tmp_path / "draws.nc", parts))
    opened, stored = timed(lambda: open_futures(tmp_path / "draws.nc"))
    assert stored.futures.times.shape == (4000, 5, 9)
    plain, _ = timed(lambda: ask(stored, 1.0, observe=[], do=[]))
    observed, _ = timed(lambda: ask(stored, 1.0, do=[]))
    times = iter(np.linspace(2.0, 20.0, 3))
    done, _ = timed(lambda: ask(stored, float(next(times))))
    again, _ = timed(lambda: ask(stored, 20.0))
    full, _ = timed(lambda: ask(stored, 20.0, all=True))
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "import netCDF4; loaded = time.perf_counter()\n"
        "import pathlib; from forecast.futures.query import QueryRequest, answer_query\n"
        "from forecast.futures.stored import open_futures; ready = time.perf_counter()\n"
        "stored = open_futures(pathlib.Path(sys.argv[1]))\n"
        "answer_query(stored, QueryRequest(expression='e1 or before(b0, e2)', observe=['e3'],\n"
        "                                  do=[{'outcome': 'b0', 'at': 3}]))\n"
        "print(loaded - start, ready - loaded, time.perf_counter() - ready)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "draws.nc")], capture_output=True, text=True, check=True
    )
    netcdf, modules, first = map(float, found.stdout.split())
    with capsys.disabled():
        print(f"\nafter the posterior (4,000 draws, 9 outcomes, 2 factors, 8 links): {whole:.2f} s, in it")
        print("  " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items()))
        print(
            f"opening the stored futures {opened:.3f} s; then, in seconds: plain {plain:.3f}, observe {observed:.3f},"
        )
        print(f"  a new do {done:.3f}, the same do again {again:.3f}, for every outcome and scenario {full:.3f}")
        print(
            f"in a new process: netCDF4 {netcdf:.2f} s, our modules {modules:.2f} s, open and first query {first:.2f} s"
        )
    assert whole < 3.0
    assert max(plain, observed, again, full, done + opened) < 0.2
