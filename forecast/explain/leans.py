"""Sensitivity to effects that are stated rather than learned: effects of factors, and links.

An effect is loc + scale z with z of unit scale. Changing its prior changes where z puts the effect; the draws keep
their z, the futures are simulated again with the other effect and the same random numbers, and a draw is weighed by how
much better the data fit the other effect: L(other) / L(own), both from the program. This is importance sampling with the
effect moved along, so it reaches the effect 0, which reweighing the draws as they are would not. Where the data do not
touch the effect all weights are equal and the answer is exact. If the weights to 0 cannot be trusted, the program is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import Lean
from forecast.dims import CHAIN, DRAW
from forecast.explain.density import keep_rows, log_densities, sampled_points, with_arrays
from forecast.explain.estimates import outcome_means, standard_error, weighed_mean
from forecast.explain.runs import Fit, Runs
from forecast.explain.weights import Weights, smooth_weights
from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import asked_through

FloatArray = npt.NDArray[np.float64]

MAX_REFITS: Final = 12
LEAST_MOVE: Final = 0.02
"""Outcomes that an effect does not act on directly are shown when they move by more, and by more than
`LEAST_ERRORS` Monte Carlo standard errors."""
LEAST_ERRORS: Final = 3.0

LEAN_REPLICATES: Final = 5
"""Futures per draw; both sides of a comparison share their random numbers."""


@dataclass(frozen=True)
class Effect:
    """One effect of a factor, or one link."""

    label: str
    outcome: str
    place: int
    variable: str
    dim: str
    loc: str
    scale: str
    """Arrays of its prior."""
    is_judged: bool
    """Whether the likelihood depends on it."""
    spoken_of: tuple[int, ...] = ()
    """Judgments (rows of dim judgment) that speak of this link and have no place without it."""

    def sd(self, arrays: ModelArrays) -> float:
        return float(arrays[self.scale][self.place])

    def arrays(self, arrays: ModelArrays, shift: float | None) -> ModelArrays:
        """Arrays with the prior's mean moved, or, without a shift, with the effect 0 and without what is said of it alone."""
        loc, scale = (np.array(arrays[name], dtype=float) for name in (self.loc, self.scale))
        if shift is None:
            loc[self.place] = scale[self.place] = 0.0
        else:
            loc[self.place] += shift
        kept = np.ones(arrays.lengths["judgment"], dtype=bool)
        if shift is None:
            kept[list(self.spoken_of)] = False
        judgments = {} if kept.all() else keep_rows(arrays, "judgment", kept)
        return with_arrays(arrays, **{self.loc: loc, self.scale: scale, **judgments})

    def posterior(self, posterior: xr.Dataset, shift: float | None) -> xr.Dataset:
        """Draws with the effect moved likewise."""
        variable = posterior[self.variable].transpose(CHAIN, DRAW, self.dim).copy(deep=True)
        own = variable.values[:, :, self.place]
        variable.values[:, :, self.place] = 0.0 if shift is None else own + shift
        return posterior.assign({self.variable: variable})


@dataclass(frozen=True)
class _Moved:
    probabilities: FloatArray
    errors: FloatArray
    """Monte Carlo standard error of the move; both have dims (outcome)."""
    weights: Weights | None
    """None where none are needed."""


def find_effects(encoded: EncodedStudy) -> list[Effect]:
    """All effects with a prior, in the order of the program."""
    a = encoded.arrays
    # Of judgments, from 1; of worlds in which they act on what is supposed, and of what has been seen of the present case.
    judged = {int(place) for name in ("question_link", "part_link") for place in a[name] if place > 0}
    judged |= {int(place) + 1 for name in ("pull_link", "press_link") for place in a[name]}
    effects = [
        Effect(
            f"{factor} -> {outcome}", outcome, place, "gamma", "effect", "effect_loc", "effect_scale", is_judged=True
        )
        for place, (outcome, factor) in enumerate(encoded.effects)
    ]
    return effects + [
        Effect(
            f"{cause} -> {on}",
            on,
            place,
            "delta",
            "link",
            "link_loc",
            "link_scale",
            is_judged=place + 1 in judged,
            spoken_of=_spoken_of(encoded, place),
        )
        for place, (cause, on) in enumerate(encoded.links)
    ]


