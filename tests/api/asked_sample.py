"""A stored forecast whose file holds real futures, so that it can be asked anything."""

from __future__ import annotations

import tempfile
from pathlib import Path

from forecast.answer import OutcomeForecast, ScenarioForecast, StoredForecast
from forecast.futures.query import QueryAnswer, QueryRequest, answer_query
from forecast.futures.stored import open_futures
from tests.api.sample_answer import sample_forecast
from tests.api.sample_outcomes import event_outcome
from tests.api.stored_sample import store_sample
from tests.futures_file import HORIZON, asked_study, write_futures_file
from tests.installation import Installation


def store_asked(installation: Installation) -> str:
    """The id of the stored forecast."""
    return store_sample(installation, asked_forecast(), write_futures_file)[0]


def count(**question: object) -> QueryAnswer:
    """What the futures in the file say of every outcome and scenario."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "draws.nc"
        write_futures_file(file)
        request = QueryRequest.model_validate({"expression": "leaves", "all": True, **question})
        return answer_query(open_futures(file), request)


def asked_forecast() -> StoredForecast:
    """The sample answer with the outcomes of the asked study, as they are counted."""
    study, counted = asked_study(), count()
    outcomes: list[OutcomeForecast] = []
    for outcome, found in zip(study.outcomes, counted.outcomes, strict=True):
        shown = event_outcome(outcome.id, outcome.title, 0.05, found.probability)
        by = outcome.resolution.by
        assert by is not None
        changes = {"kind": outcome.kind, "mcse": found.mcse, "by": by, "reference": None, "timing": None}
        horizon = tuple(
            point.model_copy(update={"date": study.calendar.end_of(point.period)}) for point in shown.horizon[:HORIZON]
        )
        outcomes.append(shown.model_copy(update={**changes, "horizon": horizon}))
    scenarios = [
        ScenarioForecast(
            id=scenario.id,
            title=scenario.title,
            when=scenario.when,
            probability=found.probability,
            mcse=found.mcse,
            effective_draws=found.effective_draws,
            interval=outcomes[0].interval,
            words=found.words,
        )
        for scenario, found in zip(study.scenarios, counted.scenarios, strict=True)
    ]
    return sample_forecast(
        title="What is asked",
        as_of=study.as_of,
        horizon_periods=HORIZON,
        outcomes=tuple(outcomes),
        scenarios=tuple(scenarios),
        remainder=None,
        pairs=(),
        factors=(),
        indicators=(),
        experts=(),
        questions=(),
        links=(),
        correlations=(),
    )
