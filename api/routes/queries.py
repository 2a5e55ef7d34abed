"""Questions about a stored forecast, answered in this process from its simulated futures."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends

from api.acceptance import accept_query
from api.json_schema import inlined_schema
from api.requests import Id, parse_body, read_body_json
from api.routes.forecasts import find_forecast
from api.service import Reader
from forecast.futures.query import QueryAnswer, QueryRequest
from forecast.store import stored_file

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": inlined_schema(QueryRequest)}}}
}


@router.post(
    "/{forecast_id}/query",
    summary="The probability of an expression, under conditions if there are any",
    response_model=QueryAnswer,
    openapi_extra=_BODY,
)
def query_forecast(
    forecast_id: Id, service: Reader, body: Annotated[dict[str, Any], Depends(read_body_json)]
) -> QueryAnswer:
    """`observe` keeps the futures in which all its expressions are true; `do` makes an outcome happen and cuts its causes."""
    row = find_forecast(service, forecast_id)
    query = accept_query(parse_body(QueryRequest, body), service.settings)
    return service.futures.answer(stored_file(row), query)
