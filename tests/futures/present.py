"""Present cases made by hand, so that futures can be tested without sampling."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.futures.present import Expected, Factors, Links, PresentCase
from forecast.futures.streams import Periods, Streams, Thresholds
from forecast.study.document.course import Course


def make_present(
    rates: npt.ArrayLike,
    *,
    groups: list[int] | None = None,
    yes: dict[int, float] | None = None,
    resolves: list[float] | None = None,
    draws: int = 1,
    chains: int = 1,
    states: dict[str, tuple[float, float]] | None = None,
    effects: dict[tuple[int, str], float] | None = None,
    links: dict[tuple[int, int], float] | None = None,
    courses: dict[tuple[int, int], Course] | None = None,
    keeps_marginal: bool = False,
    streams: list[tuple[float, float, float, str | None]] | None = None,
    thresholds: dict[int, tuple[int, float]] | None = None,
    sure: set[int] | None = None,
) -> PresentCase:
    """Dims of `rates` are (outcome, horizon); every draw is the same. `yes` makes an outcome binary.

    Parameters
    ----------
    states
        Factor -> (state at the as-of date, persistence).
    effects
        (outcome, factor) -> gamma.
    links
        (cause, effect) -> delta.
    courses
        (cause, effect) -> course; those that are not there act at once and stay.
    streams
        Log mean, loading, dispersion and factor of each indicator.
    thresholds
        Outcome -> (stream, at least), in any one period.
    sure
        Outcomes of groups of which one must occur.
    """
    table = np.asarray(rates, dtype=float)
    outcomes, horizon = table.shape
    probabilities, reached, names = yes or {}, thresholds or {}, list(states or {})
    kinds = tuple("binary" if o in probabilities else "threshold" if o in reached else "event" for o in range(outcomes))
    # One band for each period: the shape is then the log rate itself.
    is_event = [kind == "event" for kind in kinds]
    with np.errstate(divide="ignore"):
        shape = np.concatenate([np.log(table[o]) for o in range(outcomes) if is_event[o]] or [np.zeros(0)])
    level = [np.log(p / (1 - p)) if (p := probabilities.get(o)) else 0.0 for o in range(outcomes)]

    def repeat(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.repeat(np.asarray(values, dtype=float).reshape(1, -1), draws, axis=0)

    def places(values: list[int]) -> npt.NDArray[np.int64]:
        return np.array(values, dtype=np.int64)

    return PresentCase(
        outcomes=tuple(f"o{position}" for position in range(outcomes)),
        kinds=kinds,
        groups=places(groups if groups is not None else list(range(outcomes))),
        resolves=np.array(resolves if resolves is not None else [float(horizon)] * outcomes),
        level=repeat(level),
        shape=repeat(shape),
        band_outcome=places([o for o in range(outcomes) if is_event[o] for _ in range(horizon)]),
        time_in_band=np.tile(np.eye(horizon), sum(is_event)).reshape(horizon, -1),
        factors=Factors(
            state=repeat([state for state, _ in (states or {}).values()]),
            persistence=repeat([persistence for _, persistence in (states or {}).values()]),
            gamma=repeat(list((effects or {}).values())),
            effect_outcome=places([outcome for outcome, _ in effects or {}]),
            effect_factor=places([names.index(factor) for _, factor in effects or {}]),
        ),
        links=Links(
            places([cause for cause, _ in links or {}]),
            places([effect for _, effect in links or {}]),
            repeat(list((links or {}).values())),
            np.full(len(links or {}), keeps_marginal),
            tuple((courses or {}).get(link, Course()) for link in links or {}),
            np.zeros(len(links or {})),
        ),
        expected=Expected.none(outcomes),
        streams=Streams(
            log_mean=repeat([stream[0] for stream in streams or []]),
            loading=repeat([stream[1] for stream in streams or []]),
            dispersion=repeat([stream[2] for stream in streams or []]),
            factor=places([-1 if stream[3] is None else names.index(stream[3]) for stream in streams or []]),
            periods=Periods(
                np.arange(0.0, horizon + 1.0),
                0,
                np.zeros((draws, len(names), 0)),
                np.zeros((len(streams or []), horizon)),
                np.zeros((len(streams or []), horizon)),
            ),
            hazard=np.zeros((0, 0)),
        ),
        thresholds=Thresholds(
            np.array(
                [[o in reached and reached[o][0] == s for s in range(len(streams or []))] for o in range(outcomes)]
            )
            .reshape(outcomes, -1)
            .astype(bool),
            np.array([reached[o][1] if o in reached else 0.0 for o in range(outcomes)]),
            np.array([o in reached for o in range(outcomes)]),
            places([1] * outcomes),
            places([0] * outcomes),
            places([horizon - 1] * outcomes),
        ),
        settled=np.full(outcomes, np.nan),
        is_sure=np.array([o in (sure or set()) for o in range(outcomes)]),
        correction=np.zeros((outcomes, horizon)),
        chains=chains,
    )
