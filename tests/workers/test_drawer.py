"""Drawing the figures of a stored forecast: once, whatever is wrong with it, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from forecast.answer import Answer
from forecast.errands import ErrandKind, ErrandRule
from forecast.jobs.lifecycle import complete_job
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.store import DrawingRepository, ErrandRepository, ForecastRepository, compress_figure
from forecast.store.tables.core import DrawingRow, FigureRow
from tests.coin import coin_answer, coin_study
from tests.installation import Installation, forecast_row, installation_in
from workers.drawer import DrawOutcome, draw

RULE = ErrandRule(pauses=(0.0, 0.0), held_seconds=180.0)
STUDY = coin_study(
    reference_classes=[
        {
            "id": "tosses",
            "title": "Tosses",
            "outcome": "heads",
            "rows": [{"id": f"case-{number}", "successes": 3 * number % 11, "trials": 20} for number in range(8)],
        }
    ],
    sampler={"draws": 100, "tune": 100, "chains": 2, "seed": 3},
)


@dataclass(frozen=True)
class Made:
    """A forecast whose draws are not read."""

    answer: Answer = field(default_factory=lambda: coin_answer(STUDY))
    figures: Mapping[str, Any] = field(default_factory=lambda: {"horizon": {"data": []}})

    def write_draws(self, path: Path) -> None:
        path.write_bytes(b"draws")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


def store(installation: Installation, computed: ComputedForecast | Made) -> str:
    claim = installation.claim(installation.submit(STUDY))
    file = installation.artifacts.write(f"2026-01/{claim.job_id}.nc", computed.write_draws)
    row = forecast_row(
        claim,
        STUDY,
        answer=computed.answer.model_dump_json(),
        artifact_path=file.path,
        artifact_sha256=file.sha256,
        artifact_bytes=file.size_bytes,
    )
    figures = {name: compress_figure(figure) for name, figure in computed.figures.items()}
    with installation.database.write() as session:
        complete_job(session, claim, row, figures)
    return row.id


def drawing_of(installation: Installation, forecast_id: str) -> tuple[DrawingRow, frozenset[str]]:
    with installation.database.read() as session:
        drawings = DrawingRepository(session)
        row = drawings.get(forecast_id)
        assert row is not None
        session.expunge(row)
        return row, drawings.image_names(forecast_id)


@pytest.mark.program
def test_a_forecast_is_drawn_once(installation: Installation) -> None:
    forecast_id = store(installation, compute_forecast(STUDY))
    assert draw(installation.database, installation.artifacts, forecast_id, RULE) is DrawOutcome.DRAWN
    row, images = drawing_of(installation, forecast_id)
    assert row.failures == []
    assert row.drawn_at is not None
    assert {"horizon", "trace", "rank", "pareto-k", "loo-pit", "pairs", "predictive-successes"} <= images
    with installation.database.read() as session:
        assert images == set(ForecastRepository(session).figure_names(forecast_id))
    assert draw(installation.database, installation.artifacts, forecast_id, RULE) is DrawOutcome.DROPPED


def test_a_forecast_that_does_not_exist_is_dropped(installation: Installation) -> None:
    assert draw(installation.database, installation.artifacts, "nothing", RULE) is DrawOutcome.DROPPED


def test_missing_draws_are_said_and_not_tried_again(installation: Installation) -> None:
    forecast_id = store(installation, Made())
    with installation.database.read() as session:
        row = ForecastRepository(session).get(forecast_id)
        assert row is not None
        installation.artifacts.remove(row.artifact_path)
    assert draw(installation.database, installation.artifacts, forecast_id, RULE) is DrawOutcome.DRAWN
    drawing, images = drawing_of(installation, forecast_id)
    assert len(drawing.failures) == 1
    assert "nc" in drawing.failures[0]
    assert images == frozenset()
    assert draw(installation.database, installation.artifacts, forecast_id, RULE) is DrawOutcome.DROPPED


def test_tries_that_never_came_back_are_given_up(installation: Installation) -> None:
    forecast_id = store(installation, Made())
    with installation.database.write() as session:
        errand = ErrandRepository(session).wanted(ErrandKind.DRAWING, "default", forecast_id)
        assert errand is not None
        errand.attempts = 3
    assert draw(installation.database, installation.artifacts, forecast_id, RULE) is DrawOutcome.GIVEN_UP
    assert "given up" in drawing_of(installation, forecast_id)[0].failures[0]


def test_a_damaged_figure_is_one_try_of_three(installation: Installation) -> None:
    forecast_id = store(installation, Made())
    with installation.database.write() as session:
        row = session.get(FigureRow, (forecast_id, "horizon"))
        assert row is not None
        row.json_gzip = b"damaged"
    assert draw(installation.database, installation.artifacts, forecast_id, RULE) is DrawOutcome.DRAWN
    drawing, _ = drawing_of(installation, forecast_id)
    with installation.database.read() as session:
        errand = ErrandRepository(session).get(ErrandKind.DRAWING, "default", forecast_id)
    assert errand is not None
    assert (errand.attempts, errand.done_at is not None) == (1, True)
    assert drawing.drawn_at is not None
    assert "BadGzipFile" in drawing.failures[0]
