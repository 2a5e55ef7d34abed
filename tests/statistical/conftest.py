"""One sampling run per study and session: every number of a study is read from the same forecast."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pytest

from priors import study_path

if TYPE_CHECKING:
    from forecast.pipeline import ComputedForecast


@pytest.fixture(scope="session")
def computed() -> Callable[[str], ComputedForecast]:
    """The forecast of a bundled study by its name, with the seed of its document."""
    from forecast.pipeline import compute_forecast
    from forecast.study import load_study

    return cache(lambda name: compute_forecast(load_study(study_path(name))))
