"""Random faults with a fixed seed on either database, a minute or `CHAOS_MINUTES` each; `make chaos` says more."""

from __future__ import annotations

import os

import pytest

from tests.fault.chaos import run_chaos

MINUTES = float(os.environ.get("CHAOS_MINUTES", "1"))

pytestmark = [pytest.mark.fault, pytest.mark.soak, pytest.mark.timeout(900 + 60 * MINUTES)]


@pytest.mark.parametrize(("database", "seed"), [("sqlite", 1), ("pgbouncer", 2)])
def test_random_faults_lose_nothing_double_nothing_and_change_no_number(database: str, seed: int) -> None:
    outcome = run_chaos(seed, minutes=MINUTES, database=database)
    assert outcome.is_clean, outcome
    assert outcome.jobs >= 3
    assert outcome.fault_count >= 2
    assert outcome.succeeded == outcome.jobs
