"""Influence of each case and expert on the forecast: each is left out in turn.

Draws of the full posterior are weighed by 1 / likelihood of what is left out (Gelfand, Dey and Chang 1992, in Bayesian
Statistics 4; Vehtari, Gelman and Gabry 2017, doi:10.1007/s11222-016-9696-4). Where the weights cannot be trusted the
program is run without it. Cases that are identical to the model are computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from forecast.answer import Influence, InfluenceReport, ProbabilityStep
from forecast.errors import StopRequestedError
from forecast.explain.case_likelihood import CaseLikelihood
from forecast.explain.estimates import WeighedMean, next_step, outcome_means, paired_step
from forecast.explain.expert_likelihood import ExpertLikelihood
from forecast.explain.runs import Fit, FloatArray, Runs
from forecast.explain.weights import Weights, smooth_weights
from forecast.model.encoding.selection import Selection
from forecast.progress import Progress, Stage
from forecast.study import Study

MAX_REFITS: Final = 20
MAX_ITEMS: Final = 500


@dataclass(frozen=True)
class Piece:
    """Cases with one likelihood, or an expert; each is left out alone."""

    kind: Literal["case", "expert"]
    ids: tuple[str, ...]
    without: Selection
    """Leaves the first one out."""
    log_likelihood: Callable[[], FloatArray]


def compute_influence(
    study: Study,
    *,
    seed: int,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> InfluenceReport:
    """How every outcome moves without each case that counts, and without each expert; the largest move first.

    A change is measured from the posterior that is weighed, whose probabilities are the forecast's up to Monte Carlo
    error. At most `MAX_REFITS` runs without a case or expert, for the worst weights first; at most `MAX_ITEMS` are
    kept. The parameters and errors are those of `forecast.pipeline.compute.compute_forecast`.
    """
    runs = Runs(study, seed, on_progress, should_stop)
    fit = runs.fit(runs.encode())
    runs.at(Stage.DIAGNOSE)
    before = outcome_means(fit, None)
    items: list[Influence] = []
    bad: list[tuple[float, Piece, list[Influence]]] = []
    for piece in find_pieces(runs, fit):
        runs.going_on()
        weights = smooth_weights(-piece.log_likelihood(), fit.chains)
        found = _weighed(fit, piece, weights, before)
        if weights.reliable:
            items += found
        else:
            bad.append((float("inf") if weights.pareto_k is None else weights.pareto_k, piece, found))
    bad.sort(key=lambda entry: -entry[0])
    refits = min(len(bad), MAX_REFITS)
    runs.expect(refits)
    for place, (_, piece, found) in enumerate(bad):
        items += _refitted(runs, piece, found, before) if place < refits else found
    items.sort(key=_largest_move, reverse=True)
    return InfluenceReport(items=tuple(items[:MAX_ITEMS]), refits=refits, seconds=runs.seconds)


def find_pieces(runs: Runs, fit: Fit) -> Iterator[Piece]:
    """Everything that is left out in turn."""
    cases = CaseLikelihood(fit, runs.program, runs.going_on)
    alike: dict[tuple[object, ...], list[int]] = {}
    found = cases.cases
    for place, case in enumerate(found):
        alike.setdefault(case.signature, []).append(place)
    for places in alike.values():
        first = found[places[0]]
        ids = tuple(f"{found[place].reference_class}/{found[place].id}" for place in places)
        without = Selection(without_case=(first.reference_class, first.id))
        yield Piece("case", ids, without, lambda case=first: cases.of(case))  # type: ignore[misc]
    if experts := list(fit.encoded.opinions.experts):
        likelihood = ExpertLikelihood(fit, runs.program, runs.going_on)
        for place, expert in enumerate(experts):
            without = Selection(without_expert=expert)
            yield Piece("expert", (expert,), without, lambda place=place: likelihood.of(place))  # type: ignore[misc]


def _weighed(fit: Fit, piece: Piece, weights: Weights, before: dict[str, WeighedMean]) -> list[Influence]:
    after = outcome_means(fit, weights)
    steps = {name: paired_step(after[name], before[name], fit.chains) for name in after}
    return _items(piece, weights.pareto_k, steps, refitted=False, reliable=weights.reliable)


def _refitted(runs: Runs, piece: Piece, found: list[Influence], before: dict[str, WeighedMean]) -> list[Influence]:
    after = outcome_means(runs.fit(runs.encode(piece.without)), None)
    steps = {name: next_step(after[name].estimated, before[name].estimated) for name in after}
    return _items(piece, found[0].pareto_k, steps, refitted=True, reliable=True)


def _items(
    piece: Piece, pareto_k: float | None, steps: dict[str, ProbabilityStep], *, refitted: bool, reliable: bool
) -> list[Influence]:
    return [
        Influence(kind=piece.kind, id=id, pareto_k=pareto_k, refitted=refitted, reliable=reliable, outcomes=steps)
        for id in piece.ids
    ]


def _largest_move(item: Influence) -> float:
    return max((abs(step.change) for step in item.outcomes.values()), default=0.0)
