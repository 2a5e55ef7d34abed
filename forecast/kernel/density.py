"""The log density of a study with its gradient, and the named quantities of a draw: the blocks in their order.

Forward passes follow the arrows of the model, from experts to judgments; backward passes run against them. Each block
says what it computes on top of its module; `forecast.model.graph.joint.build_model` is the definition that all of them are
held against (tests/kernel/test_density.py).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, types

from forecast.kernel import (
    ages,
    cases,
    correlation,
    counts,
    experts,
    factors,
    floors,
    history,
    integrals,
    judgments,
    laws,
    levels,
    membership,
    numbers,
    options,
    patterns,
    present,
    races,
    terms,
    track_records,
)  # fmt: skip
from forecast.kernel.compiling import block
from forecast.kernel.layout import (
    ADJOINTS_AT,
    DATA_TABLE,
    GRADIENT_AT,
    POINT_AT,
    POINT_TABLE,
    RECORD_TABLE,
    VALUES_AT,
    VALUES_TABLE,
)  # fmt: skip
from forecast.kernel.places import give_back, try_to_take
from forecast.kernel.tables import reader

_DOUBLES: Final = types.CPointer(types.float64)
DENSITY_SIGNATURE: Final = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.int64)
QUANTITIES_SIGNATURE: Final = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.int64)
"""The last argument is the address of a study's record."""

NOT_FINITE: Final = 4
GRADIENT_NOT_FINITE: Final = 3

as_record, as_data = reader(RECORD_TABLE), reader(DATA_TABLE)
as_point, as_values = reader(POINT_TABLE), reader(VALUES_TABLE)


@block
def forward(x: Any, z: Any, v: Any) -> float:
    """All values of a point; the log density of its latent variables."""
    laws.forward(x, z, v)
    logp: float = experts.forward(x, z, v)
    logp += levels.forward(x, z, v)
    logp += correlation.forward(x, z, v)
    cases.forward(x, v)
    ages.forward(x, v)
    present.forward(x, v)
    factors.forward(x, v)
    patterns.forward(x, v)
    counts.forward(x, z, v)
    history.forward(x, v)
    options.forward(x, v)
    races.forward(x, v)
    membership.forward(x, v)
    options.judged(x, v)
    judgments.forward(x, v)
    logp += track_records.forward(x, z, v)
    numbers.forward(x, v)
    logp += laws.density(x, z, v)
    return logp


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of all data; the adjoints of what it speaks of."""
    logp: float = cases.trials(x, v, a) + cases.hazards(x, v, a) + options.tallies(x, v, a)
    logp += integrals.likelihood(x, v, a)
    logp += counts.likelihood(x, v, a) + floors.likelihood(x, v, a)
    logp += membership.likelihood(x, v)
    logp += judgments.likelihood(x, v, a) + options.likelihood(x, v, a)
    logp += track_records.likelihood(x, v, a) + track_records.answers(x, v, a)
    logp += numbers.likelihood(x, v, a)
    return logp


@block
def backward(x: Any, v: Any, a: Any, g: Any) -> None:
    """The gradient, from the adjoints that the likelihood left."""
    numbers.backward(x, v, a)
    track_records.backward(x, v, a, g)
    judgments.backward(x, v, a)
    options.judged_back(x, v, a)
    membership.backward(x, v, a)
    options.backward(x, v, a)
    races.backward(x, v, a)
    history.backward(x, v, a)
    counts.backward(x, v, a, g)
    patterns.backward(x, v, a)
    factors.backward(x, v, a)
    present.backward(x, v, a)
    ages.backward(x, v, a)
    cases.backward(x, v, a)
    correlation.backward(x, v, a, g)
    levels.backward(x, v, a, g)
    experts.backward(x, v, a, g)
    laws.backward(x, v, a, g)


@block
def take_place(record: Any) -> int:
    """A free place, which is now taken."""
    while True:
        for place in range(record.places.shape[0]):
            if try_to_take(record.places[place].ctypes.data):
                return place


def log_density(dim: Any, point_: Any, gradient_: Any, logp_: Any, address: Any) -> Any:
    """Log density and gradient, in the form in which nutpie calls them; 0, or what is not finite."""
    record = as_record(address)
    place = take_place(record)
    words = record.places[place]
    x, z, g = as_data(record.data[0]), as_point(words[POINT_AT]), as_point(words[GRADIENT_AT])
    v, a = as_values(words[VALUES_AT]), as_values(words[ADJOINTS_AT])
    point, gradient = carray(point_, (dim,)), carray(gradient_, (dim,))
    sampled, found, adjoints = z.everything, g.everything, a.everything
    for i in range(sampled.size):
        sampled[i] = point[i]
    for i in range(adjoints.size):
        adjoints[i] = 0.0
    logp = forward(x, z, v) + likelihood(x, v, a)
    backward(x, v, a, g)
    finite = True
    for i in range(found.size):
        gradient[i] = found[i]
        finite = finite and np.isfinite(found[i])
    give_back(words.ctypes.data)
    carray(logp_, (1,))[0] = logp
    if not np.isfinite(logp):
        return NOT_FINITE
    return 0 if finite else GRADIENT_NOT_FINITE


def quantities(dim: Any, size: Any, point_: Any, values_: Any, address: Any) -> Any:
    """The named quantities of a draw (`layout.NAMED`), in the form in which nutpie calls them; 0.

    If there is room for more, the terms of the likelihood follow (`layout.TERMS`).
    """
    record = as_record(address)
    place = take_place(record)
    words = record.places[place]
    x, z, v = as_data(record.data[0]), as_point(words[POINT_AT]), as_values(words[VALUES_AT])
    a = as_values(words[ADJOINTS_AT])
    point, values = carray(point_, (dim,)), carray(values_, (size,))
    sampled, named = z.everything, v.named
    for i in range(sampled.size):
        sampled[i] = point[i]
    forward(x, z, v)
    correlation.report(x, v)
    for i in range(named.size):
        values[i] = named[i]
    if size > named.size:
        terms.write(x, v, a, values, named.size)
    give_back(words.ctypes.data)
    return 0
