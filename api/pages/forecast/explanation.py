"""Explanations of a forecast: those computed and those that can be requested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.pages.forecast.attribution import AttributionView, build_attribution
from api.pages.forecast.influence import InfluenceView, build_influence
from api.pages.forecast.sensitivity import SensitivityView, build_sensitivity
from forecast.answer import StoredForecast, Verdict
from forecast.jobs.states import JobKind


@dataclass(frozen=True)
class Explanation:
    """The three explanations; None where none has been computed yet."""

    forecast_id: str
    can_compute: bool
    """False for a refused forecast, which is not explained."""
    attribution: AttributionView | None
    influence: InfluenceView | None
    sensitivity: SensitivityView | None
    attribution_job: str | None
    """Address of the job that is computing it; so are the two below."""
    influence_job: str | None
    sensitivity_job: str | None


def build_explanation(forecast: StoredForecast, pending: Mapping[str, str]) -> Explanation:
    """What is known of why a forecast says what it says.

    Parameters
    ----------
    pending
        Id by kind of jobs that will explain it.
    """
    jobs = {kind: f"/jobs/{job}" for kind, job in pending.items()}
    titles = {
        **{f"outcome {outcome.id}": outcome.title for outcome in forecast.outcomes},
        **{f"scenario {scenario.id}": scenario.title for scenario in forecast.scenarios},
    }
    if forecast.remainder is not None:
        titles.setdefault(f"scenario {forecast.remainder.id}", forecast.remainder.title)
    return Explanation(
        forecast_id=forecast.forecast_id,
        can_compute=forecast.verdict is not Verdict.REFUSED,
        attribution=None if forecast.attribution is None else build_attribution(forecast.attribution, titles),
        influence=None if forecast.influence is None else build_influence(forecast.influence),
        sensitivity=None if forecast.sensitivity is None else build_sensitivity(forecast.sensitivity),
        attribution_job=jobs.get(JobKind.ATTRIBUTION),
        influence_job=jobs.get(JobKind.INFLUENCE),
        sensitivity_job=jobs.get(JobKind.SENSITIVITY),
    )
