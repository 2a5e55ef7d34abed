"""Compiled code that was kept is used again only if it is whole and gives the same numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.inference import code_cache
from forecast.inference.program import Program

pytestmark = [pytest.mark.slow]

SCRIPT = """
import warnings
from forecast.inference.program import get_program
from forecast.model.arrays import probe_arrays
import numpy as np
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    program = get_program()
anew = any("compiling anew" in str(warning.message) for warning in seen)
hits = program.logp_callback.function._cache_hits
program.load(probe_arrays())
print(hits, anew, repr(float(program.logp(np.full(probe_arrays().parameters, 0.3))[0])))
"""


def start_process(tmp_path: Path) -> tuple[int, bool, str]:
    """Cache hits, whether it had to compile anew, and one log density."""
    shared = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment = {**shared, "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment)
    hits, anew, value = done.stdout.split()
    return int(hits), anew == "True", value


def test_kept_code_is_used_and_damaged_code_is_not(tmp_path: Path) -> None:
    first, second = start_process(tmp_path), start_process(tmp_path)
    assert (first[0], second[0]) == (0, 1)
    kept = list((tmp_path / "numba").rglob("*.nbc"))
    assert len(kept) == 2
    for file in kept:
        file.write_bytes(file.read_bytes()[:1000])
    damaged = start_process(tmp_path)
    assert damaged[:2] == (0, True)
    healed = start_process(tmp_path)
    assert healed[1] is False
    assert {first[2], second[2], damaged[2], healed[2]} == {first[2]}


def test_code_that_gives_other_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program()
    good = program.logp_callback, program.expand_callback
    assert program._agree(*good)
    program.logp = lambda point: (0.0, point)
    assert not program._agree(*good)


def test_the_digest_changes_with_a_compiler_and_with_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_cache.code_digest.__wrapped__()
    monkeypatch.setattr(code_cache.importlib.metadata, "version", lambda _: "0")
    assert code_cache.code_digest.__wrapped__() != before
    monkeypatch.undo()
    monkeypatch.setattr(code_cache, "SOURCES", ("model/arrays.py",))
    assert code_cache.code_digest.__wrapped__() != before


DRAWS = """
import hashlib
from forecast.inference.program import get_program
from forecast.inference.sampling import sample_posterior
from forecast.model.arrays import probe_arrays
from forecast.study import SamplerSettings
loaded = get_program().load(probe_arrays())
tree = sample_posterior(loaded, SamplerSettings(draws=500, tune=300, chains=2), seed=1, cores=2)
print(hashlib.sha256(tree["posterior"]["theta"].values.tobytes()).hexdigest())
"""


def draws_of_a_new_process(cache: Path | None) -> str:
    """Digest of the draws that a process makes with this cache, or with the one that all tests share."""
    given = {} if cache is None else {"FORECAST_CACHE_DIR": str(cache)}
    own = ("NUMBA_CACHE_DIR", "PYTENSOR_FLAGS", *given)
    environment = {**{name: value for name, value in os.environ.items() if name not in own}, **given}
    done = subprocess.run([sys.executable, "-c", DRAWS], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


@pytest.mark.timeout(900)
def test_draws_are_the_same_whatever_was_in_the_cache(tmp_path: Path) -> None:
    """Code compiled in this process and code loaded from the cache round differently; nobody may notice."""
    cold = draws_of_a_new_process(tmp_path / "cache")
    warm = draws_of_a_new_process(tmp_path / "cache")
    assert list((tmp_path / "cache" / "pytensor").rglob("forecast_*.ready"))
    assert cold == warm == draws_of_a_new_process(None)
