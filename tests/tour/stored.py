"""The answer to the study of test_01_a_class.py, with what explains it: computed once and kept in stored.json.

    python -m tests.tour.stored

computes it anew. test_08_a_forecast.py notices when that is needed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from forecast.answer import StoredForecast

FILE = Path(__file__).with_suffix(".json")


def read_stored() -> StoredForecast:
    """The forecast that is kept."""
    return StoredForecast.model_validate_json(FILE.read_text(encoding="utf-8"))


def write_study(folder: Path, study: str, missions: str) -> Path:
    """A study and its table as files of a folder; the path of the study."""
    folder.mkdir(exist_ok=True)
    (folder / "missions.csv").write_text(missions, encoding="utf-8")
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    return folder / "study.yaml"


def compute() -> None:
    """Compute it as the command `forecast run STUDY --explain` does, and keep it."""
    from rich.console import Console

    from forecast.cli.local_run import run_locally
    from forecast.study import load_study
    from tests.tour.test_01_a_class import CASES, STUDY

    with tempfile.TemporaryDirectory() as folder:
        study = load_study(write_study(Path(folder), STUDY, CASES))
    forecast = run_locally(study, Console(), None, None, explain=True)
    provenance = forecast.provenance.model_copy(update={"host": "here"})
    text = forecast.model_copy(update={"provenance": provenance}).model_dump_json(indent=1)
    FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    compute()
