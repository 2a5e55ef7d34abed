"""The present case read from posterior (or prior) draws, by the labels of their dims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.futures.hazards import cumulative_incidence, probability_by_resolution
from forecast.futures.present import DAY_BEFORE, THRESHOLD, Expected, Factors, FloatArray, IntArray, Links, PresentCase
from forecast.futures.simulation import Futures, simulate_futures
from forecast.futures.streams import Streams
from forecast.futures.thresholds import threshold_hazards
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.bands_ahead import bands_ahead
from forecast.summary.counted import asked_of_counts, counted, counted_periods, watched_indicators
from forecast.summary.draw_reader import DrawReader
from forecast.summary.quantities import read_numbers
from forecast.summary.streams import read_courses, read_mixtures

MAX_HAZARDS = 20_000_000
"""Hazards (draws times outcomes times periods) that are held at once: 160 MB an array."""
THRESHOLD_SEED = 7
"""Of the futures that say how often a count that acts on other outcomes reaches its level: the same for all jobs."""
ROLLED_FORWARD = (
    "theta",
    "log_hazard_shape",
    "persistence",
    "state",
    "gamma",
    "delta",
    "log_mean",
    "loading",
    "dispersion",
    "wave_height",
    "pattern_sd",
    "spike_share",
    "spike_size",
    "idle_share",
    "grade_level",
    "quantity_spread",
)
"""What of a posterior the futures depend on."""


def present_case(encoded: EncodedStudy, posterior: xr.Dataset, draws: IntArray | None = None) -> PresentCase:
    """The present case under the draws of a dataset with dims chain and draw.

    Parameters
    ----------
    draws
        Places among all draws, chains end to end; None for all of them.
    """
    study = encoded.study
    ids = [outcome.id for outcome in study.parts]
    read = DrawReader(posterior, draws)
    theta = read.values("theta", "outcome", encoded.outcomes)
    level = np.zeros((len(theta), len(ids)))
    level[:, [ids.index(outcome) for outcome in encoded.outcomes]] = theta
    shape, band_outcome, time_in_band = _bands(encoded, read, ids)
    labels = [outcome.competes or f"\0{outcome.id}" for outcome in study.parts]
    resolves = [study.calendar.periods_until(study.resolves_by(outcome)) for outcome in ids]
    present = PresentCase(
        outcomes=tuple(ids),
        kinds=tuple(outcome.kind.value for outcome in study.parts),
        groups=np.array([labels.index(label) for label in labels], dtype=np.int64),
        resolves=np.maximum(np.asarray(resolves, dtype=float), 0.0),  # what is settled may have had its date
        level=level,
        shape=shape,
        band_outcome=band_outcome,
        time_in_band=time_in_band,
        factors=_factors(encoded, read, ids),
        links=_links(encoded, read, ids),
        expected=_expected(encoded, ids),
        streams=_streams(encoded, read),
        thresholds=asked_of_counts(encoded),
        is_sure=np.array([study.sure_until(outcome) is not None for outcome in study.parts], dtype=np.bool_),
        settled=_settled(encoded, ids),
        correction=np.zeros((len(ids), study.horizon)),
        chains=posterior.sizes[CHAIN],
        begins=np.array([max(-encoded.ages.get(outcome, 0.0), 0.0) for outcome in ids]),
        numbers=read_numbers(encoded, read),
    )
    if not any(present.kinds[cause] == THRESHOLD for cause in present.links.cause[present.links.keeps_marginal]):
        return present
    hazard = threshold_hazards(present, THRESHOLD_SEED)
    return replace(present, streams=replace(present.streams, hazard=hazard))


def _places(names: list[str], known: list[str]) -> IntArray:
    return np.array([known.index(name) for name in names], dtype=np.int64)


def _bands(encoded: EncodedStudy, read: DrawReader, ids: list[str]) -> tuple[FloatArray, IntArray, FloatArray]:
    """Shape of the bands that the present case goes through, their outcomes, and the time spent in each."""
    shape = read.values("log_hazard_shape", "band", encoded.coords["band"])
    used = bands_ahead(encoded)
    places = [place for place, _, _ in used]
    times = np.array([time for _, _, time in used]).reshape(len(used), encoded.study.horizon)
    return shape[:, places], _places([outcome for _, outcome, _ in used], ids), np.ascontiguousarray(times.T)


def _factors(encoded: EncodedStudy, read: DrawReader, ids: list[str]) -> Factors:
    return Factors(
        state=read.last_state(encoded.factors),
        persistence=read.values("persistence", "factor", encoded.factors),
        gamma=read.values("gamma", "effect", encoded.coords["effect"]),
        effect_outcome=_places([outcome for outcome, _ in encoded.effects], ids),
        effect_factor=_places([factor for _, factor in encoded.effects], list(encoded.factors)),
    )


def _streams(encoded: EncodedStudy, read: DrawReader) -> Streams:
    """The indicators that threshold outcomes look at."""
    names = watched_indicators(encoded)
    used = [indicator for indicator in encoded.study.indicators if indicator.id in names]
    periods = counted_periods(encoded)
    return Streams(
        log_mean=read.values("log_mean", "indicator", names),
        loading=read.values("loading", "indicator", names),
        dispersion=read.values("dispersion", "indicator", names),
        factor=np.array(
            [encoded.factors.index(i.factor) if i.factor in encoded.factors else -1 for i in used],
            dtype=np.int64,
        ),
        periods=counted(encoded, names, periods, read.states(encoded.factors)),
        hazard=np.zeros((0, 0)),
        courses=read_courses(encoded, read, names, [first for first, _ in periods]),
        mixtures=read_mixtures(encoded, read, names),
    )


def _links(encoded: EncodedStudy, read: DrawReader, ids: list[str]) -> Links:
    study = encoded.study
    stated = study.links[: len(encoded.links)]
    happened = {name: found.on for name, found in encoded.settled.items() if found.resolution == "yes"}
    return Links(
        _places([cause for cause, _ in encoded.links], ids),
        _places([effect for _, effect in encoded.links], ids),
        read.values("delta", "link", encoded.coords["link"]),
        np.array([link.keeps_marginal for link in stated], dtype=np.bool_),
        tuple(link.course for link in stated),
        np.array(
            [study.calendar.periods_between(happened.get(link.cause, study.as_of), study.as_of) for link in stated],
            dtype=float,
        ),
    )


def _expected(encoded: EncodedStudy, ids: list[str]) -> Expected:
    foreseen = encoded.foreseen
    if not foreseen.lead:
        return Expected.none(len(ids))
    causes = [foreseen.causes.get(link) for link in encoded.links]
    steps = encoded.study.horizon + max(foreseen.lead.values())
    own, group = np.zeros((len(causes), steps)), np.zeros((len(causes), steps))
    for place, cause in enumerate(causes):
        if cause is not None:
            own[place, : len(cause.own)], group[place, : len(cause.group)] = cause.own, cause.group
    return Expected(
        lead=np.array([foreseen.lead.get(outcome, 0) for outcome in ids], dtype=np.int64),
        own=own,
        group=group,
        had_occurred=np.array([cause is not None and cause.had_occurred for cause in causes], dtype=np.bool_),
        at_risk=np.array(
            [
                np.inf if part.at_risk_since is None else max(encoded.ages.get(part.id, np.inf), 0.0)
                for part in encoded.study.parts
            ]
        ),
    )


def _settled(encoded: EncodedStudy, ids: list[str]) -> FloatArray:
    """When what is settled happened, as `PresentCase.settled` has it."""
    result = np.full(len(ids), np.nan)
    for outcome, resolved in encoded.settled.items():
        days = (encoded.study.as_of - resolved.on).days
        result[ids.index(outcome)] = -DAY_BEFORE * days if resolved.resolution == "yes" else np.inf
    return result


def draws_within_budget(encoded: EncodedStudy) -> int:
    """How many draws may be rolled forward at once: `MAX_HAZARDS` over outcomes times periods."""
    return max(1, MAX_HAZARDS // (max(len(encoded.study.parts), 1) * encoded.study.horizon))


def resolution_probabilities(
    encoded: EncodedStudy,
    posterior: xr.Dataset,
    *,
    replicates: int,
    seed: int,
    correction: FloatArray | None = None,
) -> FloatArray:
    """Probability of each outcome by its own resolution date under every draw, dims (draw, outcome).

    Exact where there is a closed form, else the share of `replicates` futures. Worked out for some draws at a time:
    hazards of all draws, outcomes and periods at once would not fit into memory for a long horizon.
    """
    total = posterior.sizes[CHAIN] * posterior.sizes[DRAW]
    size = draws_within_budget(encoded)
    parts = []
    for chunk, start in enumerate(range(0, total, size)):
        present = present_case(encoded, posterior, np.arange(start, min(start + size, total)))
        futures = None
        if correction is not None:
            present = replace(present, correction=correction)
        if not present.closed.all():
            futures = simulate_futures(present, replicates=replicates, seed=stream_seed(seed, chunk))
        parts.append(exact_or_counted(present, futures))
    return np.concatenate(parts)


def exact_or_counted(present: PresentCase, futures: Futures | None) -> FloatArray:
    """Probability of each outcome by its resolution date, dims (draw, outcome): exact where closed, else a share.

    Parameters
    ----------
    futures
        Of the same draws; may be None if every outcome is closed.
    """
    exact = probability_by_resolution(present, cumulative_incidence(present))
    if futures is None:
        return exact
    return np.where(present.closed, exact, (futures.times <= present.resolves).mean(axis=1))


def stream_seed(seed: int, stream: int) -> int:
    """The seed of one of the independent random streams of a seed."""
    return int(np.random.SeedSequence([seed, stream]).generate_state(1)[0])
