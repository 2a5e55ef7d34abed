"""How each kind of explanation is computed.

`forecast.explain` is looked up by name, when a worker or the command line first needs it: the web process imports this
package, and must not reach the science.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from forecast.answer import Answer, Attribution, InfluenceReport, SensitivityReport, Triage
from forecast.errors import FieldError, StopRequestedError, StudyError
from forecast.jobs.states import JobKind
from forecast.study import Study

if TYPE_CHECKING:
    from forecast.progress import Progress

Explanation = Attribution | InfluenceReport | SensitivityReport | Triage

EXPLANATIONS: Final[Mapping[JobKind, type[Explanation]]] = {
    JobKind.ATTRIBUTION: Attribution,
    JobKind.INFLUENCE: InfluenceReport,
    JobKind.SENSITIVITY: SensitivityReport,
    JobKind.TRIAGE: Triage,
}
"""What each kind of job finds out; the kind is also its name in a stored forecast."""

ALONE: Final = tuple(kind for kind in EXPLANATIONS if kind is not JobKind.TRIAGE)
"""Kinds that need nothing but the forecast's own document; the other one compares it with an earlier forecast."""


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


def load_explainer(kind: JobKind, used: Mapping[str, Any]) -> Explain:
    """The function that computes an explanation of this kind, one of `ALONE`, from as many draws as the forecast has.

    Parameters
    ----------
    used
        The settings with which the forecast was sampled (`Provenance.sampler`).
    """
    module = importlib.import_module("forecast.explain")
    return functools.partial(_as_drawn, getattr(module, f"compute_{kind.value}"), used)


def load_triage(answer: Answer, forecast_id: str, study: Study, before: Answer) -> Explain:
    """The function that explains a forecast's answer by the forecast before it: its id, study and answer."""
    module = importlib.import_module("forecast.explain")
    previous = module.Previous(forecast_id, study, before)
    explain = functools.partial(module.compute_triage, answer=answer, previous=previous)
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
    here = str(importlib.import_module("forecast.pipeline.compute").METHOD_VERSION)
    if forecast_method != here:
        message = (
            f"it was made by method {forecast_method}, this version has method {here} and would explain other numbers; "
            "submit the study again and explain the new forecast"
        )
        raise StudyError([FieldError("forecast", "method_changed", message)])
