"""A runner whose computation is made up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from forecast.answer import Answer
from forecast.pipeline.explain import Explain
from forecast.store import ForecastRepository
from forecast.store.tables.core import ForecastRow
from forecast.study import Study
from tests.coin import coin_answer
from tests.installation import Installation
from workers.runner import Compute, Runner

DRAWS = b"draws"


@dataclass(frozen=True)
class Result:
    """What a computation gives."""

    answer: Answer
    figures: dict[str, dict[str, Any]]
    write_draws: Callable[[Path], None]


def result_of(study: Study, **_: Any) -> Result:
    return Result(coin_answer(study), {"horizon": {"data": []}}, write_draws)


def write_draws(path: Path) -> None:
    path.write_bytes(DRAWS)


def fail_with(error: BaseException) -> Compute:
    def compute(_study: Study, **_: Any) -> Result:
        raise error

    return cast("Compute", compute)


def runner(installation: Installation, compute: object, stopping: threading.Event, explain: object = None) -> Runner:
    return Runner(
        installation.settings,
        installation.database,
        installation.artifacts,
        "host:1:2",
        stopping,
        cast("Compute", compute),
        cast("Explain", explain),
    )


def forecast_of(installation: Installation, job_id: str) -> ForecastRow | None:
    with installation.database.read() as session:
        return ForecastRepository(session).of_job(job_id)


def files(installation: Installation) -> list[Path]:
    return [path for path in installation.artifacts.root.rglob("*") if path.is_file()]
