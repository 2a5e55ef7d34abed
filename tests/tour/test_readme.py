"""What README.md shows is what happens: its study, its answer, and every command in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecast.answer import StoredForecast
from forecast.study import load_study
from forecast.wording import numbers
from tests.command_line import forecast
from tests.stack import Stack

pytestmark = pytest.mark.stack

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
(STUDY,) = [text for kind, text in BLOCKS if kind == "yaml"]
(SHOWN,) = [text for kind, text in BLOCKS if kind == "text"]
COMMANDS = [
    line for kind, text in BLOCKS if kind == "bash" for line in text.splitlines() if line.startswith("forecast")
]
COUNTS = "indicator,period,value,known_at\nincidents,2026-09,3,2026-10-05\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study of README.md, and with counts for it."""
    made = tmp_path_factory.mktemp("readme")
    (made / "my-study").mkdir()
    # With an indicator, so that there is something to add.
    counted = STUDY.replace("study: base-closure", "study: my-study") + (
        "indicators:\n  - {id: incidents, factor: null, rows: [{period: 2026-07, value: 2}, {period: 2026-08, value: 1}]}\n"
    )
    (made / "my-study" / "study.yaml").write_text(counted, encoding="utf-8")
    (made / "study.yaml").write_text(STUDY, encoding="utf-8")
    (made / "may.csv").write_text(COUNTS, encoding="utf-8")
    return made


def test_the_study_gives_the_answer_that_is_shown(folder: Path) -> None:
    from forecast.pipeline.compute import compute_forecast  # the rest of the file is read by quick runs as well

    answer = compute_forecast(load_study(folder / "study.yaml")).answer
    found = [
        f"{part.id}: {numbers.percent(part.probability, part.mcse)}, {numbers.percent_range(part.interval, part.mcse)}, "
        f"{part.words}"
        for part in (*answer.outcomes, *answer.scenarios)
    ]
    assert [numbers.plain(line) for line in found] + [f"Verdict: {answer.verdict.value}"] == SHOWN.splitlines()


def commands(forecast_id: str) -> Iterator[list[str]]:
    """Each command with its arguments; those that begin a service or a shell are the fixture's."""
    for line in COMMANDS:
        words = shlex.split(line, comments=True)[1:]
        if words[0] == "serve":
            continue
        if words[0] == "explain":
            # The small study: what moves the large one takes minutes.
            words[1] = "latest:my-study"
        yield [forecast_id if word == "FORECAST" else word for word in words]


def test_every_command_does_what_it_is_said_to_do(
    stack: Stack, karabakh: StoredForecast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    environment = {"FORECAST_URL": stack.url, "FORECAST_KEY": stack.key}
    order = sorted(commands(karabakh.forecast_id), key=lambda words: words[0] in ("query", "explain"))
    assert len(order) == len(COMMANDS) - 1
    for words in order:
        ended = forecast(*words, **environment)
        assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
    assert (folder / "out" / "draws.nc").is_file()
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
