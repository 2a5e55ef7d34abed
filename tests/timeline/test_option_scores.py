"""Options of a categorical outcome in the ledger: each is scored, and their Brier scores add up to that of the outcome."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from forecast.jobs.lifecycle import complete_job
from forecast.store import EvidenceRepository, StudyRepository
from forecast.study import EvidenceKind, accept_arrivals, study_from_document
from forecast.study.document.canonical import canonical_json
from forecast.timeline.ledger import read_ledger, score_due
from tests.categories import categorical_outcome, spoken
from tests.coin import coin_answer, coin_document
from tests.installation import Installation, forecast_row

START = datetime(2021, 1, 1, 12, tzinfo=UTC)
SAID = {"left": 0.7, "centre": 0.2, "right": 0.1}
RESOLUTION = {"criteria": "As declared.", "by": "2021-12-01"}
STUDY = study_from_document(
    coin_document(
        outcomes=[categorical_outcome(*SAID, resolution=RESOLUTION)],
        judgments={"rows": spoken("ann", SAID, on="2020-12-01")},
    )
)


def test_every_option_is_scored_by_the_one_that_turned_out_true(installation: Installation) -> None:
    forecast = {"left": 0.5, "centre": 0.3, "right": 0.2}
    with installation.database.write() as session:
        StudyRepository(session).put("coin", STUDY.title, STUDY.digest, canonical_json(STUDY.canonical()), START)
    answer = coin_answer(STUDY)
    outcomes = tuple(
        answer.outcomes[0].model_copy(
            update={"id": f"winner.{option}", "part_of": "winner", "probability": probability}
        )
        for option, probability in forecast.items()
    )
    claim = installation.claim(installation.submit(STUDY, version_digest="v" * 64))
    text = answer.model_copy(update={"outcomes": outcomes}).model_dump_json()
    rows = [{"outcome": "winner", "resolution": "centre", "on": "2021-11-20", "known_at": "2021-11-20"}]
    with installation.database.write() as session:
        complete_job(session, claim, forecast_row(claim, STUDY, answer=text, made_at=START), {}, START)
        arrived = accept_arrivals(STUDY, EvidenceKind.RESOLUTIONS, rows, date(2022, 1, 1))
        EvidenceRepository(session).append("coin", arrived, "test", START)
    assert score_due(installation.database, datetime(2021, 12, 2, 1, tzinfo=UTC)) == 6
    with installation.database.read() as session:
        row = StudyRepository(session).get("coin")
        assert row is not None
        found = read_ledger(session, row)
    brier = {who: sum(s.brier for s in found.scores if s.forecaster == who) for who in ("published", "expert:ann")}
    assert brier == pytest.approx({"published": 0.5**2 + 0.7**2 + 0.2**2, "expert:ann": 0.7**2 + 0.8**2 + 0.1**2})
    assert {s.outcome: s.happened for s in found.scores} == {f"winner.{o}": o == "centre" for o in forecast}
    assert all(score.current for score in found.scores)
    assert [view.resolution for view in found.resolutions] == ["centre"]
