"""How large a study is, from the document alone: before anything is encoded, compiled for or sampled.

`quantities` never says more than the model has (tests/model/test_cost.py holds it against the model's own count), so
what is refused by it here the worker would refuse as well; what it lets through the worker measures exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from forecast.study.document.cases import Case
from forecast.study.document.document import Study
from forecast.study.document.evidence import TableBlock
from forecast.study.document.prior import OutcomeKind
from forecast.study.reading.table import cell_text
from forecast.study.rows.evidence_tables import resolve_observations, resolve_track_records

BYTES_PER_NUMBER: Final = 8
FUTURE_DRAWS: Final = 4000
"""Posterior draws that are rolled forward at most."""
MAX_UNITS: Final = 2000
"""Cases whose own levels are kept; a larger study keeps its classes only (memory grows with draws times cases)."""
OUTCOME_LATENTS: Final = 7
"""Level, class spread, frailty, trend, wiggle, new class and present case of each event or binary outcome."""
INDICATOR_LATENTS: Final = 3
"""Loading, dispersion and mean of each indicator."""
EXPERT_LATENTS: Final = 3
"""Bias, slope and noise of each expert."""
QUESTION_LATENTS: Final = 1
"""What experts see of each question of a track record; of one with a known answer there is the truth as well."""


@dataclass(frozen=True)
class StudySize:
    """What a study asks for."""

    outcomes: int
    """Options of categorical outcomes count one by one."""
    cases: int
    table_rows: int
    """Of its largest table."""
    horizon: int
    """Periods."""
    draws: int
    """Posterior draws of all chains."""
    tuning_draws: int
    """Draws of all chains that are made before those, and thrown away."""
    futures: int
    """Simulated futures."""
    quantities: int
    """Numbers of each draw, at least."""

    @property
    def draw_bytes(self) -> int:
        """Memory that the posterior draws take, at least; those of tuning take as much while they are made."""
        return BYTES_PER_NUMBER * self.quantities * (self.draws + self.tuning_draws)


def measure_study(study: Study) -> StudySize:
    """The size of a valid study as of its as-of date."""
    sampler = study.sampler
    draws = sampler.least_draws * sampler.chains
    return StudySize(
        outcomes=len(study.parts),
        cases=len(study.cases),
        table_rows=max((len(table.table_rows) for table in _tables(study)), default=0),
        horizon=study.horizon,
        draws=draws,
        tuning_draws=sampler.warm_up * sampler.chains,
        futures=min(draws, FUTURE_DRAWS) * sampler.futures_per_draw,
        quantities=_count_quantities(study),
    )


def _tables(study: Study) -> Iterator[TableBlock]:
    yield from study.reference_classes
    yield from study.indicators
    yield from (
        table
        for table in (study.judgments, study.track_records, study.resolutions, study.values, study.quantiles)
        if table is not None
    )


def _count_quantities(study: Study) -> int:
    """As `forecast.model` counts them, less what only the model knows: each latent variable is kept twice, as sampled and
    as it is named; cases and age bands once."""
    modelled = {part.id: part for part in study.parts if part.is_modelled}
    bands = [len(outcome.bands(study.horizon)) for outcome in modelled.values() if outcome.kind is OutcomeKind.EVENT]
    units = [(case, modelled[outcome]) for case, outcome in _units(study)]
    latents = (
        OUTCOME_LATENTS * len(modelled)
        + len(study.covariates)
        + sum(len(study.outcome(name).parts) for group in study.reference_classes for name in group.outcomes)
        + sum(outcome.pooling.case_sd > 0 and case.weight == 1 for case, outcome in units)
        + sum(count - 1 for count in bands)
        + _count_signals(study)
        + _count_records(study)
        + _count_numbers(study)
    )
    return 2 * latents + min(len(units), MAX_UNITS) + sum(bands)


def _count_numbers(study: Study) -> int:
    """Of each quantity its middle and its share; of each class and expert that speaks of it one more."""
    values = study.values.table_rows if study.values is not None else ()
    said = study.quantiles.table_rows if study.quantiles is not None else ()
    classes = {(cell_text(row.get("quantity")), cell_text(row.get("class"))) for row in values}
    experts = {(cell_text(row.get("quantity")), cell_text(row.get("expert"))) for row in said}
    return 2 * len(study.quantities) + len(classes) + len(experts)


def _units(study: Study) -> Iterator[tuple[Case, str]]:
    served = {
        group.id: [part.id for name in group.outcomes for part in study.outcome(name).parts]
        for group in study.reference_classes
    }
    for case in study.cases:
        for outcome in served[case.reference_class]:
            if case.seen(outcome) is not None:
                yield case, outcome


def _count_signals(study: Study) -> int:
    """Numbers of factors over past periods, and of indicators; unobserved ones are not in the model."""
    observations = resolve_observations(study)
    seen = [observation.period for found in observations.values() for observation in found]
    if not seen:
        return 0
    observed = [indicator for indicator in study.indicators if observations.get(indicator.id)]
    driving = {indicator.factor for indicator in observed} & {factor.id for factor in study.factors}
    last = study.calendar.last_complete_period()[0]
    periods = sum(1 for _ in study.calendar.natural_periods_between(min(seen), last))
    return INDICATOR_LATENTS * len(observed) + len(driving) * (periods + 1)


def _count_records(study: Study) -> int:
    """Of experts with a track record, and of the questions in it."""
    records = resolve_track_records(study)
    experts, questions = {record.expert for record in records}, {record.question for record in records}
    answered = {record.question for record in records if record.outcome is not None}
    return EXPERT_LATENTS * len(experts) + QUESTION_LATENTS * len(questions) + len(answered)
