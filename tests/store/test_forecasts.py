"""Stored forecasts and their figures."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from forecast.store import ForecastRepository, compress_figure
from forecast.store.tables.core import ForecastRow
from tests.coin import NOW
from tests.installation import Installation, forecast_row


def add(installation: Installation, minutes: int, version: str | None) -> str:
    claim = installation.claim(installation.submit())
    row = forecast_row(claim, now=NOW + timedelta(minutes=minutes), version=version)
    with installation.database.write() as session:
        ForecastRepository(session).add(row, {"horizon": compress_figure({"data": []})})
    return row.id


def test_forecasts_are_listed_newest_first(installation: Installation) -> None:
    made = [add(installation, minutes, "v") for minutes in range(3)]
    with installation.database.read() as session:
        page = ForecastRepository(session).page("coin", limit=2)
        rest = ForecastRepository(session).page("coin", limit=2, cursor=page.next_cursor)
    assert [row.id for row in (*page.items, *rest.items)] == made[::-1]


def test_the_latest_is_one_of_a_stored_version_if_there_is_any(installation: Installation) -> None:
    stored = add(installation, 0, "v")
    add(installation, 5, None)
    with installation.database.read() as session:
        latest = ForecastRepository(session).latest("coin")
    assert latest is not None
    assert latest.id == stored


def test_a_job_has_at_most_one_forecast(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    with installation.database.write() as session:
        ForecastRepository(session).add(forecast_row(claim), {})
    with pytest.raises(IntegrityError), installation.database.write() as session:
        ForecastRepository(session).add(forecast_row(claim), {})


def test_a_figure_comes_back_as_it_was(installation: Installation) -> None:
    forecast_id = add(installation, 0, None)
    with installation.database.read() as session:
        forecasts = ForecastRepository(session)
        figure = forecasts.figure(forecast_id, "horizon")
        assert forecasts.figure_names(forecast_id) == ("horizon",)
        assert forecasts.figure(forecast_id, "other") is None
    assert figure is not None
    assert json.loads(gzip.decompress(figure)) == {"data": []}


def test_what_is_not_finite_is_a_gap_in_a_figure() -> None:
    stored = json.loads(gzip.decompress(compress_figure({"y": [1.0, float("nan"), float("inf")]})))
    assert stored == {"y": [1.0, None, None]}


def test_every_mentioned_file_is_known(installation: Installation) -> None:
    forecast_id = add(installation, 0, None)
    with installation.database.read() as session:
        row = session.get(ForecastRow, forecast_id)
        assert row is not None
        assert ForecastRepository(session).artifact_paths() == {row.artifact_path}
