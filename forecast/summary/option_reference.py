"""What each reference class of a categorical outcome, and each of its cases, says of one option."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import CaseSummary, ClassSummary, NewClassSummary, ReferenceSummary
from forecast.dims import CHAIN, DRAW
from forecast.futures.present import softmax
from forecast.futures.scenarios import spread
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.membership import NEW
from forecast.model.encoding.options import parts_of
from forecast.model.encoding.units import Level, Unit
from forecast.study import Choice, Outcome
from forecast.summary.belonging import membership_of

FloatArray = npt.NDArray[np.float64]


def summarize_option_reference(
    encoded: EncodedStudy, option: Outcome, posterior: xr.Dataset, cases: xr.DataArray | None
) -> ReferenceSummary:
    """Classes with their cases, and a new class that has not been observed; the measure is the probability of the option."""
    parts = next(parts for parts in parts_of(encoded.study.parts) if option.id in parts)
    place = parts.index(option.id)

    def chances(name: str, dim: str, labels: list[str]) -> FloatArray:
        values = posterior[name].sel({dim: labels}).transpose(CHAIN, DRAW, dim).values
        return softmax(values.reshape(-1, len(labels)))[:, place]

    summaries = []
    for group in encoded.study.reference_classes:
        levels = [Level(group.id, part) for part in parts]
        if levels[0] not in encoded.levels:
            continue
        draws = chances("class_level", "level", [level.label for level in levels])
        members = tuple(_case(encoded, own, place, cases) for own in _by_case(encoded, levels))
        counted = [member for member in members if member.weight > 0.0]
        summaries.append(
            ClassSummary(
                id=group.id,
                title=group.title or group.id,
                weight=option.class_weights.get(group.id, 0.0),
                membership=membership_of(encoded, posterior, option, group.id),
                cases=len(counted),
                effective_cases=sum(member.weight for member in counted),
                events=sum(member.successes or 0.0 for member in counted),
                exposure=None,
                trials=sum(member.trials or 0.0 for member in counted),
                measure="probability",
                rate_or_probability=float(draws.mean()),
                interval=spread(draws),
                members=members,
            )
        )
    new = chances("new_class_level", "outcome", list(parts))
    return ReferenceSummary(
        classes=tuple(summaries),
        new_class=NewClassSummary(
            weight=max(0.0, 1.0 - sum(option.class_weights.values())),
            membership=membership_of(encoded, posterior, option, NEW),
            measure="probability",
            rate_or_probability=float(new.mean()),
            interval=spread(new),
        ),
    )


def _by_case(encoded: EncodedStudy, levels: list[Level]) -> list[list[tuple[int, Unit]]]:
    """Units of each case of a class with their places, by option."""
    own = {encoded.levels.index(level) for level in levels}
    found: dict[str, list[tuple[int, Unit]]] = {}
    for place, unit in enumerate(encoded.units):
        if unit.level in own:
            found.setdefault(unit.case.id, []).append((place, unit))
    return list(found.values())


def _case(encoded: EncodedStudy, units: list[tuple[int, Unit]], place: int, cases: xr.DataArray | None) -> CaseSummary:
    unit = units[place][1]
    assert isinstance(unit.data, Choice)
    estimate, interval = None, None
    if cases is not None:
        values = cases.isel(unit=[position for position, _ in units]).values.astype(float)
        draws = softmax(values.reshape(-1, len(units)))[:, place]
        estimate, interval = float(draws.mean()), spread(draws)
    return CaseSummary(
        id=unit.case.id,
        weight=unit.case.weight,
        successes=unit.data.chosen,
        trials=unit.data.trials,
        estimate=estimate,
        interval=interval,
        source=unit.case.source,
        note=unit.case.note,
    )
