"""Every operation of the interface under generated requests, right ones and wrong ones, with every check that there is.

Eight of each in an ordinary run; ``SCHEMATHESIS_EXAMPLES=2000 make test ARGS="tests/api/test_schemathesis.py"`` for many.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.failures import AcceptedNegativeData, FailureGroup

from api.app import create_app
from forecast.runtime.settings import Settings
from tests.api.living_sample import store_living_sample
from tests.api.stored_sample import store_sample
from tests.installation import Installation, installation_in

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + EXAMPLES)]
SLOW_ON_PURPOSE = {"/v1/jobs/{job_id}/events"}
"""Streams that go on until a job has ended."""


CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            # What fits the schema need not make sense: a study may be unknown, an expression may name nothing.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409", "410", "422"]}
        }
    }
)


ROOT = Path(__file__).parent.parent.parent
HOME = Path(os.environ["FORECAST_HOME"], "fuzzed")
SETTINGS = {
    "allowed_hosts": ("testserver",),
    "max_queued": 1_000_000,
    "workspace_queued": 1_000_000,
    "workspace_daily": 1_000_000,
    "requests_per_minute": 10_000_000,
    "refused_per_minute": 10_000_000,
}
# The operations are read while tests are collected, which every process of a run does: from the committed description, which
# tests/contract holds to that of the application. The installation behind them is made before the first one runs.
described = schemathesis.openapi.from_dict(
    json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")), config=CONFIG
)
described.app = create_app(Settings(home=HOME, **SETTINGS))
schema = described.exclude(path=sorted(SLOW_ON_PURPOSE))


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Installation]:
    """An installation with something of everything, without rate limits."""
    with installation_in(HOME, **SETTINGS) as installation:
        store_living_sample(installation)
        store_sample(installation)
        yield installation


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_finds_a_defect(case: schemathesis.Case, fuzzed: Installation) -> None:
    response = case.call(headers={"Authorization": f"Bearer {fuzzed.key}"})
    try:
        case.validate_response(response, headers={"Authorization": f"Bearer {fuzzed.key}"})
    except FailureGroup as failures:
        real = [failure for failure in failures.exceptions if not is_right_on_the_wire(failure, case, response)]
        if real:
            raise FailureGroup(real) from None


def is_right_on_the_wire(failure: BaseException, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """Whether a request that was meant to be wrong was right as it was sent: a parameter without a value is not sent at
    all, and the header that would be missing is the key, which this test adds."""
    if not isinstance(failure, AcceptedNegativeData) or "in body" in str(failure):
        return False
    known = {parameter.name for parameter in case.operation.query}
    return set(parse_qs(urlsplit(response.request.url).query, keep_blank_values=True)) <= known
