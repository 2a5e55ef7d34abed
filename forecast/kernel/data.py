"""A study in memory as the kernel reads it, and places to work in.

A chain at work holds one place: point, gradient, values and adjoints. Places are made once per study and taken and
given back by compiled code, which so allocates nothing. A thread that finds none waits for one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from forecast.kernel.laws import LAWS
from forecast.kernel.layout import (
    ADJOINTS_AT,
    DATA,
    GRADIENT_AT,
    NAMED,
    PLACE,
    POINT,
    POINT_AT,
    RECORD,
    VALUES,
    VALUES_AT,
    FieldSpec,
)  # fmt: skip
from forecast.kernel.tables import ITEM_BYTES, WORDS, make_table
from forecast.model.arrays import ModelArrays
from forecast.model.latent_specs import LATENTS
from forecast.model.specs import ARRAYS

Array = npt.NDArray[np.generic]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def made_arrays(arrays: ModelArrays) -> dict[str, Array]:
    """What the kernel reads beside the model's arrays (`layout.MADE`)."""
    sizes = [int(np.prod([arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    ends = np.cumsum(sizes, dtype=np.int64)
    counts = np.stack([arrays["count_indicator"].astype(float), arrays["count_value"].astype(float)], axis=1)
    distinct, which, times = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    in_order = np.argsort(arrays["count_indicator"], kind="stable")
    moved = np.zeros((arrays.lengths["outcome"], arrays.lengths["factor"]), dtype=np.int64)
    moved[arrays["effect_outcome"], arrays["effect_factor"]] = 1
    supposes = np.zeros(arrays.lengths["reading"], dtype=np.int64)
    supposes[arrays["condition_reading"]] = 1
    return {
        **_ordered(arrays, "count", "count_indicator", "count_start", arrays.lengths["indicator"]),
        **_ordered(arrays, "span", "span_integral", "span_start", arrays.lengths["integral"]),
        "integral_axes": np.count_nonzero(arrays["integral_unit"], axis=1).astype(np.int64),
        "rule_nodes": np.count_nonzero(arrays["node_weight"], axis=1).astype(np.int64),
        "latent_start": ends - np.array(sizes, dtype=np.int64),
        "latent_stop": ends,
        "latent_law": np.array([LAWS[spec.law] for spec in LATENTS.values()], dtype=np.int64),
        "distinct_indicator": distinct[:, 0].astype(np.int64),
        "distinct_value": np.ascontiguousarray(distinct[:, 1]),
        "distinct_times": times.astype(float),
        "distinct_log_factorial": np.ascontiguousarray(gammaln(distinct[:, 1] + 1.0)),
        "count_distinct": which.reshape(-1)[in_order].astype(np.int64),
        "is_moved": moved,
        # Readings, turns, stakes, moves and pulls come in order: a chain runs through them.
        "condition_start": _starts(arrays["contest_condition"][arrays["turn_contest"]], arrays.lengths["condition"]),
        "stake_start": _starts(arrays["stake_turn"], arrays.lengths["turn"]),
        "move_start": _starts(arrays["move_contest"], arrays.lengths["contest"]),
        "pull_start": _starts(arrays["pull_move"], arrays.lengths["move"]),
        "reading_condition": supposes,
        "reading_start": _starts(arrays["reading_question"], arrays.lengths["question"]),
        "candidate_start": _starts(arrays["candidate_ballot"], arrays.lengths["ballot"]),
        "word_start": _starts(arrays["word_opinion"], arrays.lengths["opinion"]),
        "judgment_is_sloped": 1.0 - np.asarray(arrays["question_is_sure"], dtype=float)[arrays["judgment_question"]],
        "record_is_sloped": np.ones(arrays.lengths["record"]),
        **_shares("heard", arrays["outcome_voices"]),
        **_shares("asked", arrays["exercise_voices"]),
    }


def _shares(name: str, voices: Array) -> dict[str, Array]:
    rows, experts = np.nonzero(voices)
    return {
        f"{name}_start": _starts(rows, len(voices)),
        f"{name}_expert": experts.astype(np.int64),
        f"{name}_share": np.asarray(voices, dtype=float)[rows, experts],
    }


def _ordered(arrays: ModelArrays, dim: str, of: str, starts: str, count: int) -> dict[str, Array]:
    """All arrays along a dim in the order of what its entries are of, and where each of these begins and ends."""
    found: dict[str, Array] = {starts: _starts(np.sort(arrays[of]), count)}
    if np.any(np.diff(arrays[of]) < 0):
        order = np.argsort(arrays[of], kind="stable")
        found |= {name: arrays[name][order] for name, spec in ARRAYS.items() if spec.dims == (dim,)}
    return found


def _starts(rows: Array, count: int) -> IntArray:
    """Where each row begins among sorted ones, and where the last ends."""
    return np.searchsorted(rows, np.arange(count + 1)).astype(np.int64)


class Record:
    """What a compiled function is given of a study, and the memory that it points into."""

    def __init__(self, arrays: ModelArrays, places: int) -> None:
        self.data: dict[str, Array] = {name: array.copy() for name, array in arrays.items()} | made_arrays(arrays)
        self.lengths: dict[str, int] = {**arrays.lengths, "parameter": arrays.parameters}
        self.lengths["distinct"] = len(self.data["distinct_value"])
        self.lengths["named"] = _plan(NAMED, self.lengths)[1]
        self.lengths["value"] = _plan(VALUES, self.lengths)[1]
        self._kept: list[Array] = []
        words = np.zeros((places, PLACE), dtype=np.int64)
        for specs, columns in ((POINT, (POINT_AT, GRADIENT_AT)), (VALUES, (VALUES_AT, ADJOINTS_AT))):
            plan, size = _plan(specs, self.lengths)
            for place in words:
                for column in columns:
                    place[column] = self._placed(plan, np.zeros(size))
        data = np.array([self._address(make_table(DATA, self.data))], dtype=np.int64)
        self.address = self._address(make_table(RECORD, {"data": data, "places": words}))
        self._kept += [data, words]

    def _placed(self, plan: IntArray, memory: FloatArray) -> int:
        """Address of a table over one piece of memory."""
        words = plan.copy()
        words[::WORDS] += self._address(memory)
        return self._address(words)

    def _address(self, array: Array) -> int:
        self._kept.append(array)
        return int(array.ctypes.data)


def _plan(specs: Mapping[str, FieldSpec], lengths: Mapping[str, int]) -> tuple[IntArray, int]:
    """Words of a table over memory that begins at address 0, and its size: array after array, overall ones from the start.

    An overall array whose length is not known yet has none.
    """
    words, offset = np.zeros(WORDS * len(specs), dtype=np.int64), 0
    for place, spec in enumerate(specs.values()):
        shape = [lengths.get(dim, 0) for dim in spec.dims] if spec.overall else [lengths[dim] for dim in spec.dims]
        words[WORDS * place + 1 : WORDS * place + 1 + len(shape)] = shape
        if not spec.overall:
            words[WORDS * place] = ITEM_BYTES * offset
            offset += math.prod(shape)
    return words, offset
