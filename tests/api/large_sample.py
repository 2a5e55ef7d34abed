"""The largest forecast that pages are held to: 20 outcomes, 400 cases, 700 parameters."""

from __future__ import annotations

from forecast.answer import OutcomeForecast, StoredForecast
from tests.api.sample_answer import diagnostics, sample_forecast
from tests.api.sample_evidence import pairs
from tests.api.sample_outcomes import event_outcome

OUTCOMES, CASES, PARAMETERS = 20, 400, 700


def large_forecast() -> StoredForecast:
    """Every outcome rests on two classes of ten cases each."""
    outcomes = tuple(
        _outcome(
            place, event_outcome(f"outcome_{place}", f"The outcome number {place} comes true", 0.002, 0.05 + place / 40)
        )
        for place in range(OUTCOMES)
    )
    small = diagnostics(0)
    return sample_forecast(
        outcomes=outcomes,
        pairs=pairs(outcomes),
        diagnostics=diagnostics(PARAMETERS - len(small.parameters)),
    )


def _outcome(place: int, outcome: OutcomeForecast) -> OutcomeForecast:
    assert outcome.reference is not None
    each = CASES // OUTCOMES // len(outcome.reference.classes)
    classes = []
    for known in outcome.reference.classes:
        members = tuple(
            member.model_copy(update={"id": f"{known.id}-{place}-{number}"})
            for number, member in enumerate((known.members * each)[:each])
        )
        classes.append(known.model_copy(update={"members": members, "cases": each}))
    return outcome.model_copy(update={"reference": outcome.reference.model_copy(update={"classes": tuple(classes)})})
