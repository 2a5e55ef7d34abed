"""A forecast as tables in the terminal: the answer first, then whether to trust it, then what is behind it."""

from forecast.cli.tables.answer import print_answer, print_verdict
from forecast.cli.tables.explanation import print_explanations
from forecast.cli.tables.query import print_query

__all__ = ["print_answer", "print_explanations", "print_query", "print_verdict"]
