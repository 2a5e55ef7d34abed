"""What a stored forecast's `draws.nc` says about the future: its futures, and how to roll them forward again.

Light: NumPy and netCDF4, which is loaded on first use. The group `mechanism` holds everything that a query needs
beside the futures themselves; `forecast.summary.mechanism` writes it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from forecast.dims import FUTURES
from forecast.errors import ForecastError
from forecast.futures.counts import Courses, Mixtures
from forecast.futures.offsets import marginal_offsets
from forecast.futures.present import Expected, Factors, FloatArray, IntArray, Links, PresentCase
from forecast.futures.simulation import Futures, simulate_futures
from forecast.futures.streams import Periods, Streams, Thresholds
from forecast.study.document.calendar import Calendar, Period
from forecast.study.document.course import Course
from forecast.study.document.grammar import value_of

MECHANISM = "mechanism"
REMEMBERED = 8
"""Interventions whose futures are kept: some 1.5 MB each for 20,000 futures of 9 outcomes."""

_NETCDF = threading.Lock()
"""The HDF5 library is not thread-safe, and netCDF4 does not guard it."""


class FuturesUnavailableError(ForecastError, LookupError):
    """A `draws.nc` was written before futures could be queried."""

    code = "futures_unavailable"


@dataclass(frozen=True)
class StoredScenario:
    """A scenario of the study that was forecast."""

    id: str
    title: str
    when: str


@dataclass
class StoredFutures:
    """The futures of one forecast, in memory; may be shared between threads."""

    calendar: Calendar
    horizon: int
    present: PresentCase
    futures: Futures
    seed: int
    """Of `futures`."""
    scenarios: tuple[StoredScenario, ...]
    _intervened: OrderedDict[tuple[tuple[str, float], ...], Futures] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Ids of all outcomes, in the study's order."""
        return self.present.outcomes

    @property
    def names(self) -> tuple[str, ...]:
        """What an expression may name: outcomes, and quantities as `value_of` has them."""
        return (*self.outcomes, *(value_of(quantity) for quantity in self.futures.values))

    @property
    def resolves(self) -> dict[str, float]:
        """Periods to each outcome's resolution date."""
        return dict(zip(self.outcomes, self.present.resolves.tolist(), strict=True))

    def kind(self, outcome: str) -> str:
        """event, binary, threshold, or categorical for an option."""
        return self.present.kinds[self.outcomes.index(outcome)]

    def rivals(self, outcome: str) -> tuple[str, ...]:
        """Outcomes that compete with one."""
        groups = self.present.groups
        own = groups[self.outcomes.index(outcome)]
        return tuple(o for o, group in zip(self.outcomes, groups, strict=True) if group == own and o != outcome)

    def intervene(self, forced: Mapping[str, float]) -> Futures:
        """The futures when outcomes are made to occur (infinite: never), with the random numbers of the stored ones."""
        if not forced:
            return self.futures
        key = tuple(sorted(forced.items()))
        with self._lock:
            if key in self._intervened:
                self._intervened.move_to_end(key)
                return self._intervened[key]
            if self.present.offsets is None:
                self.present = replace(self.present, offsets=marginal_offsets(self.present))
        replicates = self.futures.times.shape[1]
        made = simulate_futures(
            self.present,
            replicates=replicates,
            seed=self.seed,
            draws=self.futures.draws,
            forced=forced,
            known=self.futures,
        )
        # Nothing that is made to occur moves a quantity.
        made = replace(made, values=self.futures.values)
        with self._lock:
            self._intervened[key] = made
            while len(self._intervened) > REMEMBERED:
                self._intervened.popitem(last=False)
        return made


def open_futures(path: Path) -> StoredFutures:
    """Read the groups `futures` and `mechanism` of a `draws.nc`; the file is closed again.

    Raises
    ------
    OSError
        The file is not there or is not NetCDF.
    FuturesUnavailableError
        It has no group `mechanism`.
    """
    from netCDF4 import Dataset

    with _NETCDF, Dataset(path) as root:
        root.set_auto_mask(False)
        if MECHANISM not in root.groups or FUTURES not in root.groups:
            raise FuturesUnavailableError(
                f"{path.name} has the groups {', '.join(sorted(root.groups))}; expected futures and mechanism, which "
                "forecasts have had since they can be queried; run the forecast again"
            )
        group = root.groups[MECHANISM]
        found = {name: variable[:] for name, variable in group.variables.items()}
        attributes = {name: group.getncattr(name) for name in group.ncattrs()}
        times = np.asarray(root.groups[FUTURES].variables["event_time"][:], dtype=float)
        stored = root.groups[FUTURES].variables
        outcomes = tuple(str(name) for name in stored["outcome"][:])
        values = (
            {
                str(name): np.asarray(stored["quantity_value"][:, k], dtype=float)
                for k, name in enumerate(stored["quantity"][:])
            }
            if "quantity_value" in stored
            else {}
        )
    if found.keys() & {"link_cause"} and "link_delay" not in found:
        raise FuturesUnavailableError(
            f"{path.name} does not say from when its links act and how they fade; expected that, which forecasts have had "
            "since method 8; run the forecast again"
        )
    if "at_least" in found:
        raise FuturesUnavailableError(
            f"{path.name} has no windows of its threshold outcomes; expected them, which forecasts have had since method 9; run "
            "the forecast again"
        )
    return _assemble(found, attributes, times, outcomes, values)


