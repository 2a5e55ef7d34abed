"""C callbacks through which nutpie calls a PyTensor function without the GIL, whatever the lengths of its data.

nutpie's own wrapper freezes the shapes of the data when it is compiled. This one reads, at each call, a record of data
pointers and shapes: 64-bit integers, for every shared array its address followed by its shape. Swapping a study is a
new record. tests/contract/test_nutpie_internals.py holds the calling convention against the pinned nutpie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from nutpie.compile_pymc import address_as_void_pointer

from forecast.inference.code_cache import write_cached_source

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
class Callback:
    """A compiled C callback and the shared variables whose record it reads."""

    address: int
    shared: tuple[Any, ...]
    function: Any
    """The numba cfunc; it must outlive every use of `address`."""


@dataclass(frozen=True)
class Record:
    """The record of one study's data; `values` keeps the memory that `pointers` points into."""

    pointers: npt.NDArray[np.int64]
    values: tuple[npt.NDArray[np.generic], ...]


def compile_logp_callback(function: Any, *, cached: bool = True) -> Callback:
    """Callback of a function from a flat point to (log density, gradient)."""
    return _compile(function, _LOGP_BODY, "logp_callback", LOGP_SIGNATURE, cached)


def compile_expand_callback(function: Any, *, cached: bool = True) -> Callback:
    """Callback of a function from a flat point to one flat vector of named quantities."""
    return _compile(function, _EXPAND_BODY, "expand_callback", EXPAND_SIGNATURE, cached)


def _compile(function: Any, body: str, name: str, signature: Any, cached: bool) -> Callback:
    shared = tuple(function.get_shared())
    ndims = [np.ndim(variable.get_value(borrow=True)) for variable in shared]
    dtypes = [np.asarray(variable.get_value(borrow=True)).dtype for variable in shared]
    lines, position = [f"    fields = carray(record, ({max(sum(ndims) + len(ndims), 1)},), i8)"], 0
    for index, ndim in enumerate(ndims):
        shape = "".join(f"fields[{position + 1 + axis}], " for axis in range(ndim)) or "1,"
        scalar = "" if ndim else ".reshape(())"
        lines.append(f"    a{index} = carray(pointer(fields[{position}]), ({shape}), dtype{index}){scalar}")
        position += 1 + ndim
    source = body.format(unpack="\n".join(lines), arguments="".join(f", a{index}" for index in range(len(ndims))))
    names: dict[str, Any] = {
        "__name__": __name__,  # numba finds a cached function's globals again through its module
        "carray": numba.carray,
        "np": np,
        "pointer": address_as_void_pointer,
        "function": function.vm.jit_fn,
        "i8": np.int64,
        **{f"dtype{index}": dtype for index, dtype in enumerate(dtypes)},
    }
    file = write_cached_source(name, source) if cached else None
    # The source is built from array ranks alone, never from a study; numba needs straight-line code per argument.
    exec(compile(source, str(file or f"<{name}>"), "exec"), names)  # noqa: S102
    compiled = numba.cfunc(signature, cache=file is not None)(names[name])
    return Callback(address=compiled.address, shared=shared, function=compiled)


def make_record(shared: Sequence[Any]) -> Record:
    """Pointers and shapes of the values that the shared variables hold now.

    `np.array(..., order="C")` and not `np.ascontiguousarray`: the latter turns a 0-d array into a 1-d one, and with it
    every later field of the record into a wrong address.
    """
    values = tuple(np.array(variable.get_value(borrow=True), order="C") for variable in shared)
    fields = [number for value in values for number in (value.ctypes.data, *value.shape)]
    return Record(np.array(fields or [0], dtype=np.int64), values)
