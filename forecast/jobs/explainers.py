"""How each kind of explanation is computed.

`forecast.explain` is looked up by name, when a worker or the command line first needs it: the web process imports this
package, and must not reach the science.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol, cast

from forecast.answer import Attribution, InfluenceReport, SensitivityReport
from forecast.errors import FieldError, StopRequestedError, StudyError
from forecast.jobs.states import JobKind
from forecast.study import Study

if TYPE_CHECKING:
    from forecast.stages import Progress

Explanation = Attribution | InfluenceReport | SensitivityReport

EXPLANATIONS: Final[Mapping[JobKind, type[Explanation]]] = {
    JobKind.ATTRIBUTION: Attribution,
    JobKind.INFLUENCE: InfluenceReport,
    JobKind.SENSITIVITY: SensitivityReport,
}
"""What each kind of job finds out; the kind is also its name in a stored forecast."""


class Explain(Protocol):
    """`compute_attribution`, `compute_influence` and `compute_sensitivity` of `forecast.explain`."""

    def __call__(
        self,
        study: Study,
        *,
        seed: int,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
    ) -> Explanation: ...


def load_explainer(kind: JobKind) -> Explain:
    """The function that computes an explanation of this kind."""
    module = importlib.import_module("forecast.explain")
    return cast("Explain", getattr(module, f"compute_{kind.value}"))


def require_same_method(forecast_method: str) -> None:
    """Make sure that this version would compute the numbers that are to be explained.

    Raises
    ------
    StudyError
        When the forecast was made by another method.
    """
    here = str(importlib.import_module("forecast.pipeline").METHOD_VERSION)
    if forecast_method != here:
        message = (
            f"it was made by method {forecast_method}, this version has method {here} and would explain other numbers; "
            "submit the study again and explain the new forecast"
        )
        raise StudyError([FieldError("forecast", "method_changed", message)])
