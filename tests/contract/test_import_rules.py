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
    "forecast.client",
    "forecast.jobs",
    "forecast.settings",
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
COMMAND_LINE = "Nothing but the demonstration is built on the command line"


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        pytest.param("api/planted.py", "import pymc", WEB, id="science_in_the_web_process"),
        pytest.param(
            "forecast/study/planted.py",
            "def late() -> None:\n    from forecast import pipeline",
            WEB,
            id="science_inside_a_function_through_another_module",
        ),
        pytest.param("forecast/model/planted.py", "import sqlalchemy", SCIENCE, id="database_in_the_model"),
        pytest.param("api/planted.py", "import workers", PACKAGE_LAYERS, id="workers_in_the_web_process"),
        pytest.param("forecast/store/planted.py", "import forecast.jobs", LIBRARY_LAYERS, id="upwards"),
        pytest.param("forecast/planted.py", "", LIBRARY_LAYERS, id="module_without_a_place"),
        pytest.param("workers/planted.py", "import forecast.cli", COMMAND_LINE, id="command_line_in_a_worker"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, line: str, broken: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=lambda folder, names: not_python(Path(folder), names)
        )
    (tmp_path / module).write_text(f"{line}\n", encoding="utf-8")

    result = check_contracts(tmp_path)

    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{broken} BROKEN" in result.stdout


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
