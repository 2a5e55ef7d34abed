"""C callbacks through which nutpie calls a PyTensor function without the GIL, whatever the lengths of its data.

nutpie's own wrapper freezes the shapes of the data when it is compiled. This one reads, at each call, a record of data
pointers and shapes: 64-bit integers, for every shared array its address followed by its shape. Swapping a study is a
new record. tests/contract/test_nutpie_internals.py holds the calling convention against the pinned nutpie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
from nutpie.compile_pymc import address_as_void_pointer

from forecast.inference.code_cache import write_cached_source
from forecast.model.arrays import ModelArrays

LOGP_SIGNATURE = numba.types.int64(
    numba.types.uint64, *[numba.types.CPointer(numba.types.double)] * 3, numba.types.voidptr
)
EXPAND_SIGNATURE = numba.types.int64(
    numba.types.uint64, numba.types.uint64, *[numba.types.CPointer(numba.types.double)] * 2, numba.types.voidptr
)

# Plain loops: slice assignment costs numba some seconds of compiling, for its error messages alone.
_LOGP_BODY = """
def logp_callback(dim, point_, gradient_, logp_, record):
{unpack}
    point = carray(point_, (dim,))
    gradient_out = carray(gradient_, (dim,))
    logp, gradient = function(point{arguments})
    value = logp.item()
    logp_[0] = value
    finite = True
    for i in range(dim):
        gradient_out[i] = gradient[i]
        finite = finite and np.isfinite(gradient[i])
    if not np.isfinite(value):
        return 4
    return 0 if finite else 3
"""

_EXPAND_BODY = """
def expand_callback(dim, size, point_, values_, record):
{unpack}
    point = carray(point_, (dim,))
    values_out = carray(values_, (size,))
    (values,) = function(point{arguments})
    for i in range(size):
        values_out[i] = values[i]
    return 0
"""


@dataclass(frozen=True)
class Slot:
    """One array that a callback reads: one of `forecast.model.specs.ARRAYS`, or the length of a dim by the dim's name."""

    name: str
    ndim: int
    dtype: str


@dataclass(frozen=True)
class Callback:
    """A compiled C callback and the arrays whose record it reads."""

    address: int
    slots: tuple[Slot, ...]
    function: Any
    """The numba cfunc; it must outlive every use of `address`."""


@dataclass(frozen=True)
class Record:
    """The record of one study's data; `values` keeps the memory that `pointers` points into."""

    pointers: npt.NDArray[np.int64]
    values: tuple[npt.NDArray[np.generic], ...]


_KINDS: Final = {"logp_callback": (LOGP_SIGNATURE, _LOGP_BODY), "expand_callback": (EXPAND_SIGNATURE, _EXPAND_BODY)}


def compile_logp_callback(slots: Sequence[Slot], function: Any = None, *, cached: bool = True) -> Callback:
    """Callback of a function from a flat point to (log density, gradient); without the function, from the cache alone."""
    return _compile("logp_callback", slots, function, cached)


def compile_expand_callback(slots: Sequence[Slot], function: Any = None, *, cached: bool = True) -> Callback:
    """Callback of a function from a flat point to one flat vector of named quantities; likewise."""
    return _compile("expand_callback", slots, function, cached)


def _compile(name: str, slots: Sequence[Slot], function: Any, cached: bool) -> Callback:
    signature, body = _KINDS[name]
    lines, position = [f"    fields = carray(record, ({max(sum(slot.ndim + 1 for slot in slots), 1)},), i8)"], 0
    for index, slot in enumerate(slots):
        shape = "".join(f"fields[{position + 1 + axis}], " for axis in range(slot.ndim)) or "1,"
        scalar = "" if slot.ndim else ".reshape(())"
        lines.append(f"    a{index} = carray(pointer(fields[{position}]), ({shape}), dtype{index}){scalar}")
        position += 1 + slot.ndim
    source = body.format(unpack="\n".join(lines), arguments="".join(f", a{index}" for index in range(len(slots))))
    names: dict[str, Any] = {
        "__name__": __name__,  # numba finds a cached function's globals again through its module
        "carray": numba.carray,
        "np": np,
        "pointer": address_as_void_pointer,
        "i8": np.int64,
        **{f"dtype{index}": np.dtype(slot.dtype) for index, slot in enumerate(slots)},
    }
    if function is not None:
        names["function"] = function.vm.jit_fn
    file = write_cached_source(name, source) if cached else None
    # The source is built from array ranks alone, never from a study; numba needs straight-line code per argument.
    exec(compile(source, str(file or f"<{name}>"), "exec"), names)  # noqa: S102
    compiled = numba.cfunc(signature, cache=file is not None)(names[name])
    return Callback(address=compiled.address, slots=tuple(slots), function=compiled)


def make_record(slots: Sequence[Slot], arrays: ModelArrays) -> Record:
    """Pointers and shapes of a study's arrays, in the order in which a callback reads them.

    `np.array(..., order="C")` and not `np.ascontiguousarray`: the latter turns a 0-d array into a 1-d one, and with it
    every later field of the record into a wrong address.
    """
    values = tuple(
        np.array(arrays.lengths[slot.name] if slot.name in arrays.lengths else arrays[slot.name], slot.dtype, order="C")
        for slot in slots
    )
    fields = [number for value in values for number in (value.ctypes.data, *value.shape)]
    return Record(np.array(fields or [0], dtype=np.int64), values)
