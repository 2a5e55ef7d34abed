"""Two forecasts of one study side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.requests import known_id
from api.routes.forecasts import find_forecast
from api.service import Reader, Service
from forecast.timeline.comparing import Comparison, compare_forecasts

router = APIRouter(prefix="/v1/compare", tags=["forecasts"])

Before = Annotated[str, Query(description="Id of the forecast to compare with.", max_length=100)]
After = Annotated[str, Query(description="Id of the forecast that is compared.", max_length=100)]


@router.get("", summary="Compare two forecasts of one study", operation_id="compare_forecasts")
def show_comparison(before: Before, after: After, service: Reader) -> Comparison:
    return read_comparison(service, before, after)


def read_comparison(service: Service, before: str, after: str) -> Comparison:
    """Two forecasts by their ids.

    Raises
    ------
    NotStoredError
        When there is no such forecast.
    NotComparableError
        When they are of different studies.
    """
    rows = [find_forecast(service, known_id(forecast_id, "forecast")) for forecast_id in (before, after)]
    with service.database.read() as session:
        return compare_forecasts(session, *rows)
