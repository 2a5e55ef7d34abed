"""Places to work in, taken and given back by threads that share a study without Python's lock."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def try_to_take(_typing: Any, address: Any) -> Any:
    """Set the word at an address from 0 to 1, atomically; true for at most one thread."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        place = builder.inttoptr(arguments[0], word.as_pointer())
        found = builder.cmpxchg(place, ir.Constant(word, 0), ir.Constant(word, 1), "acquire", "monotonic")
        return builder.extract_value(found, 1)

    return types.boolean(types.int64), generate


@intrinsic
def give_back(_typing: Any, address: Any) -> Any:
    """Set the word at an address to 0, after all that this thread wrote."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        place = builder.inttoptr(arguments[0], word.as_pointer())
        builder.store_atomic(ir.Constant(word, 0), place, "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64), generate
