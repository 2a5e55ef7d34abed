"""What resolutions leave of the judgments."""

from __future__ import annotations

from collections.abc import Mapping

from forecast.study.document.document import Study
from forecast.study.rows.judgments import Judgment
from forecast.study.rows.observations import Resolved


def is_open(judgment: Judgment, study: Study, settled: Mapping[str, Resolved]) -> bool:
    """Whether a judgment still says anything: its outcome is open, and what it supposes may be so.

    What it supposes and is known to be so is part of what its outcome depends on now.
    """
    return judgment.outcome not in decided(study, settled) and not is_contradicted(judgment, study, settled)


def is_contradicted(judgment: Judgment, study: Study, settled: Mapping[str, Resolved]) -> bool:
    """Whether a judgment supposes what is known not to be so."""
    happened = {name for name, found in settled.items() if found.resolution == "yes"}
    impossible = decided(study, settled).keys() - happened
    return any(name in (impossible if occurs else happened) for name, occurs in judgment.given)


def decided(study: Study, settled: Mapping[str, Resolved]) -> dict[str, str]:
    """Outcomes about which nothing is open, each with the one that decided it: itself, or one that excluded it."""
    found = {name: name for name in settled}
    for name, resolved in settled.items():
        group = study.outcome(name).competes
        if resolved.resolution == "yes" and group is not None:
            for outcome in study.parts:
                if outcome.competes == group:
                    found.setdefault(outcome.id, name)
    return found
