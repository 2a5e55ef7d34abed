"""A study as the model's named arrays, with the labels that belong to every dim.

Labels come from the study's ids alone; nothing downstream relies on a position. tests/model/test_encode.py proves it
against small cases computed by hand.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.cells import find_twins, pool_cells, pool_trials, split_into_cells
from forecast.model.encoding.changes import changes_of
from forecast.model.encoding.covariates import standardize, unit_covariates
from forecast.model.encoding.dependence import correlated_outcomes, link_arrays, pair_arrays, term_arrays
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.foreseen import stated_days
from forecast.model.encoding.history import history_arrays
from forecast.model.encoding.integrals import find_integrals, integral_arrays
from forecast.model.encoding.membership import find_memberships
from forecast.model.encoding.opinions import opinion_arrays
from forecast.model.encoding.options import option_arrays, tally_arrays
from forecast.model.encoding.parameters import band_arrays, prior_arrays, unit_arrays
from forecast.model.encoding.present import Present, present_arrays
from forecast.model.encoding.quantities import encode_quantities
from forecast.model.encoding.races import race_arrays, race_axes
from forecast.model.encoding.said import Opinions
from forecast.model.encoding.selection import EVERYTHING, Selection
from forecast.model.encoding.signals import select_signals, signal_arrays
from forecast.model.encoding.stages import find_stages
from forecast.model.encoding.stated import stated_levels
from forecast.model.encoding.units import Level, make_units
from forecast.study import (
    Outcome,
    OutcomeKind,
    Study,
    is_open,
    resolve_cases,
    resolve_judgments,
    resolve_observations,
    resolve_option_statements,
    resolve_track_records,
    settled_outcomes,
    with_made_links,
)

FloatArray = npt.NDArray[np.float64]


def encode_study(study: Study, selection: Selection = EVERYTHING) -> EncodedStudy:
    """The arrays of a study as of its as-of date.

    Parameters
    ----------
    selection
        Which evidence is used. What is left out takes no part in the likelihood, and a case that is has no frailty;
        levels, the other labels and the scales of covariates stay as they are.

    Raises
    ------
    StudyError
        When a case contradicts itself once the as-of date is applied, a covariate cannot be standardised, or a
        stated probability of the present case cannot be met.
    """
    study = with_made_links(study)
    modelled = tuple(outcome for outcome in study.parts if outcome.is_modelled)
    outcomes = {outcome.id: position for position, outcome in enumerate(modelled)}
    all_cases = resolve_cases(study)
    standardizations = standardize(study, all_cases)
    cases = [case if selection.keeps_case(case) else replace(case, weight=0.0) for case in all_cases]
    stated = stated_levels(study, standardizations)
    levels = tuple(
        Level(group.id, part.id)
        for group in study.reference_classes
        for outcome in group.outcomes
        for part in study.outcome(outcome).parts
    )
    bands = {o.id: AgeBands(o.bands(study.horizon) if o.kind is OutcomeKind.EVENT else (0.0,)) for o in modelled}
    correlated = correlated_outcomes(study, modelled) if selection.links else ()
    units = make_units(study, cases, levels, correlated)
    ages = {o.id: _present_age(study, o) for o in modelled if o.kind is OutcomeKind.EVENT}
    offsets = dict(zip(bands, np.cumsum([0, *map(len, bands.values())]).tolist(), strict=False))
    covariates = unit_covariates(study, units.items, standardizations)
    stages = find_stages(study, units.items, covariates, standardizations)
    cells = split_into_cells(units.items, bands, offsets, stages.of_unit)
    twins = find_twins(units.items, covariates)
    weights = np.array([0.0 if u.is_integrated else u.case.weight for u in units.items], dtype=float)
    rows = {modelled[place].id: place for place in correlated}
    signals = select_signals(study, selection.observations(resolve_observations(study)))
    links = study.links if selection.links else ()
    pairs = tuple((link.cause, link.effect_on) for link in links)
    settled = settled_outcomes(study)
    judgments = tuple(j for j in resolve_judgments(study) if is_open(j, study, settled))
    about_options = tuple(s for s in resolve_option_statements(study) if not settled.keys() & s.probabilities.keys())
    opinions = Opinions(
        selection.statements(judgments),
        selection.statements(resolve_track_records(study)),
        study.experts,
        selection.statements(about_options),
    )
    moved = frozenset(outcome for outcome, _ in signals.effects)
    with_classes = frozenset(level.outcome for level in levels)
    memberships = find_memberships(modelled, levels)
    present = Present(
        modelled,
        ages,
        bands,
        offsets,
        pairs,
        moved,
        with_classes,
        memberships,
        keeping=frozenset((link.cause, link.effect_on) for link in links if link.keeps_marginal),
        certain=frozenset(name for name, found in settled.items() if found.resolution == "yes"),
        refuted=frozenset(name for name, found in settled.items() if found.resolution == "no"),
        stated=stated_days(study),
        changes={o.id: changes_of(study, o, study.as_of) for o in modelled if o.kind is OutcomeKind.EVENT},
        resolves={o.id: study.calendar.periods_until(study.resolves_by(o.id)) for o in modelled},
        counts_quiet=selection.history,
        sure_within={
            outcome.id: study.calendar.periods_until(day)
            for outcome in modelled
            if (day := study.sure_until(outcome)) is not None
        },
        courses={(link.cause, link.effect_on): link.course for link in links if not link.course.is_plain},
    )
    priors = prior_arrays(study, modelled, stated)
    quantities = encode_quantities(study, selection)
    arrays = ModelArrays(
        {
            **priors,
            **race_axes(present, priors["mu_scale"]),
            **unit_arrays(levels, units.items, covariates, outcomes),
            **term_arrays(units.items),
            "stage_covariates": stages.covariates,
            **pool_trials(units.items, weights, twins),
            **tally_arrays(units.items, weights, twins),
            **band_arrays(bands, outcomes),
            **pool_cells(cells, weights, twins),
            **integral_arrays(find_integrals(units.items, rows, cells, covariates)),
            **present_arrays(study, modelled, levels, standardizations, memberships),
            **history_arrays(study, present if selection.history else None, signals.past_periods, settled),
            **race_arrays(study, present if selection.history else None, settled),
            **pair_arrays(study, correlated),
            **link_arrays(links),
            **signal_arrays(signals, list(outcomes)),
            **opinion_arrays(opinions, present),
            **option_arrays(modelled, memberships, opinions, settled if selection.history else {}),
            **quantities.arrays,
        },
        frailties=len(units.frailties),
    )
    coords = {
        "outcome": list(outcomes),
        "level": [level.label for level in levels],
        "covariate": [covariate.id for covariate in study.covariates],
        "band": [f"{outcome}@{start:g}" for outcome, ages_of in bands.items() for start in ages_of.starts],
        "step": [f"{outcome}@{start:g}" for outcome, ages_of in bands.items() for start in ages_of.starts[1:]],
        "frailty": list(units.frailties),
        "pair": [
            f"{modelled[column].id}~{modelled[row].id}"
            for row, column in zip(arrays["pair_row"], arrays["pair_column"], strict=True)
        ],
        "link": [f"{effect}<-{cause}" for cause, effect in pairs],
        **memberships.coords,
        **signals.coords,
        **opinions.coords,
        **quantities.coords,
    }
    return EncodedStudy(
        study,
        arrays,
        levels,
        units.items,
        bands,
        standardizations,
        cells,
        ages,
        signals,
        opinions,
        pairs,
        coords,
        selection,
        settled,
        stated,
        quantities=quantities,
    )


def _present_age(study: Study, outcome: Outcome) -> float:
    """On the as-of date; negative where the risk begins later."""
    if outcome.at_risk_since is None:
        return 0.0
    return study.calendar.age_on(outcome.at_risk_since, study.as_of)