def _spoken_of(encoded: EncodedStudy, place: int) -> tuple[int, ...]:
    """Judgments that say how an effect depends on its cause, and could only move the effect itself without the link."""
    judgments = encoded.opinions.judgments
    asked = asked_through(encoded.study, judgments, encoded.study.links[place])
    return tuple(row for row, judgment in enumerate(judgments) if judgment.question in asked)


def find_leans(runs: Runs, fit: Fit) -> tuple[Lean, ...]:
    """Every effect's rows, the largest lean first: the outcome that it acts on, and those that move with it."""
    effects = find_effects(fit.encoded)
    if not effects:
        return ()
    points = sampled_points(fit) if any(effect.is_judged for effect in effects) else np.zeros((0, 0))
    own = log_densities(runs, fit.encoded.arrays, points) if len(points) else np.zeros(fit.draws)
    unmoved = fit.probabilities_of(fit.posterior, LEAN_REPLICATES)
    before = unmoved.mean(axis=0)

    def move(effect: Effect, shift: float | None) -> _Moved:
        runs.going_on()
        moved = fit.probabilities_of(effect.posterior(fit.posterior, shift), LEAN_REPLICATES)
        weights = None
        if effect.is_judged:
            ratios = log_densities(runs, effect.arrays(fit.encoded.arrays, shift), points) - own
            weights = smooth_weights(ratios, fit.chains)
        return _moved(fit, moved, weights, unmoved)

    moves = {}
    for effect in effects:
        sd = effect.sd(fit.encoded.arrays)
        moves[effect.label] = [move(effect, shift) for shift in (None, -sd, sd)]
    _run_what_cannot_be_weighed(runs, fit, effects, moves)
    leans = [lean for effect in effects for lean in _leans(fit, effect, before, moves[effect.label])]
    return tuple(sorted(leans, key=lambda lean: -abs(lean.probability - lean.without)))


def _moved(fit: Fit, values: FloatArray, weights: Weights | None, unmoved: FloatArray) -> _Moved:
    """Means of the moved draws, and the errors of their differences from the unmoved ones."""
    own = None if weights is None else weights.values
    columns = range(values.shape[1])
    after = [weighed_mean(values[:, place], own, fit.chains, LEAN_REPLICATES) for place in columns]
    start = [weighed_mean(unmoved[:, place], None, fit.chains, LEAN_REPLICATES) for place in columns]
    errors = [standard_error(a.influence - b.influence, fit.chains) for a, b in zip(after, start, strict=True)]
    return _Moved(np.array([mean.estimated.probability for mean in after]), np.array(errors), weights)


def _run_what_cannot_be_weighed(
    runs: Runs, fit: Fit, effects: Sequence[Effect], moves: dict[str, list[_Moved]]
) -> None:
    bad = [e for e in effects if (weights := moves[e.label][0].weights) is not None and not weights.reliable]
    runs.expect(len(bad[:MAX_REFITS]))
    for effect in bad[:MAX_REFITS]:
        encoded = replace(fit.encoded, arrays=effect.arrays(fit.encoded.arrays, None))
        means = [mean.estimated for mean in outcome_means(runs.fit(encoded), None).values()]
        own = [mean.estimated.mcse for mean in outcome_means(fit, None).values()]
        errors = np.hypot([mean.mcse for mean in means], own)
        moves[effect.label][0] = _Moved(np.array([mean.probability for mean in means]), errors, None)


def _leans(fit: Fit, effect: Effect, before: FloatArray, moved: Sequence[_Moved]) -> list[Lean]:
    known = [m.weights.pareto_k for m in moved if m.weights is not None and m.weights.pareto_k is not None]
    rows = []
    for place, outcome in enumerate(fit.encoded.study.parts):
        without, low, high = (float(np.clip(m.probabilities[place], 0.0, 1.0)) for m in moved)
        probability = float(np.clip(before[place], 0.0, 1.0))
        moves = [
            abs(value - probability) > max(LEAST_MOVE, LEAST_ERRORS * m.errors[place])
            for value, m in zip((without, low, high), moved, strict=True)
        ]
        if outcome.id == effect.outcome or any(moves):
            rows.append(
                Lean(
                    effect=effect.label,
                    outcome=outcome.id,
                    probability=probability,
                    without=without,
                    low=low,
                    high=high,
                    pareto_k=max(known, default=None),
                )
            )
    return rows
