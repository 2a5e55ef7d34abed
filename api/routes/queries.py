"""Questions about a stored forecast, answered at a desk from its simulated futures."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from api import desk_work
from api.acceptance import accept_query
from api.desks import OverBudgetError
from api.requests import Id, parse_body, read_body_json
from api.routes.forecasts import find_forecast
from api.service import Reader
from forecast.errors import ForecastError
from forecast.futures.query import QueryAnswer, QueryRequest
from forecast.runtime.settings import Settings
from forecast.store import stored_file

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": QueryRequest.model_json_schema()}}}
}


@router.post(
    "/{forecast_id}/query",
    summary="The probability of an expression, under conditions if there are any",
    response_model=QueryAnswer,
    openapi_extra=_BODY,
)
async def query_forecast(
    forecast_id: Id, service: Reader, body: Annotated[dict[str, Any], Depends(read_body_json)]
) -> QueryAnswer:
    """`observe` keeps the futures in which all its expressions are true; `do` makes an outcome happen and cuts its causes."""
    row = await run_in_threadpool(find_forecast, service, forecast_id)
    query = accept_query(parse_body(QueryRequest, body), service.settings)
    root = service.artifacts.root
    try:
        return await service.desks.queries.ask(service.workspace, desk_work.answer, root, stored_file(row), query)
    except OverBudgetError as error:
        raise QueryTooLargeError(query, error.limit, service.settings) from None


class QueryTooLargeError(ForecastError, RuntimeError):
    """A query takes more memory or CPU time than it may."""

    code: ClassVar[str] = "query_too_large"

    def __init__(self, query: QueryRequest, limit: str, settings: Settings) -> None:
        parts = {
            f"{len(query.do)} interventions (`do`), which simulate all futures again": bool(query.do),
            f"{len(query.observe)} conditions (`observe`)": bool(query.observe),
            "every outcome and scenario (`all`)": query.all,
        }
        given = [part for part, is_there in parts.items() if is_there]
        to_do = f"leave out {', or '.join(given)}" if given else "run the forecast with fewer sampler.futures_per_draw"
        super().__init__(
            f"the query takes more {limit} than it may ({settings.query_cpu_seconds:g} s of CPU, "
            f"{settings.query_memory_bytes / 1e6:.0f} MB); {to_do}"
        )
