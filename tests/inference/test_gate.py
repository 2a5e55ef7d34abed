"""The publication gate at its thresholds."""

from __future__ import annotations

import pytest

from forecast.answer import Diagnostics, ParameterDiagnostics, Verdict
from forecast.inference.gate import check_diagnostics, decide_verdict


def parameter(**changes: object) -> ParameterDiagnostics:
    values: dict[str, object] = {
        "name": "theta[a]", "reported": True, "mean": 0.0, "sd": 1.0,
        "rhat": 1.0, "ess_bulk": 1000.0, "ess_tail": 1000.0, "mcse": 0.01,
    }  # fmt: skip
    return ParameterDiagnostics.model_validate(values | changes)


def verdict(*parameters: ParameterDiagnostics, mcse: float = 0.005, **changes: object) -> Verdict:
    values: dict[str, object] = {
        "parameters": parameters or (parameter(),), "chains": 4, "draws": 1000, "divergences": 0,
        "divergence_fraction": 0.0, "bfmi": (0.9, 0.9), "tree_depth_mean": 3.0, "tree_depth_max": 5,
        "tree_depth_limit_hits": 0, "compilations": 1, "seconds": {},
    }  # fmt: skip
    diagnostics = Diagnostics.model_validate(values | changes)
    return decide_verdict(check_diagnostics(diagnostics, {"a": mcse}))[0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Verdict.PUBLISHED),
        ({"rhat": 1.01}, Verdict.PUBLISHED),
        ({"rhat": 1.0101}, Verdict.DEGRADED),
        ({"rhat": 1.05}, Verdict.DEGRADED),
        ({"rhat": 1.051}, Verdict.REFUSED),
        ({"rhat": None}, Verdict.REFUSED),
        ({"ess_bulk": 400.0}, Verdict.PUBLISHED),
        ({"ess_bulk": 399.0}, Verdict.DEGRADED),
        ({"ess_tail": 399.0}, Verdict.DEGRADED),
        ({"mean": None, "rhat": None, "ess_bulk": None, "ess_tail": None}, Verdict.REFUSED),
        ({"sd": 0.0, "rhat": None, "ess_bulk": None, "ess_tail": None}, Verdict.PUBLISHED),
    ],
)
def test_a_reported_quantity_decides_the_verdict(changes: dict[str, object], expected: Verdict) -> None:
    assert verdict(parameter(), parameter(name="theta[b]", **changes)) is expected


def test_latent_quantities_are_shown_but_not_gated() -> None:
    assert verdict(parameter(), parameter(name="frailty_z[x]", reported=False, rhat=1.2)) is Verdict.PUBLISHED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"divergence_fraction": 0.005}, Verdict.PUBLISHED),
        ({"divergence_fraction": 0.0051}, Verdict.DEGRADED),
        ({"divergence_fraction": 0.05}, Verdict.DEGRADED),
        ({"divergence_fraction": 0.0501}, Verdict.REFUSED),
        ({"bfmi": (0.9, 0.3)}, Verdict.DEGRADED),
        ({"bfmi": (0.9, 0.31)}, Verdict.PUBLISHED),
        ({"bfmi": (0.9, None)}, Verdict.REFUSED),
        ({"mcse": 0.0101}, Verdict.DEGRADED),
        ({"tree_depth_limit_hits": 100}, Verdict.PUBLISHED),
    ],
)
def test_the_sampler_decides_the_verdict(changes: dict[str, object], expected: Verdict) -> None:
    assert verdict(**changes) is expected  # type: ignore[arg-type]


def test_reasons_name_the_worst_quantity_its_value_and_the_threshold() -> None:
    diagnostics = Diagnostics(
        parameters=(parameter(), parameter(name="tau[b]", rhat=1.03)), chains=4, draws=1000, divergences=0,
        divergence_fraction=0.0, bfmi=(0.9,), tree_depth_mean=None, tree_depth_max=None, tree_depth_limit_hits=0,
        compilations=1, seconds={},
    )  # fmt: skip
    _, reasons = decide_verdict(check_diagnostics(diagnostics, {"a": 0.001}))
    assert len(reasons) == 1
    assert all(words in reasons[0] for words in ("tau[b]", "1.030", "1.01"))
