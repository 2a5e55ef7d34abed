"""Each case against a model that has not seen it: Pareto k, and the case's place among its predictions.

Draws are weighed by 1 / likelihood of the case, integrated over its own frailty, and smoothed. The place (probability
integral transform) of a case is uniform if the model fits, whatever the case is: a count is placed at random within its
own probability, and a case that was still going on somewhere between its time under observation and never.

References
----------
Vehtari, Gelman and Gabry (2017), doi:10.1007/s11222-016-9696-4. Randomised places of discrete data: Czado, Gneiting and
Held (2009), Biometrics 65(4), doi:10.1111/j.1541-0420.2009.01191.x. Censored data: Li, Wu and Feng (2021), Statistics in
Medicine 40(6), doi:10.1002/sim.8852.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from scipy import stats

from forecast.answer.thresholds import MAX_PARETO_K
from forecast.dims import UNIT
from forecast.explain.case_likelihood import Case, CaseLikelihood, centre, find_cases, hazards
from forecast.explain.runs import Fit
from forecast.explain.weights import Weights, smooth_weights
from forecast.figures.checks.material import Draw, FloatArray, Material
from forecast.figures.checks.sampler import drawn
from forecast.figures.plain import plain_figure
from forecast.figures.style import PALETTE, Figure, table
from forecast.inference.engine.program import get_program
from forecast.study import Count, Datum, Spell, Trial
from forecast.summary.posterior import stream_seed

PIT_STREAM: Final = 9
"""Random stream of the places; the forecast's own streams have smaller numbers."""
MOST_CASES: Final = 1500
"""Cases that are looked at."""
LISTED: Final = 12
FEWEST_PLACES: Final = 5
"""Fewer places say nothing about uniformity."""
NODES: Final = 61
"""Of the integral over a case's frailty."""
QUANTILES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class LeftOut:
    """One case under the posterior without it."""

    case: Case
    weights: Weights
    effective_parameters: float
    """How much better the case is predicted with it than without it, on the log scale: its share of p_loo."""


def leave_out(fit: Fit) -> Iterator[LeftOut]:
    """Every case in turn, at most `MOST_CASES`, evenly spaced; cases identical to the model are computed once."""
    likelihood = CaseLikelihood(fit, get_program())
    known: dict[tuple[object, ...], tuple[Weights, float]] = {}
    cases = likelihood.cases
    for place in np.unique(np.linspace(0, len(cases) - 1, min(len(cases), MOST_CASES)).astype(np.int64)).tolist():
        case = cases[place]
        if case.signature not in known:
            log_likelihood = likelihood.of(case)
            weights = smooth_weights(-log_likelihood, fit.chains)
            with_it = np.logaddexp.reduce(log_likelihood) - np.log(len(log_likelihood))
            without = np.logaddexp.reduce(log_likelihood + np.log(np.maximum(weights.values, 1e-300)))
            known[case.signature] = weights, float(with_it - without)
        yield LeftOut(case, *known[case.signature])


def place_units(fit: Fit, found: list[LeftOut]) -> dict[str, float]:
    """Place in (0, 1) of what each unit showed among its predictions without the case, by the unit's label.

    Where the outcomes' residuals are correlated, a case that a competing outcome ended has none: its end is no
    censoring that says nothing. Nor has one that was first observed late.
    """
    sigma, rng = fit.values("sigma"), np.random.default_rng(stream_seed(fit.seed, PIT_STREAM))
    places = {}
    is_correlated = bool(fit.encoded.arrays.lengths["pair"])
    for left in found:
        is_late = any(fit.encoded.units[position].unseen > 0 for position in left.case.units)
        for position in left.case.units:
            unit = fit.encoded.units[position]
            if is_correlated and ((is_late and unit.is_frail) or _ended_otherwise(unit.data, unit.outcome)):
                # What ended it, or did not before it was seen, says something of the frailty with which this outcome's
                # is correlated.
                continue
            typical, w = centre(fit, position), left.weights.values
            spread = sigma[:, fit.encoded.outcomes.index(unit.outcome)]
            level = typical + spread * rng.standard_normal(fit.draws) if unit.is_frail else typical
            rate, (seen, unseen) = np.exp(np.minimum(level, 50.0)), hazards(fit, position)
            if unit.unseen > 0:
                # It is one of the cases that were still there, whatever the parameters: a place among survivors.
                w = w * np.exp(-unseen * rate) / _surviving(typical, spread, unseen)
                w = w / w.sum()
            low, high = _bounds(unit.data, unit.outcome, level, seen * rate)
            places[unit.label] = float(np.clip(w @ low + rng.uniform() * (w @ (high - low)), 0.0, 1.0))
    return places


def _surviving(level: FloatArray, sigma: FloatArray, hazard: FloatArray) -> FloatArray:
    """Chance that a case of its class lives until it is first seen, over its frailty; all dims (draw)."""
    z, weights = np.polynomial.hermite_e.hermegauss(NODES)
    rates = np.exp(np.minimum(level[:, None] + sigma[:, None] * z, 50.0))
    return np.asarray(np.maximum(np.exp(-hazard[:, None] * rates) @ (weights / weights.sum()), 1e-300))


