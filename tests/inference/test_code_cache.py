"""Compiled code that was kept is used again only if it is whole and gives the same numbers, whoever compiled it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import grimp
import numba
import pytest
from numba.core.caching import _CacheLocator

import forecast
from forecast import compilers
from forecast.inference import build
from forecast.inference.loaded_study import ProgramCode
from forecast.inference.program import get_program
from forecast.inference.sampling import sample_posterior
from forecast.model import compile_cache_dir
from forecast.model.arrays import probe_arrays
from forecast.study import SamplerSettings

ROOT = Path(forecast.__file__).parent.parent

SCRIPT = """
import sys, warnings
from forecast.inference.program import get_program
from tests.inference.test_code_cache import digest_of_draws
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    code = get_program().code
anew = any("compiling anew" in str(warning.message) for warning in seen)
pymc = "pymc" in sys.modules
print(code.logp.function.cache_hits + code.expand.function.cache_hits, anew, pymc, digest_of_draws(code))
"""


@dataclass(frozen=True)
class Start:
    """What a new process did to have the program, and the digest of its draws."""

    hits: int
    anew: bool
    pymc: bool
    draws: str


def digest_of_draws(code: ProgramCode) -> str:
    settings = SamplerSettings(draws=200, tune=100, chains=2)
    tree = sample_posterior(code.load(probe_arrays()), settings, seed=1, cores=2)
    return hashlib.sha256(tree["posterior"]["theta"].values.tobytes()).hexdigest()


def start_process(cache: Path | None = None) -> Start:
    """A process with a cache folder of its own, or with the one that all tests share."""
    own = ("NUMBA_CACHE_DIR", "PYTENSOR_FLAGS", *(("FORECAST_CACHE_DIR",) if cache else ()))
    environment = {name: value for name, value in os.environ.items() if name not in own}
    environment |= {"FORECAST_CACHE_DIR": str(cache)} if cache else {}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    hits, anew, pymc, draws = done.stdout.split()
    return Start(int(hits), anew == "True", pymc == "True", draws)


def numba_folder(cache: Path) -> Path:
    """Where numba keeps the callbacks' machine code: it goes by the folder of their source."""
    return cache / "numba" / _CacheLocator.get_suitable_cache_subpath(str(cache / "callbacks" / "any.py"))


@pytest.fixture(scope="module")
def shared() -> Start:
    """A process with the cache that all tests share, and that is whole."""
    get_program()
    return start_process()


def copy_cache(shared: Path, copied: Path) -> None:
    """A whole cache of this program's callbacks that a test may damage."""
    get_program()
    digest = f"*_{compilers.code_digest()}*"
    for source, target in (
        (shared / "callbacks", copied / "callbacks"),
        (numba_folder(shared), numba_folder(copied)),
    ):
        target.mkdir(parents=True, exist_ok=True)
        for file in source.glob(digest):
            shutil.copy2(file, target)


def cut_machine_code(cache: Path) -> None:
    kept = list(numba_folder(cache).glob("*.nbc"))
    assert len(kept) == 2
    for file in kept:
        file.write_bytes(file.read_bytes()[:1000])


def remove_machine_code(cache: Path) -> None:
    for file in numba_folder(cache).glob("*.nbc"):
        file.unlink()


def cut_description(cache: Path) -> None:
    (file,) = (cache / "callbacks").glob("*.json")
    file.write_bytes(file.read_bytes()[:1000])


def change_expected_density(cache: Path) -> None:
    (file,) = (cache / "callbacks").glob("*.json")
    file.write_text(file.read_text().replace('"logp":-', '"logp":-1'))


@pytest.mark.program
def test_a_warm_process_builds_no_model(shared: Start) -> None:
    assert (shared.hits, shared.anew, shared.pymc) == (2, False, False)


