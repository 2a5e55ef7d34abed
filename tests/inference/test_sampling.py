"""Chains that are drawn as far as is needed, with decisions that depend on the draws alone."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from forecast.errors import CancelledError
from forecast.inference.engine.loaded_study import LoadedStudy
from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import Chains, SamplingProgress, Watch
from forecast.model.encoding.encode import encode_study
from forecast.pipeline.compute import compute_forecast
from forecast.study import SamplerSettings, Study, study_from_document
from forecast.study.document import sampler
from tests.benchmarks.sizes import SMALL, sized_study
from tests.coin import coin_document

pytestmark = pytest.mark.program


@pytest.fixture(scope="module")
def loaded() -> LoadedStudy:
    return get_program().load(encode_study(sized_study(SMALL)).arrays)


def chains_of(
    loaded: LoadedStudy, *, cores: int = 2, most: int = 900, watch: Watch | None = None, **settings: Any
) -> Chains:
    wanted = SamplerSettings(**{"tune": 200, "chains": 3, "target_accept": 0.9, **settings})
    return Chains(loaded, wanted, seed=4, cores=cores, most_draws=most, watch=watch or Watch())


def numbers(tree: xr.DataTree) -> np.ndarray:
    return np.asarray(tree["posterior"]["theta"].values)


def test_more_draws_go_on_where_the_first_ones_ended(loaded: LoadedStudy) -> None:
    with chains_of(loaded) as chains:
        few, more = numbers(chains.draw(300)), numbers(chains.draw(900))
    assert few.shape == (3, 300, 1)
    assert more.shape == (3, 900, 1)
    assert np.array_equal(few, more[:, :300])


@pytest.mark.parametrize(("cores", "most"), [(1, 900), (2, 400), (2, 300)])
def test_the_first_draws_do_not_depend_on_cores_or_on_how_many_may_follow(
    loaded: LoadedStudy, cores: int, most: int
) -> None:
    with chains_of(loaded) as one, chains_of(loaded, cores=cores, most=most) as other:
        assert np.array_equal(numbers(one.draw(300)), numbers(other.draw(300)))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core cannot be divided")
def test_threads_keep_to_the_cores_that_they_were_given(loaded: LoadedStudy) -> None:
    """All three chains at once, on one of the cores; the process itself keeps all of them."""

    def on_one_core() -> int:
        threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
        return sum(len(os.sched_getaffinity(thread)) == 1 for thread in threads)

    before = os.sched_getaffinity(0)
    with chains_of(loaded, cores=1) as chains:
        chains.draw(100)
        assert on_one_core() >= 3
        assert os.sched_getaffinity(0) == before
    with chains_of(loaded, cores=len(before)) as chains:
        chains.draw(100)
        assert on_one_core() == 0


def test_divergences_raise_the_acceptance_and_what_was_thrown_away_is_told(
    loaded: LoadedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler, "ACCEPTANCES", (0.5, 0.95))
    with chains_of(loaded, target_accept=None) as chains:
        tree = chains.draw(900)
        (thrown,) = chains.discarded
        assert (thrown.target_accept, thrown.draws, chains.target_accept) == (0.5, 3 * 1100, 0.95)
        assert thrown.divergences > 0.001 * 3 * 900
    with chains_of(loaded, target_accept=0.95) as other:
        assert np.array_equal(numbers(tree), numbers(other.draw(900)))
    with chains_of(loaded, target_accept=0.5) as stated:
        stated.draw(900)
        assert not stated.discarded


def test_a_stop_is_heard_and_leaves_no_thread_at_work(loaded: LoadedStudy) -> None:
    asked = threading.Event()
    seen: list[SamplingProgress] = []

    def note(progress: SamplingProgress) -> None:
        seen.append(progress)
        asked.set()

    watch = Watch(note, lambda: CancelledError if asked.is_set() else None)
    with pytest.raises(CancelledError), chains_of(loaded, most=20_000, watch=watch) as chains:
        chains.draw(20_000)
    assert seen


def coin(**settings: Any) -> Study:
    return study_from_document(coin_document(sampler={"seed": 3, **settings}))


def test_draws_go_on_until_a_probability_is_as_precise_as_wanted() -> None:
    rough, fine = compute_forecast(coin()).answer, compute_forecast(coin(target_mcse=0.003)).answer
    assert rough.diagnostics.draws == 1000
    assert fine.diagnostics.draws in (2000, 4000, 8000)
    assert rough.outcomes[0].mcse > 0.003 >= fine.outcomes[0].mcse
    assert fine.provenance.sampler["draws"] == fine.diagnostics.draws
    assert fine.provenance.sampler["target_accept"] == 0.9


def test_they_end_at_the_limit_all_the_same() -> None:
    answer = compute_forecast(coin(target_mcse=0.001, max_draws=1500)).answer
    assert answer.diagnostics.draws == 1500
    assert answer.outcomes[0].mcse > 0.001


def test_a_gate_that_is_not_passed_has_more_drawn() -> None:
    """Two chains of 150 draws are worth fewer than 400."""
    few, enough = (compute_forecast(coin(chains=2, **own)).answer for own in ({"draws": 150}, {"max_draws": 2000}))
    assert (few.verdict, few.diagnostics.draws) == ("degraded", 150)
    assert (enough.verdict, enough.diagnostics.draws) == ("published", 1000)
