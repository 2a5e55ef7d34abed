"""The ledger: scored when the date is over, by what counts now, beside what counted before."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from forecast.answer import Attribution, AttributionStep, ProbabilityStep
from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import JobKind
from forecast.store import EvidenceRepository, StudyRepository
from forecast.study import EvidenceKind, accept_arrivals
from forecast.study.document.canonical import canonical_json
from forecast.timeline import ledger as ledger_module
from forecast.timeline.ledger import read_ledger, score_due
from forecast.timeline.updates import attribute_scored
from forecast.timeline.views import Ledger
from tests.coin import coin_answer, coin_study
from tests.explanations import explanation_row, submit_explanation_of
from tests.installation import LIMITS, Installation, forecast_row

START = datetime(2021, 1, 1, 12, tzinfo=UTC)
AFTER = datetime(2022, 1, 1, 12, tzinfo=UTC)
BY = date(2021, 12, 1)
SAID = {"rows": [{"expert": "ann", "outcome": "heads", "probability": 0.7, "on": "2020-12-01", "by": "2021-12-01"}]}
"""The coin resolves on 2021-12-01."""


@pytest.fixture(autouse=True)
def stored(installation: Installation) -> None:
    study = coin_study(judgments=SAID)
    with installation.database.write() as session:
        StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), START)


def add(installation: Installation, as_of: str, probability: float, **changes: Any) -> str:
    study = coin_study(as_of=as_of, judgments=SAID)
    answer = coin_answer(study)
    outcome = answer.outcomes[0].model_copy(update={"probability": probability})
    claim = installation.claim(installation.submit(study, version_digest="v" * 64))
    text = answer.model_copy(update={"outcomes": (outcome,)}).model_dump_json()
    made_at = datetime.combine(study.as_of, time(12), UTC)
    row = forecast_row(claim, study, answer=text, **{"made_at": made_at, **changes})
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, START)
    return row.id


def resolve(
    installation: Installation, resolution: str | int, on: str, known_at: str | None = None, source: str | int = "Us"
) -> None:
    row = {"outcome": "heads", "resolution": resolution, "on": on, "known_at": known_at or on, "source": source}
    with installation.database.write() as session:
        arrived = accept_arrivals(coin_study(judgments=SAID), EvidenceKind.RESOLUTIONS, [row], AFTER.date())
        EvidenceRepository(session).append("coin", arrived, "test", AFTER)


def ledger(installation: Installation) -> Ledger:
    with installation.database.read() as session:
        row = StudyRepository(session).get("coin")
        assert row is not None
        return read_ledger(session, row)


def scores(found: Ledger, forecaster: str = "published") -> list[tuple[str, bool, float, bool]]:
    return [
        (score.forecast_id, score.happened, round(score.brier, 6), score.current)
        for score in found.scores
        if score.forecaster == forecaster
    ]


def test_nothing_is_scored_before_its_date_even_if_it_came_true_early(installation: Installation) -> None:
    made = add(installation, "2021-01-01", 0.2)
    resolve(installation, "yes", "2021-03-01")
    assert score_due(installation.database, datetime(2021, 12, 1, 23, tzinfo=UTC)) == 0
    assert score_due(installation.database, datetime(2021, 12, 2, 1, tzinfo=UTC)) == 2
    found = ledger(installation)
    assert scores(found) == [(made, True, 0.64, True)]
    assert scores(found, "expert:ann") == [(made, True, 0.09, True)]
    assert found.scores[0].log_score == pytest.approx(-math.log(0.2))


@pytest.mark.both_databases
def test_scoring_again_adds_nothing(installation: Installation) -> None:
    add(installation, "2021-01-01", 0.2)
    resolve(installation, "no", "2021-12-01")
    assert [score_due(installation.database, AFTER) for _ in range(3)] == [2, 0, 0]


def test_what_was_forecast_after_it_had_happened_is_not_scored(installation: Installation) -> None:
    before = add(installation, "2021-01-01", 0.2)
    add(installation, "2021-04-01", 1.0)
    add(installation, "2021-01-05", 0.3, verdict="refused")
    resolve(installation, "yes", "2021-03-01")
    score_due(installation.database, AFTER)
    assert [score[0] for score in scores(ledger(installation))] == [before]


def test_what_came_true_too_late_did_not_come_true(installation: Installation) -> None:
    made = add(installation, "2021-01-01", 0.2)
    resolve(installation, "yes", "2021-12-15")
    score_due(installation.database, AFTER)
    assert scores(ledger(installation)) == [(made, False, 0.04, True)]


@pytest.mark.parametrize("value", ["ambiguous", "annulled"])
def test_what_cannot_be_decided_is_not_scored(installation: Installation, value: str) -> None:
    add(installation, "2021-01-01", 0.2)
    resolve(installation, value, "2021-12-01")
    assert score_due(installation.database, AFTER) == 0
    assert [row.resolution for row in ledger(installation).resolutions] == [value]


def test_a_corrected_resolution_leaves_both_in_the_ledger(installation: Installation) -> None:
    made = add(installation, "2021-01-01", 0.2)
    resolve(installation, "no", "2021-12-01")
    score_due(installation.database, AFTER)
    resolve(installation, "yes", "2021-11-20", known_at="2021-12-20")
    score_due(installation.database, AFTER)
    found = ledger(installation)
    assert scores(found) == [(made, False, 0.04, False), (made, True, 0.64, True)]
    assert [(row.resolution, row.current) for row in found.resolutions] == [("no", False), ("yes", True)]
    (published,) = (standing for standing in found.standings if standing.forecaster == "published")
    assert published.brier == pytest.approx(0.64)
    resolve(installation, "annulled", "2021-12-01", known_at="2021-12-25")
    assert ledger(installation).standings == ()


@pytest.mark.both_databases
def test_forecasters_stand_side_by_side(installation: Installation) -> None:
    """Averages over days: 90 at 0.2 and 244 at 0.6 of something that did not happen."""
    first, second = add(installation, "2021-01-02", 0.2), add(installation, "2021-04-02", 0.6)
    claim = installation.claim(submit_explanation_of(installation, first, JobKind.ATTRIBUTION))
    steps = tuple(
        AttributionStep(block=block, outcomes={"heads": _step(p)}, scenarios={})
        for block, p in (("prior", 0.5), ("reference_classes", 0.3))
    )
    text = Attribution(steps=steps, seconds=1.0).model_dump_json()
    with installation.database.write() as session:
        complete_job(session, claim, explanation_row(claim, START, answer=text), {}, START)
    resolve(installation, "no", "2021-12-01")
    score_due(installation.database, AFTER)
    found = {standing.forecaster: standing for standing in ledger(installation).standings}
    assert list(found) == ["published", "prior", "reference", "expert:ann"]
    published = found["published"]
    assert (published.scores, published.outcomes, published.brier) == (2, 1, pytest.approx((0.04 + 0.36) / 2))
    assert published.time_averaged_brier == pytest.approx((90 * 0.04 + 244 * 0.36) / 334)
    assert found["prior"].brier == pytest.approx(0.25)
    assert found["reference"].published_brier == pytest.approx(0.04)
    assert found["expert:ann"].scores == 2
    assert {score.forecast_id for score in ledger(installation).scores} == {first, second}


def test_an_attribution_that_comes_later_is_scored_then(installation: Installation) -> None:
    made = add(installation, "2021-01-01", 0.2)
    resolve(installation, "no", "2021-12-01")
    assert score_due(installation.database, AFTER) == 2
    claim = installation.claim(submit_explanation_of(installation, made, JobKind.ATTRIBUTION))
    steps = tuple(
        AttributionStep(block=block, outcomes={"heads": _step(0.5)}, scenarios={})
        for block in ("prior", "reference_classes")
    )
    text = Attribution(steps=steps, seconds=1.0).model_dump_json()
    with installation.database.write() as session:
        complete_job(session, claim, explanation_row(claim, START, answer=text), {}, START)
    assert [score_due(installation.database, AFTER) for _ in range(2)] == [2, 0]


def _step(probability: float) -> ProbabilityStep:
    return ProbabilityStep(probability=probability, mcse=0.002, log_odds=0.0, change=0.0, change_mcse=0.01)


def test_what_was_scored_is_attributed_once_so_that_its_baselines_are_scored_too(installation: Installation) -> None:
    made = [add(installation, f"2021-0{month}-01", 0.2) for month in (1, 2)]
    add(installation, "2021-03-01", 0.2, verdict="refused")
    assert attribute_scored(installation.database, LIMITS, AFTER) == [], "nothing is scored yet"
    resolve(installation, "yes", "2021-06-01")
    score_due(installation.database, AFTER)
    jobs = [installation.job(job) for job in attribute_scored(installation.database, LIMITS, AFTER)]
    assert [(job.kind, job.target) for job in jobs] == [("attribution", forecast) for forecast in made]
    assert attribute_scored(installation.database, LIMITS, AFTER) == []


def test_who_knew_how_it_turned_out_has_forecast_nothing(installation: Installation) -> None:
    """Also as of a day before; and a day counts once, by the forecast that was made first."""
    resolve(installation, "yes", "2021-11-01")
    first = add(installation, "2021-02-01", 0.3)
    add(installation, "2021-02-01", 0.35, made_at=datetime(2021, 2, 3, tzinfo=UTC))
    add(installation, "2021-02-01", 0.99, made_at=datetime(2021, 11, 1, tzinfo=UTC))
    add(installation, "2021-03-01", 0.99, made_at=datetime(2025, 1, 1, tzinfo=UTC))
    score_due(installation.database, AFTER)
    score_due(installation.database, AFTER)
    assert scores(ledger(installation)) == [(first, True, 0.49, True)]


def test_a_study_that_cannot_be_scored_keeps_no_other_from_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(installation, "yes", "2021-11-01")
    made = add(installation, "2021-02-01", 0.3)
    broken = coin_study(study="broken")
    with installation.database.write() as session:
        StudyRepository(session).put("broken", "x", broken.digest, canonical_json(broken.canonical()), START)
    read = ledger_module.resolutions_of

    def failing(session: Any, study: Any) -> Any:
        if study.id == "broken":
            raise ZeroDivisionError
        return read(session, study)

    monkeypatch.setattr(ledger_module, "resolutions_of", failing)
    assert score_due(installation.database, AFTER) == 2
    monkeypatch.undo()
    assert [row[0] for row in scores(ledger(installation))] == [made]


def test_a_blank_block_of_resolutions_is_none(installation: Installation) -> None:
    study = coin_study(judgments=None, resolutions=None)
    with installation.database.write() as session:
        StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), START)
    resolve(installation, "yes", "2021-11-01")
    add(installation, "2021-02-01", 0.3)
    assert score_due(installation.database, AFTER) == 2


def test_a_source_may_be_a_number(installation: Installation) -> None:
    resolve(installation, "yes", "2021-11-01", source=2021)
    assert [row.source for row in ledger(installation).resolutions] == ["2021"]


@pytest.mark.parametrize("word", ["Yes", "TRUE", 1])
def test_resolutions_of_the_document_are_read_as_studies_read_them(installation: Installation, word: str | int) -> None:
    """Yes in any case; a row whose day is a code for a missing value is left out."""
    outcome = coin_study().outcomes[0].id
    rows = [
        {"outcome": outcome, "resolution": "no", "on": "NA"},
        {"outcome": outcome, "resolution": word, "on": "2021-11-01"},
    ]
    study = coin_study(judgments=None, resolutions={"rows": rows, "missing": ["NA"]})
    with installation.database.write() as session:
        StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), START)
    made = add(installation, "2021-02-01", 0.3)
    score_due(installation.database, AFTER)
    assert [(row.resolution, row.current) for row in ledger(installation).resolutions] == [("yes", True)]
    assert scores(ledger(installation))[0][0] == made
