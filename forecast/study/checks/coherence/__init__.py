"""Statements of experts that no distribution allows together, found from the statements alone."""

from forecast.study.checks.coherence.contradictions import INCOHERENT, Contradiction, contradictions, incoherent_errors

__all__ = ["INCOHERENT", "Contradiction", "contradictions", "incoherent_errors"]
