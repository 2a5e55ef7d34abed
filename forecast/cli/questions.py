"""Commands about a forecast that is there: ask it something, and find out what moves it."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from forecast.cli.service import complain_of, watch_job
from forecast.cli.terminal import ExitCode, Url, make_console, open_client
from forecast.errors import FieldError, StudyError

if TYPE_CHECKING:
    from forecast.client.client import ForecastClient
    from forecast.futures.query import QueryAnswer

LATEST = "latest:"

Forecast = Annotated[
    str,
    typer.Argument(
        metavar="FORECAST",
        help="Id of a forecast, latest:STUDY, or (to query) a folder that `forecast run --out` wrote.",
    ),
]


class ExplanationKind(StrEnum):
    """What to find out."""

    ATTRIBUTION = "attribution"
    INFLUENCE = "influence"
    SENSITIVITY = "sensitivity"
    TRIAGE = "triage"
    ALL = "all"


def query(
    forecast: Forecast,
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="For example 'a and not by(b, 12)'.")],
    observe: Annotated[
        list[str] | None, typer.Option("--observe", metavar="EXPR", help="Only futures in which this is true.")
    ] = None,
    do: Annotated[
        list[str] | None,
        typer.Option("--do", metavar="OUTCOME@WHEN", help="Make it happen after so many periods, or @never."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every outcome and scenario as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: Url = None,
) -> None:
    """Ask a forecast for the probability of anything about its outcomes."""
    asked: dict[str, Any] = {
        "expression": expression,
        "observe": observe or [],
        "do": [read_intervention(text) for text in do or []],
        "all": everything,
    }
    answer = _ask_folder(Path(forecast), asked) if Path(forecast).is_dir() else _ask_service(forecast, asked, url)
    if as_json:
        typer.echo(json.dumps(answer.model_dump(mode="json"), indent=2, ensure_ascii=False))
        return
    from forecast.cli.tables import print_query

    print_query(make_console(), answer)


def read_intervention(text: str) -> dict[str, Any]:
    """An intervention from ``outcome@12`` or ``outcome@never``.

    Raises
    ------
    StudyError
        When the text is neither.
    """
    outcome, at_sign, when = text.rpartition("@")
    try:
        at = None if when.strip() == "never" else float(when)
        if not (outcome.strip() and at_sign) or (at is not None and not math.isfinite(at)):
            raise ValueError
    except ValueError:
        message = f"{text!r} is no intervention; expected outcome@12 (periods from the as-of date) or outcome@never"
        raise StudyError([FieldError("--do", "intervention", message)]) from None
    return {"outcome": outcome.strip(), "at": at}


def _ask_folder(folder: Path, asked: dict[str, Any]) -> QueryAnswer:
    from forecast.cli.local_run import DRAWS_FILE
    from forecast.futures.query import QueryRequest, answer_query
    from forecast.futures.stored import open_futures

    file = folder / DRAWS_FILE
    if not file.is_file():
        raise FileNotFoundError(f"{folder} has no {DRAWS_FILE}; expected a folder that `forecast run --out` wrote")
    try:
        request = QueryRequest.model_validate(asked)
    except ValidationError as error:
        raise StudyError(
            FieldError(".".join(map(str, found["loc"])), str(found["type"]), str(found["msg"]))
            for found in error.errors()
        ) from None
    return answer_query(open_futures(file), request)


def _ask_service(forecast: str, asked: dict[str, Any], url: str | None) -> QueryAnswer:
    with open_client(url) as client:
        return client.query(find_forecast_id(client, forecast), asked)


def find_forecast_id(client: ForecastClient, forecast: str) -> str:
    """The id of a forecast that was named by it, or as the latest of a study."""
    if forecast.startswith(LATEST):
        return client.latest(forecast.removeprefix(LATEST)).forecast_id
    return forecast


def explain(
    forecast: Forecast,
    kind: Annotated[
        ExplanationKind, typer.Option("--kind", help="What to find out; triage compares with the forecast before it.")
    ] = ExplanationKind.ALL,
    url: Url = None,
) -> None:
    """Have a service find out what moves a forecast, and print it."""
    from forecast.cli.tables import print_explanations
    from forecast.jobs.explanations import ALONE
    from forecast.jobs.states import JobKind

    kinds = ALONE if kind is ExplanationKind.ALL else (JobKind(kind.value),)
    if Path(forecast).is_dir():
        message = f"{forecast!r} is a folder; to explain a forecast here, make it with `forecast run --explain`"
        raise StudyError([FieldError("FORECAST", "not_in_a_service", message)])
    console = make_console()
    with open_client(url) as client:
        forecast_id = find_forecast_id(client, forecast)
        # All at once: with several workers they run side by side.
        submitted = [client.explain(forecast_id, each) for each in kinds]
        ended = [watch_job(client, job.id, console) for job in submitted]
        explained = client.forecast(forecast_id)
        print_explanations(console, explained, only=[job.kind.value for job in ended if job.forecast_id])
        console.print(f"Page: {client.url}/forecasts/{forecast_id}", soft_wrap=True, highlight=False)
    failed = [job for job in ended if job.forecast_id is None]
    for job in failed:
        complain_of(job)
    raise typer.Exit(ExitCode.FAILED if failed else ExitCode.OK)


def report(
    forecast_id: Annotated[str, typer.Argument(metavar="FORECAST", help="Id of a stored forecast.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write it: .html or .pdf.")] = Path("report.html"),
    url: Url = None,
) -> None:
    """Write a forecast as one document for paper, with figures, method and sources."""
    if out.suffix.lower() not in {".html", ".pdf"}:
        message = f"a {out.suffix or 'nameless'} file; expected .html or .pdf; name one of these"
        raise StudyError([FieldError("--out", "media_type", message)])
    with open_client(url) as client:
        html = client.report(forecast_id)
    if out.suffix.lower() == ".pdf":
        from forecast.cli.pdf import html_to_pdf

        out.write_bytes(html_to_pdf(html))
    else:
        out.write_text(html, encoding="utf-8")
    make_console().print(f"Written to {out}.", highlight=False, soft_wrap=True)