def _ended_otherwise(data: Datum, outcome: str) -> bool:
    """Whether a competing outcome ended the case."""
    return isinstance(data, Spell) and data.event not in (None, outcome)


def _bounds(data: Datum, outcome: str, level: FloatArray, expected: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Between which values of the predictive distribution function the datum lies, dims (draw)."""
    if isinstance(data, Trial):
        p = 1.0 / (1.0 + np.exp(-level))
        below, at = stats.binom.cdf(data.successes - 1, data.trials, p), stats.binom.pmf(data.successes, data.trials, p)
        return below, below + at
    if isinstance(data, Count):
        return stats.poisson.cdf(data.events - 1, expected), stats.poisson.cdf(data.events, expected)
    assert isinstance(data, Spell)
    ended = 1.0 - np.exp(-expected)
    return (ended, ended) if data.event == outcome else (ended, np.ones_like(ended))


def loo_figures(material: Material) -> dict[str, Draw]:
    """Pareto k of every case, and how the cases' places are spread."""
    found = list(leave_out(material.fit))
    if not found:
        return {}
    total = len(find_cases(material.encoded))
    places = place_units(material.fit, found)
    drawn_later: dict[str, Draw] = {"pareto-k": lambda: _pareto_k(found, material.fit, total)}
    if len(places) >= FEWEST_PLACES:
        drawn_later["loo-pit"] = lambda: _places(places)
    return drawn_later


def _pareto_k(found: list[LeftOut], fit: Fit, total: int) -> Figure:
    labels = [f"{left.case.reference_class}/{left.case.id}" for left in found]
    # Ratios too equal for a tail to be fitted have the lightest of tails.
    k = np.array([left.weights.pareto_k if left.weights.pareto_k is not None else _unknown(left) for left in found])
    figure = drawn("plot_khat", _as_elpd(k, labels, found, fit.draws))
    figure.add_hline(y=MAX_PARETO_K, line={"color": PALETTE[1], "dash": "dash", "width": 1})
    bad = int((~(k <= MAX_PARETO_K)).sum())
    worst = sorted(range(len(k)), key=lambda at: -k[at] if np.isfinite(k[at]) else -np.inf)[:LISTED]
    effective = sum(left.effective_parameters for left in found)
    whole = f"all {total}" if len(found) == total else f"these {len(found)} of {total}"
    return plain_figure(
        figure,
        title="Pareto k of each case, left out",
        caption=f"One dot per case, in the study's order. Below the dashed line ({MAX_PARETO_K}) the posterior without "
        f"the case can be had from this one; {_many(bad)} above it. A case with a large k is one that the posterior "
        f"leans on: see it in its table, and ask for “influence”. Of {whole} cases together the fit takes about "
        f"{effective:.1f} effective parameters (p_loo, the sum over those shown).",
        height=400,
        table=table(
            ["Case", "Pareto k", "Effective parameters"],
            [[labels[at], k[at] if np.isfinite(k[at]) else "–", found[at].effective_parameters] for at in worst],
        ),
    )


def _unknown(left: LeftOut) -> float:
    return 0.0 if left.weights.reliable else float("nan")


def _many(bad: int) -> str:
    return "none is" if not bad else "1 case is" if bad == 1 else f"{bad} cases are"


def _as_elpd(k: FloatArray, labels: list[str], found: list[LeftOut], draws: int) -> Any:
    """As `arviz_plots.plot_khat` takes it; it looks at k alone."""
    from arviz_stats.utils import ELPDData

    coords = {UNIT: labels}
    pointwise = xr.DataArray([-left.effective_parameters for left in found], dims=(UNIT,), coords=coords)
    return ELPDData(
        elpd=float(pointwise.sum()),
        se=0.0,
        p=-float(pointwise.sum()),
        n_samples=draws,
        n_data_points=len(k),
        scale="log",
        warning=bool((k > MAX_PARETO_K).any()),
        good_k=MAX_PARETO_K,
        elpd_i=pointwise,
        pareto_k=xr.DataArray(k, dims=(UNIT,), coords=coords),
    )


def _places(places: dict[str, float]) -> Figure:
    values = xr.DataArray(list(places.values()), dims=(UNIT,), coords={UNIT: list(places)}, name="cases")
    tree = xr.DataTree.from_dict({"/loo_pit": values.to_dataset()})
    figure = drawn("plot_ecdf_pit", tree, group="loo_pit", sample_dims=[UNIT], method="pot_c")
    figure.update_xaxes(title_text="Place among the predictions (LOO-PIT)")
    figure.update_yaxes(title_text="Share of cases below, less what is expected")
    return plain_figure(
        figure,
        title="Where the cases lie among their predictions",
        caption="Each case is compared with what a model that has not seen it would have predicted; 0 is below every "
        "prediction, 1 above. If the model fits, the places are spread evenly and the line stays around zero. Above zero "
        "on the left and below it on the right: more surprises on either side than predicted; the other way round: "
        "fewer. p: how often even places would look as uneven as these. Cases that were still going on, and counts, are "
        f"placed at random within what is known of them. {len(places)} places.",
        height=400,
        table=table(
            ["Share of places below", "Expected", "Found"],
            [[f"{at:g}", at, float((values <= at).mean())] for at in QUANTILES],
        ),
    )
