"""What explains a stored forecast: computed by the method and from as many draws as the forecast was."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from forecast.answer import METHOD_VERSION, Answer, Explanation
from forecast.errors import FieldError, StopRequestedError, StudyError
from forecast.explain import Previous, compute_attribution, compute_influence, compute_sensitivity, compute_triage
from forecast.progress import Progress
from forecast.study import Study


class Explain(Protocol):
    """`compute_attribution` and its like of `forecast.explain`."""

    def __call__(
        self,
        study: Study,
        *,
        seed: int,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
    ) -> Explanation: ...


EXPLAINERS: Final[Mapping[str, Explain]] = {
    "attribution": compute_attribution,
    "influence": compute_influence,
    "sensitivity": compute_sensitivity,
}
"""By the kind of job, for those that need nothing but the forecast's own document."""


def explainer_of(kind: str, used: Mapping[str, Any]) -> Explain:
    """The function that computes an explanation of one of these kinds, from as many draws as the forecast has.

    Parameters
    ----------
    used
        The settings with which the forecast was sampled (`Provenance.sampler`).
    """
    return functools.partial(_as_drawn, EXPLAINERS[kind], used)


def triage_of(answer: Answer, forecast_id: str, study: Study, before: Answer) -> Explain:
    """The function that explains a forecast's answer by the forecast before it: its id, study and answer."""
    explain = functools.partial(compute_triage, answer=answer, previous=Previous(forecast_id, study, before))
    return functools.partial(_as_drawn, explain, answer.provenance.sampler)


def _as_drawn(explain: Explain, used: Mapping[str, Any], study: Study, **arguments: Any) -> Explanation:
    return explain(study.drawn_as(used), **arguments)


def require_same_method(forecast_method: str) -> None:
    """Make sure that this version would compute the numbers that are to be explained.

    Raises
    ------
    StudyError
        When the forecast was made by another method.
    """
    if forecast_method != METHOD_VERSION:
        message = (
            f"it was made by method {forecast_method}, this version has method {METHOD_VERSION} and would explain other "
            "numbers; submit the study again and explain the new forecast"
        )
        raise StudyError([FieldError("forecast", "method_changed", message)])
