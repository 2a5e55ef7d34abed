"""The kernel and the definition that it is held against give the same answers, each by its own way of sampling."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forecast.pipeline.compute import compute_forecast
from forecast.study import load_study
from priors import bundled_studies, study_path

pytestmark = [pytest.mark.program, pytest.mark.statistical, pytest.mark.timeout(1800)]

QUICKEST = "pumps"
"""Of the bundled studies: the definition is compiled for each."""


def answer_of_definition(name: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "forecast.cli", "run", name, "--out", str(folder)]
    # Optimised less, a study is compiled in two thirds of the time.
    engine = {"FORECAST_ENGINE": "pymc"} | ({"NUMBA_OPT": "1"} if name == QUICKEST else {})
    done = subprocess.run(command, env=os.environ | engine, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    answer: dict[str, Any] = json.loads((folder / "forecast.json").read_text(encoding="utf-8"))
    return answer


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == QUICKEST else (pytest.mark.soak, pytest.mark.slow))
        for name in bundled_studies()
    ],
)
def test_both_engines_agree_within_their_monte_carlo_errors(name: str, tmp_path: Path) -> None:
    """Probabilities to 3.5 combined errors, beyond which lies one in two thousand; means, of which there are more, to 4.5."""
    theirs = answer_of_definition(name, tmp_path)
    assert theirs["provenance"]["versions"]["engine"] == "pymc"
    ours = compute_forecast(load_study(study_path(name))).answer.model_dump(mode="json")
    assert ours["provenance"]["versions"]["engine"] == "kernel"
    for kind in ("outcomes", "scenarios"):
        for one, other in zip(ours[kind], theirs[kind], strict=True):
            error = np.hypot(one["mcse"], other["mcse"])
            assert abs(one["probability"] - other["probability"]) <= 3.5 * error, one["id"]
    levels = ("theta[", "mu[", "sigma[", "class_level[")
    means = [
        {p["name"]: p for p in answer["diagnostics"]["parameters"] if p["name"].startswith(levels) and p["mcse"]}
        for answer in (ours, theirs)
    ]
    assert means[0].keys() == means[1].keys()
    off = [
        abs(one["mean"] - means[1][name]["mean"]) / np.hypot(one["mcse"], means[1][name]["mcse"])
        for name, one in means[0].items()
    ]
    assert max(off) <= 4.5
