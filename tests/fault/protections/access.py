"""Keys, secrets and requests that are repeated."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

ACCESS: Final = (
    Protection(
        "a key for days that are no number",
        "days are whole numbers from 1 on",
        "api/routes/keys.py",
        "    days: Annotated[int, Field(strict=True, ge=1, le=MAX_DAYS)] | None",
        "    days: float | None",
        "tests/api/test_keys.py::test_days_that_are_no_whole_number_of_at_least_1_are_refused",
    ),
    Protection(
        "a key for days that are no number",
        "the page refuses what the service would take for never",
        "api/static/access.js",
        "    if (holds && !/^[1-9][0-9]*$/.test(holds)) {",
        "    if (false) {",
        "tests/browser/test_access.py::test_a_key_for_days_that_are_no_number_is_not_made",
    ),
    Protection(
        "a revoked key has made others",
        "those that it made are found, and those that these made",
        "forecast/store/repositories/keys.py",
        "            makers = set(new)",
        "            makers = set()",
        "tests/api/test_keys.py::test_a_key_is_revoked_with_those_that_it_made_and_these_made",
    ),
    Protection(
        "a webhook's secret becomes known, or is changed",
        "both secrets sign for a while",
        "forecast/alerts/delivering.py",
        "began, body, old_secrets)",
        "began, body)",
        "tests/alerts/test_delivery.py::test_after_a_new_secret_both_sign_for_a_while_and_the_recipe_takes_either",
    ),
    Protection(
        "a request that is repeated, at once or later",
        "its answer is stored with what it made",
        "api/idempotency.py",
        "        if not answers.take(self.key, self.route, self.request_hash, utc_now()):",
        "        if not answers.take(self.key + str(utc_now()), self.route, self.request_hash, utc_now()):",
        "tests/api/test_idempotency.py::test_a_repeated_request_gets_its_answer_and_makes_nothing_more",
    ),
)
