"""Two forecasts of one study side by side: what each says, which differences are more than noise, and what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from forecast.answer import Verdict
from forecast.errors import ForecastError
from forecast.jobs.view import View
from forecast.store import ForecastRepository
from forecast.store.tables.core import EstimateRow, ForecastRow
from forecast.timeline.history import move_between
from forecast.timeline.views import Move


class NotComparableError(ForecastError, ValueError):
    """The two forecasts are of different studies."""

    code: ClassVar[str] = "not_comparable"


class Compared(View):
    """One of the two forecasts."""

    forecast_id: str
    """UUID of the forecast."""
    as_of: date
    """What was known on this day is used, nothing later."""
    made_at: datetime
    """When the forecast was stored (UTC)."""
    verdict: Verdict
    """Result of the publication checks."""
    study_digest: str
    """SHA-256 (hex) of the canonical document with the evidence known on the as-of date."""


class Difference(View):
    """One fact in which the two computations differ."""

    name: str
    """What differs, in words, such as `seed` or `version of pymc`."""
    before: str
    """Its value in the earlier forecast; `none` when absent."""
    after: str
    """Its value in the later forecast; `none` when absent."""


class ComparedRow(View):
    """One outcome or scenario in both forecasts."""

    kind: str
    """outcome or scenario."""
    id: str
    """Id of the outcome or scenario."""
    title: str
    """Its title in the later forecast that has it."""
    before: Move | None
    """Its probability in the first forecast; null when that does not have it."""
    after: Move | None
    """Its probability in the second forecast with the change from the first; null when that does not have it."""


class Comparison(View):
    """Two forecasts of one study."""

    study: str
    """Id of the study."""
    before: Compared
    """The forecast to compare with."""
    after: Compared
    """The forecast that is compared."""
    differences: tuple[Difference, ...]
    """What differs between the two computations."""
    rows: tuple[ComparedRow, ...]
    """Scenarios, then outcomes, in the order of the second forecast."""


def compare_forecasts(session: Session, before: ForecastRow, after: ForecastRow) -> Comparison:
    """Compare two forecasts of one study.

    Their errors are taken as independent, which is on the safe side where they share their random numbers.

    Raises
    ------
    NotComparableError
        When they are of different studies.
    """
    if before.study != after.study:
        raise NotComparableError(
            f"the forecast {before.id} is of the study {before.study!r} and {after.id} of {after.study!r}; "
            "expected two forecasts of one study; choose them from its history"
        )
    answers = json.loads(before.answer), json.loads(after.answer)
    estimates = ForecastRepository(session).estimates([before.id, after.id])
    return Comparison(
        study=after.study,
        before=_compared(before),
        after=_compared(after),
        differences=tuple(_differences(*answers)),
        rows=tuple(_rows(estimates.get(before.id, ()), estimates.get(after.id, ()), _titles(*answers))),
    )


def _compared(row: ForecastRow) -> Compared:
    return Compared(
        forecast_id=row.id,
        as_of=row.as_of,
        made_at=row.made_at,
        verdict=Verdict(row.verdict),
        study_digest=row.digest,
    )


def _titles(*answers: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Titles by kind and id; those of the later forecast count."""
    return {
        (kind, found["id"]): str(found["title"])
        for answer in answers
        for kind in ("scenario", "outcome")
        for found in answer[f"{kind}s"]
    }


def _rows(
    before: tuple[EstimateRow, ...], after: tuple[EstimateRow, ...], titles: Mapping[tuple[str, str], str]
) -> Iterator[ComparedRow]:
    """Scenarios, then outcomes, in the order of the later forecast; what only the earlier one has comes last."""
    known = {(row.kind, row.subject): row for row in before}
    now = {(row.kind, row.subject): row for row in after}
    for kind in ("scenario", "outcome"):
        for key in dict.fromkeys([*now, *known]):
            if key[0] == kind:
                earlier, later = known.get(key), now.get(key)
                yield ComparedRow(
                    kind=kind,
                    id=key[1],
                    title=titles.get(key, key[1]),
                    before=None if earlier is None else move_between(None, earlier),
                    after=None if later is None else move_between(earlier, later),
                )


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    one, other = _facts(before), _facts(after)
    for name in dict.fromkeys([*one, *other]):
        if one.get(name) != other.get(name):
            yield Difference(name=name, before=one.get(name, "none"), after=other.get(name, "none"))


def _facts(answer: Mapping[str, Any]) -> dict[str, str]:
    """What two computations may differ in, in words."""
    provenance = answer["provenance"]
    facts = {
        "as of": answer["as_of"],
        "verdict": answer["verdict"],
        "method version": answer["method_version"],
        "horizon": f"{answer['horizon_periods']} {answer['period']}s",
        "seed": provenance["seed"],
        "latest evidence known at": provenance["latest_known_at"] or "none",
        **{name.replace("_", " "): count for name, count in provenance["evidence"].items()},
        **{f"sampler: {name.replace('_', ' ')}": value for name, value in provenance["sampler"].items()},
        **{f"version of {name}": version for name, version in provenance["versions"].items()},
    }
    return {name: str(value) for name, value in facts.items()}
