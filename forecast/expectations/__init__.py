"""What was expected of causes on the day on which their effects were stated."""

from forecast.expectations.foreseen import with_expectations

__all__ = ["with_expectations"]