def _assemble(
    found: dict[str, Any],
    attributes: dict[str, Any],
    times: FloatArray,
    outcomes: tuple[str, ...],
    values: Mapping[str, FloatArray],
) -> StoredFutures:
    present = _present_case(found, int(attributes["chains"]))
    order = [outcomes.index(outcome) for outcome in present.outcomes]
    grouped = times[:, order].reshape(present.draws, len(times) // max(present.draws, 1), len(order))
    draws = np.asarray(found["source"], dtype=np.int64)
    scenarios = zip(*(_names(found, key) for key in ("scenario", "scenario_title", "scenario_when")), strict=True)
    return StoredFutures(
        calendar=Calendar(Period(attributes["period"]), date.fromisoformat(attributes["as_of"])),
        horizon=present.horizon,
        present=present,
        futures=Futures(
            present.outcomes,
            draws,
            present.chains,
            grouped,
            present.horizon,
            {name: own.reshape(present.draws, -1) for name, own in values.items()},
        ),
        seed=int(attributes["seed"]),
        scenarios=tuple(StoredScenario(*scenario) for scenario in scenarios),
    )


def _present_case(found: dict[str, Any], chains: int) -> PresentCase:
    outcomes = _names(found, "outcome")
    factors = _names(found, "factor")
    indicators = _names(found, "indicator")
    draws = len(found["source"])
    horizon = len(found["horizon"])

    def values(name: str, *shape: int) -> FloatArray:
        return np.asarray(found[name], dtype=float) if name in found else np.zeros(shape)

    return PresentCase(
        outcomes=outcomes,
        kinds=_names(found, "kind"),
        groups=_places(_names(found, "group"), outcomes),
        resolves=values("resolves", 0),
        level=values("level", draws, 0),
        shape=values("shape", draws, 0),
        band_outcome=_places(_names(found, "band_outcome"), outcomes),
        time_in_band=values("time_in_band", horizon, 0),
        factors=Factors(
            state=values("state", draws, 0),
            persistence=values("persistence", draws, 0),
            gamma=values("gamma", draws, 0),
            effect_outcome=_places(_names(found, "effect_outcome"), outcomes),
            effect_factor=_places(_names(found, "effect_factor"), factors),
        ),
        links=Links(
            _places(_names(found, "link_cause"), outcomes),
            _places(_names(found, "link_effect_on"), outcomes),
            values("delta", draws, 0),
            values("link_keeps_marginal", 0).astype(np.bool_),
            tuple(Course(*each) for each in zip(values("link_delay", 0), values("link_half_life", 0), strict=True)),
            values("link_since", 0),
        ),
        expected=Expected(
            lead=np.asarray(found.get("statement_lead", np.zeros(len(outcomes))), dtype=np.int64),
            at_risk=np.asarray(found.get("had_been_at_risk", np.full(len(outcomes), np.inf)), dtype=float),
            own=values("expected_hazard", 0, 0),
            group=values("expected_group_hazard", 0, 0),
            had_occurred=values("had_occurred", 0).astype(np.bool_),
        ),
        streams=Streams(
            log_mean=values("log_mean", draws, 0),
            loading=values("loading", draws, 0),
            dispersion=values("dispersion", draws, 0),
            factor=_places(_names(found, "indicator_factor"), factors),
            periods=Periods(
                edges=values("counted_until", 0),
                begun=int(found.get("counted_begun", 0)),
                state=values("begun_state", draws, len(factors), len(_names(found, "begun_period"))),
                known=values("counted_so_far", 0, 0),
                covered=values("counted_share", 0, 0),
            ),
            hazard=values("threshold_hazard", 0, 0),
            courses=Courses(
                height=values("wave_height"),
                of_stream=_places(_names(found, "wave_indicator"), indicators),
                motif=values("wave_course"),
                wander=values("wander"),
            )
            if "wave_height" in found
            else None,
            mixtures=Mixtures(*(values(name) for name in ("spike_share", "spike_size", "idle_share")))
            if "spike_share" in found
            else None,
        ),
        thresholds=_thresholds(found, len(outcomes)),
        is_sure=values("is_sure", len(outcomes)).astype(np.bool_),
        settled=values("settled") if "settled" in found else np.full(len(outcomes), np.nan),
        correction=values("offset_correction", len(outcomes), horizon),
        chains=chains,
        begins=values("risk_begins", 0),
    )


def _thresholds(found: dict[str, Any], outcomes: int) -> Thresholds:
    if "counted_number" not in found:
        return Thresholds.none(outcomes)
    return Thresholds(
        streams=np.asarray(found["counted_indicator"], dtype=np.bool_),
        number=np.asarray(found["counted_number"], dtype=float),
        is_least=np.asarray(found["counted_is_least"], dtype=np.bool_),
        run=np.asarray(found["counted_run"], dtype=np.int64),
        first=np.asarray(found["counted_first"], dtype=np.int64),
        last=np.asarray(found["counted_last"], dtype=np.int64),
    )


def _names(found: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(value) for value in found[name]) if name in found else ()


def _places(names: tuple[str, ...], known: tuple[str, ...]) -> IntArray:
    """Where names lie among the known ones; -1 for an empty name, which means none."""
    return np.array([known.index(name) if name else -1 for name in names], dtype=np.int64)
