"""How numbers at a date are written."""

from __future__ import annotations

import pytest

from forecast.wording.quantities import rounded, rounded_range


@pytest.mark.parametrize(
    ("number", "error", "shown"),
    [
        (34_139.6, 237.6, "34,100"),
        (34_139.6, None, "34,100"),
        (34_139.6, 2_000_000.0, "30,000"),
        (0.012345, 0.001, "0.012"),
        (-2.5, None, "\u22122.50"),
        (0.0, None, "0"),
        (1.5e30, None, "1.50e+30"),
        (2e-9, None, "2.00e\u221209"),
    ],
)
def test_a_number_has_the_digits_that_its_error_leaves(number: float, error: float | None, shown: str) -> None:
    assert rounded(number, error) == shown


def test_a_dash_is_never_beside_a_sign() -> None:
    assert rounded_range(1000.0, 150_000.0) == "1,000\u2013150,000"
    assert rounded_range(-3.0, 2.0) == "\u22123.00 to 2.00"