@pytest.mark.program
def test_a_damaged_part_is_seen_and_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, cache = compile_cache_dir(), tmp_path / "cache"
    copy_cache(whole, cache)
    monkeypatch.setenv("FORECAST_CACHE_DIR", str(cache))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(cache / "numba"))
    assert build._kept_code() is not None
    for damage, reason in (
        (cut_machine_code, "pickle data was truncated"),
        (remove_machine_code, "function"),
        (cut_description, "Invalid JSON"),
        (change_expected_density, "other numbers than the model"),
    ):
        copy_cache(whole, cache)
        damage(cache)
        with pytest.warns(UserWarning, match=f"cannot be used .*{reason}.*compiling anew"):
            assert build._kept_code() is None
        assert not list(cache.rglob("*.json"))
        assert not list(cache.rglob("*.nbc"))


def test_the_digest_changes_with_a_compiler_and_with_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compilers.code_digest.__wrapped__()
    monkeypatch.setattr(compilers.importlib.metadata, "version", lambda _: "0")
    assert compilers.code_digest.__wrapped__() != before
    monkeypatch.undo()
    monkeypatch.setattr(compilers, "SOURCES", ("model/arrays.py",))
    assert compilers.code_digest.__wrapped__() != before


def test_the_digest_covers_every_module_that_the_functions_are_built_by() -> None:
    graph = grimp.build_graph("forecast")
    behind, root = {"forecast.inference.functions"}, Path(forecast.__file__).parent
    waiting = set(behind)
    while waiting:
        found = graph.find_modules_directly_imported_by(waiting.pop()) - behind
        behind |= found
        waiting |= found
    files = {Path(*module.split(".")[1:]).with_suffix(".py").as_posix() for module in behind}
    modules = {file for file in files if (root / file).is_file()}
    # These two say where code is kept, not what it does.
    assert modules - {"inference/code_cache.py", "compilers.py"} == set(compilers.SOURCES)


@pytest.mark.program
def test_draws_are_those_of_a_process_that_found_the_cache_full(shared: Start) -> None:
    """Where anything has changed that the program is made from, a process of this run has compiled it: perhaps this one."""
    assert digest_of_draws(get_program().code) == shared.draws


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.program
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("whole", [False, True], ids=["a hundredth compiled anew", "all compiled anew"])
def test_draws_are_the_same_whatever_was_in_the_cache(tmp_path: Path, shared: Start, whole: bool) -> None:
    """Code compiled in this process and code loaded from the cache round differently; nobody may notice.

    A minute and a half of computing, or some minutes: linking the callbacks alone takes forty seconds.
    """
    cache = tmp_path / "cache"
    if not whole:
        copy_cache(compile_cache_dir(), cache)
        shutil.copytree(compile_cache_dir() / "pytensor", cache / "pytensor", symlinks=True)
        for file in cache.rglob("forecast_*.ready"):
            file.unlink()
        for file in sorted((cache / "pytensor" / "numba").glob("*.nbc"))[::100]:
            file.unlink()
        cut_machine_code(cache)
    cold, warm = start_process(cache), start_process(cache)
    assert (cold.hits, cold.anew, cold.pymc) == (0, not whole, True)
    assert list((cache / "pytensor").rglob("forecast_*.ready"))
    assert (warm.hits, warm.anew, warm.pymc) == (2, False, False)
    assert cold.draws == warm.draws == shared.draws


@pytest.mark.program
def test_a_compiled_function_leaves_nothing_outside_of_the_cache(tmp_path: Path) -> None:
    """Workers run for months, and PyTensor removes no file that it writes to the temporary directory."""
    own, temporary = tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    script = (
        "import forecast.model, numpy, pytensor, pytensor.tensor as pt\n"
        "x = pt.vector('x')\n"
        "assert pytensor.function([x], pt.exp(x).sum(), mode='NUMBA')(numpy.zeros(3)) == 3"
    )
    environment = {
        name: value for name, value in os.environ.items() if name not in {"PYTENSOR_FLAGS", "NUMBA_CACHE_DIR"}
    }
    environment |= {"FORECAST_CACHE_DIR": str(own), "TMPDIR": str(temporary)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=300)
    assert not list(temporary.iterdir())
    assert list((own / "sources").glob("m*.py"))
