"""The publication gate: checks with their thresholds, and the verdict that follows from them.

`published` needs every check to pass; `refused` means that the draws may not be used at all; anything between is
`degraded`. A bad verdict is an answer, not a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forecast.answer import Check, Diagnostics, ParameterDiagnostics, Verdict
from forecast.answer.thresholds import (
    BFMI_PUBLISHED,
    DIVERGENCES_PUBLISHED,
    DIVERGENCES_REFUSED,
    ESS_PUBLISHED,
    MCSE_PUBLISHED,
    RHAT_PUBLISHED,
    RHAT_REFUSED,
)


def check_diagnostics(diagnostics: Diagnostics, probability_mcse: Mapping[str, float]) -> tuple[Check, ...]:
    """All checks of the gate.

    Parameters
    ----------
    probability_mcse
        Monte Carlo standard error of each outcome's and scenario's probability, by name.
    """
    gated = [parameter for parameter in diagnostics.parameters if parameter.reported]
    varying = [parameter for parameter in gated if parameter.sd != 0.0]
    return (
        _check_finite(gated),
        _check_worst("rhat", varying, "rhat", RHAT_PUBLISHED, highest=True),
        _check_worst("ess_bulk", varying, "ess_bulk", ESS_PUBLISHED, highest=False),
        _check_worst("ess_tail", varying, "ess_tail", ESS_PUBLISHED, highest=False),
        _check_divergences(diagnostics),
        _check_bfmi(diagnostics),
        _check_tree_depth(diagnostics),
        _check_mcse(probability_mcse),
    )


def decide_verdict(checks: Iterable[Check]) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, and the message of every check that prevents publication."""
    failed = [check for check in checks if check.passed is False]
    reasons = tuple(check.message for check in failed)
    if any(_is_fatal(check) for check in failed):
        return Verdict.REFUSED, reasons
    return (Verdict.DEGRADED if failed else Verdict.PUBLISHED), reasons


def _is_fatal(check: Check) -> bool:
    match check.name:
        case "finite":
            return True
        case "rhat":
            return check.value is None or check.value > RHAT_REFUSED
        case "divergences":
            return check.value is None or check.value > DIVERGENCES_REFUSED
        case _:
            return check.value is None


def _check_finite(parameters: list[ParameterDiagnostics]) -> Check:
    bad = [parameter.name for parameter in parameters if parameter.mean is None]
    message = (
        "every reported quantity is finite in every draw"
        if not bad
        else f"{len(bad)} reported quantities are not finite in every draw, first {bad[0]}; look for extreme priors or data"
    )
    return Check(name="finite", passed=not bad, value=float(len(bad)), threshold=0.0, message=message)


def _check_worst(
    name: str, parameters: list[ParameterDiagnostics], attribute: str, threshold: float, *, highest: bool
) -> Check:
    label = {"rhat": "R-hat", "ess_bulk": "bulk effective sample size", "ess_tail": "tail effective sample size"}[name]
    values = {parameter.name: getattr(parameter, attribute) for parameter in parameters}
    undefined = [key for key, value in values.items() if value is None]
    if undefined:
        message = f"{label} of {undefined[0]} is not defined; its draws are stuck: sample longer or look at its prior"
        return Check(name=name, passed=False, value=None, threshold=threshold, message=message)
    if not values:
        return Check(name=name, passed=True, value=None, threshold=threshold, message=f"{label}: nothing varies")
    worst = max(values, key=lambda key: values[key]) if highest else min(values, key=lambda key: values[key])
    value = float(values[worst])
    passed = value <= threshold if highest else value >= threshold
    bound = "at most" if highest else "at least"
    shown = f"{value:.3f}" if highest else f"{value:.0f}"
    message = f"worst {label} is {shown} ({worst}); {bound} {threshold:g} is needed"
    if not passed:
        message += "; sample longer"
    return Check(name=name, passed=passed, value=value, threshold=threshold, message=message)


def _check_divergences(diagnostics: Diagnostics) -> Check:
    share = diagnostics.divergence_fraction
    passed = share <= DIVERGENCES_PUBLISHED
    message = (
        f"{diagnostics.divergences} of {diagnostics.chains * diagnostics.draws} draws diverged ({100 * share:.2f} %); "
        f"at most {100 * DIVERGENCES_PUBLISHED:g} % is needed"
    )
    if not passed:
        message += "; raise target_accept or tighten the priors of the spreads"
    return Check(name="divergences", passed=passed, value=share, threshold=DIVERGENCES_PUBLISHED, message=message)


def _check_bfmi(diagnostics: Diagnostics) -> Check:
    values = [value for value in diagnostics.bfmi if value is not None]
    if len(values) < len(diagnostics.bfmi) or not values:
        message = "E-BFMI is not defined; the energy of the chains does not vary"
        return Check(name="bfmi", passed=False, value=None, threshold=BFMI_PUBLISHED, message=message)
    value = min(values)
    message = f"lowest E-BFMI is {value:.2f}; above {BFMI_PUBLISHED:g} is needed"
    return Check(name="bfmi", passed=value > BFMI_PUBLISHED, value=value, threshold=BFMI_PUBLISHED, message=message)


def _check_tree_depth(diagnostics: Diagnostics) -> Check:
    """A note: long trees cost time, not correctness."""
    hits = diagnostics.tree_depth_limit_hits
    message = f"{hits} draws reached the largest tree depth; this costs speed, not correctness"
    return Check(name="tree_depth", passed=None, value=float(hits), threshold=None, message=message)


def _check_mcse(probability_mcse: Mapping[str, float]) -> Check:
    worst = max(probability_mcse, key=lambda key: probability_mcse[key])
    value = probability_mcse[worst]
    message = (
        f"largest Monte Carlo error of a probability is {value:.4f} ({worst}); at most {MCSE_PUBLISHED:g} is needed"
    )
    if value > MCSE_PUBLISHED:
        message += "; sample more draws or more futures"
    return Check(name="mcse", passed=value <= MCSE_PUBLISHED, value=value, threshold=MCSE_PUBLISHED, message=message)
