"""Who may import whom: the contracts of pyproject.toml hold, can fail, and describe what happens when it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("forecast", "api", "workers", "priors")
HEAVY = ("pymc", "pytensor", "nutpie", "numba", "arviz", "arviz_base", "arviz_stats")
LIGHT = (
    "api.app",
    "forecast.answer",
    "forecast.cli",
    "forecast.client.client",
    "forecast.jobs",
    "forecast.runtime.settings",
    "forecast.store",
    "forecast.study",
)


def check_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the packages in a folder that has our pyproject.toml."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        # import-linter puts the working directory first itself; the variable holds also if it ever stops to.
        env=os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_contract_is_kept() -> None:
    result = check_contracts(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


WEB = "The web process and all that it stands on never reach the science"
SCIENCE = "The science never reaches the database, the queue or the web"
PACKAGE_LAYERS = "api and workers are built on forecast and know nothing of each other"
LIBRARY_LAYERS = "Inside forecast, each layer knows only those below it"
COMMAND_LINE = "Nothing is built on the command line"


PLANTED = {
    "science in the web process": ("api/heavy.py", "import pymc", WEB, "api.heavy -> pymc"),
    "science inside a function, through another module": (
        "forecast/study/late.py",
        "def late() -> None:\n    from forecast.pipeline import compute",
        WEB,
        "forecast.study.late -> forecast.pipeline.compute",
    ),
    "database in the model": ("forecast/model/rows.py", "import sqlalchemy", SCIENCE, "forecast.model.rows -> sqlalchemy"),
    "workers in the web process": ("api/hands.py", "import workers", PACKAGE_LAYERS, "api.hands -> workers"),
    "upwards": ("forecast/store/up.py", "import forecast.jobs", LIBRARY_LAYERS, "forecast.store.up -> forecast.jobs"),
    "module without a place": ("forecast/homeless.py", "", LIBRARY_LAYERS, "forecast.homeless"),
    "command line in a worker": ("workers/words.py", "import forecast.cli", COMMAND_LINE, "workers.words -> forecast.cli"),
}  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each contract, by its name, in a copy in which every one is violated."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=lambda folder, names: not_python(Path(folder), names))
    for file, line, _, _ in PLANTED.values():
        (copy / file).write_text(f"{line}\n", encoding="utf-8")
    result = check_contracts(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    verdicts, _, details = result.stdout.partition("Broken contracts")
    assert details, result.stdout
    broken = {name for name in {row[2] for row in PLANTED.values()} if f"{name} BROKEN" in verdicts}
    headings = sorted((details.index(f"{name}\n---"), name) for name in broken)
    ends = [place for place, _ in headings[1:]] + [len(details)]
    return {name: details[place:end] for (place, name), end in zip(headings, ends, strict=True)}


@pytest.mark.parametrize("violation", PLANTED)
def test_a_planted_violation_is_found(planted: dict[str, str], violation: str) -> None:
    _, _, contract, said = PLANTED[violation]
    assert said in planted[contract]


def not_python(folder: Path, names: list[str]) -> list[str]:
    """The files of a folder that import-linter has no use for."""
    return [name for name in names if name == "__pycache__" or not ((folder / name).is_dir() or name.endswith(".py"))]


@pytest.mark.parametrize("module", LIGHT)
def test_importing_a_light_module_loads_no_science(module: str) -> None:
    # import-linter reads the code; this sees what a process really loads, through third parties as well.
    code = f"import json, sys, {module}; print(json.dumps(sorted(set(sys.modules) & set({HEAVY!r}))))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == []


def test_a_process_that_samples_loads_no_plots_and_arviz_stays_whole() -> None:
    code = """
import sys
import forecast.pipeline.compute
print(*sorted({"arviz", "arviz_plots", "matplotlib", "pymc", "plotly"} & set(sys.modules)))
import arviz
print(arviz.plot_trace.__module__.partition(".")[0], arviz.from_dict.__module__.partition(".")[0])
"""
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert found.stdout.splitlines() == ["", "arviz_plots arviz_base"]
