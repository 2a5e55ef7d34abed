"""One sampling run per study and session: every number of a study is read from the same forecast."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pytest

from forecast.study import with_sampler
from priors import study_path
from tests.suite.sizes import FULL_SIZE

if TYPE_CHECKING:
    from forecast.pipeline.compute import ComputedForecast

SHORT = {"draws": 1000, "tune": 300, "chains": 2, "target_accept": 0.9}


@pytest.fixture(scope="session")
def computed_in_full() -> Callable[[str], ComputedForecast]:
    """The forecast of a bundled study by its name, with the sampler and the seed of its document."""
    from forecast.pipeline.compute import compute_forecast
    from forecast.study import load_study

    return cache(lambda name: compute_forecast(load_study(study_path(name))))


@pytest.fixture(scope="session")
def computed(computed_in_full: Callable[[str], ComputedForecast]) -> Callable[[str], ComputedForecast]:
    """The same, in an ordinary run with a shorter sampler."""
    from forecast.pipeline.compute import compute_forecast
    from forecast.study import load_study

    if FULL_SIZE:
        return computed_in_full
    return cache(lambda name: compute_forecast(with_sampler(load_study(study_path(name)), **SHORT)))
