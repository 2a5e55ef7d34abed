"""What the forecast would be under other priors: power-scaling of each part, and the lean on stated effects."""

from __future__ import annotations

from collections.abc import Callable

from forecast.answer import SensitivityReport
from forecast.errors import StopRequestedError
from forecast.explain.leans import find_leans
from forecast.explain.runs import Runs
from forecast.explain.scaling import scale_powers
from forecast.progress import Progress, Stage
from forecast.study import Study


def compute_sensitivity(
    study: Study,
    *,
    seed: int,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> SensitivityReport:
    """How every outcome answers to each part of the prior, to the data, and to each stated effect.

    One run, and one more for each effect whose removal cannot be had by reweighing. The parameters and errors are those
    of `forecast.pipeline.compute.compute_forecast`.
    """
    runs = Runs(study, seed, on_progress, should_stop)
    fit = runs.fit(runs.encode())
    runs.at(Stage.DIAGNOSE)
    scaling = scale_powers(runs, fit)
    leans = find_leans(runs, fit)
    return SensitivityReport(scaling=scaling, leans=leans, seconds=runs.seconds)
