"""Stored explanations: added, never changed, the newest of a kind counts."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from forecast.jobs.states import JobKind
from forecast.store import ForecastRepository
from forecast.store.ids import new_id
from tests.explanations import KINDS, explanation_row, submit_explanation_of
from tests.installation import Installation, forecast_row


@pytest.fixture
def forecast_id(installation: Installation) -> str:
    return add_forecast(installation)


def add_forecast(installation: Installation) -> str:
    row = forecast_row(installation.claim(installation.submit()))
    with installation.database.write() as session:
        ForecastRepository(session).add(row, {})
    return row.id


def add(installation: Installation, forecast_id: str, kind: JobKind) -> str:
    row = explanation_row(installation.claim(submit_explanation_of(installation, forecast_id, kind)))
    with installation.database.write() as session:
        ForecastRepository(session).add_explanation(row)
    return row.id


def found(installation: Installation, forecast_id: str) -> dict[str, str]:
    with installation.database.read() as session:
        return {row.kind: row.id for row in ForecastRepository(session).explanations(forecast_id)}


def test_each_kind_is_found_under_its_name(installation: Installation, forecast_id: str) -> None:
    made = {kind.value: add(installation, forecast_id, kind) for kind in KINDS}
    assert found(installation, forecast_id) == made


def test_the_newest_of_a_kind_counts(installation: Installation, forecast_id: str) -> None:
    add(installation, forecast_id, JobKind.ATTRIBUTION)
    other = add(installation, forecast_id, JobKind.INFLUENCE)
    newest = add(installation, forecast_id, JobKind.ATTRIBUTION)
    assert found(installation, forecast_id) == {"attribution": newest, "influence": other}


def test_a_forecast_has_only_its_own(installation: Installation, forecast_id: str) -> None:
    add(installation, forecast_id, JobKind.ATTRIBUTION)
    assert found(installation, add_forecast(installation)) == {}


def test_a_job_has_at_most_one_explanation(installation: Installation, forecast_id: str) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, JobKind.ATTRIBUTION))
    with installation.database.write() as session:
        ForecastRepository(session).add_explanation(explanation_row(claim))
    with pytest.raises(IntegrityError), installation.database.write() as session:
        ForecastRepository(session).add_explanation(explanation_row(claim))


def test_an_explanation_is_of_a_forecast_that_exists(installation: Installation, forecast_id: str) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, JobKind.ATTRIBUTION))
    with pytest.raises(IntegrityError), installation.database.write() as session:
        ForecastRepository(session).add_explanation(explanation_row(claim, forecast_id=new_id()))


def test_the_newest_forecast_of_a_version_is_found(installation: Installation) -> None:
    made = []
    for version in ("a" * 64, "b" * 64, "a" * 64, None):
        row = forecast_row(installation.claim(installation.submit()), version=version)
        with installation.database.write() as session:
            ForecastRepository(session).add(row, {})
        made.append(row.id)
    with installation.database.read() as session:
        forecasts = ForecastRepository(session)
        newest = forecasts.newest_of_version("coin", "a" * 64)
        assert newest is not None
        assert newest.id == made[2]
        assert forecasts.newest_of_version("coin", "c" * 64) is None
