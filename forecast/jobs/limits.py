"""What an installation lets a study ask for, checked when it is stored, looked at or computed: before anything is allocated.

The format has limits of its own (`priors/study.schema.json`); these are the operator's, and never wider.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forecast.errors import FieldError, StudyError
from forecast.runtime.settings import Settings
from forecast.study import Study
from forecast.study.checks.size import StudySize, measure_study


@dataclass(frozen=True)
class StudyLimits:
    """The most of everything; see the settings of the same names."""

    outcomes: int
    cases: int
    table_rows: int
    horizon: int
    draws: int
    futures: int
    draw_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> StudyLimits:
        """Those of an installation."""
        return cls(
            outcomes=settings.max_outcomes,
            cases=settings.max_cases,
            table_rows=settings.max_table_rows,
            horizon=settings.max_horizon,
            draws=settings.max_draws,
            futures=settings.max_futures,
            draw_bytes=settings.max_draw_bytes,
        )


def require_within(study: Study, limits: StudyLimits) -> StudySize:
    """The size of a study that an installation accepts.

    Raises
    ------
    StudyError
        With everything that is more than it may be.
    """
    size = measure_study(study)
    if errors := list(_excesses(size, limits)):
        raise StudyError(errors)
    return size


def _excesses(size: StudySize, limits: StudyLimits) -> Iterator[FieldError]:
    for path, name, seen, most, advice in (
        ("outcomes", "outcomes", size.outcomes, limits.outcomes, "split the study"),
        ("reference_classes", "cases", size.cases, limits.cases, "leave some out, or give them as counts"),
        ("document", "rows in one table", size.table_rows, limits.table_rows, "leave some out"),
        ("horizon", "periods", size.horizon, limits.horizon, "ask for fewer, or for longer periods"),
        ("sampler.draws", "draws of all chains", size.draws, limits.draws, "ask for fewer draws or chains"),
        ("sampler.futures_per_draw", "futures", size.futures, limits.futures, "ask for fewer for each draw"),
    ):
        if seen > most:
            message = f"{seen:,} {name}; this service accepts at most {most:,}; {advice}, or ask its operator for more"
            yield FieldError(path, "too_large", message)
    if size.draw_bytes > limits.draw_bytes:
        message = (
            f"{size.draws:,} draws, and {size.tuning_draws:,} of tuning, of at least {size.quantities:,} quantities would "
            f"take {size.draw_bytes / 1e9:.1f} GB; this service accepts at most {limits.draw_bytes / 1e9:g} GB; ask for fewer "
            "draws or less tuning, or set case_sd: 0 so that cases have no level of their own"
        )
        yield FieldError("sampler.draws", "too_large", message)
