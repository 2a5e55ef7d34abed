"""Compiled code that was kept is used again only if it is whole and gives the same numbers, whichever process compiled
it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import grimp
import pytest

import forecast
from forecast.inference.engine.loaded_study import KernelStudy
from forecast.inference.engine.sampling import sample_posterior
from forecast.kernel import compiled
from forecast.kernel.compiled import Kernel
from forecast.model import compile_cache_dir
from forecast.model.arrays import probe_arrays
from forecast.runtime import compilers
from forecast.study import SamplerSettings

ROOT = Path(forecast.__file__).parent.parent

SCRIPT = """
import sys, warnings
from forecast.kernel.compiled import load_or_compile
from tests.kernel.test_compiled import digest_of_draws
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    kernel = load_or_compile()
anew = any("compiling anew" in str(warning.message) for warning in seen)
print(kernel.is_from_cache, anew, "pymc" in sys.modules, digest_of_draws(kernel))
"""


@dataclass(frozen=True)
class Start:
    """What a new process did to have the kernel, and the digest of its draws."""

    from_cache: bool
    anew: bool
    pymc: bool
    draws: str


def digest_of_draws(kernel: Kernel) -> str:
    settings = SamplerSettings(draws=200, tune=100, chains=2)
    tree = sample_posterior(KernelStudy.load(kernel, probe_arrays()), settings, seed=1, cores=2)
    return hashlib.sha256(tree["posterior"]["theta"].values.tobytes()).hexdigest()


def start_process(cache: Path) -> Start:
    """A process with a cache folder of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"FORECAST_CACHE_DIR": str(cache)},
        cwd=ROOT,
    )
    from_cache, anew, pymc, draws = done.stdout.split()
    return Start(from_cache == "True", anew == "True", pymc == "True", draws)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole cache of this kernel that a test may damage."""
    compiled.load_or_compile()
    copied = tmp_path / "cache"
    shutil.copytree(compilers.kernel_folder(compile_cache_dir()), compilers.kernel_folder(copied))
    monkeypatch.setenv("FORECAST_CACHE_DIR", str(copied))
    return copied


def machine_code(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.nbc"))
    assert len(found) == 2
    return found


def cut_machine_code(folder: Path) -> None:
    for file in machine_code(folder):
        file.write_bytes(file.read_bytes()[:1000])


def change_machine_code(folder: Path) -> None:
    file = machine_code(folder)[0]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def remove_machine_code(folder: Path) -> None:
    machine_code(folder)[0].unlink()


def cut_seal(folder: Path) -> None:
    file = folder / compilers.SEAL
    file.write_bytes(file.read_bytes()[:100])


def change_numbers(folder: Path) -> None:
    file = folder / compilers.SEAL
    seal = json.loads(file.read_text())
    seal["numbers"][0] += 1.0
    file.write_text(json.dumps(seal))


@pytest.mark.program
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut_machine_code, "not the one that was kept"),
        (change_machine_code, "not the one that was kept"),
        (remove_machine_code, "not the one that was kept"),
        (cut_seal, "Unterminated|Expecting|delimiter"),
        (change_numbers, "other numbers"),
    ],
)
def test_a_damaged_part_is_seen_and_thrown_away(cache: Path, damage: object, reason: str) -> None:
    folder = compilers.kernel_folder(cache)
    assert compiled._kept(folder) is not None
    damage(folder)  # type: ignore[operator]
    with pytest.warns(UserWarning, match=f"cannot be used .*({reason}).*compiling anew"):
        assert compiled._kept(folder) is None
    assert not folder.exists()
    assert not compilers.is_compiled(cache)


@pytest.mark.program
def test_code_without_a_seal_is_not_used(cache: Path) -> None:
    """As after a process that was killed while it compiled."""
    folder = compilers.kernel_folder(cache)
    (folder / compilers.SEAL).unlink()
    assert not compilers.is_compiled(cache)
    assert compiled._kept(folder) is None


def test_the_digest_changes_with_a_compiler_and_with_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compilers.code_digest.__wrapped__()
    monkeypatch.setattr(compilers.importlib.metadata, "version", lambda _: "0")
    assert compilers.code_digest.__wrapped__() != before
    monkeypatch.undo()
    monkeypatch.setattr(compilers, "SOURCES", ("model/arrays.py",))
    assert compilers.code_digest.__wrapped__() != before


def test_the_digest_covers_every_module_that_the_kernel_is_made_from() -> None:
    graph, root = grimp.build_graph("forecast"), Path(forecast.__file__).parent
    behind = {module for module in graph.modules if module.startswith("forecast.kernel")}
    waiting = set(behind)
    while waiting:
        found = graph.find_modules_directly_imported_by(waiting.pop()) - behind
        behind |= found
        waiting |= found
    files = {Path(*module.split(".")[1:]).with_suffix(".py").as_posix() for module in behind}
    beside = {file for file in files if (root / file).is_file() and not file.startswith("kernel/")}
    # These say where code is kept and what a failure is called, not what the kernel does.
    assert beside - {"runtime/compilers.py", "errors.py"} == set(compilers.SOURCES)


@pytest.mark.soak
@pytest.mark.program
def test_draws_are_the_same_whichever_process_compiled(cache: Path) -> None:
    """A process that compiles and one that reads the cache run the same machine code, and neither builds a PyMC model."""
    shutil.rmtree(cache / "kernel")
    cold, warm = start_process(cache), start_process(cache)
    assert (cold.from_cache, cold.anew, cold.pymc) == (False, False, False)
    assert (warm.from_cache, warm.anew, warm.pymc) == (True, False, False)
    assert cold.draws == warm.draws == digest_of_draws(compiled.load_or_compile())


@pytest.mark.soak
@pytest.mark.program
def test_a_folder_that_cannot_be_written_is_said_and_the_kernel_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the folder should be: no user can write there, not even root. Compiles in this process, for long."""
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("FORECAST_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.warns(UserWarning, match="cannot be kept .*set FORECAST_CACHE_DIR"):
        kernel = compiled.load_or_compile()
    assert not kernel.is_from_cache
