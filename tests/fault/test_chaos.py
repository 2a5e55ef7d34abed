"""A minute and a half of random faults with a fixed seed; the long run is `make chaos`."""

from __future__ import annotations

import pytest

from tests.fault.chaos import run_chaos

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize(("database", "seed"), [("sqlite", 1), ("postgresql", 2)])
def test_random_faults_lose_nothing_double_nothing_and_change_no_number(database: str, seed: int) -> None:
    outcome = run_chaos(seed, minutes=0.75, database=database)
    assert outcome.is_clean, outcome
    assert outcome.jobs >= 3
    assert outcome.fault_count >= 2
    assert outcome.succeeded == outcome.jobs
